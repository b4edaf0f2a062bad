//! Who belongs to an organisation, in how many requests, and who people are to its identity provider.

use std::sync::Arc;

use hubcommander_github::names::FullName;
use hubcommander_github::operations::TeamRef;
use hubcommander_github::{Credentials, DeviceErrorKind, DeviceFlow, Proven, SignOn};
use hubcommander_sandbox::faults::{Fault, Outcome, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{Permission, Privacy};
use hubcommander_sdk::clock::{Clock as _, SystemClock};

use crate::world::{Site, settings};

impl Site {
    pub async fn a_team(&self, slug: &str) -> TeamRef {
        TeamRef::of("acme", &self.github.reader().team("acme", slug).await.unwrap().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn twenty_thousand_members_take_two_hundred_requests_and_one() {
    let site = Site::with(World::acme().many_members("acme", 20_000), |settings| {
        settings.budget.pacing = false;
    })
    .await;
    let scan = site.github.reader().scan("acme").unwrap();
    let people = scan.people().await.unwrap();
    assert_eq!(people.len(), 20_003);
    assert_eq!(site.faults.log().len(), 201 + 1, "and the list of owners");
    let owners: Vec<&str> = people.iter().filter(|one| one.owner).map(|one| one.login.as_str()).collect();
    assert_eq!(owners, ["hub-bot"]);
    site.faults.clear_log();
    assert_eq!(scan.people().await.unwrap(), people);
    assert!(site.faults.log().iter().all(|one| one.outcome == Outcome::Answered(304)), "free");
}

#[tokio::test]
async fn an_account_is_found_by_its_number_after_it_took_another_login() {
    let site = Site::start().await;
    let reader = site.github.reader();
    let id = reader.user("acme", "ana-lima").await.unwrap().unwrap().id;
    assert!(site.local.state().rename_user("ana-lima", "ana"));
    assert_eq!(reader.account("acme", id).await.unwrap().unwrap().login, "ana");
    assert_eq!(reader.user("acme", "ana-lima").await.unwrap(), None);
    assert_eq!(reader.account("acme", 999_999).await.unwrap(), None);
    let outside = reader.scan("acme").unwrap().outside().await.unwrap();
    assert_eq!(outside.iter().map(|one| one.login.as_str()).collect::<Vec<_>>(), ["gus-vega"]);
}

#[tokio::test]
async fn the_teams_of_one_person_take_one_request_however_many_there_are() {
    let mut world = World::acme()
        .team("acme", "guests", Privacy::Closed, &["ana-lima"])
        .user("ana-lima-2", "ana-lima", None)
        .member("acme", "ana-lima-2");
    for number in 0..150 {
        world = world.team("acme", &format!("crowd-{number:03}"), Privacy::Secret, &["sam-okafor"]);
    }
    let site = Site::with(world, |_| {}).await;
    let (ana, sam) = (site.account("ana-lima").await, site.account("sam-okafor").await);
    site.faults.clear_log();
    let places = site.github.reader().teams_with("acme", &ana).await.unwrap();
    let slugs: Vec<&str> = places.iter().map(|one| one.slug.as_str()).collect();
    assert_eq!(slugs, ["employees", "guests", "platform"]);
    assert_eq!(site.faults.log().len(), 1);
    assert_eq!(site.github.reader().teams_with("acme", &sam).await.unwrap().len(), 152);
    assert_eq!(site.faults.log().len(), 3);
    // What is left out of an answer would not be given back.
    let partial = r#"{"data":{"organization":{"teams":{"pageInfo":{"hasNextPage":false,"endCursor":null},
        "nodes":[null]}}},"errors":[{"type":"FORBIDDEN","message":"x","path":["organization","teams"]}]}"#;
    site.faults.add(When::post("/graphql"), Fault::Status(200, partial.into()));
    assert!(site.github.reader().teams_with("acme", &ana).await.is_err());
}

#[tokio::test]
async fn what_somebody_has_from_outside_takes_a_request_for_each_hundred_repositories() {
    let world = World::acme().many_repositories("acme", 150).collaborator(
        "acme",
        "service-00149",
        "gus-vega",
        Permission::Maintain,
    );
    let site = Site::with(world, |_| {}).await;
    let gus = site.account("gus-vega").await;
    site.faults.clear_log();
    let found = site.github.reader().outside_access("acme", &gus).await.unwrap();
    let known: Vec<_> = found.known.iter().map(|one| (one.full_name.as_str(), one.level.as_str())).collect();
    assert_eq!(known, [("acme/website", "pull"), ("acme/service-00149", "maintain")]);
    assert!(found.known[1].archived && FullName::parse(&found.known[0].full_name).is_ok());
    assert_eq!(site.faults.log().len(), 2 + 2);
}

#[tokio::test]
async fn identities_are_read_and_where_there_are_none_or_we_may_not_know_it_is_said() {
    let names: Vec<String> = (0..130).map(|number| format!("p{number}@acme.example")).collect();
    let identities: Vec<(&str, Option<&str>)> = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), (number == 7).then_some("ana-lima")))
        .collect();
    let world = || {
        World::acme()
            .single_sign_on("acme", &identities)
            .token("ghp_ana", "ana-lima", &["repo", "read:org"])
            .token("ghp_weak", "hub-bot", &["repo"])
    };
    let site = Site::with(world(), |_| {}).await;
    let SignOn::People(people) = site.github.reader().sign_on("acme").await.unwrap() else { panic!("none") };
    assert_eq!((people.len(), site.faults.log().len()), (130, 2));
    let ana = &people[7];
    let id = site.account("ana-lima").await.id;
    assert_eq!(ana.account, Some((id, "ana-lima".to_owned())));
    assert_eq!((ana.name_id.as_deref(), ana.emails.len()), (Some("p7@acme.example"), 1));
    assert_eq!(people.iter().filter(|one| one.account.is_some()).count(), 1);
    assert_eq!(site.github.reader().sign_on("acme-oss").await.unwrap(), SignOn::None);
    for token in ["ghp_ana", "ghp_weak"] {
        let token = token.to_owned();
        let site =
            Site::with(world(), |settings| settings.credentials = Credentials::Token(token.into())).await;
        assert_eq!(site.github.reader().sign_on("acme").await.unwrap(), SignOn::Untold);
    }
    assert!(site.github.reader().sign_on("globex").await.is_err());
    site.faults.add(When::post("/graphql").always(), Fault::Status(502, String::new()));
    assert!(site.github.reader().sign_on("acme").await.is_err(), "trouble is not an answer");
}

fn device_flow(site: &Site) -> DeviceFlow {
    // One second is as short as it gets.
    site.local.state().device_flow.interval = 1;
    DeviceFlow::new(&settings(&site.local.url()), "Iv1.sandbox", Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn somebody_proves_who_they_are_by_a_code() {
    let site = Site::start().await;
    let flow = device_flow(&site);
    let begun = flow.begin().await.unwrap();
    assert_eq!(begun.verification_uri, format!("{}/login/device", site.local.url()));
    assert!(site.local.state().answer_device_flow(&begun.user_code, Some("ana-lima"), SystemClock.now()));
    let id = site.account("ana-lima").await.id;
    assert_eq!(flow.wait(begun).await.unwrap(), Proven { id, login: "ana-lima".into() });
    let asked: Vec<_> = site.faults.writes().into_iter().map(|one| one.body.unwrap_or_default()).collect();
    assert!(
        asked.iter().all(|body| body.contains("client_id=Iv1.sandbox") && !body.contains("scope")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_code_that_is_denied_proves_nothing() {
    let site = Site::start().await;
    let flow = device_flow(&site);
    let begun = flow.begin().await.unwrap();
    site.faults.add(When::post("/login/oauth/access_token"), Fault::Status(502, String::new()));
    assert!(site.local.state().answer_device_flow(&begun.user_code, None, SystemClock.now()));
    assert_eq!(flow.wait(begun).await.unwrap_err().kind, DeviceErrorKind::Denied);
    let stranger = DeviceFlow::new(&settings(&site.local.url()), "nobody", Arc::new(SystemClock)).unwrap();
    assert_eq!(stranger.begin().await.unwrap_err().kind, DeviceErrorKind::NotSetUp);
    site.local.state().device_flow.apps.get_mut("Iv1.sandbox").unwrap().device_flow = false;
    let off = flow.begin().await.unwrap_err();
    assert_eq!(off.what.words(), "The device flow is switched off for this bot at GitHub.");
}
