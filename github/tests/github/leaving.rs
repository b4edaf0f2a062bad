//! Roles in an organisation, and leaving it: as a member, and from outside.

use hubcommander_github::operations::{
    InTeam, OnRepository, OrgRole, RemoveMember, RemoveOutsideCollaborator, SetMembership, Taken,
};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{Permission, TeamRole};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Operation, Power};
use hubcommander_sdk::plan::Risk;

use crate::joining::{acme, note, seen};
use crate::world::{Site, blocked, permanent};

impl Site {
    async fn role(&self, login: &str, from: OrgRole, to: OrgRole) -> Operation {
        SetMembership { org: acme(), user: self.user_ref(login).await, from, to }.operation()
    }

    async fn removal(&self, login: &str, role: OrgRole) -> Operation {
        let user = self.account(login).await;
        let places = self.github.reader().teams_with("acme", &user).await.unwrap();
        let teams = places.iter().map(|place| InTeam::of(&acme(), place).unwrap()).collect();
        let user = self.user_ref(login).await;
        RemoveMember { org: acme(), user, role, teams, taken: Taken::Access }.operation()
    }

    async fn outsider(&self, login: &str) -> RemoveOutsideCollaborator {
        let user = self.account(login).await;
        let found = self.github.reader().outside_access("acme", &user).await.unwrap();
        assert_eq!(found.hidden, 0);
        let access = found.known.iter().map(|one| OnRepository::of(one).unwrap()).collect();
        let user = self.user_ref(login).await;
        RemoveOutsideCollaborator { org: acme(), user, access, taken: Taken::Access }
    }

    fn without_accepting(&self) -> usize {
        let state = self.local.state();
        state.repositories_of("acme").map(|one| one.invitations.len()).sum()
    }
}

#[tokio::test]
async fn a_role_is_changed_and_taken_back() {
    use OrgRole::{Member, Owner};
    let site = Site::start().await;
    let raise = site.role("ana-lima", Member, Owner).await;
    assert_eq!(site.observe(&raise).await.map(seen).unwrap(), "absent");
    let raised = site.there_and_back(&raise).await;
    let lower = raised.inverse.unwrap();
    let powers = |operation: &Operation| site.handler(&operation.kind).powers(&operation.input);
    assert!(powers(&raise).contains(&Power::GrantOwner) && powers(&lower).is_empty());
    site.faults.add(When::put("/orgs/acme/memberships/*"), Fault::LostAnswer);
    let lost = site.apply(&raise).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    assert_eq!(site.observe(&raise).await.map(seen).unwrap(), "ours, back: github.set_membership");
    assert_eq!(note(&site.apply(&raise).await.unwrap()), "already so");
}

#[tokio::test]
async fn nobody_is_invited_by_a_role_and_no_last_owner_is_lost() {
    use OrgRole::{Member, Owner};
    let site =
        Site::with(World::acme().owner("acme", "ana-lima").invited_to("acme", "lin-park"), |_| {}).await;
    let before = site.local.snapshot();
    for stranger in ["octocat", "lin-park"] {
        let raise = site.role(stranger, Member, Owner).await;
        assert_eq!(blocked(site.apply(&raise).await), format!("{stranger} is no member of acme."));
    }
    let last = "ana-lima is the last owner of acme. Make somebody else an owner first.";
    let ana = site.account("ana-lima").await;
    let alone = format!(r#"[{{"id":{},"login":"ana-lima"}}]"#, ana.id);
    site.faults.add(When::get("*/acme/members"), Fault::Status(200, alone));
    assert_eq!(permanent(site.apply(&site.role("ana-lima", Owner, Member).await).await), last);
    assert_eq!(permanent(site.apply(&site.removal("ana-lima", Owner).await).await), last);
    let ourselves = "hub-bot is this bot's own account, which it never changes.";
    assert_eq!(permanent(site.apply(&site.role("hub-bot", Owner, Member).await).await), ourselves);
    assert_eq!(permanent(site.apply(&site.removal("hub-bot", Owner).await).await), ourselves);
    assert!(site.writes().is_empty());
    assert_eq!(site.local.snapshot(), before);

    site.apply(&site.role("sam-okafor", Member, Owner).await).await.unwrap();
    site.apply(&site.removal("ana-lima", Owner).await).await.unwrap();
    assert_eq!(
        permanent(site.apply(&site.removal("sam-okafor", Owner).await).await),
        last.replace("ana-lima", "sam-okafor")
    );
}

#[tokio::test]
async fn who_cannot_be_asked_about_is_not_removed() {
    let site = Site::with(World::acme().owner("acme", "ana-lima").owner("acme", "sam-okafor"), |_| {}).await;
    let remove = site.removal("ana-lima", OrgRole::Owner).await;
    let before = site.local.snapshot();
    for what in ["*/user", "/user/*", "/orgs/acme/memberships/*", "*/acme/members"] {
        site.faults.add(When::get(what).always(), Fault::Status(500, String::new()));
        assert!(site.apply(&remove).await.is_err(), "{what}");
        site.faults.clear();
    }
    site.faults.add(When::post("/graphql").always(), Fault::Status(502, String::new()));
    assert!(site.apply(&remove).await.is_err(), "the way back would not be known");
    assert!(site.writes().iter().all(|write| write.starts_with("POST /graphql")), "{:?}", site.writes());
    assert_eq!(site.local.snapshot(), before);
}

#[tokio::test]
async fn a_member_leaves_and_comes_back_as_they_were() {
    let world = World::acme().owner("acme", "sam-okafor");
    let site = Site::with(world, |_| {}).await;
    {
        let mut state = site.local.state();
        let platform = state.organisation_mut("acme").unwrap().team_mut("platform").unwrap();
        platform.members.insert("ana-lima".into(), TeamRole::Maintainer);
    }
    for (login, role) in [("ana-lima", OrgRole::Member), ("sam-okafor", OrgRole::Owner)] {
        // Another owner, so that none of the two is the last.
        site.local.state().organisation_mut("acme").unwrap().members.get_mut("ana-lima").unwrap().role =
            if login == "ana-lima" {
                hubcommander_sandbox::github::model::OrgRole::Member
            } else {
                hubcommander_sandbox::github::model::OrgRole::Admin
            };
        let before = site.local.snapshot();
        let remove = site.removal(login, role).await;
        assert_eq!(site.observe(&remove).await.map(seen).unwrap(), "absent");
        let removed = site.apply(&remove).await.unwrap();
        assert!(!site.local.state().organisation("acme").unwrap().members.contains_key(login));
        assert_eq!(note(&site.apply(&remove).await.unwrap()), "already so");
        assert_eq!(site.observe(&remove).await.map(seen).unwrap(), "ours, back: github.invite_member");
        let back = removed.inverse.unwrap();
        let powers = site.handler(&back.kind).powers(&back.input);
        assert_eq!(powers.contains(&Power::GrantOwner), role == OrgRole::Owner);
        assert_eq!(site.observe(&back).await.map(seen).unwrap(), "absent");
        site.apply(&back).await.unwrap();
        site.accept(login);
        let maintained = |value: &serde_json::Value| value["organisations"]["acme"].clone();
        if login == "ana-lima" {
            assert_eq!(maintained(&site.local.snapshot()), maintained(&before), "{login}");
        } else {
            assert!(site.local.state().organisation("acme").unwrap().is_owner(login));
        }
    }
}

#[tokio::test]
async fn a_lost_answer_of_a_removal_is_looked_after() {
    let site = Site::start().await;
    let remove = site.removal("ana-lima", OrgRole::Member).await;
    site.faults.add(When::delete("/orgs/acme/members/*"), Fault::LostAnswer);
    let lost = site.apply(&remove).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let hubcommander_sdk::operation::Observed::Ours(applied) = site.observe(&remove).await.unwrap() else {
        panic!("not ours")
    };
    site.apply(&applied.inverse.unwrap()).await.unwrap();
    site.accept("ana-lima");
    let places = site.github.reader().teams_with("acme", &site.account("ana-lima").await).await.unwrap();
    let slugs: Vec<_> = places.iter().map(|one| one.slug.as_str()).collect();
    assert_eq!(slugs, ["employees", "platform"], "noted before the removal");
    // Removed, and still there by a team of the enterprise.
    let place = r#"{"state":"active","role":"member"}"#;
    let remove = site.removal("sam-okafor", OrgRole::Member).await;
    site.faults.add(When::get("/orgs/acme/memberships/*").always(), Fault::Status(200, place.into()));
    let words = blocked(site.apply(&remove).await);
    assert!(
        words.starts_with("sam-okafor is still a member of acme, by a team of its enterprise."),
        "{words}"
    );
}

#[tokio::test]
async fn who_took_another_login_is_removed_and_their_former_name_is_left_alone() {
    let site = Site::start().await;
    let remove = site.removal("ana-lima", OrgRole::Member).await;
    {
        let mut state = site.local.state();
        assert!(state.rename_user("ana-lima", "ana"));
        assert!(state.rename_user("octocat", "ana-lima"));
    }
    let other = site.role("sam-okafor", OrgRole::Member, OrgRole::Owner).await;
    site.apply(&other).await.unwrap();
    site.local.state().organisation_mut("acme").unwrap().members.insert(
        "ana-lima".into(),
        hubcommander_sandbox::github::model::Membership {
            role: hubcommander_sandbox::github::model::OrgRole::Member,
            pending: false,
            public: false,
        },
    );
    site.apply(&remove).await.unwrap();
    let state = site.local.state();
    let members = &state.organisation("acme").unwrap().members;
    assert!(members.contains_key("ana-lima") && !members.contains_key("ana"));
}

#[tokio::test]
async fn an_outside_collaborator_leaves_and_is_invited_back_to_the_same_repositories() {
    let world = World::acme()
        .custom_role("acme", "releaser", Permission::Push)
        .collaborator("acme", "api", "gus-vega", Permission::Admin)
        .collaborator_in_role("acme", "templates", "gus-vega", "releaser");
    let site = Site::with(world, |_| {}).await;
    let remove = site.outsider("gus-vega").await;
    let had: Vec<_> =
        remove.access.iter().map(|one| (one.repo.full_name.to_string(), one.permission.clone())).collect();
    let had: Vec<_> = had.iter().map(|(name, level)| (name.as_str(), level.as_str())).collect();
    assert_eq!(had, [("acme/website", "pull"), ("acme/api", "admin"), ("acme/templates", "releaser")]);
    let removal = remove.operation();
    let described = site.handler(&removal.kind).describe(&removal.input).unwrap();
    assert_eq!(described.risk, Risk::Irreversible);
    assert_eq!(site.observe(&removal).await.map(seen).unwrap(), "absent");
    let before = site.local.snapshot();
    let removed = site.apply(&removal).await.unwrap();
    assert_eq!(note(&site.apply(&removal).await.unwrap()), "already so");
    assert_eq!(
        site.observe(&removal).await.map(seen).unwrap(),
        "ours, back: github.add_outside_collaborator"
    );
    let gone = site.local.snapshot();
    let back = removed.inverse.unwrap();
    assert!(site.handler(&back.kind).powers(&back.input).contains(&Power::GrantAdmin));
    assert_eq!(site.observe(&back).await.map(seen).unwrap(), "absent");
    // The first is sent, and then the bot dies.
    site.faults.add(When::put("/repositories/*").skip(1), Fault::Status(502, String::new()));
    assert!(matches!(site.apply(&back).await, Err(OperationError::Unclear { .. })));
    assert_eq!(site.observe(&back).await.map(seen).unwrap(), "absent");
    let given = site.apply(&back).await.unwrap();
    assert_eq!((site.without_accepting(), note(&given)), (4, String::new()), "one is lin-park's");
    assert_eq!(note(&site.apply(&back).await.unwrap()), "already so");
    assert_eq!(
        site.observe(&back).await.map(seen).unwrap(),
        "ours, back: github.remove_outside_collaborator"
    );
    // Taken back before they accept, the invitations go.
    site.apply(&given.inverse.unwrap()).await.unwrap();
    assert_eq!(site.local.snapshot(), gone);
    site.apply(&back).await.unwrap();
    let ids: Vec<u64> = {
        let state = site.local.state();
        let theirs = state.repositories_of("acme").flat_map(|one| one.invitations.values());
        theirs.filter(|one| one.invitee == "gus-vega").map(|one| one.id).collect()
    };
    let now = hubcommander_sdk::clock::Clock::now(&hubcommander_sdk::clock::SystemClock);
    for id in ids {
        assert!(site.local.state().accept_invitation(id, now));
    }
    assert_eq!(site.local.snapshot(), before, "as they were once they accept");
}

#[tokio::test]
async fn what_cannot_be_given_back_is_named() {
    let world = World::acme().collaborator("acme", "api", "gus-vega", Permission::Push);
    let site = Site::with(world, |_| {}).await;
    let removed = site.apply(&site.outsider("gus-vega").await.operation()).await.unwrap();
    site.local.state().repository_mut("acme", "api").unwrap().archived = true;
    let back = removed.inverse.unwrap();
    assert_eq!(note(&site.apply(&back).await.unwrap()), "not on acme/api");
    let website = site.repository_ref("website").await.id;
    site.local.state().delete(website);
    let words = site.observe(&back).await.map(seen).unwrap();
    assert_eq!(words, "absent", "acme/api can still be unarchived");
    site.apply(&back).await.unwrap_err();
}

#[tokio::test]
async fn a_member_is_no_outsider() {
    let site = Site::start().await;
    let mut remove = site.outsider("gus-vega").await;
    remove.user = site.user_ref("ana-lima").await;
    let operation = remove.operation();
    let words = "ana-lima is a member of acme, and not somebody from outside.";
    assert_eq!(permanent(site.apply(&operation).await), words);
    assert_eq!(site.observe(&operation).await.map(seen).unwrap(), format!("different: {words}"));
    remove.user = site.user_ref("hub-bot").await;
    let ourselves = "hub-bot is this bot's own account, which it never changes.";
    assert_eq!(permanent(site.apply(&remove.operation()).await), ourselves);
    assert!(site.writes().is_empty());
}

#[tokio::test]
async fn a_plan_can_be_bound_to_what_somebody_is() {
    let site = Site::start().await;
    let ana = site.account("ana-lima").await;
    let seen = site.github.reader().membership("acme", "ana-lima").await.unwrap();
    let same = hubcommander_github::preconditions::same_membership("acme", &ana, seen);
    let probe = site.github.probes().into_iter().find(|probe| probe.kind() == same.probe).unwrap();
    assert!(site.local.state().rename_user("ana-lima", "ana"));
    assert_eq!(probe.look(&same.input).await.unwrap(), same.seen);
    assert_eq!(same.changed.words(), "ana-lima's place in acme has been changed meanwhile");
    site.local.state().organisation_mut("acme").unwrap().members.remove("ana");
    assert_eq!(probe.look(&same.input).await.unwrap(), "none");
    site.faults.add(When::get("/orgs/acme/memberships/*").always(), Fault::Status(500, String::new()));
    assert!(probe.look(&same.input).await.is_err());
}
