//! Invitations to an organisation: sent, sent again, cancelled and taken back, whatever is lost on the way.

use hubcommander_github::names::{Email, Owner};
use hubcommander_github::operations::{
    CancelOrgInvitation, InTeam, InviteAs, InviteMember, Invitee, Offer, ResendOrgInvitation,
};
use hubcommander_github::{OrgInvitation, Scan};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Observed, Operation, Power};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{Site, blocked, permanent};

const INVITATIONS: &str = "/orgs/acme/invitations";

pub fn acme() -> Owner {
    Owner::parse("acme").unwrap()
}

pub fn note(applied: &Applied) -> String {
    applied.note.as_ref().map(|note| note.words()).unwrap_or_default()
}

/// In a word, with what would take it back.
pub fn seen(observed: Observed) -> String {
    match observed {
        Observed::Absent => "absent".into(),
        Observed::Ours(applied) => {
            format!("ours, back: {}", applied.inverse.map_or_else(|| "none".into(), |back| back.kind))
        }
        Observed::SomeoneElses(words) => format!("someone else's: {}", words.words()),
        Observed::Different(words) => format!("different: {}", words.words()),
    }
}

fn unclear(result: Result<Applied, OperationError>) {
    assert!(matches!(result, Err(OperationError::Unclear { .. })), "{result:?}");
}

impl Site {
    fn scan(&self) -> Scan {
        self.github.reader().scan("acme").unwrap()
    }

    pub async fn in_teams(&self, slugs: &[(&str, bool)]) -> Vec<InTeam> {
        let mut teams = Vec::new();
        for (slug, maintainer) in slugs {
            teams.push(InTeam { team: self.a_team(slug).await, maintainer: *maintainer });
        }
        teams
    }

    pub async fn offer(&self, login: &str, role: InviteAs, teams: &[(&str, bool)]) -> Offer {
        let who = Invitee::Account(self.user_ref(login).await);
        Offer { org: acme(), who, role, teams: self.in_teams(teams).await }
    }

    async fn waiting(&self) -> Vec<OrgInvitation> {
        self.scan().invitations().await.unwrap()
    }

    /// Who is invited as what and to which teams, as in `octocat: direct_member [bots]`.
    async fn invited(&self) -> Vec<String> {
        let mut all = Vec::new();
        for one in self.waiting().await {
            let teams = self.github.reader().invitation_teams("acme", one.id).await.unwrap();
            let teams: Vec<String> = teams.into_iter().map(|team| team.slug).collect();
            let who = one.login.or(one.email).unwrap_or_default();
            all.push(format!("{who}: {} {teams:?}", one.role));
        }
        all
    }

    pub fn accept(&self, login: &str) {
        assert!(self.local.state().accept_membership("acme", login));
    }

    /// Applied, taken back, and then as it was before; and twice is as once.
    pub async fn there_and_back(&self, operation: &Operation) -> Applied {
        let before = self.local.snapshot();
        let applied = self.apply(operation).await.unwrap();
        let done = self.local.snapshot();
        assert_ne!(done, before, "{operation:?}");
        let again = self.apply(operation).await.unwrap();
        assert_eq!(self.local.snapshot(), done, "twice is as once: {operation:?}");
        assert_eq!(again.inverse, None);
        let back = applied.inverse.clone().unwrap();
        self.apply(&back).await.unwrap();
        assert_eq!(self.local.snapshot(), before, "{operation:?}");
        applied
    }
}

#[tokio::test]
async fn a_person_is_invited_and_that_is_taken_back() {
    let site = Site::start().await;
    let offer = site.offer("octocat", InviteAs::DirectMember, &[("employees", false), ("bots", true)]).await;
    let invite = InviteMember { offer }.operation();
    assert_eq!(site.observe(&invite).await.map(seen).unwrap(), "absent");
    let invited = site.there_and_back(&invite).await;
    assert_eq!(invited.output["org"], "acme");
    site.apply(&invite).await.unwrap();
    assert_eq!(site.invited().await, [r#"octocat: direct_member ["employees", "bots"]"#]);
    let sent = site.faults.writes().into_iter().find(|write| write.path == INVITATIONS).unwrap();
    assert!(sent.body.unwrap().contains("\"invitee_id\":"));
    assert_eq!(site.observe(&invite).await.map(seen).unwrap(), "ours, back: github.cancel_org_invitation");
    let waiting = site.waiting().await.remove(0);
    assert_eq!(waiting.inviter.as_ref().unwrap().login, "hub-bot");
    assert_eq!((waiting.team_count, waiting.failed_reason), (2, None));
    site.accept("octocat");
    let places = site.github.reader().teams_with("acme", &site.account("octocat").await).await.unwrap();
    let places: Vec<_> = places.iter().map(|one| (one.slug.as_str(), one.maintainer)).collect();
    assert_eq!(places, [("bots", true), ("employees", false)]);
    assert_eq!(note(&site.apply(&invite).await.unwrap()), "already a member");
    assert_eq!(site.observe(&invite).await.map(seen).unwrap(), "ours, back: none");
}

#[tokio::test]
async fn an_address_is_invited_and_that_is_taken_back() {
    let site = Site::start().await;
    let who = Invitee::Email(Email::parse("mia@acme.example").unwrap());
    let teams = site.in_teams(&[("employees", false)]).await;
    let offer = Offer { org: acme(), who, role: InviteAs::Admin, teams };
    let invite = InviteMember { offer }.operation();
    site.there_and_back(&invite).await;
    site.apply(&invite).await.unwrap();
    assert_eq!(site.invited().await, [r#"mia@acme.example: admin ["employees"]"#]);
    let powers = site.handler(&invite.kind).powers(&invite.input);
    assert!(powers.contains(&Power::GrantOwner));
}

#[tokio::test]
async fn what_became_of_an_invitation_whose_answer_was_lost_is_seen() {
    let site = Site::start().await;
    let offer = site.offer("octocat", InviteAs::DirectMember, &[("bots", true)]).await;
    let invite = InviteMember { offer }.operation();
    site.faults.add(When::post(INVITATIONS), Fault::LostAnswer);
    unclear(site.apply(&invite).await);
    assert_eq!(site.observe(&invite).await.map(seen).unwrap(), "absent", "no maintainer of bots yet");
    let done = site.apply(&invite).await.unwrap();
    assert_eq!(done.inverse.unwrap().kind, "github.cancel_org_invitation");
    assert_eq!(site.waiting().await.len(), 1, "and not invited twice");
    assert!(site.observe(&invite).await.map(seen).unwrap().starts_with("ours"));

    let other = site.offer("lin-park", InviteAs::DirectMember, &[]).await;
    let other = InviteMember { offer: other }.operation();
    site.faults.add(When::post(INVITATIONS), Fault::Status(502, String::new()));
    unclear(site.apply(&other).await);
    assert_eq!(site.observe(&other).await.map(seen).unwrap(), "absent");
}

#[tokio::test]
async fn an_invitation_that_was_there_before_is_not_taken_for_ours() {
    let world = World::acme().invited_to("acme", "octocat").token("ghp_sam", "sam-okafor", &["admin:org"]);
    let site = Site::with(world, |_| {}).await;
    {
        let mut state = site.local.state();
        let acme = state.organisation_mut("acme").unwrap();
        acme.invitations.values_mut().for_each(|one| one.inviter = Some("sam-okafor".into()));
    }
    let same = site.offer("octocat", InviteAs::DirectMember, &[]).await;
    let same = InviteMember { offer: same }.operation();
    assert_eq!(
        site.observe(&same).await.map(seen).unwrap(),
        "someone else's: octocat had been invited to acme already."
    );
    {
        // By ourselves, and an hour before.
        let mut state = site.local.state();
        let acme = state.organisation_mut("acme").unwrap();
        for one in acme.invitations.values_mut() {
            one.inviter = Some("hub-bot".into());
            one.created_at -= std::time::Duration::from_secs(3_600);
        }
    }
    assert!(site.observe(&same).await.map(seen).unwrap().starts_with("someone else's"));
    site.local.state().organisation_mut("acme").unwrap().invitations.values_mut().for_each(|one| {
        one.inviter = Some("sam-okafor".into());
    });
    let already = site.apply(&same).await.unwrap();
    assert_eq!((note(&already).as_str(), already.inverse), ("already invited", None));
    let more = site.offer("octocat", InviteAs::Admin, &[]).await;
    let words = blocked(site.apply(&InviteMember { offer: more }.operation()).await);
    assert!(words.starts_with("octocat was invited to acme as a member by sam-okafor on "), "{words}");
    assert!(site.writes().is_empty());
}

#[tokio::test]
async fn refusals_of_invitations_say_what_to_do() {
    let site = Site::start().await;
    let offer = site.offer("octocat", InviteAs::DirectMember, &[]).await;
    let invite = InviteMember { offer }.operation();
    let change = |change: fn(&mut hubcommander_sandbox::github::model::Organisation)| {
        change(site.local.state().organisation_mut("acme").unwrap());
    };
    change(|acme| acme.seats = Some(3));
    assert_eq!(
        blocked(site.apply(&invite).await),
        "acme has no seat left for octocat. Ask an owner of acme to add one."
    );
    change(|acme| acme.seats = None);
    let now = hubcommander_sdk::clock::Clock::now(&hubcommander_sdk::clock::SystemClock);
    site.local.state().organisation_mut("acme").unwrap().sent = vec![now; 500];
    assert_eq!(
        blocked(site.apply(&invite).await),
        "GitHub takes 50 invitations to an organisation within 24 hours, or 500 if it is older than a month or paid \
         for, and acme has had them. Try again tomorrow."
    );
    change(|acme| acme.sent.clear());
    let ana = Invitee::Email(Email::parse("ana@acme.example").unwrap());
    let ana = Offer { org: acme(), who: ana, role: InviteAs::DirectMember, teams: Vec::new() };
    assert_eq!(
        permanent(site.apply(&InviteMember { offer: ana }.operation()).await),
        "ana@acme.example is a member of acme already."
    );
    let sam = site.offer("sam-okafor", InviteAs::Admin, &[]).await;
    assert_eq!(
        blocked(site.apply(&InviteMember { offer: sam }.operation()).await),
        "sam-okafor is a member of acme already, and no owner. Change their role instead."
    );
    let race = json!({ "message": "Validation Failed", "errors": [{ "code": "unprocessable",
        "message": "Invitee has already been invited to this organization" }] });
    site.faults.add(When::post(INVITATIONS), Fault::Status(422, race.to_string()));
    let raced = site.apply(&invite).await;
    assert!(matches!(raced, Err(OperationError::Temporary { retry_after: Some(_), .. })), "{raced:?}");
    site.faults.add(When::post(INVITATIONS), Fault::Status(404, r#"{"message":"Not Found"}"#.into()));
    let words = blocked(site.apply(&invite).await);
    assert!(words.starts_with("GitHub takes no invitations to acme: "), "{words}");
    site.local.state().users.remove("octocat");
    assert_eq!(permanent(site.apply(&invite).await), "There is no account octocat at GitHub any more.");
}

#[tokio::test]
async fn a_team_that_is_gone_is_left_out_and_who_took_another_login_is_found() {
    let site = Site::start().await;
    let offer = site.offer("octocat", InviteAs::DirectMember, &[("bots", false), ("security", true)]).await;
    let security = offer.teams[1].team.id;
    site.local.state().organisation_mut("acme").unwrap().teams.remove(&security);
    assert!(site.local.state().rename_user("octocat", "squid"));
    let invited = site.apply(&InviteMember { offer }.operation()).await.unwrap();
    assert_eq!(note(&invited), "without team security, which is gone");
    assert_eq!(site.invited().await, [r#"squid: direct_member ["bots"]"#]);
}

#[tokio::test]
async fn an_invitation_is_cancelled_unless_it_was_accepted() {
    let site = Site::start().await;
    let offer = site.offer("octocat", InviteAs::Admin, &[("bots", true), ("employees", false)]).await;
    site.apply(&InviteMember { offer: offer.clone() }.operation()).await.unwrap();
    let waiting = site.waiting().await.remove(0);
    let read = site.github.reader().offer("acme", &waiting).await.unwrap().unwrap();
    assert_eq!((read.role, read.teams.len()), (offer.role, 2));
    assert!(read.teams.iter().all(|one| offer.teams.contains(one)), "{:?}", read.teams);
    let cancel = CancelOrgInvitation { id: waiting.id, offer: read }.operation();
    site.there_and_back(&cancel).await;
    assert_eq!(
        site.observe(&cancel).await.map(seen).unwrap(),
        "different: Another invitation to acme waits for octocat."
    );
    let again = CancelOrgInvitation { id: site.waiting().await[0].id, offer }.operation();
    site.faults.add(When::delete("/orgs/acme/invitations/*"), Fault::LostAnswer);
    unclear(site.apply(&again).await);
    assert_eq!(site.observe(&again).await.map(seen).unwrap(), "ours, back: github.invite_member");
    assert_eq!(note(&site.apply(&again).await.unwrap()), "already gone");

    let offer = site.offer("lin-park", InviteAs::DirectMember, &[]).await;
    let invited = site.apply(&InviteMember { offer }.operation()).await.unwrap();
    site.accept("lin-park");
    let undo = invited.inverse.unwrap();
    let accepted = "lin-park has accepted and is a member of acme by now.";
    assert_eq!(site.observe(&undo).await.map(seen).unwrap(), format!("different: {accepted}"));
    assert_eq!(permanent(site.apply(&undo).await), accepted);
}

#[tokio::test]
async fn an_invitation_is_sent_again_whatever_happens_between_the_halves() {
    let lost_delete = || (When::delete("/orgs/acme/invitations/*"), Fault::LostAnswer);
    let lost_post = || (When::post(INVITATIONS), Fault::LostAnswer);
    let failed_delete = || (When::delete("/orgs/acme/invitations/*"), Fault::Status(502, String::new()));
    let failed_post = || (When::post(INVITATIONS), Fault::Status(502, String::new()));
    let failed_put = || (When::put("/orgs/acme/teams/*"), Fault::Status(502, String::new()));
    type Befalls<'f> = &'f dyn Fn() -> (When, Fault);
    let cases: [(Befalls<'_>, &str); 5] = [
        (&failed_delete, "absent"),
        (&lost_delete, "absent"),
        (&failed_post, "absent"),
        // Invited, but no maintainer of bots yet.
        (&lost_post, "absent"),
        (&failed_put, "absent"),
    ];
    for (number, (befalls, after)) in cases.into_iter().enumerate() {
        let site = Site::start().await;
        let offer = site.offer("octocat", InviteAs::DirectMember, &[("bots", true)]).await;
        site.apply(&InviteMember { offer: offer.clone() }.operation()).await.unwrap();
        let before = site.local.snapshot();
        let id = site.waiting().await[0].id;
        let resend = ResendOrgInvitation { id, offer }.operation();
        let (when, fault) = befalls();
        site.faults.add(when, fault);
        unclear(site.apply(&resend).await);
        assert_eq!(site.observe(&resend).await.map(seen).unwrap(), after, "case {number}");
        let done = site.apply(&resend).await.unwrap();
        assert_eq!(done.inverse, None);
        let waiting = site.waiting().await;
        assert_eq!(waiting.len(), 1, "case {number}");
        assert_ne!(waiting[0].id, id);
        assert_eq!(done.output["id"], waiting[0].id);
        assert_eq!(site.local.snapshot(), before, "the same role and teams: case {number}");
        assert_eq!(site.observe(&resend).await.map(seen).unwrap(), "ours, back: none");
        let writes = site.writes().len();
        assert_eq!(note(&site.apply(&resend).await.unwrap()), "already sent again");
        assert_eq!(site.writes().len(), writes, "twice is as once");
    }
}

#[tokio::test]
async fn what_came_to_nothing_is_sent_again_and_what_was_accepted_is_not() {
    let site = Site::start().await;
    let offer = site.offer("octocat", InviteAs::DirectMember, &[("employees", false)]).await;
    site.apply(&InviteMember { offer }.operation()).await.unwrap();
    let week = std::time::Duration::from_secs(8 * 86_400);
    {
        let mut state = site.local.state();
        let acme = state.organisation_mut("acme").unwrap();
        acme.invitations.values_mut().for_each(|one| one.created_at -= week);
    }
    assert!(site.waiting().await.is_empty());
    let failed = site.scan().failed_invitations().await.unwrap().remove(0);
    assert!(failed.failed_reason.as_ref().unwrap().contains("expired"));
    let offer = site.github.reader().offer("acme", &failed).await.unwrap().unwrap();
    let resend = ResendOrgInvitation { id: failed.id, offer }.operation();
    site.apply(&resend).await.unwrap();
    assert_eq!(site.invited().await, [r#"octocat: direct_member ["employees"]"#]);
    site.accept("octocat");
    let accepted = "octocat has accepted and is a member of acme by now.";
    assert_eq!(permanent(site.apply(&resend).await), accepted);
    assert_eq!(site.observe(&resend).await.map(seen).unwrap(), format!("different: {accepted}"));
}

#[tokio::test]
async fn a_refused_second_half_is_told_with_what_the_first_has_done() {
    let site = Site::with(World::acme().invited_to("acme", "octocat"), |_| {}).await;
    let waiting = site.waiting().await.remove(0);
    let offer = site.github.reader().offer("acme", &waiting).await.unwrap().unwrap();
    let resend = ResendOrgInvitation { id: waiting.id, offer }.operation();
    let over =
        json!({ "message": "Validation Failed", "errors": [{ "message": "Over invitation rate limit" }] });
    site.faults.add(When::post(INVITATIONS), Fault::Status(422, over.to_string()));
    let words = blocked(site.apply(&resend).await);
    assert!(
        words.starts_with("The former invitation is cancelled, and no new one was sent. GitHub takes"),
        "{words}"
    );
    site.apply(&resend).await.unwrap();
    assert_eq!(site.waiting().await.len(), 1, "Retry goes on from there");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is offered to whom: applied twice is as once, and taken back it is as before; the same of cancelling
    /// it.
    #[test]
    fn whatever_is_offered_can_be_taken_back(
        role in 0_usize..3,
        teams in proptest::collection::btree_map(0_usize..4, any::<bool>(), 0..4),
        by_address in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let site = Site::start().await;
            let slugs = ["employees", "bots", "security", "platform"];
            let role = [InviteAs::DirectMember, InviteAs::Admin, InviteAs::BillingManager][role];
            // An address joins teams as a member: who it is, is not known yet.
            let teams: Vec<(&str, bool)> =
                teams.into_iter().map(|(team, maintainer)| (slugs[team], maintainer && !by_address)).collect();
            let mut offer = site.offer("octocat", role, &teams).await;
            if by_address {
                offer.who = Invitee::Email(Email::parse("mia@acme.example").unwrap());
            }
            let invite = InviteMember { offer }.operation();
            site.there_and_back(&invite).await;
            site.apply(&invite).await.unwrap();
            let waiting = site.waiting().await.remove(0);
            let offer = site.github.reader().offer("acme", &waiting).await.unwrap().unwrap();
            site.there_and_back(&CancelOrgInvitation { id: waiting.id, offer }.operation()).await;
        });
    }
}
