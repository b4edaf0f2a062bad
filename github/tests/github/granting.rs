//! What teams may do: granted, taken back to what it was, and refused in words that help.

use hubcommander_github::names::{FullName, Owner, TeamSlug};
use hubcommander_github::operations::{GrantTeam, RepoRef, RevokeTeam};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Observed, Operation};
use serde_json::json;

use crate::world::{Site, blocked, permanent};

fn acme() -> Owner {
    Owner::parse("acme").unwrap()
}

fn team(slug: &str) -> TeamSlug {
    TeamSlug::parse(slug).unwrap()
}

async fn existing(site: &Site, name: &str) -> RepoRef {
    match site.github.reader().repository("acme", name).await.unwrap() {
        hubcommander_github::Lookup::Found(found) => RepoRef::of(&found).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn grant(slug: &str, repo: RepoRef, permission: &str) -> GrantTeam {
    GrantTeam { org: acme(), team: team(slug), repo, permission: permission.into(), before: None }
}

async fn level(site: &Site, slug: &str, repo: &str) -> Option<String> {
    site.github.reader().team_permission("acme", slug, repo).await.unwrap()
}

#[tokio::test]
async fn the_way_back_leads_to_what_was_there_before() {
    let site = Site::start().await;
    let repo = existing(&site, "website").await;
    let more = site.apply(&grant("bots", repo, "maintain").operation()).await.unwrap();
    assert_eq!(level(&site, "bots", "acme/website").await.as_deref(), Some("maintain"));
    let back = more.inverse.unwrap();
    assert_eq!((back.kind.as_str(), &back.input["permission"]), ("github.grant_team", &json!("pull")));
    site.apply(&back).await.unwrap();
    assert_eq!(level(&site, "bots", "acme/website").await.as_deref(), Some("pull"));

    let repo = existing(&site, "api").await;
    let new = site.apply(&grant("bots", repo, "pull").operation()).await.unwrap();
    let back = new.inverse.unwrap();
    assert_eq!(back.kind, "github.revoke_team");
    let revoked = site.apply(&back).await.unwrap();
    assert_eq!(level(&site, "bots", "acme/api").await, None);
    let forth = revoked.inverse.unwrap();
    assert_eq!((forth.kind.as_str(), &forth.input["permission"]), ("github.grant_team", &json!("pull")));
    assert_eq!(site.apply(&back).await.unwrap().note.unwrap().words(), "already so");
}

#[tokio::test]
async fn what_is_so_already_is_left_alone_and_has_no_way_back() {
    let site = Site::start().await;
    let repo = existing(&site, "website").await;
    for word in ["push", "write"] {
        let same = site.apply(&grant("employees", repo.clone(), word).operation()).await.unwrap();
        assert_eq!((same.inverse, same.note.unwrap().words()), (None, "already so".to_owned()));
    }
    assert_eq!(site.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_became_of_a_grant_is_seen() {
    let site = Site::start().await;
    let repo = existing(&site, "website").await;
    let asked = GrantTeam { before: Some("pull".into()), ..grant("bots", repo.clone(), "push") };
    assert_eq!(site.observe(&asked.operation()).await.unwrap(), Observed::Absent);

    site.faults.add(When::put("/orgs/acme/teams/*"), Fault::LostAnswer);
    let lost = site.apply(&asked.operation()).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(applied) = site.observe(&asked.operation()).await.unwrap() else { panic!("not ours") };
    assert_eq!(applied.inverse.unwrap().input["permission"], "pull");

    site.apply(&grant("bots", repo.clone(), "admin").operation()).await.unwrap();
    let Observed::Different(words) = site.observe(&asked.operation()).await.unwrap() else {
        panic!("the same?")
    };
    assert_eq!(words.words(), "team bots may administer by now.");

    let revoke = RevokeTeam { org: acme(), team: team("bots"), repo }.operation();
    assert_eq!(site.observe(&revoke).await.unwrap(), Observed::Absent);
    site.apply(&revoke).await.unwrap();
    assert!(matches!(site.observe(&revoke).await.unwrap(), Observed::Ours(_)));
}

#[tokio::test]
async fn who_or_what_is_missing_is_named() {
    let site = Site::start().await;
    let by_name = |name: &str| {
        let full_name = FullName::parse(name).unwrap();
        serde_json::from_value(json!({ "full_name": full_name })).unwrap()
    };
    let fresh = |slug: &str, name: &str| -> Operation {
        GrantTeam { before: Some("none".into()), ..grant(slug, by_name(name), "push") }.operation()
    };
    assert_eq!(
        blocked(site.apply(&fresh("nobody", "acme/website")).await),
        "There is no team nobody in acme, or this bot's GitHub account may not see it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name."
    );
    assert_eq!(
        blocked(site.apply(&fresh("bots", "acme/nothing")).await),
        "acme/nothing is not there any more, or this bot's GitHub account may not see it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name."
    );
    assert_eq!(
        permanent(site.apply(&fresh("bots", "acme/old-name")).await),
        "acme/old-name has been renamed to acme/new-name. Ask again with that name."
    );
    // The name passed on to another repository: the id tells.
    let new_name = existing(&site, "new-name").await;
    let mut input = json!(grant("bots", new_name, "push"));
    input["repo"]["full_name"] = json!("acme/website");
    let mixed = Operation { kind: "github.grant_team".into(), version: 1, input };
    assert_eq!(
        permanent(site.apply(&mixed).await),
        "acme/website has been renamed to acme/new-name. Ask again with that name."
    );
    assert_eq!(level(&site, "bots", "acme/website").await.as_deref(), Some("pull"));
}

#[tokio::test]
async fn a_repository_that_is_not_known_everywhere_yet_is_waited_for() {
    let site = Site::start().await;
    let repo = existing(&site, "api").await;
    site.faults.add(When::put("/orgs/acme/teams/*"), Fault::Status(404, r#"{"message":"Not Found"}"#.into()));
    let asked = GrantTeam { before: Some("none".into()), ..grant("bots", repo, "pull") }.operation();
    let result = site.apply(&asked).await;
    assert!(matches!(result, Err(OperationError::Temporary { retry_after: Some(_), .. })), "{result:?}");
    site.apply(&asked).await.unwrap();
}

#[tokio::test]
async fn an_invitation_is_cancelled_and_found_to_be_gone() {
    use hubcommander_github::operations::CancelInvitation;
    use hubcommander_sandbox::github::World;

    let site = Site::with(World::acme().invited_to("acme", "octocat"), |_| {}).await;
    let scan = site.github.reader().scan("acme").unwrap();
    let org = Owner::parse("acme").unwrap();
    let to_org = scan.invitations().await.unwrap()[0].id;
    let to_repo = scan.repository_invitations("acme/api").await.unwrap()[0].id;
    let api = site.local.state().repository("acme", "api").unwrap().id;
    let repo = RepoRef::existing(api, FullName::parse("acme/api").unwrap());
    let cancel = |repo, id| CancelInvitation { org: org.clone(), repo, id, who: "x".into() }.operation();
    for operation in [cancel(None, to_org), cancel(Some(repo.clone()), to_repo)] {
        assert!(matches!(site.observe(&operation).await.unwrap(), Observed::Absent));
        let applied = site.apply(&operation).await.unwrap();
        assert_eq!((applied.inverse, applied.note), (None, None));
        assert!(matches!(site.observe(&operation).await.unwrap(), Observed::Ours(_)));
        assert_eq!(site.apply(&operation).await.unwrap().note.unwrap().words(), "already gone");
    }
    assert!(scan.invitations().await.unwrap().is_empty());

    // Under a name that passed on nothing is cancelled.
    site.local.state().rename(api, "backend");
    assert!(site.apply(&cancel(Some(repo), to_repo)).await.is_err());
}
