//! Signing in at a provider, true and false ones.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::oidc::{Account, Lie, Oidc};
use hubcommander_stethoscope_pages::oidc::{Provider, Settings, SetupError};
use url::Url;

use crate::world::{Got, MIA, Still, World};

const HOME: &str = "https://pages.example.com";

fn settings(issuer: &str) -> Settings {
    Settings {
        name: "sandbox".into(),
        title: "Sandbox".into(),
        issuer: Url::parse(issuer).unwrap(),
        client_id: "pages".into(),
        client_secret: "not-a-secret".to_owned().into(),
        domains: ["example.com".to_owned()].into(),
        entra: false,
    }
}

fn patience() -> Patience {
    Patience { connect: Duration::from_secs(5), request: Duration::from_secs(10) }
}

async fn world() -> (World, Oidc) {
    let account = |email: &str, verified| Account { email: email.into(), verified, name: "Mia".into() };
    let accounts = vec![
        account("Mia@Example.com", true),
        account("new@example.com", false),
        account("mia@example.com.evil.example", true),
        account("mia@evil.example@example.com", true),
        account("mia@sub.example.com", true),
    ];
    let clock = Arc::new(Still::at(crate::world::start()));
    let oidc = Oidc::start(accounts, "pages", "not-a-secret", clock, Faults::default()).await.unwrap();
    oidc.choose(Some("Mia@Example.com"));
    let provider = Provider::new(settings(&oidc.issuer()), &Proxies::none(), patience()).unwrap();
    (World::with(HOME, vec![Arc::new(provider)]), oidc)
}

/// Goes to the provider and comes back as far as the address that it sends to: path, query and cookie.
async fn away(world: &World, next: &str) -> (String, String) {
    let leave = world.get(&format!("/login/with/sandbox?next={next}"), "").await;
    assert_eq!(leave.status, StatusCode::SEE_OTHER, "{}", leave.body);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(leave.header("location")).send().await.unwrap();
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert!(back.as_str().starts_with("https://pages.example.com/login/back?"), "{back}");
    (format!("{}?{}", back.path(), back.query().unwrap()), leave.cookie())
}

async fn sign_in(world: &World) -> Got {
    let (back, cookie) = away(world, "/devices").await;
    world.get(&back, &cookie).await
}

fn nobody(got: &Got) {
    assert_eq!(got.status, StatusCode::FORBIDDEN, "{}", got.body);
    assert!(!got.cookie().contains("__Host-stethoscope="));
}

#[tokio::test]
async fn whoever_the_provider_vouches_for_comes_in() {
    let (world, _oidc) = world().await;
    assert!(world.get("/login", "").await.text().contains("Sign in with Sandbox"));
    let got = sign_in(&world).await;
    assert_eq!((got.status, got.header("location")), (StatusCode::SEE_OTHER, "/devices"));
    assert_eq!(world.memory.kept().sessions.values().next().unwrap().person.email, MIA);
    assert!(world.get("/", &got.cookie()).await.text().contains("MacBook"));
}

#[tokio::test]
async fn a_false_token_signs_nobody_in() {
    let (world, oidc) = world().await;
    for lie in [
        Lie::WrongNonce,
        Lie::WrongAudience,
        Lie::WrongIssuer,
        Lie::Expired,
        Lie::WrongSignature,
        Lie::Unsigned,
        Lie::SignedWithTheSecret,
    ] {
        oidc.lie(lie);
        let got = sign_in(&world).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{lie:?}");
        nobody(&got);
    }
    assert!(world.memory.kept().sessions.is_empty());
    oidc.lie(Lie::None);
    assert_eq!(sign_in(&world).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn only_verified_addresses_of_allowed_domains() {
    let (world, oidc) = world().await;
    for (email, words) in [
        ("new@example.com", "does not vouch"),
        ("mia@example.com.evil.example", "not one of your company"),
        ("mia@evil.example@example.com", "does not vouch"),
        ("mia@sub.example.com", "not one of your company"),
    ] {
        oidc.choose(Some(email));
        let got = sign_in(&world).await;
        nobody(&got);
        assert!(got.text().contains(words), "{email}: {}", got.text());
    }
}

#[tokio::test]
async fn only_the_browser_that_left_comes_back_and_once() {
    let (world, _oidc) = world().await;
    let (back, cookie) = away(&world, "/").await;
    nobody(&world.get(&back, "").await);
    let (_, other) = away(&world, "/").await;
    nobody(&world.get(&back, &other).await);
    let wrong = format!("{back}&iss=https://elsewhere.example");
    nobody(&world.get(&wrong, &cookie).await);
    // The attempt is used up, whatever came of it.
    nobody(&world.get(&back, &cookie).await);
    let (back, cookie) = away(&world, "//evil.example").await;
    assert_eq!(world.get(&back, &cookie).await.header("location"), "/");
    nobody(&world.get(&back, &cookie).await);
}

#[tokio::test]
async fn a_provider_that_is_gone_is_said_to_be() {
    let (world, oidc) = world().await;
    let issuer = oidc.issuer();
    drop(oidc);
    let got = world.get("/login/with/sandbox", "").await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(!got.body.contains(&issuer));
    assert_eq!(world.get("/login/with/nobody", "").await.status, StatusCode::NOT_FOUND);
}

#[test]
fn settings_that_would_let_everybody_in_are_refused() {
    let refuse = |settings| Provider::new(settings, &Proxies::none(), patience()).unwrap_err();
    let open = Settings { domains: Default::default(), ..settings("https://accounts.example.com") };
    assert_eq!(refuse(open), SetupError::NoDomains);
    assert!(matches!(refuse(settings("http://accounts.example.com")), SetupError::WayOut(_)));
    let named = Settings { name: "a/b".into(), ..settings("https://accounts.example.com") };
    assert_eq!(refuse(named), SetupError::Name);
}
