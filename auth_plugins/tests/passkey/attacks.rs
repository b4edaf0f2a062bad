//! What must not be a yes.

use http::StatusCode;
use hubcommander_auth_plugins::passkey::{Passkeys, Settings};
use hubcommander_sdk::auth::StepUp as _;
use webauthn_authenticator_rs::softtoken::SoftToken;

use crate::world::{Site, challenge, no};

#[tokio::test]
async fn attack_the_same_touch_twice() {
    let site = Site::new();
    let mut token = site.enrolled("U0ANA").await;
    let (_, path) = site.begin(&challenge("U0ANA")).await;
    let answer = site.answer(&path, &mut token).await;
    let finish = format!("{path}/finish");
    assert_eq!(site.post(&finish, &answer).await.0, StatusCode::OK);
    assert_eq!(site.post(&finish, &answer).await.0, StatusCode::GONE);
    assert_eq!(site.post(&format!("{path}/begin"), "{}").await.0, StatusCode::GONE);
    assert_eq!(site.page(&path).await.0, StatusCode::GONE);
    // Nor for another plan of the same person.
    let (ticket, path) = site.begin(&challenge("U0ANA")).await;
    site.post(&format!("{path}/begin"), "{}").await;
    assert_eq!(site.post(&format!("{path}/finish"), &answer).await.0, StatusCode::FORBIDDEN);
    site.clock.0.lock().map(|mut minutes| *minutes = 11).unwrap();
    no(site.passkeys.outcome(&challenge("U0ANA"), &ticket).await);
}

#[tokio::test]
async fn attack_another_person_s_passkey() {
    let site = Site::new();
    let mut ana = site.enrolled("U0ANA").await;
    site.enrolled("U0EVE").await;
    let (_, of_eve) = site.begin(&challenge("U0EVE")).await;
    let (_, of_ana) = site.begin(&challenge("U0ANA")).await;
    // Ana's touch of her own page, given to Eve's.
    let answer = site.answer(&of_ana, &mut ana).await;
    site.post(&format!("{of_eve}/begin"), "{}").await;
    assert_eq!(site.post(&format!("{of_eve}/finish"), &answer).await.0, StatusCode::FORBIDDEN);
    // A wrong answer uses up its question, not the link.
    assert_eq!(site.post(&format!("{of_eve}/finish"), &answer).await.0, StatusCode::GONE);
    assert_eq!(site.page(&of_eve).await.0, StatusCode::OK);
}

#[tokio::test]
async fn attack_a_ticket_for_another_plan_or_person() {
    let site = Site::new();
    let mut token = site.enrolled("U0ANA").await;
    let (ticket, path) = site.begin(&challenge("U0ANA")).await;
    site.touch(&path, &mut token).await;
    let mut others = [challenge("U0ANA"), challenge("U0ANA"), challenge("U0EVE")];
    others[0].digest.0 = "f".repeat(64);
    others[1].invocation = "inv-OTHER".into();
    for other in &others {
        let said = no(site.passkeys.outcome(other, &ticket).await);
        assert!(said.starts_with("This proof belongs to something else."), "{said}");
    }
    no(site.passkeys.outcome(&challenge("U0ANA"), &serde_json::json!({ "link": "0" })).await);
    // Neither is a link to enrol a proof.
    site.apply("U0ANA").await.unwrap();
    let mut late = challenge("U0ANA");
    late.expires -= chrono::TimeDelta::minutes(20);
    no(site.passkeys.outcome(&late, &ticket).await);
}

#[tokio::test]
async fn attack_a_touch_after_the_end() {
    let site = Site::new();
    let mut token = site.enrolled("U0ANA").await;
    let challenge = challenge("U0ANA");
    let (ticket, path) = site.begin(&challenge).await;
    let answer = site.answer(&path, &mut token).await;
    site.clock.0.lock().map(|mut minutes| *minutes = 11).unwrap();
    assert_eq!(site.post(&format!("{path}/finish"), &answer).await.0, StatusCode::GONE);
    insta::assert_snapshot!(no(site.passkeys.outcome(&challenge, &ticket).await), @r"
    The passkey was not used in time.
    Try again.
    log: passkey: the link has expired
    again
    ");
}

#[tokio::test]
async fn attack_another_page_presses_the_buttons() {
    let site = Site::new();
    site.enrolled("U0ANA").await;
    let (_, path) = site.begin(&challenge("U0ANA")).await;
    for origin in [None, Some("https://evil.example"), Some("null"), Some("http://hub.acme.example")] {
        for what in ["begin", "finish", "deny"] {
            let (status, _) = site.post_from(origin, &format!("{path}/{what}"), "{}").await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{origin:?} {what}");
        }
    }
    assert_eq!(site.page(&path).await.0, StatusCode::OK);
}

#[tokio::test]
async fn attack_who_reads_the_store_or_the_ticket_has_no_link() {
    let site = Site::new();
    site.enrolled("U0ANA").await;
    let (ticket, path) = site.begin(&challenge("U0ANA")).await;
    let secret = path.strip_prefix("/passkey/").unwrap();
    assert!(!site.memory.written().contains(secret));
    assert!(!ticket.to_string().contains(secret));
    let id = ticket["link"].as_str().unwrap();
    assert_eq!(site.page(&format!("/passkey/{id}")).await.0, StatusCode::GONE);
}

#[tokio::test]
async fn attack_a_key_without_pin_or_finger() {
    let site = Site::new();
    site.apply("U0ANA").await.unwrap();
    let mut token = SoftToken::new(false).unwrap().0;
    let path = site.whispered();
    let (status, options) = site.post(&format!("{path}/begin"), "{}").await;
    assert_eq!(status, StatusCode::OK);
    let mut options: serde_json::Value = serde_json::from_str(&options).unwrap();
    assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
    // A page that was tampered with asks for less.
    options["publicKey"]["authenticatorSelection"]["userVerification"] = "discouraged".into();
    let options = serde_json::from_value(options).unwrap();
    let origin = crate::world::ORIGIN.parse().unwrap();
    let made = webauthn_authenticator_rs::WebauthnAuthenticator::do_registration(&mut token, origin, options);
    let made = serde_json::to_string(&made.unwrap()).unwrap();
    assert_eq!(site.post(&format!("{path}/finish"), &made).await.0, StatusCode::FORBIDDEN);
    assert!(!site.passkeys.knows(&challenge("U0ANA").person));
}

#[tokio::test]
async fn addresses_where_browsers_offer_no_passkeys() {
    let site = Site::new();
    for bad in ["http://hub.acme.example", "https://10.0.0.1", "http://127.0.0.1:8080"] {
        let settings = Settings { public_url: bad.parse().unwrap(), name: "x".into() };
        let made = Passkeys::new(
            &settings,
            site.memory.clone(),
            std::sync::Arc::new(|| [0; 32]),
            site.clock.clone(),
        );
        assert!(made.is_err(), "{bad}");
    }
}
