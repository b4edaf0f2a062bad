//! What goes wrong, and what is said of it.

use std::time::Duration;

use hubcommander_device_sources::jamf::{Jamf, Settings};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sdk::devices::{DeviceSource as _, SourceError};

use crate::world::{AMY, SECRET, Scene, ids};

fn inventory() -> When {
    When::path("*/computers-inventory")
}

#[tokio::test]
async fn who_is_not_let_in_must_be_told() {
    let mut scene = Scene::people().await;
    scene.server.state().may_read_computers = false;
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    insta::assert_snapshot!(error, @"Jamf, computers: 403 INVALID_PRIVILEGE. Give the API client's role `Read Computers` and, for mobile devices, `Read Mobile Devices`.");
    scene.settings.client_secret = "wrong".into();
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    assert!(matches!(error, SourceError::Misconfigured(_)), "{error:?}");
    insta::assert_snapshot!(error, @"Jamf, a token: 401 INVALID_CLIENT. See that client_id and client_secret are those of an API client that is enabled at Jamf.");
    let error = scene.source().probe().await.unwrap_err();
    assert!(matches!(error, SourceError::Misconfigured(_)), "{error:?}");
}

#[tokio::test]
async fn a_question_that_is_not_taken_is_not_blamed_on_the_client() {
    let scene = Scene::people().await;
    scene.faults.add(inventory(), Fault::Status(400, r#"{"errors":[{"code":"INVALID_FIELD"}]}"#.to_owned()));
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    insta::assert_snapshot!(error, @"Jamf, computers: 400 INVALID_FIELD. The server does not take what it was asked; set `inventory` to an older version.");
}

#[tokio::test]
async fn a_server_without_any_inventory_is_not_jamf_pro() {
    let scene = Scene::people().await;
    scene.server.state().versions.clear();
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    assert!(matches!(error, SourceError::Misconfigured(_)), "{error:?}");
    insta::assert_snapshot!(error, @r#"Jamf, computers: 404 NOT_FOUND. See that `url` is your Jamf Pro server and not older than this bot asks for; api = "classic" asks for less."#);
}

#[tokio::test]
async fn that_mobile_devices_are_refused_hides_no_computer() {
    let scene = Scene::people().await;
    scene.server.state().may_read_mobile_devices = false;
    let found = scene.source().of_owner(AMY).await.unwrap();
    assert_eq!(ids(&found), ["71"]);
    insta::assert_snapshot!(found.problems[0].what, @"Its mobile devices could not be read.");
    assert!(scene.source().probe().await.is_err());
}

#[tokio::test]
async fn what_passes_is_asked_again() {
    let scene = Scene::people().await;
    let source = scene.source();
    for fault in [
        Fault::Status(503, "<html>busy</html>".to_owned()),
        Fault::Dropped,
        Fault::LostAnswer,
        Fault::RateLimited { retry_after: Duration::ZERO },
    ] {
        scene.faults.add(inventory().times(2), fault.clone());
        assert_eq!(ids(&source.of_owner(AMY).await.unwrap()), ["71", "mobile-11"], "{fault:?}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_unavailable() {
    let mut scene = Scene::people().await;
    scene.settings.patience.request = Duration::from_millis(100);
    let source = scene.source();
    for fault in [Fault::Status(500, String::new()), Fault::Dropped, Fault::Hang] {
        scene.faults.clear();
        scene.faults.add(inventory().always(), fault.clone());
        let error = source.of_owner(AMY).await.unwrap_err();
        assert!(matches!(error, SourceError::Unavailable { retry_after: None, .. }), "{fault:?} {error:?}");
    }
}

#[tokio::test]
async fn a_long_wait_is_left_to_who_asked() {
    let scene = Scene::people().await;
    let retry_after = Duration::from_secs(120);
    scene.faults.add(inventory().always(), Fault::RateLimited { retry_after });
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    let SourceError::Unavailable { why, retry_after: wait } = error else { panic!("{error:?}") };
    assert_eq!((why.as_str(), wait), ("Jamf, computers: 429 TOO_MANY_REQUESTS", Some(retry_after)));
    assert_eq!(scene.asked("computers-inventory"), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_without_its_words() {
    let scene = Scene::people().await;
    scene.server.state().breaks_off = true;
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    assert!(matches!(error, SourceError::Unreadable(_)), "{error:?}");
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains("amy") && !shown.contains("ZZMAC"), "{shown}");
    scene.server.state().breaks_off = false;
    scene.faults.add(inventory(), Fault::Status(200, r#"{"results":[]}"#.to_owned()));
    assert!(matches!(scene.source().of_owner(AMY).await, Err(SourceError::Unreadable(_))));
}

#[tokio::test]
async fn a_bad_record_is_told_and_the_others_stay() {
    let scene = Scene::people().await;
    {
        let mut state = scene.server.state();
        state.computer_mut("71").unwrap()["security"] = "broken".into();
        let mut second = state.computers[2].clone();
        second["id"] = "74".into();
        second["userAndLocation"]["email"] = AMY.into();
        state.computers.push(second);
    }
    let found = scene.source().of_owner(AMY).await.unwrap();
    assert_eq!(ids(&found), ["74", "mobile-11"]);
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].id.as_deref(), Some("71"));
    insta::assert_snapshot!(found.problems[0].what, @"Its part `security` is of another type than Jamf's.");
}

#[tokio::test]
async fn a_page_that_holds_less_than_was_counted_is_told() {
    let scene = Scene::people().await;
    let short = r#"{"totalCount":2,"results":[]}"#;
    scene.faults.add(inventory(), Fault::Status(200, short.to_owned()));
    let found = scene.source().of_owner(AMY).await.unwrap();
    assert_eq!(found.problems[0].what, "It counted 2 records and sent 0.");
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let scene = Scene::people().await;
    let source = scene.source();
    source.of_owner(AMY).await.unwrap();
    scene.faults.add(When::any().always(), Fault::Status(401, format!("{{\"x\":\"{SECRET}\"}}")));
    let error = source.of_owner(AMY).await.unwrap_err();
    let shown = format!("{source:?} {:?} {error:?} {error}", scene.settings);
    assert!(!shown.contains(SECRET) && !shown.contains("jamf-sandbox-token"), "{shown}");
}

#[test]
fn settings_that_cannot_be_used_say_what_to_do() {
    let clock = std::sync::Arc::new(hubcommander_sdk::clock::SystemClock);
    let fine = || Settings::new("https://acme.jamfcloud.com".parse().unwrap(), "client-1", SECRET.into());
    let why = |settings: Settings| Jamf::new(&settings, clock.clone()).unwrap_err().to_string();
    assert!(Jamf::new(&fine(), clock.clone()).is_ok());
    let address = |url: &str| why(Settings { url: url.parse().unwrap(), ..fine() });
    for url in ["http://acme.jamfcloud.com", "https://acme.jamfcloud.com/x", "https://a:b@acme.jamfcloud.com"]
    {
        assert!(address(url).contains("https://company.jamfcloud.com"), "{url}");
    }
    assert!(why(Settings { client_id: " ".to_owned(), ..fine() }).contains("client_id"));
    assert!(why(Settings { client_secret: "".into(), ..fine() }).contains("client_secret"));
    assert!(why(Settings { token_path: Some("token".to_owned()), ..fine() }).contains("token_path"));
    assert!(why(Settings { page_size: 0, ..fine() }).contains("page_size"));
}

#[tokio::test]
async fn the_secret_stays_at_this_host() {
    let mut scene = Scene::people().await;
    scene.settings.token_path = Some("//elsewhere.example/token".to_owned());
    let error = scene.source().of_owner(AMY).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Jamf, a token: an answer that cannot be read: token_path leads to another host"
    );
}
