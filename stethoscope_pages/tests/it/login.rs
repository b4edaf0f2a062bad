//! In and out.

use axum::http::StatusCode;
use chrono::TimeDelta;

use crate::world::{MIA, World};

#[tokio::test]
async fn a_preview_of_a_link_does_not_use_it_up() {
    let world = World::new();
    let link = world.link(MIA).await;
    for _ in 0..3 {
        let page = world.get(&link, "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("Sign in as Mia?"), "{}", page.text());
        assert!(page.headers.get("set-cookie").is_none());
    }
    assert_eq!(world.post(&link, "", "").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_link_ends_after_ten_minutes() {
    let world = World::new();
    let link = world.link(MIA).await;
    world.pass(TimeDelta::minutes(10));
    assert_eq!(world.get(&link, "").await.status, StatusCode::GONE);
    assert_eq!(world.post(&link, "", "").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_session_ends_after_idle_hours_and_after_a_week_in_any_case() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    world.pass(TimeDelta::hours(8));
    assert_eq!(world.get("/", &cookie).await.header("location"), "/login?next=%2F");
    let cookie = world.sign_in(MIA).await;
    for _ in 0..23 {
        world.pass(TimeDelta::hours(7));
        assert_eq!(world.get("/", &cookie).await.status, StatusCode::OK);
    }
    world.pass(TimeDelta::hours(7));
    assert_eq!(world.get("/", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nothing_is_stored_that_would_let_anybody_in() {
    let world = World::new();
    let link = world.link(MIA).await;
    let secret = link.rsplit('/').next().unwrap().to_owned();
    assert!(!format!("{:?}", world.memory).contains(&secret));
    let cookie = world.post(&link, "", "").await.cookie();
    let (_, secret) = cookie.split_once('=').unwrap();
    assert!(!format!("{:?}", world.memory).contains(secret));
}

#[tokio::test]
async fn the_cookie_belongs_to_this_host_alone() {
    let world = World::new();
    let got = world.post(&world.link(MIA).await, "", "").await;
    let cookie = got.header("set-cookie");
    assert!(cookie.starts_with("__Host-stethoscope="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    // In the sandbox on this machine there is no TLS, and neither prefix nor Secure.
    let world = World::at("http://127.0.0.1:8080");
    let got = world.post(&world.link(MIA).await, "", "").await;
    let cookie = got.header("set-cookie");
    assert!(cookie.starts_with("stethoscope=") && !cookie.contains("Secure"), "{cookie}");
    assert_eq!(got.header("strict-transport-security"), "");
}
