//! Travis is made to look at GitHub, and waited for; not for ever.

use std::time::Duration;

use hubcommander_sandbox::faults::{Fault, Hold, When};
use hubcommander_sandbox::travis::World;
use hubcommander_sdk::clock::{Clock as _, SystemClock};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Observed;
use hubcommander_travis::operations::sync;

use crate::world::{Site, blocked, temporary};

fn taking(milliseconds: u64) -> World {
    World::acme().sync_takes(Some(Duration::from_millis(milliseconds)))
}

#[tokio::test]
async fn a_repository_is_known_after_a_sync() {
    let site = Site::with(taking(60), |_| {}).await;
    let operation = sync(&site.target("website"));
    assert_eq!(site.observe(&operation).await.unwrap(), Observed::Absent);
    let done = site.apply(&operation).await.unwrap();
    assert_eq!((done.inverse, done.note), (None, None));
    assert_eq!(site.is_active("website"), Some(false));
    assert!(matches!(site.observe(&operation).await.unwrap(), Observed::Ours(_)));
    // Once it is known nothing is asked for.
    assert_eq!(site.apply(&operation).await.unwrap().note.unwrap().words(), "already so");
    assert_eq!(site.writes(), ["POST /user//sync"]);
}

#[tokio::test]
async fn a_sync_that_is_under_way_is_waited_for() {
    let site = Site::with(taking(100), |_| {}).await;
    site.local.state().begin_sync(SystemClock.now());
    site.apply(&sync(&site.target("website"))).await.unwrap();
    assert_eq!(site.writes(), Vec::<String>::new(), "no second one");
    assert_eq!(site.is_active("website"), Some(false));
}

#[tokio::test]
async fn one_that_began_between_two_requests_is_waited_for_as_well() {
    let site = Site::with(taking(100), |_| {}).await;
    let gate = site.faults.gate(When::post("/sync"), Hold::BeforeEffect);
    let operation = sync(&site.target("website"));
    let applying = site.apply(&operation);
    let meanwhile = async {
        gate.held().await.unwrap();
        site.local.state().begin_sync(SystemClock.now());
        gate.release();
    };
    let (applied, ()) = tokio::join!(applying, meanwhile);
    applied.unwrap();
    let statuses: Vec<_> = site.faults.writes().iter().map(|write| write.status()).collect();
    assert_eq!(statuses, [Some(409)]);
}

#[tokio::test]
async fn one_that_looked_too_early_is_followed_by_ours() {
    let site = Site::with(taking(60), |_| {}).await;
    // What looked before the repository was there ends without knowing it.
    let website = site.github.state().repository("acme", "website").unwrap().clone();
    let target = site.target("website");
    site.github.state().delete(website.id);
    site.local.state().begin_sync(SystemClock.now());
    let gate = site.faults.gate(When::post("/sync"), Hold::BeforeEffect);
    let operation = sync(&target);
    let applying = site.apply(&operation);
    let meanwhile = async {
        gate.held().await.unwrap();
        site.github.state().repositories.insert(website.id, website.clone());
        gate.release();
    };
    let (applied, ()) = tokio::join!(applying, meanwhile);
    applied.unwrap();
    assert_eq!(site.writes(), ["POST /user//sync"]);
    assert_eq!(site.is_active("website"), Some(false));
}

#[tokio::test]
async fn a_sync_that_never_ends_is_not_waited_for_for_ever() {
    let site = Site::with(World::acme().sync_takes(None), |_| {}).await;
    let operation = sync(&site.target("website"));
    let (words, again) = temporary(site.apply(&operation).await);
    assert_eq!(words, "Travis is still looking at GitHub. Retry in a few minutes.");
    assert!(again.unwrap() < Duration::from_secs(3));
    // The next try waits for the same one.
    temporary(site.apply(&operation).await);
    assert_eq!(site.writes(), ["POST /user//sync"]);
}

#[tokio::test]
async fn what_a_sync_does_not_bring_is_told() {
    let site = Site::with(taking(0), |_| {}).await;
    let target = site.target("website");
    site.github.state().delete(target.github_id);
    insta::assert_snapshot!(blocked(site.apply(&sync(&target)).await), @"Travis does not see acme/website at GitHub: this bot's Travis account needs access to it there. Tell the people who run this bot.");
    assert_eq!(site.writes().len(), 1);
}

#[tokio::test]
async fn the_answer_to_a_sync_is_lost() {
    let site = Site::with(taking(60), |_| {}).await;
    let operation = sync(&site.target("website"));
    site.faults.add(When::post("/sync"), Fault::LostAnswer);
    let lost = site.apply(&operation).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    // Nothing is known yet; the next try finds the sync under way, or over.
    site.apply(&operation).await.unwrap();
    assert_eq!(site.is_active("website"), Some(false));
}
