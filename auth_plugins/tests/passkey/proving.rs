//! A touch on the page is a yes to the plan that it shows.

use http::StatusCode;
use hubcommander_sdk::auth::{Role, StepUp as _};

use crate::world::{Site, challenge, no};

#[tokio::test]
async fn a_touch_is_a_yes_also_to_who_comes_after_a_restart() {
    let site = Site::new();
    let mut token = site.enrolled("U0ANA").await;
    let challenge = challenge("U0ANA");
    let (ticket, path) = site.begin(&challenge).await;
    let waiting = site.passkeys.outcome(&challenge, &ticket);
    let (proof, (status, said)) = tokio::join!(waiting, site.touch(&path, &mut token));
    assert_eq!(status, StatusCode::OK, "{said}");
    assert!(said.contains("That was you."), "{said}");
    let proof = proof.unwrap();
    assert_eq!((proof.by.as_str(), proof.factor.as_str()), ("passkey", "passkey"));
    let other = site.restarted().await;
    assert_eq!(other.outcome(&challenge, &ticket).await, Ok(proof));
}

#[tokio::test]
async fn the_page_shows_the_plan_before_the_touch() {
    let site = Site::new();
    site.enrolled("U0ANA").await;
    let mut challenge = challenge("U0ANA");
    let (_, path) = site.begin(&challenge).await;
    let (status, policy, page) = site.page(&path).await;
    assert_eq!(status, StatusCode::OK);
    for words in [
        "<h1>Delete acme/&lt;widgets&gt;</h1>",
        "<code>!DeleteRepo acme &lt;widgets&gt;</code>",
        "<li>acme/&lt;widgets&gt; is deleted</li>",
        "You asked for it",
        "inv-7Q4K2 · plan 0123456789ab",
        "It was not me",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let nonce = policy.split("script-src 'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "{page}");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    let (_, other, _) = site.page(&path).await;
    assert_ne!(policy, other, "a nonce is for one page");

    challenge.role = Role::Approves;
    challenge.asked_by.user = "U0BOB".into();
    let (_, path) = site.begin(&challenge).await;
    assert!(site.page(&path).await.2.contains("Asked by ana (U0BOB)"));
}

#[tokio::test]
async fn looking_uses_nothing_up() {
    let site = Site::new();
    let mut token = site.enrolled("U0ANA").await;
    let (_, path) = site.begin(&challenge("U0ANA")).await;
    for _ in 0..3 {
        assert_eq!(site.page(&path).await.0, StatusCode::OK);
    }
    assert_eq!(site.touch(&path, &mut token).await.0, StatusCode::OK);
}

#[tokio::test]
async fn who_has_none_is_told_how_to_get_one() {
    let site = Site::new();
    assert!(!site.passkeys.knows(&challenge("U0ANA").person));
    insta::assert_snapshot!(no(site.passkeys.begin(&challenge("U0ANA")).await), @r"
    You have no passkey here yet.
    Type !EnrollPasskey to add one.
    log: passkey: none is enrolled
    ");
    site.enrolled("U0ANA").await;
    assert!(site.passkeys.knows(&challenge("U0ANA").person));
    assert!(site.restarted().await.knows(&challenge("U0ANA").person));
    assert!(!site.passkeys.knows(&challenge("U0EVE").person));
}

#[tokio::test]
async fn who_did_not_ask_says_so() {
    let site = Site::new();
    site.enrolled("U0ANA").await;
    let challenge = challenge("U0ANA");
    let (ticket, path) = site.begin(&challenge).await;
    let (status, page) = site.post(&format!("{path}/deny"), "").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    insta::assert_snapshot!(no(site.passkeys.outcome(&challenge, &ticket).await), @r"
    You said that it was not you who asked.
    Nothing was done, and the security channel is told.
    log: passkey: denied on the page
    fraud
    ");
    assert_eq!(site.page(&path).await.0, StatusCode::GONE);
}

#[tokio::test]
async fn a_store_that_does_not_work_is_a_no() {
    let site = Site::new();
    let mut token = site.enrolled("U0ANA").await;
    let challenge = challenge("U0ANA");
    let (ticket, path) = site.begin(&challenge).await;
    let answer = site.answer(&path, &mut token).await;
    *site.memory.broken.lock().unwrap() = true;
    assert_eq!(site.post(&format!("{path}/finish"), &answer).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.page(&path).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let said = no(site.passkeys.outcome(&challenge, &ticket).await);
    assert!(said.starts_with("Passkeys cannot be looked up"), "{said}");
    no(site.passkeys.begin(&challenge).await);
}
