//! A passkey is added through a link that only the approved operation hands out.

use http::StatusCode;
use hubcommander_auth_plugins::passkey::EnrolPasskey;
use hubcommander_sdk::command::Command as _;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Attempt, Handler as _, Observed, Power};
use hubcommander_sdk::permit::PermitIssuer;
use webauthn_authenticator_rs::softtoken::SoftToken;

use crate::world::{Site, challenge, enrol_input, enrol_kind, person};

fn attempt(site: &Site) -> Attempt {
    use hubcommander_sdk::clock::Clock as _;
    Attempt { invocation: "inv-ENROL".into(), since: site.clock.now() }
}

#[tokio::test]
async fn the_link_is_for_the_person_alone_and_works_once() {
    let site = Site::new();
    let (input, handler) = (enrol_input("U0ANA"), &site.enrolment);
    assert_eq!((handler.kind(), handler.powers(&input)), (enrol_kind(), [Power::Enrol].into()));
    assert_eq!(handler.observe(&input, &attempt(&site)).await, Ok(Observed::Absent));
    let applied = site.apply("U0ANA").await.unwrap();
    let path = site.whispered();
    assert!(!format!("{applied:?}").contains(&path), "the journal holds no link");
    assert_eq!(site.ear.heard.lock().unwrap()[0].0, person("U0ANA"));
    assert!(matches!(handler.observe(&input, &attempt(&site)).await, Ok(Observed::Ours(_))));
    assert!(site.page(&path).await.2.contains("Add a passkey"));
    let mut token = SoftToken::new(true).unwrap().0;
    assert_eq!(site.create(&path, &mut token).await.0, StatusCode::OK);
    let mut eve = SoftToken::new(true).unwrap().0;
    assert_eq!(site.create(&path, &mut eve).await.0, StatusCode::GONE);
    assert!(matches!(handler.observe(&input, &attempt(&site)).await, Ok(Observed::Ours(_))));
}

#[tokio::test]
async fn of_two_links_by_one_command_the_last_counts() {
    let site = Site::new();
    site.apply("U0ANA").await.unwrap();
    let first = site.whispered();
    site.apply("U0ANA").await.unwrap();
    assert_eq!(site.page(&first).await.0, StatusCode::GONE);
    assert_eq!(site.page(&site.whispered()).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_link_that_could_not_be_told_is_void() {
    let site = Site::new();
    *site.ear.deaf.lock().unwrap() = true;
    let result = site.apply("U0ANA").await;
    assert!(matches!(result, Err(OperationError::Temporary { .. })), "{result:?}");
    assert_eq!(site.memory.all.lock().unwrap()["passkey.links"], serde_json::json!({}));
    let seen = site.enrolment.observe(&enrol_input("U0ANA"), &attempt(&site)).await;
    assert_eq!(seen, Ok(Observed::Absent));
}

#[tokio::test]
async fn attack_a_link_without_a_genuine_permit() {
    let site = Site::new();
    let (forger, _) = PermitIssuer::new();
    let result = site.enrolment.apply(&enrol_input("U0ANA"), &forger.permit("inv-ENROL")).await;
    assert!(matches!(result, Err(OperationError::Permanent { .. })), "{result:?}");
    assert!(site.ear.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn attack_an_enrolment_after_its_end() {
    let site = Site::new();
    site.apply("U0ANA").await.unwrap();
    site.clock.0.lock().map(|mut minutes| *minutes = 16).unwrap();
    assert_eq!(site.page(&site.whispered()).await.0, StatusCode::GONE);
    let mut token = SoftToken::new(true).unwrap().0;
    assert_eq!(site.create(&site.whispered(), &mut token).await.0, StatusCode::GONE);
}

#[tokio::test]
async fn the_command_plans_the_operation() {
    let command = EnrolPasskey::default();
    let site = Site::new();
    let spec = command.spec();
    assert!(spec.answers_to("enrollpasskey") && spec.risk.is_some());
    let request = hubcommander_sdk::command::Request {
        invocation: "inv-1".into(),
        person: challenge("U0ANA").person,
        place: hubcommander_sdk::people::Place {
            channel: "C0DEV".into(),
            conversation: hubcommander_sdk::people::Conversation::Public,
            shared: false,
            thread: None,
        },
        args: hubcommander_sdk::command::Args::default(),
        at: attempt(&site).since,
        headway: hubcommander_sdk::command::Headway::default(),
    };
    let prepared = command.prepare(&request).await.unwrap();
    let hubcommander_sdk::command::Prepared::Plan(plan) = prepared else { panic!("no plan") };
    assert_eq!(plan.check(), Ok(()));
    assert_eq!(plan.steps[0].operation.kind, enrol_kind());
    let described = site.enrolment.describe(&plan.steps[0].operation.input).unwrap();
    assert_eq!(
        described.what.words(),
        "@U0ANA gets a link, in a direct message and good for 15 minutes, to add a passkey"
    );
}
