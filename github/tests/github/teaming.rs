//! Who is in a team, and what a team may do: changed, seen after a lost answer, and taken back to what it was.

use hubcommander_github::grants::{self, TeamMember, TeamRepository};
use hubcommander_github::operations::{SetTeamMember, SetTeamPermission, TeamRef};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::model::{OrgRole, TeamRole};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Observed};
use serde_json::json;

use crate::world::{Site, blocked, permanent};

fn note(applied: &Applied) -> String {
    applied.note.as_ref().map(|note| note.words()).unwrap_or_default()
}

fn different(observed: Observed) -> String {
    match observed {
        Observed::Different(words) => words.words(),
        other => panic!("{other:?}"),
    }
}

fn some(level: Option<&str>) -> Option<String> {
    level.map(str::to_owned)
}

impl Site {
    async fn team_ref(&self, slug: &str) -> TeamRef {
        TeamRef::of("acme", &self.github.reader().team("acme", slug).await.unwrap().unwrap()).unwrap()
    }

    async fn place(&self, login: &str, slug: &str, from: Option<&str>, to: Option<&str>) -> SetTeamMember {
        SetTeamMember {
            user: self.user_ref(login).await,
            team: self.team_ref(slug).await,
            from: some(from),
            to: some(to),
            invites: false,
        }
    }

    async fn permit(
        &self,
        slug: &str,
        name: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> SetTeamPermission {
        SetTeamPermission {
            team: self.team_ref(slug).await,
            repo: self.repository_ref(name).await,
            from: some(from),
            to: some(to),
        }
    }

    /// In one word what somebody is in a team, an invitation with a question mark.
    async fn is(&self, login: &str, slug: &str) -> String {
        match self.github.reader().team_membership("acme", slug, login).await.unwrap() {
            None => "nothing".into(),
            Some(place) if place.pending => format!("{}?", place.role),
            Some(place) => place.role,
        }
    }

    fn in_acme(&self, login: &str) -> bool {
        self.local.state().organisation("acme").unwrap().members.contains_key(login)
    }
}

#[tokio::test]
async fn a_place_in_a_team_is_changed_and_taken_back_to_what_it_was() {
    let site = Site::start().await;
    let join = site.place("sam-okafor", "platform", None, Some("member")).await.operation();
    assert_eq!(site.observe(&join).await.unwrap(), Observed::Absent);
    let joined = site.apply(&join).await.unwrap();
    assert_eq!(site.is("sam-okafor", "platform").await, "member");
    assert_eq!(note(&site.apply(&join).await.unwrap()), "already so");
    let raise = site.place("sam-okafor", "platform", Some("member"), Some("maintainer")).await.operation();
    let raised = site.apply(&raise).await.unwrap();
    assert_eq!(site.is("sam-okafor", "platform").await, "maintainer");
    assert_eq!(
        different(site.observe(&join).await.unwrap()),
        "sam-okafor is a maintainer of team platform by now."
    );
    site.apply(&raised.inverse.unwrap()).await.unwrap();
    assert_eq!(site.is("sam-okafor", "platform").await, "member");
    let left = site.apply(&joined.inverse.unwrap()).await.unwrap();
    assert_eq!(site.is("sam-okafor", "platform").await, "nothing");
    assert!(site.in_acme("sam-okafor"));
    site.apply(&left.inverse.unwrap()).await.unwrap();
    assert_eq!(site.is("sam-okafor", "platform").await, "member");
}

#[tokio::test]
async fn who_is_invited_for_a_team_is_not_left_invited_when_it_is_taken_back() {
    let site = Site::start().await;
    let join =
        SetTeamMember { invites: true, ..site.place("octocat", "security", None, Some("member")).await };
    let joined = site.apply(&join.operation()).await.unwrap();
    assert_eq!(note(&joined), "invited to acme; it counts once they accept");
    assert_eq!(site.is("octocat", "security").await, "member?");
    assert!(matches!(site.observe(&join.operation()).await.unwrap(), Observed::Ours(_)));
    let back = joined.inverse.unwrap();
    // Out of the team, and then the bot dies: the invitation to the organisation is still there.
    let cancel = When::delete("/orgs/acme/invitations/*");
    site.faults.add(cancel, Fault::Status(502, String::new()));
    assert!(matches!(site.apply(&back).await, Err(OperationError::Unclear { .. })));
    assert_eq!(site.observe(&back).await.unwrap(), Observed::Absent);
    site.apply(&back).await.unwrap();
    assert!(!site.in_acme("octocat"));
    assert!(matches!(site.observe(&back).await.unwrap(), Observed::Ours(_)));
}

#[tokio::test]
async fn an_invitation_that_is_to_another_team_too_stays() {
    let site = Site::start().await;
    let join =
        SetTeamMember { invites: true, ..site.place("octocat", "security", None, Some("member")).await };
    let back = site.apply(&join.operation()).await.unwrap().inverse.unwrap();
    site.apply(&site.place("octocat", "bots", None, Some("member")).await.operation()).await.unwrap();
    site.apply(&back).await.unwrap();
    assert_eq!(
        (site.is("octocat", "security").await, site.is("octocat", "bots").await),
        ("nothing".into(), "member?".into())
    );
    assert!(site.in_acme("octocat"));
}

#[tokio::test]
async fn a_team_that_an_identity_provider_fills_says_so() {
    let site = Site::start().await;
    let join = site.place("sam-okafor", "platform", None, Some("member")).await.operation();
    let told = "Who is in team platform is decided by acme's identity provider, so it cannot be changed here. \
                Ask those who manage its groups.";
    let message = json!({ "message": "Team sync is enabled for this team." }).to_string();
    site.faults.add(When::put("/orgs/acme/teams/*"), Fault::Status(422, message));
    assert_eq!(blocked(site.apply(&join).await), told);
    site.local.state().organisation_mut("acme").unwrap().team_mut("platform").unwrap().synced = true;
    assert_eq!(blocked(site.apply(&join).await), told);
    let leave = site.place("ana-lima", "platform", Some("member"), None).await.operation();
    assert_eq!(blocked(site.apply(&leave).await), told);
}

#[tokio::test]
async fn a_slug_that_passed_to_another_team_leads_nowhere() {
    let site = Site::start().await;
    let leave = site.place("ana-lima", "platform", Some("member"), None).await;
    let less = site.permit("platform", "api", Some("admin"), None).await;
    {
        let mut state = site.local.state();
        let acme = state.organisation_mut("acme").unwrap();
        acme.team_mut("platform").unwrap().slug = "infra".into();
        let security = acme.team_mut("security").unwrap();
        security.slug = "platform".into();
        security.members.insert("ana-lima".into(), TeamRole::Member);
    }
    site.apply(&leave.operation()).await.unwrap();
    site.apply(&less.operation()).await.unwrap();
    assert_eq!(
        (site.is("ana-lima", "infra").await, site.is("ana-lima", "platform").await),
        ("nothing".into(), "member".into())
    );
    let reader = site.github.reader();
    assert_eq!(reader.team_permission("acme", "infra", "acme/api").await.unwrap(), None);
    site.local.state().organisation_mut("acme").unwrap().teams.remove(&leave.team.id);
    assert!(matches!(site.observe(&leave.operation()).await.unwrap(), Observed::Ours(_)));
    let join = SetTeamMember { from: None, to: some(Some("member")), ..leave };
    assert_eq!(
        permanent(site.apply(&join.operation()).await),
        "ana-lima or team platform is not there any more."
    );
    let more = SetTeamPermission { from: None, to: some(Some("pull")), ..less };
    assert_eq!(permanent(site.apply(&more.operation()).await), "There is no team platform in acme any more.");
}

#[tokio::test]
async fn what_a_team_may_do_is_changed_seen_and_taken_back_to_what_it_was() {
    let site = Site::start().await;
    let reader = site.github.reader();
    let has = async |name: &str| reader.team_permission("acme", "bots", name).await.unwrap();
    let more = site.permit("bots", "website", Some("pull"), Some("maintain")).await.operation();
    site.faults.add(When::put("/orgs/acme/teams/*"), Fault::LostAnswer);
    assert!(matches!(site.apply(&more).await, Err(OperationError::Unclear { .. })));
    let Observed::Ours(applied) = site.observe(&more).await.unwrap() else { panic!("not ours") };
    site.apply(&applied.inverse.unwrap()).await.unwrap();
    assert_eq!(has("acme/website").await.as_deref(), Some("pull"));
    assert_eq!(site.observe(&more).await.unwrap(), Observed::Absent);

    let none = site.permit("bots", "website", Some("pull"), None).await.operation();
    site.faults.add(When::delete("/orgs/acme/teams/*"), Fault::LostAnswer);
    assert!(matches!(site.apply(&none).await, Err(OperationError::Unclear { .. })));
    assert_eq!(has("acme/website").await, None);
    let Observed::Ours(applied) = site.observe(&none).await.unwrap() else { panic!("not ours") };
    assert_eq!(note(&site.apply(&none).await.unwrap()), "already so");
    site.apply(&applied.inverse.unwrap()).await.unwrap();
    assert_eq!(has("acme/website").await.as_deref(), Some("pull"));

    let other = site.permit("bots", "website", Some("push"), Some("admin")).await.operation();
    assert_eq!(different(site.observe(&other).await.unwrap()), "Team bots may read acme/website by now.");
    let unknown = site.permit("bots", "api", None, Some("wizard")).await.operation();
    assert_eq!(permanent(site.apply(&unknown).await), "acme has no role wizard. Check its name.");
}

#[tokio::test]
async fn grants_tell_what_is_held_and_which_counts_as_more() {
    let site = Site::start().await;
    let (user, team) = (site.user_ref("ana-lima").await, site.team_ref("platform").await);
    let repo = site.repository_ref("api").await;
    let grant = |kind: &str| site.github.grants().into_iter().find(|grant| grant.kind() == kind).unwrap();
    let members = grant(grants::TEAM_MEMBER);
    let member = TeamMember { user: user.clone(), team: team.clone(), invites: false }.holding();
    assert_eq!(member.shown.words(), "ana-lima in team platform of acme");
    assert_eq!(members.held(&member.subject).await.unwrap().as_deref(), Some("member"));
    assert!(members.rank("maintainer") > members.rank("member"));
    // Owners of the organisation are shown as maintainers, whatever they were made.
    site.local.state().organisation_mut("acme").unwrap().members.get_mut("ana-lima").unwrap().role =
        OrgRole::Admin;
    assert_eq!(members.held(&member.subject).await.unwrap().as_deref(), Some("maintainer"));

    let permissions = grant(grants::TEAM_REPOSITORY);
    let on = TeamRepository { team, repo }.holding();
    assert_eq!(on.shown.words(), "team platform on acme/api");
    assert_eq!(permissions.held(&on.subject).await.unwrap().as_deref(), Some("admin"));
    let change = permissions.change(&on.subject, Some("admin"), None).unwrap();
    site.apply(&change).await.unwrap();
    assert_eq!(permissions.held(&on.subject).await.unwrap(), None);
    assert!(permissions.change(&json!({}), None, None).is_err());

    let probe = site.github.probes().into_iter().find(|probe| probe.kind() == "github.held").unwrap();
    let same = hubcommander_github::preconditions::same_level(&on, None);
    assert_eq!(probe.look(&same.input).await.unwrap(), same.seen);
    assert_eq!(same.changed.words(), "team platform on acme/api has been changed meanwhile");
    assert!(probe.look(&json!({ "grant": "github.other", "subject": {} })).await.is_err());
}
