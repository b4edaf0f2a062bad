//! Whole organisations: how many requests that takes, what the second time costs, and what is said of what
//! could not be read.

use std::sync::Mutex;
use std::time::Duration;

use hubcommander_github::{Credentials, ReadErrorKind, Scan, Scanned, SecondFactor};
use hubcommander_sandbox::faults::{Fault, Outcome, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::Permission;

use crate::world::Site;

fn scan(site: &Site) -> Scan {
    site.github.reader().scan("acme").unwrap()
}

fn teams(slugs: &[&str]) -> Vec<String> {
    slugs.iter().map(|&slug| slug.to_owned()).collect()
}

async fn read(site: &Site, slugs: &[&str]) -> Scanned {
    scan(site).repositories(&teams(slugs), |_, _| {}).await.unwrap()
}

fn level<'s>(scanned: &'s Scanned, team: &str, repository: &str) -> Option<&'s str> {
    let id = scanned.repositories.iter().find(|one| one.full_name == repository).unwrap().id;
    scanned.teams[team].as_ref().unwrap().as_ref().unwrap().get(&id).map(AsRef::as_ref)
}

async fn with_token(world: World, token: &str) -> Site {
    let token = token.to_owned();
    Site::with(world, |settings| settings.credentials = Credentials::Token(token.into())).await
}

#[tokio::test]
async fn a_hundred_repositories_take_one_request_with_all_that_is_on_them() {
    let site = Site::with(World::acme().many_repositories("acme", 250), |_| {}).await;
    let heard = Mutex::new(Vec::new());
    let told = |read, of| heard.lock().unwrap().push((read, of));
    let found = scan(&site).repositories(&teams(&["bots", "employees"]), told).await.unwrap();
    assert_eq!(site.faults.log().len(), 3, "254 repositories, 100 to a page");
    assert_eq!((found.repositories.len(), found.hidden, found.points), (254, 0, 6));
    assert_eq!(*heard.lock().unwrap(), [(100, 254), (200, 254), (254, 254)]);
    assert_eq!(site.writes(), Vec::<String>::new());

    assert_eq!(level(&found, "employees", "acme/website"), Some("push"));
    assert_eq!(level(&found, "employees", "acme/templates"), Some("pull"));
    assert_eq!(level(&found, "employees", "acme/new-name"), None);
    assert_eq!(level(&found, "employees", "acme/service-00249"), Some("push"), "on the last page");
    assert_eq!(level(&found, "bots", "acme/api"), None);
    let of = |name: &str| found.repositories.iter().find(|one| one.full_name == name).unwrap();
    let website = of("acme/website").outsiders.as_ref().unwrap();
    assert_eq!((website[0].login.as_str(), website[0].level.as_ref()), ("gus-vega", "pull"));
    assert_eq!(of("acme/api").writing_keys.as_ref().unwrap()[0].title, "build server");
    assert_eq!(of("acme/website").writing_keys.as_deref(), Some(&[][..]));
    assert!(of("acme/service-00009").archived && !of("acme/service-00010").archived);
}

#[tokio::test]
async fn a_list_of_any_length_is_read_and_costs_nothing_the_second_time() {
    let site = Site::with(World::acme().many_repositories("acme", 5_100), |_| {}).await;
    let count = async || {
        let mut names = std::collections::BTreeSet::new();
        let take = |page: Vec<hubcommander_github::Repository>, _| {
            names.extend(page.into_iter().map(|one| one.full_name));
        };
        scan(&site).repository_pages(take).await.unwrap();
        names.len()
    };
    assert_eq!(count().await, 5_104);
    assert_eq!(site.faults.log().len(), 52);
    let left = site.github.reader().rate("acme").await.unwrap().unwrap().remaining;
    site.faults.clear_log();
    assert_eq!(count().await, 5_104);
    let unchanged = |outcome| outcome == Outcome::Answered(304);
    assert!(site.faults.log().iter().all(|logged| unchanged(logged.outcome)));
    assert_eq!(site.github.reader().rate("acme").await.unwrap().unwrap().remaining, left);

    let levels = scan(&site).team_levels("employees").await.unwrap().unwrap();
    assert_eq!(levels.len(), 5_001);
}

#[tokio::test]
async fn teams_and_repositories_that_are_not_there_are_told_apart_from_what_may_not_be_read() {
    let site = Site::start().await;
    let found = read(&site, &["employees", "nobody"]).await;
    assert!(matches!(found.teams["nobody"], Ok(None)));
    assert!(matches!(found.teams["employees"], Ok(Some(_))));
    assert_eq!(scan(&site).team_levels("nobody").await.unwrap(), None);

    let absent = site.github.reader().scan("globex").unwrap().repositories(&[], |_, _| {}).await.unwrap_err();
    assert_eq!(absent.kind, ReadErrorKind::Absent);

    let weak = with_token(World::acme().token("ghp_weak", "hub-bot", &["repo"]), "ghp_weak").await;
    let refused = scan(&weak).repositories(&teams(&["employees"]), |_, _| {}).await.unwrap_err();
    assert_eq!(refused.kind, ReadErrorKind::Forbidden(Vec::new()));
    assert!(!format!("{refused:?}").contains("ghp_weak"));
}

#[tokio::test]
async fn what_is_hidden_from_us_is_not_taken_for_nothing() {
    let member = World::acme().token("ghp_ana", "ana-lima", &["repo", "read:org"]);
    let site = with_token(member, "ghp_ana").await;
    let found = read(&site, &["employees"]).await;
    let templates = found.repositories.iter().find(|one| one.full_name == "acme/templates").unwrap();
    assert_eq!(templates.writing_keys, None, "keys are for administrators");
    assert_eq!(templates.outsiders, None, "collaborators are for those who may push");
    let error = scan(&site).members(SecondFactor::Disabled).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Unexpected, "for owners only: {error}");
}

#[tokio::test]
async fn a_part_of_an_answer_is_used_and_the_rest_is_missing() {
    let site = Site::start().await;
    let body = r#"{"data":{"organization":{
        "repositories":{"totalCount":2,"pageInfo":{"hasNextPage":false,"endCursor":null},"nodes":[
            {"databaseId":1,"nameWithOwner":"acme/one","isArchived":false,"viewerPermission":"ADMIN",
             "collaborators":null,"deployKeys":{"totalCount":0,"nodes":[]}},
            null]},
        "t0":null},"rateLimit":{"cost":2}},
        "errors":[{"type":"FORBIDDEN","path":["organization","t0"],"message":"Resource not accessible by integration"},
                  {"type":"FORBIDDEN","path":["organization","repositories","nodes",1],"message":"SAML enforcement"}]}"#;
    site.faults.add(When::post("/graphql"), Fault::Status(200, body.to_owned()));
    let found = read(&site, &["employees"]).await;
    assert_eq!((found.repositories.len(), found.hidden, found.points), (1, 1, 2));
    assert_eq!(found.repositories[0].outsiders, None);
    assert_eq!(found.repositories[0].writing_keys.as_deref(), Some(&[][..]));
    let error = found.teams["employees"].as_ref().unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Forbidden(Vec::new()));
}

#[tokio::test]
async fn what_is_too_much_at_once_is_asked_in_smaller_parts() {
    let site = Site::with(World::acme().many_repositories("acme", 120), |_| {}).await;
    let timeout =
        r#"{"data":null,"errors":[{"message":"Something went wrong while executing your query."}]}"#;
    let whole = When::post("/graphql").body_contains("\"size\":100").always();
    site.faults.add(whole, Fault::Status(200, timeout.to_owned()));
    assert_eq!(read(&site, &["employees"]).await.repositories.len(), 124);
    assert_eq!(site.faults.log().len(), 3 + 3, "tried three times, then in pages of fifty");

    site.faults.clear();
    site.faults.add(When::post("/graphql").always(), Fault::Status(502, "<html>".to_owned()));
    let error = scan(&site).repositories(&[], |_, _| {}).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Unreachable);
}

#[tokio::test]
async fn what_graphql_has_used_up_leaves_rest_alone() {
    let used_up = r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#;
    for in_words in [false, true] {
        let site = Site::start().await;
        if in_words {
            site.faults.add(When::post("/graphql"), Fault::Status(200, used_up.to_owned()));
        } else {
            // The first query takes both points, and its answer says so.
            let limits = hubcommander_sandbox::github::Limits { graphql_per_hour: 2, ..Default::default() };
            site.local.set_limits(limits);
            read(&site, &[]).await;
        }
        let error = scan(&site).repositories(&[], |_, _| {}).await.unwrap_err();
        let ReadErrorKind::RateLimited(until) = error.kind else { panic!("{error:?}") };
        assert!(until > site.attempt.since + Duration::from_secs(if in_words { 50 } else { 3_000 }));
        assert_eq!(site.faults.log().len(), 1, "it is not asked again");
        assert!(site.github.reader().team("acme", "bots").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_repository_with_many_keys_and_people_is_asked_for_by_itself() {
    let mut world = World::acme();
    for number in 0..60 {
        world = world.deploy_key("acme", "website", &format!("key {number}"), number % 2 == 0);
    }
    for number in 0..70 {
        world = world.collaborator("acme", "website", &format!("guest-{number}"), Permission::Triage);
    }
    let site = Site::with(world, |_| {}).await;
    let found = read(&site, &[]).await;
    let website = found.repositories.iter().find(|one| one.full_name == "acme/website").unwrap();
    assert_eq!(website.writing_keys.as_ref().unwrap().len(), 30);
    let outsiders = website.outsiders.as_ref().unwrap();
    assert_eq!(outsiders.iter().filter(|one| one.level == "triage").count(), 70);
    assert_eq!(site.faults.log().len(), 3);
}

#[tokio::test]
async fn the_lists_of_an_organisation() {
    let world = World::acme()
        .many_members("acme", 130)
        .without_second_factor("acme", "person-0007")
        .without_second_factor("acme", "gus-vega")
        .change("acme", |one| {
            one.insecure_second_factor.insert("sam-okafor".into());
        })
        .invited_to("acme", "lin-park")
        .custom_role("acme", "release", Permission::Push)
        .app(7, &[("contents", "write"), ("metadata", "read")], None)
        .installed(7, "acme", 70);
    let site = Site::with(world, |_| {}).await;
    let scan = scan(&site);
    assert_eq!(scan.owners().await.unwrap(), ["hub-bot"]);
    assert_eq!(scan.members(SecondFactor::Any).await.unwrap().len(), 133);
    assert_eq!(scan.members(SecondFactor::Disabled).await.unwrap(), ["person-0007"]);
    assert_eq!(scan.members(SecondFactor::Insecure).await.unwrap(), ["sam-okafor"]);
    assert_eq!(scan.outsiders(SecondFactor::Any).await.unwrap(), ["gus-vega"]);
    assert_eq!(scan.outsiders(SecondFactor::Disabled).await.unwrap(), ["gus-vega"]);
    let invited = scan.invitations().await.unwrap();
    assert_eq!((invited[0].login.as_deref(), invited[0].role.as_str()), (Some("lin-park"), "direct_member"));
    assert!(scan.failed_invitations().await.unwrap().is_empty());
    let invited = scan.repository_invitations("acme/api").await.unwrap();
    assert_eq!((invited[0].login.as_deref(), invited[0].permissions.as_str()), (Some("lin-park"), "triage"));
    let apps = scan.installations().await.unwrap();
    assert_eq!((apps[0].app_slug.as_str(), apps[0].permissions["contents"].as_str()), ("app-7", "write"));
    let levels = scan.team_levels("employees").await.unwrap().unwrap();
    assert_eq!(levels.len(), 3);
}
