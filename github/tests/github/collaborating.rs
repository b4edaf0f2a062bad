//! What people may do on a repository: given, offered, changed, taken away, and taken back to what it was.

use hubcommander_github::grants::{self, Collaborator};
use hubcommander_github::operations::{RepositoryRef, Role, SetCollaborator, Taken, UserRef};
use hubcommander_github::{Lookup, Standing, User};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{Permission, Visibility};
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Observed};
use serde_json::json;

use crate::world::{Site, blocked, permanent};

/// The text of what was observed, and of the way back.
fn seen(observed: Observed) -> String {
    match observed {
        Observed::Absent => "absent".into(),
        Observed::Ours(applied) => format!("ours, back: {}", back(&applied)),
        Observed::SomeoneElses(words) => format!("someone else's: {}", words.words()),
        Observed::Different(words) => format!("different: {}", words.words()),
    }
}

fn back(applied: &Applied) -> String {
    applied.inverse.as_ref().map_or("none".into(), |back| back.input["to"].to_string())
}

fn note(applied: &Applied) -> String {
    applied.note.as_ref().map(|note| note.words()).unwrap_or_default()
}

impl Site {
    pub async fn account(&self, login: &str) -> User {
        self.github.reader().user("acme", login).await.unwrap().unwrap()
    }

    pub async fn user_ref(&self, login: &str) -> UserRef {
        UserRef::of(&self.account(login).await).unwrap()
    }

    pub async fn repository_ref(&self, name: &str) -> RepositoryRef {
        match self.github.reader().repository("acme", name).await.unwrap() {
            Lookup::Found(found) => RepositoryRef::of(&found).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn set(&self, login: &str, name: &str, from: Option<&str>, to: Option<&str>) -> SetCollaborator {
        SetCollaborator {
            user: self.user_ref(login).await,
            repo: self.repository_ref(name).await,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            role: None,
            taken: Taken::AsAgreed,
        }
    }

    async fn standing(&self, login: &str, name: &str) -> Standing {
        let (user, repo) = (self.account(login).await, self.repository_ref(name).await);
        self.github.reader().standing("acme", repo.id, &user).await.unwrap()
    }

    /// In one word what somebody has on a repository, an invitation with a question mark.
    async fn has(&self, login: &str, name: &str) -> String {
        match self.standing(login, name).await {
            Standing::Nothing => "nothing".into(),
            Standing::Has(level) => level,
            Standing::Invited { level, .. } => format!("{level}?"),
            Standing::Untold(most) => format!("at most {most}"),
        }
    }

    /// The person accepts.
    fn accepts(&self, login: &str, name: &str) {
        let mut state = self.local.state();
        let mut invitations = state.repository("acme", name).unwrap().invitations.values();
        let id = invitations.find(|one| one.invitee == login).unwrap().id;
        assert!(state.accept_invitation(id, SystemClock.now()));
    }
}

#[tokio::test]
async fn a_stranger_is_invited_and_that_is_taken_back_whether_they_accepted_or_not() {
    for accepts in [false, true] {
        let site = Site::start().await;
        let set = site.set("octocat", "website", None, Some("push")).await;
        assert_eq!(site.observe(&set.operation()).await.map(seen).unwrap(), "absent");
        let given = site.apply(&set.operation()).await.unwrap();
        assert_eq!(note(&given), "invited; it counts once they accept");
        assert_eq!(site.has("octocat", "website").await, "push?");
        if accepts {
            site.accepts("octocat", "website");
        }
        assert_eq!(site.observe(&set.operation()).await.map(seen).unwrap(), "ours, back: null");
        let undo = given.inverse.unwrap();
        let described = site.handler(&undo.kind).describe(&undo.input).unwrap();
        assert!(described.irreversible.is_some(), "by then they may have accepted");
        let undone = site.apply(&undo).await.unwrap();
        assert_eq!(site.has("octocat", "website").await, "nothing", "accepts: {accepts}");
        assert_eq!(back(&undone), "\"push\"");
        let again = site.apply(&undo).await.unwrap();
        assert_eq!((note(&again), again.inverse), ("already so".into(), None));
        let what = if accepts { "collaborators/octocat" } else { "invitations/" };
        assert!(site.writes().last().unwrap().contains(what), "{:?}", site.writes());
    }
}

#[tokio::test]
async fn an_invitation_that_waits_is_changed_in_its_own_words() {
    let site = Site::start().await;
    let set = site.set("lin-park", "api", Some("triage"), Some("push")).await;
    let given = site.apply(&set.operation()).await.unwrap();
    assert_eq!(note(&given), "invited; it counts once they accept");
    assert_eq!(site.has("lin-park", "api").await, "push?");
    let writes = site.faults.writes();
    assert_eq!(writes.len(), 1);
    let sent = (writes[0].method.as_str(), writes[0].body.as_deref());
    assert_eq!(sent, ("PATCH", Some(r#"{"permissions":"write"}"#)));
    site.apply(&given.inverse.unwrap()).await.unwrap();
    assert_eq!(site.has("lin-park", "api").await, "triage?");
}

#[tokio::test]
async fn a_former_invitation_is_sent_again_when_its_end_is_undone() {
    let site = Site::start().await;
    let set = site.set("lin-park", "api", Some("triage"), None).await;
    let taken = site.apply(&set.operation()).await.unwrap();
    assert_eq!(site.has("lin-park", "api").await, "nothing");
    let again = site.apply(&taken.inverse.unwrap()).await.unwrap();
    assert_eq!(note(&again), "invited; it counts once they accept");
    assert_eq!(site.has("lin-park", "api").await, "triage?");
}

#[tokio::test]
async fn the_level_of_who_is_there_changes_at_once_and_back() {
    let site = Site::start().await;
    let set = site.set("gus-vega", "website", Some("pull"), Some("maintain")).await;
    let given = site.apply(&set.operation()).await.unwrap();
    assert_eq!((note(&given), site.has("gus-vega", "website").await), (String::new(), "maintain".into()));
    assert_eq!(note(&site.apply(&set.operation()).await.unwrap()), "already so");
    site.apply(&given.inverse.unwrap()).await.unwrap();
    assert_eq!(site.has("gus-vega", "website").await, "pull");
}

#[tokio::test]
async fn what_became_of_a_lost_answer_is_seen() {
    let site = Site::start().await;
    let lose = |method: fn(&str) -> When, path: &str| site.faults.add(method(path), Fault::LostAnswer);
    let unclear = |result: Result<Applied, OperationError>| {
        assert!(matches!(result, Err(OperationError::Unclear { .. })), "{result:?}");
    };
    let invite = site.set("octocat", "website", None, Some("pull")).await;
    lose(When::put, "/repositories/*");
    unclear(site.apply(&invite.operation()).await);
    let Observed::Ours(applied) = site.observe(&invite.operation()).await.unwrap() else {
        panic!("not ours")
    };
    assert_eq!(
        (note(&applied).as_str(), back(&applied).as_str()),
        ("invited; it counts once they accept", "null")
    );

    let remove = site.set("gus-vega", "website", Some("pull"), None).await;
    lose(When::delete, "/repositories/*");
    unclear(site.apply(&remove.operation()).await);
    assert_eq!(site.observe(&remove.operation()).await.map(seen).unwrap(), "ours, back: \"pull\"");

    let other = site.set("lin-park", "api", None, Some("push")).await;
    let words = site.observe(&other.operation()).await.map(seen).unwrap();
    assert_eq!(words, "different: lin-park may triage acme/api by now.");
    let lost = site.set("octocat", "website", Some("push"), Some("admin")).await;
    site.apply(&invite.operation()).await.unwrap();
    assert_eq!(
        site.observe(&lost.operation()).await.map(seen).unwrap(),
        "different: octocat may read acme/website by now."
    );
}

#[tokio::test]
async fn an_invitation_that_was_answered_a_moment_ago_is_looked_at_again() {
    let site = Site::start().await;
    let set = site.set("lin-park", "api", Some("triage"), Some("push")).await;
    site.faults.add(When::patch("/repositories/*"), Fault::Status(404, r#"{"message":"Not Found"}"#.into()));
    let result = site.apply(&set.operation()).await;
    assert!(matches!(result, Err(OperationError::Temporary { retry_after: Some(_), .. })), "{result:?}");
    site.accepts("lin-park", "api");
    site.apply(&set.operation()).await.unwrap();
    assert_eq!(site.has("lin-park", "api").await, "push");
}

#[tokio::test]
async fn roles_that_the_organisation_made_are_offered_given_and_recognised() {
    let world = World::acme().custom_role("acme", "releaser", Permission::Push);
    let site = Site::with(world, |_| {}).await;
    let role = Some(Role { name: "releaser".into(), base: "push".into() });
    let set = SetCollaborator {
        role: role.clone(),
        ..site.set("lin-park", "api", Some("triage"), Some("releaser")).await
    };
    // The first invitation goes, and then the bot dies.
    site.faults.add(When::put("/repositories/*"), Fault::Status(502, String::new()));
    assert!(matches!(site.apply(&set.operation()).await, Err(OperationError::Unclear { .. })));
    assert_eq!(site.observe(&set.operation()).await.map(seen).unwrap(), "absent");
    let given = site.apply(&set.operation()).await.unwrap();
    assert_eq!(note(&given), "invited; it counts once they accept");
    // GitHub shows what the role is built upon.
    assert_eq!(site.has("lin-park", "api").await, "push?");
    assert_eq!(site.observe(&set.operation()).await.map(seen).unwrap(), "ours, back: \"triage\"");
    let holding = Collaborator { user: set.user.clone(), repo: set.repo.clone(), role }.holding();
    let grant = site.github.grants().into_iter().find(|grant| grant.kind() == grants::COLLABORATOR).unwrap();
    assert_eq!(grant.held(&holding.subject).await.unwrap().as_deref(), Some("releaser"));
    site.accepts("lin-park", "api");
    assert_eq!(site.has("lin-park", "api").await, "releaser");
    assert_eq!(grant.held(&holding.subject).await.unwrap().as_deref(), Some("releaser"));
    let unknown = site.set("octocat", "api", None, Some("wizard")).await;
    assert_eq!(permanent(site.apply(&unknown.operation()).await), "acme has no such role. Check its name.");
}

#[tokio::test]
async fn what_a_member_has_by_other_ways_is_not_taken_for_a_direct_grant() {
    let world = World::acme()
        .collaborator("acme", "website", "ana-lima", Permission::Maintain)
        .collaborator("acme", "website", "sam-okafor", Permission::Pull)
        .collaborator("acme", "templates", "sam-okafor", Permission::Triage)
        .collaborator("acme", "templates", "hub-bot", Permission::Pull);
    let site = Site::with(world, |_| {}).await;
    // Employees push to it, and everybody in acme reads.
    assert_eq!(site.has("ana-lima", "api").await, "nothing");
    assert_eq!(site.has("ana-lima", "website").await, "maintain");
    assert_eq!(site.has("sam-okafor", "website").await, "at most push");
    assert_eq!(site.has("sam-okafor", "templates").await, "triage");
    assert_eq!(site.has("hub-bot", "templates").await, "at most admin");
    let set = site.set("sam-okafor", "website", Some("push"), None).await;
    assert_eq!(
        blocked(site.apply(&set.operation()).await),
        "sam-okafor may push to acme/website by a team or the organisation as well, and GitHub does not tell \
         what was given to them directly. An administrator of acme/website can change that in its settings."
    );
    assert!(site.writes().is_empty());
    // What everybody in the enterprise sees hides no more than reading.
    site.local.state().organisation_mut("acme").unwrap().base_permission = None;
    site.local.state().repository_mut("acme", "templates").unwrap().visibility = Visibility::Internal;
    assert_eq!(site.has("sam-okafor", "templates").await, "triage");
}

#[tokio::test]
async fn people_and_repositories_are_found_under_their_new_names() {
    let site = Site::start().await;
    let set = site.set("gus-vega", "website", Some("pull"), None).await;
    let id = set.repo.id;
    {
        let mut state = site.local.state();
        state.rename(id, "site");
        // Another person takes the login that became free.
        let mut gus = state.users.remove("gus-vega").unwrap();
        gus.login = "gus".into();
        state.users.insert("gus".into(), gus);
        let repository = state.repository_mut("acme", "site").unwrap();
        let level = repository.collaborators.remove("gus-vega").unwrap();
        repository.collaborators.insert("gus".into(), level);
        let next = state.next_id();
        let mut other = state.user("octocat").unwrap().clone();
        other.id = next;
        other.login = "gus-vega".into();
        state.users.insert("gus-vega".into(), other);
        state
            .repository_mut("acme", "site")
            .unwrap()
            .collaborators
            .insert("gus-vega".into(), Permission::Admin);
    }
    site.apply(&set.operation()).await.unwrap();
    let state = site.local.state();
    let left: Vec<&String> = state.repository("acme", "site").unwrap().collaborators.keys().collect();
    assert_eq!(left, ["gus-vega"], "the other person keeps what they have");
}

#[tokio::test]
async fn who_and_what_is_gone_holds_nothing() {
    let site = Site::start().await;
    let set = site.set("gus-vega", "website", Some("pull"), None).await;
    let give = site.set("octocat", "website", None, Some("pull")).await;
    let grant = site.github.grants().into_iter().find(|grant| grant.kind() == grants::COLLABORATOR).unwrap();
    let holding = |set: &SetCollaborator| {
        Collaborator { user: set.user.clone(), repo: set.repo.clone(), role: None }.holding()
    };
    assert_eq!(grant.held(&holding(&set).subject).await.unwrap().as_deref(), Some("pull"));
    site.local.state().users.remove("gus-vega");
    assert_eq!(grant.held(&holding(&set).subject).await.unwrap(), None);
    assert_eq!(site.observe(&set.operation()).await.map(seen).unwrap(), "ours, back: none");
    assert_eq!(note(&site.apply(&set.operation()).await.unwrap()), "already so");
    site.local.state().repositories.remove(&set.repo.id);
    assert_eq!(
        blocked(site.apply(&give.operation()).await),
        "acme/website is not there any more, or this bot's GitHub account may not see it. If you can open it at \
         GitHub, this bot lacks access: tell the people who run it. If not, check the name."
    );
    assert_eq!(grant.held(&holding(&give).subject).await.unwrap(), None);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let site = Site::start().await;
    let member = site.set("ana-lima", "templates", None, Some("pull")).await;
    site.local.state().organisation_mut("acme").unwrap().base_permission = Some(Permission::Push);
    assert_eq!(
        permanent(site.apply(&member.operation()).await),
        "ana-lima has at least that much on acme/templates already, as a member of acme. GitHub does not let a \
         member have less."
    );
    let give = site.set("octocat", "website", None, Some("pull")).await;
    let answer = |status, message: &str| Fault::Status(status, json!({ "message": message }).to_string());
    let put = || When::put("/repositories/*");
    site.faults.add(put(), answer(403, "You have exceeded the repository invitation limit."));
    assert_eq!(
        blocked(site.apply(&give.operation()).await),
        "GitHub takes 50 invitations to a repository within 24 hours, and acme/website has had them. Try again \
         tomorrow."
    );
    let no_owner = "You must be an owner of the organization to invite outside collaborators.";
    site.faults.add(put(), answer(403, no_owner));
    assert_eq!(
        blocked(site.apply(&give.operation()).await),
        "In acme only owners may invite people from outside, and this bot's GitHub account is none. Ask an owner \
         of acme to change that, or to invite octocat."
    );
    site.local.state().repository_mut("acme", "website").unwrap().archived = true;
    assert_eq!(
        blocked(site.apply(&give.operation()).await),
        "acme/website is archived and cannot be changed. Unarchive it first."
    );
}
