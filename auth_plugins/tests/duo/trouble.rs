//! Duo does not answer, asks for patience, or does not accept us: always a no, with the right words.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_auth_plugins::duo::{Account, Duo, SetupError};
use hubcommander_sandbox::duo::{Answer, Phone};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::auth::StepUp as _;
use hubcommander_sdk::clock::SystemClock;

use crate::world::{Off, SECRET, Site, challenge, no};

const APPROVES: Phone = Phone::Answers(Answer::Approve(None));

fn count(site: &Site, path: &str) -> usize {
    site.faults.log().iter().filter(|one| one.path == path).count()
}

#[tokio::test]
async fn what_passes_is_waited_out() {
    let site = Site::with(APPROVES).await;
    site.faults.add(When::post("/preauth").times(2), Fault::Status(502, "<html>".into()));
    site.faults.add(When::post("/auth/v2/auth"), Fault::RateLimited { retry_after: Duration::ZERO });
    site.faults.add(When::path("/auth_status"), Fault::Status(500, String::new()));
    site.faults.add(When::path("/auth_status"), Fault::Dropped);
    // Said when there was no news for long.
    let no_news =
        r#"{"stat":"FAIL","code":40002,"message":"Invalid request parameters","message_detail":"txid"}"#;
    site.faults.add(When::path("/auth_status"), Fault::Status(400, no_news.into()));
    site.asked().await.unwrap();
    assert_eq!(site.pushes(), 1);
}

#[tokio::test]
async fn what_does_not_pass_is_a_no_within_the_deadline() {
    for (path, fault, words) in [
        ("/preauth", Fault::Status(503, String::new()), "Duo has trouble of its own."),
        ("/preauth", Fault::Hang, "Duo did not answer."),
        ("/preauth", Fault::Dropped, "Duo did not answer."),
        ("/auth/v2/auth", Fault::Hang, "Duo did not answer."),
        ("/auth_status", Fault::Hang, "Duo did not answer."),
        ("/auth_status", Fault::Status(500, String::new()), "Duo has trouble of its own."),
        (
            "/auth_status",
            Fault::RateLimited { retry_after: Duration::ZERO },
            "Duo asks this bot to slow down.",
        ),
        // Longer than anybody waits here.
        (
            "/preauth",
            Fault::RateLimited { retry_after: Duration::from_secs(60) },
            "Duo asks this bot to slow down.",
        ),
    ] {
        let site = Site::with(APPROVES).await;
        site.faults.add(When::path(path).always(), fault.clone());
        // Not even the last look at a push that may have waited for a restart takes longer.
        let said = no(tokio::time::timeout(Duration::from_secs(8), site.asked()).await.unwrap());
        assert!(said.starts_with(words), "{path} {fault:?}: {said}");
    }
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_is_not_sent_twice() {
    for fault in [Fault::LostAnswer, Fault::Status(500, String::new())] {
        let site = Site::with(APPROVES).await;
        site.faults.add(When::post("/auth/v2/auth"), fault);
        no(site.asked().await);
        assert_eq!(count(&site, "/auth/v2/auth"), 1);
    }
}

#[tokio::test]
async fn attack_duo_is_down_and_nobody_is_let_through() {
    let site = Site::with(APPROVES).await;
    let begun = site.begin().await;
    let url = site.local.url();
    let duo = site.restarted();
    drop(site);
    let said = no(duo.outcome(&challenge(), &begun.ticket).await);
    assert!(said.starts_with("Duo did not answer."), "{said}");
    assert!(!said.contains(&url), "{said}");
    no(duo.begin(&challenge()).await);
}

#[tokio::test]
async fn wrong_keys_and_clocks_are_the_operators_to_mend() {
    let with = |change: fn(&mut Account)| async move {
        let site = Site::changed(APPROVES, |settings| settings.accounts.values_mut().for_each(change)).await;
        no(site.asked().await)
    };
    insta::assert_snapshot!(with(|account| account.secret_key = "another-secret".into()).await, @r#"
    Duo does not accept this bot's signature, so nothing could be checked.
    Tell the people who run this bot.
    log: Duo, /auth/v2/preauth: 401 40103 "Invalid signature in request credentials"; the secret key is wrong, or the machine's clock is off
    "#);
    insta::assert_snapshot!(with(|account| account.integration_key = "ANOTHER".into()).await, @r#"
    Duo does not accept this bot's keys, so nothing could be checked.
    Tell the people who run this bot.
    log: Duo, /auth/v2/preauth: 401 40102 "Invalid integration key in request credentials"; the integration key is wrong
    "#);
    let site = Site::with(APPROVES).await;
    let late = Duo::new(&site.settings, Arc::new(Off(TimeDelta::minutes(-6)))).unwrap();
    insta::assert_snapshot!(no(late.begin(&challenge()).await), @r#"
    Duo does not accept this bot's clock, so nothing could be checked.
    Tell the people who run this bot.
    log: Duo, /auth/v2/preauth: 401 40105 "Bad request timestamp"; the machine's clock is off, or the date was lost on the way
    "#);
    let forbidden = r#"{"stat":"FAIL","code":40301,"message":"Access forbidden","message_detail":"Wrong integration type for this API."}"#;
    site.faults.add(When::any(), Fault::Status(403, forbidden.into()));
    let said = no(site.asked().await);
    assert!(said.starts_with("Duo does not let this bot ask people"), "{said}");
}

#[tokio::test]
async fn an_account_is_tried_before_it_is_needed() {
    let site = Site::with(APPROVES).await;
    assert_eq!(site.duo.try_account("acme.example").await, Ok(()));
    let late = Duo::new(&site.settings, Arc::new(Off(TimeDelta::minutes(2)))).unwrap();
    let wrong = late.try_account("acme.example").await.unwrap_err();
    assert!(wrong.what.contains("120 s off") || wrong.what.contains("119 s off"), "{wrong:?}");
    site.change(|state| state.secret_key = "renewed-meanwhile".into());
    let wrong = site.duo.try_account("acme.example").await.unwrap_err();
    assert_eq!(wrong.cure, "Copy `secret_key` again from the application at Duo.");
    site.faults.add(When::any().always(), Fault::Dropped);
    let wrong = site.duo.try_account("acme.example").await.unwrap_err();
    assert!(wrong.what.contains("the answer was lost"), "{wrong:?}");
}

#[tokio::test]
async fn nothing_shows_a_key_or_a_person_s_enrolment() {
    let site = Site::with(APPROVES).await;
    let mut seen = format!("{:?} {:?}", site.duo, site.settings);
    site.faults.add(When::any(), Fault::Dropped);
    seen.push_str(&format!("{:?}", site.asked().await));
    assert!(!seen.contains(SECRET) && !seen.contains("DIDUOSANDBOX"), "{seen}");
}

#[tokio::test]
async fn addresses_are_those_of_a_host() {
    let site = Site::with(APPROVES).await;
    for bad in [
        "http://api-1.duosecurity.com",
        "https://u:p@api-1.duosecurity.com",
        "https://duo.example/auth?x=1",
        "https://duo.example/auth",
    ] {
        let mut settings = site.settings.clone();
        settings.accounts.values_mut().for_each(|account| account.api_url = bad.parse().unwrap());
        let error = Duo::new(&settings, Arc::new(SystemClock)).unwrap_err();
        assert!(matches!(error, SetupError::Address { .. }), "{bad}: {error}");
        assert!(!error.to_string().contains("u:p"), "{error}");
    }
    let mut twice = site.settings.clone();
    let account = twice.accounts.values().next().unwrap().clone();
    twice.accounts.insert("ACME.example".into(), account);
    assert!(matches!(Duo::new(&twice, Arc::new(SystemClock)), Err(SetupError::Twice(_))));
}
