//! Repositories are switched on, seen to be on, and switched off again.

use std::time::Duration;

use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::travis::World;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Observed;
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_travis::{Target, operations};

use crate::world::{Site, blocked, temporary};

#[tokio::test]
async fn on_and_off_again() {
    let site = Site::start().await;
    let on = operations::activate(&site.target("templates"));
    assert_eq!(site.words(&on), "Travis builds acme/templates");
    assert_eq!(site.observe(&on).await.unwrap(), Observed::Absent);
    let done = site.apply(&on).await.unwrap();
    assert_eq!((site.is_active("templates"), done.note), (Some(true), None));
    assert!(matches!(site.observe(&on).await.unwrap(), Observed::Ours(_)));
    let again = site.apply(&on).await.unwrap();
    assert_eq!((again.note.unwrap().words().as_str(), again.inverse), ("already so", None));

    let off = done.inverse.unwrap();
    assert_eq!(site.words(&off), "Travis builds acme/templates no more");
    let undone = site.apply(&off).await.unwrap();
    assert_eq!((site.is_active("templates"), undone.inverse), (Some(false), Some(on.clone())));
    assert_eq!(site.observe(&on).await.unwrap(), Observed::Absent, "undone already");
    assert!(matches!(site.observe(&off).await.unwrap(), Observed::Ours(_)));
    assert_eq!(site.writes(), ["POST /repo//activate", "POST /repo//deactivate"]);
}

#[tokio::test]
async fn a_lost_answer_is_unclear_and_seen_as_done() {
    let site = Site::start().await;
    let on = operations::activate(&site.target("templates"));
    site.faults.add(When::post("/activate"), Fault::LostAnswer);
    let lost = site.apply(&on).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(applied) = site.observe(&on).await.unwrap() else { panic!("not ours") };
    assert_eq!(applied.inverse, Some(operations::deactivate(&site.target("templates"))));

    let site = Site::start().await;
    site.faults.add(When::post("/activate"), Fault::Status(500, String::new()));
    let lost = site.apply(&on).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    assert_eq!(site.observe(&on).await.unwrap(), Observed::Absent);
}

#[tokio::test]
async fn each_refusal_has_its_sentence() {
    let site = Site::start().await;
    let on = operations::activate(&site.target("templates"));
    let set = |change: &dyn Fn(&mut hubcommander_sandbox::travis::model::Repository)| {
        change(site.local.state().repository_mut("acme/templates").unwrap());
    };
    set(&|one| one.has_key = false);
    assert_eq!(
        temporary(site.apply(&on).await),
        ("Travis has not made the SSH key of acme/templates yet. Try again in a minute.".to_owned(), None)
    );
    set(&|one| (one.has_key, one.admin) = (true, false));
    insta::assert_snapshot!(blocked(site.apply(&on).await), @"Travis does not let this bot's account change acme/templates: it needs admin access to it at GitHub, and must have logged in at Travis once. Tell the people who run this bot.");
    set(&|one| one.admin = true);
    site.faults.add(When::post("/activate"), Fault::RateLimited { retry_after: Duration::from_secs(7) });
    assert_eq!(
        temporary(site.apply(&on).await),
        (
            "Travis asks this bot to slow down. Try again in 7 seconds.".to_owned(),
            Some(Duration::from_secs(7))
        )
    );
    assert_eq!(site.is_active("templates"), Some(false));
}

#[tokio::test]
async fn what_travis_does_not_know_is_not_touched() {
    let site = Site::start().await;
    insta::assert_snapshot!(blocked(site.apply(&operations::activate(&site.target("website"))).await), @"Travis does not see acme/website at GitHub: this bot's Travis account needs access to it there. Tell the people who run this bot.");
    let other = Target { github_id: 1, ..site.target("templates") };
    blocked(site.apply(&operations::activate(&other)).await);
    let seen = site.observe(&operations::activate(&other)).await.unwrap();
    assert!(matches!(seen, Observed::Different(_)), "{seen:?}");
    assert_eq!((site.writes(), site.is_active("templates")), (Vec::<String>::new(), Some(false)));
}

#[tokio::test]
async fn nothing_is_written_without_a_genuine_permit() {
    let mut site = Site::with(World::acme(), |_| {}).await;
    let (forger, _) = PermitIssuer::new();
    site.permit = forger.permit("inv-1");
    for operation in
        [operations::activate(&site.target("templates")), operations::sync(&site.target("website"))]
    {
        let refused = site.apply(&operation).await;
        assert!(matches!(refused, Err(OperationError::Permanent { .. })), "{refused:?}");
    }
    site.permit = site.issuer.permit("inv-1");
    site.apply(&operations::activate(&site.target("templates"))).await.unwrap();
    assert_eq!(site.writes(), ["POST /repo//activate"]);
}
