//! What is read, and what is made of answers that tell nothing.

use std::time::Duration;

use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::travis::World;
use hubcommander_travis::{ReadErrorKind, Target};

use crate::world::Site;

#[tokio::test]
async fn the_account_its_organisations_and_what_it_knows() {
    let site = Site::start().await;
    let reader = site.travis.reader();
    let me = reader.whoami().await.unwrap();
    assert_eq!((me.login.as_str(), me.is_syncing, me.synced_at), ("hub-bot", false, None));
    let mut logins: Vec<String> =
        reader.organisations().await.unwrap().into_iter().map(|one| one.login).collect();
    logins.sort();
    assert_eq!(logins, ["acme", "acme-oss"]);
    let api = reader.repository(&site.target("api")).await.unwrap().unwrap();
    assert!(api.active && !api.is_out_of_reach() && api.slug == "acme/api");
    assert_eq!(reader.repository(&site.target("website")).await.unwrap(), None);
    let asked: Vec<String> = site.faults.log().iter().map(|one| one.path.clone()).collect();
    assert_eq!(asked, ["/user", "/orgs", "/repo/acme%2Fapi", "/repo/acme%2Fwebsite"]);
}

#[tokio::test]
async fn another_repository_of_the_same_name_is_not_it() {
    let site = Site::start().await;
    let other = Target { github_id: 1, ..site.target("api") };
    assert_eq!(site.travis.reader().repository(&other).await.unwrap(), None);
}

#[tokio::test]
async fn all_pages_are_read() {
    let site = Site::start().await;
    {
        let mut state = site.local.state();
        let one = state.organisations[0].clone();
        for number in 0..230 {
            let (id, login) = (9_000 + number, format!("org-{number}"));
            let more =
                hubcommander_sandbox::travis::model::Organisation { id, github_id: id, login, ..one.clone() };
            state.organisations.push(more);
        }
    }
    assert_eq!(site.travis.reader().organisations().await.unwrap().len(), 232);
    assert_eq!(site.faults.arrived(), 3);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let site = Site::start().await;
    site.faults.add(When::get("/user"), Fault::Status(502, "<html>".into()));
    site.faults.add(When::get("/user"), Fault::LostAnswer);
    assert_eq!(site.travis.reader().whoami().await.unwrap().login, "hub-bot");
    assert_eq!(site.faults.arrived(), 3);

    site.faults.add(When::get("/user").always(), Fault::Status(503, String::new()));
    let error = site.travis.reader().whoami().await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Unreachable);
    assert_eq!(site.faults.arrived(), 6);
}

#[tokio::test]
async fn a_limit_and_a_wrong_token_have_their_sentences() {
    let site = Site::start().await;
    site.faults.add(When::get("/user"), Fault::RateLimited { retry_after: Duration::from_secs(40) });
    let refusal = site.travis.reader().whoami().await.unwrap_err().refusal();
    assert_eq!(
        (refusal.what.words().as_str(), refusal.todo.words().as_str()),
        ("Travis asks this bot to slow down.", "Try again in 40 seconds.")
    );
    let site = Site::with(World::acme(), |settings| settings.token = "of-somebody-else".into()).await;
    let error = site.travis.reader().whoami().await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Unauthorized);
    assert_eq!(error.what.words(), "Travis does not accept this bot's token.");
}
