//! Limits are obeyed: reads wait a little, writes are put off, and nothing goes out that would be refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hubcommander_github::names::{Owner, RepoName};
use hubcommander_github::operations::CreateRepository;
use hubcommander_github::{BudgetSettings, Lookup, ReadErrorKind, Visibility};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::{Limits, World};
use hubcommander_sdk::command::Headway;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Operation;

use crate::world::Site;

fn create(name: &str) -> Operation {
    CreateRepository {
        org: Owner::parse("acme").unwrap(),
        name: RepoName::parse(name).unwrap(),
        visibility: Visibility::Private,
        description: None,
        homepage: None,
        auto_init: false,
    }
    .operation()
}

#[tokio::test]
async fn a_secondary_limit_puts_writes_off_and_is_not_provoked_again() {
    let site = Site::start().await;
    site.faults.add(When::post("/orgs/acme/repos"), Fault::SecondaryLimit);
    for _ in 0..2 {
        match site.apply(&create("widgets")).await {
            Err(OperationError::Limited { wait, what, .. }) => {
                assert!(wait > Duration::from_secs(58) && wait <= Duration::from_secs(60), "{wait:?}");
                assert!(what.words().starts_with("GitHub asks this bot to slow down."), "{}", what.words());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(site.writes().len(), 1, "the second did not go out");
    let read = site.github.reader().repository("acme", "website").await.unwrap_err();
    assert!(matches!(read.kind, ReadErrorKind::RateLimited(_)), "{read:?}");
    assert_eq!(site.faults.arrived(), 1);
}

#[tokio::test]
async fn a_read_waits_a_little_and_goes_through() {
    let site = Site::start().await;
    let limited = Fault::RateLimited { retry_after: Duration::from_secs(1) };
    site.faults.add(When::get("/repos/acme/website"), limited);
    let found = site.github.reader().repository("acme", "website").await.unwrap();
    assert!(matches!(found, Lookup::Found(_)));
    assert_eq!(site.faults.arrived(), 2);
}

#[tokio::test]
async fn who_reads_with_patience_waits_and_says_so() {
    let site = Site::start().await;
    let limited = Fault::RateLimited { retry_after: Duration::from_secs(5) };
    site.faults.add(When::get("/repos/acme/website"), limited);
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let headway = Headway::to(move |words| heard.lock().unwrap().push(words.words()));
    let reader = site.github.reader().patient(&headway);
    let found = reader.repository("acme", "website").await.unwrap();
    assert!(matches!(found, Lookup::Found(_)));
    assert_eq!(*said.lock().unwrap(), ["Waiting for GitHub, about 5 s.", "Reading from GitHub."]);
    assert_eq!(site.faults.arrived(), 2);
    // An hour is too long even so.
    site.faults.add(
        When::get("/repos/acme/website"),
        Fault::RateLimited { retry_after: Duration::from_secs(3_000) },
    );
    let error = reader.repository("acme", "website").await.unwrap_err();
    assert_eq!(error.todo.words(), "Try again in 50 minutes.");
    assert_eq!(said.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_primary_limit_that_is_used_up_is_waited_for_till_its_reset() {
    let site = Site::start().await;
    site.local.set_limits(Limits { per_hour: Some(2), ..Limits::default() });
    let reader = site.github.reader();
    reader.team("acme", "bots").await.unwrap();
    reader.team("acme", "employees").await.unwrap();
    // The last answer said that nothing is left: no other request goes out.
    let error = reader.team("acme", "security").await.unwrap_err();
    let ReadErrorKind::RateLimited(until) = error.kind else { panic!("{error:?}") };
    assert!(until > site.attempt.since + Duration::from_secs(3500));
    assert!(error.todo.words().contains("minutes"), "{}", error.todo.words());
    assert_eq!(site.faults.arrived(), 2);
}

#[tokio::test]
async fn a_burst_stays_within_githubs_secondary_limits() {
    let site = Site::with(World::acme(), |settings| {
        // No patience, so that the test does not wait: what is beyond the burst is put off.
        settings.budget.write_wait = Duration::ZERO;
    })
    .await;
    site.local.set_limits(Limits { secondary: true, ..Limits::default() });
    let mut put_off = 0;
    for number in 0..40 {
        match site.apply(&create(&format!("burst-{number}"))).await {
            Ok(_) => {}
            Err(OperationError::Limited { wait, .. }) => {
                assert!(wait <= Duration::from_secs(20), "{wait:?}");
                put_off += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((15..=20).contains(&put_off), "{put_off} were put off");
    let refused = site.faults.log().iter().filter(|logged| logged.status() == Some(403)).count();
    assert_eq!(refused, 0);
}

#[tokio::test]
async fn pacing_can_be_lifted() {
    let site = Site::with(World::acme(), |settings| {
        settings.budget = BudgetSettings { pacing: false, write_wait: Duration::ZERO, ..settings.budget };
    })
    .await;
    for number in 0..40 {
        site.apply(&create(&format!("bench-{number}"))).await.unwrap();
    }
}
