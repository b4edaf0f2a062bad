//! What is no yes, in words that help.

use std::sync::Arc;

use hubcommander_auth_plugins::okta::{Okta, SetupError};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::okta::Answer;
use hubcommander_sdk::auth::StepUp as _;
use hubcommander_sdk::clock::SystemClock;

use crate::world::{Site, TOKEN, challenge, no};

const APPROVES: Option<Answer> = Some(Answer::Approve(None));

#[tokio::test]
async fn who_cannot_be_asked_is_told_why() {
    let site = Site::with(APPROVES).await;
    site.change_ana(|ana| ana.factor.as_mut().unwrap().status = "PENDING_ACTIVATION".into());
    insta::assert_snapshot!(no(site.asked().await), @r"
    You have not set up Okta Verify with push.
    Set it up in your Okta settings, then try again.
    log: Okta: no active push factor
    again
    ");
    site.change_ana(|ana| ana.status = "SUSPENDED".into());
    insta::assert_snapshot!(no(site.asked().await), @r#"
    Your account at Okta is not active.
    Ask the people who look after Okta at your company.
    log: Okta: the user's status is "SUSPENDED"
    "#);
    let mut stranger = challenge();
    stranger.person.email = Some("../../x@vega.example".into());
    insta::assert_snapshot!(no(site.okta.begin(&stranger).await), @r"
    Okta does not know your e-mail address as a login.
    Ask the people who look after Okta at your company.
    log: Okta: no such user
    ");
    stranger.person.email = None;
    let said = no(site.okta.begin(&stranger).await);
    assert!(said.starts_with("Slack does not tell this bot your e-mail address"), "{said}");
    assert_eq!(site.pushes(), 0);
}

#[tokio::test]
async fn attack_a_name_that_finds_somebody_else() {
    let site = Site::with(APPROVES).await;
    let eve = r#"{"id":"00uEVE","status":"ACTIVE","profile":{"login":"eve@acme.example","email":"eve@acme.example"}}"#;
    site.faults.add(When::path("/users/"), Fault::Status(200, eve.into()));
    let said = no(site.asked().await);
    assert!(said.starts_with("Okta found another account than yours"), "{said}");
    let odd = r#"{"id":"../me","status":"ACTIVE","profile":{"login":"ana@acme.example"}}"#;
    site.faults.add(When::path("/users/"), Fault::Status(200, odd.into()));
    no(site.asked().await);
    assert_eq!(site.pushes(), 0);
}

#[tokio::test]
async fn attack_unknown_words_of_okta_are_a_no() {
    for answer in [
        r#"{"factorResult":"success"}"#,
        r#"{"factorResult":"CHALLENGE"}"#,
        r#"{"factorResult":"PASSCODE_REPLAYED"}"#,
        r#"{"factorResult":"ERROR"}"#,
        r#"{"factorResult":true}"#,
        "{}",
        "SUCCESS",
    ] {
        let site = Site::with(None).await;
        site.faults.add(When::path("/transactions/").always(), Fault::Status(200, answer.into()));
        no(site.asked().await);
    }
    // Approved before anybody was asked.
    let site = Site::with(None).await;
    site.faults.add(When::post("/verify"), Fault::Status(201, r#"{"factorResult":"SUCCESS"}"#.into()));
    no(site.asked().await);
    // Where our token must not be sent.
    let elsewhere = r#"{"factorResult":"WAITING","_links":{"poll":{"href":"https://evil.example/steal"}}}"#;
    site.faults.add(When::post("/verify"), Fault::Status(201, elsewhere.into()));
    no(site.asked().await);
}

#[tokio::test]
async fn trouble_is_a_no_unless_it_passes() {
    let site = Site::with(APPROVES).await;
    site.faults.add(When::path("/factors"), Fault::Status(502, String::new()));
    site.faults.add(When::post("/verify"), Fault::SecondaryLimit);
    site.faults.add(When::path("/transactions/").skip(1), Fault::Dropped);
    site.asked().await.unwrap();
    for (path, fault, words) in [
        ("/users/", Fault::Status(503, String::new()), "Okta has trouble of its own."),
        ("/users/", Fault::Hang, "Okta did not answer."),
        ("/users/", Fault::Status(403, "{}".into()), "Okta does not let this bot ask people"),
        ("/verify", Fault::LostAnswer, "Okta did not answer."),
        ("/verify", Fault::SecondaryLimit, "Okta asks this bot to slow down."),
        ("/transactions/", Fault::Hang, "Okta did not answer."),
    ] {
        let site = Site::with(APPROVES).await;
        site.faults.add(When::path(path).always(), fault.clone());
        let said = no(site.asked().await);
        assert!(said.starts_with(words), "{path} {fault:?}: {said}");
    }
    // What may be on the phone is not sent again.
    let site = Site::with(APPROVES).await;
    site.faults.add(When::post("/verify"), Fault::LostAnswer);
    no(site.asked().await);
    assert_eq!(site.pushes(), 1);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_the_operators_to_mend() {
    let site = Site::changed(APPROVES, |settings| settings.api_token = "another-token".into()).await;
    insta::assert_snapshot!(no(site.asked().await), @r#"
    Okta does not accept this bot's token, so nothing could be checked.
    Tell the people who run this bot.
    log: Okta, a user: 401 E0000011 "Invalid token provided"; a token ends when it is not used for 30 days, or its account is disabled
    "#);
    let wrong = site.okta.try_account().await.unwrap_err();
    assert_eq!(wrong.cure, "Make a new token at Okta, under Security, API, Tokens.");
    let site = Site::with(APPROVES).await;
    assert_eq!(site.okta.try_account().await.unwrap(), "bot@acme.example");
    let mut seen = format!("{:?} {:?}", site.okta, site.settings);
    site.faults.add(When::any(), Fault::Dropped);
    seen.push_str(&format!("{:?}", site.asked().await));
    assert!(!seen.contains(TOKEN), "{seen}");
}

#[tokio::test]
async fn settings_that_cannot_be_right() {
    let site = Site::with(None).await;
    let made = |change: &dyn Fn(&mut hubcommander_auth_plugins::okta::Settings)| {
        let mut settings = site.settings.clone();
        change(&mut settings);
        Okta::new(&settings, Arc::new(SystemClock)).unwrap_err()
    };
    let error = made(&|settings| settings.url = "http://acme.okta.com".parse().unwrap());
    assert!(matches!(error, SetupError::Address(_)), "{error}");
    let error = made(&|settings| settings.url = "https://acme.okta.com/api/v1".parse().unwrap());
    assert!(matches!(error, SetupError::Address(_)), "{error}");
    let error = made(&|settings| settings.api_token = "two\nlines".into());
    assert!(matches!(error, SetupError::Token), "{error}");
}
