//! What must not work, by name.

use axum::http::StatusCode;
use hubcommander_posture::Status;

use crate::world::{ANA, MIA, World, mias, saw};

#[tokio::test]
async fn csrf() {
    let world = World::new();
    world.fill();
    let cookie = world.sign_in(MIA).await;
    let csrf = world.get("/tokens", &cookie).await.csrf();
    let other = world.sign_in(ANA).await;
    let others = world.get("/tokens", &other).await.csrf();
    let ours = [("sec-fetch-site", "same-origin")];
    let forms = ["label=x".to_owned(), "csrf=&label=x".to_owned(), format!("csrf={others}&label=x")];
    for form in &forms {
        let got = world.post_from("/tokens", &cookie, form, &ours).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{form}");
    }
    // Even with the right token, a form that another site sends is refused.
    let form = format!("csrf={csrf}&label=x");
    for from in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        for path in
            ["/tokens", "/check", "/logout", "/logout/everywhere", "/tokens/revoke", "/notifications/n2"]
        {
            let got = world.post_from(path, &cookie, &form, from).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "{path} {from:?}");
        }
        let link = world.link(MIA).await;
        assert_eq!(world.post_from(&link, "", "", from).await.status, StatusCode::FORBIDDEN, "{from:?}");
    }
    assert!(world.memory.kept().tokens.is_empty());
    let origin = [("origin", "https://pages.example.com")];
    assert_eq!(world.post_from("/tokens", &cookie, &form, &origin).await.status, StatusCode::OK);
}

#[tokio::test]
async fn fixation() {
    let world = World::new();
    // Whatever cookie is there before signing in, another one counts afterwards.
    let before = "__Host-stethoscope=chosen-by-somebody-else";
    let got = world.post(&world.link(MIA).await, before, "").await;
    assert_ne!(got.cookie(), before);
    assert_eq!(world.get("/", before).await.status, StatusCode::SEE_OTHER);
    // And a session that was there is over.
    let old = got.cookie();
    world.post(&world.link(ANA).await, &old, "").await;
    assert_eq!(world.get("/", &old).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn replayed_link() {
    let world = World::new();
    let link = world.link(MIA).await;
    assert_eq!(world.post(&link, "", "").await.status, StatusCode::SEE_OTHER);
    let again = world.post(&link, "", "").await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.headers.get("set-cookie").is_none());
    let (one, other) = (world.link(MIA).await, "/login/link/made-up");
    let (first, second) = tokio::join!(world.post(&one, "", ""), world.post(&one, "", ""));
    let mut both = [first.status, second.status];
    both.sort();
    assert_eq!(both, [StatusCode::SEE_OTHER, StatusCode::GONE]);
    assert_eq!(world.post(other, "", "").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn open_redirect() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    let csrf = world.get("/", &cookie).await.csrf();
    for to in ["https://evil.example", "//evil.example", "/\\evil.example", "/login/link/x", "javascript:1"] {
        let got = world.post("/check", &cookie, &format!("csrf={csrf}&back={to}")).await;
        assert_eq!(got.header("location"), "/", "{to}");
        let page = world.get(&format!("/login?next={to}"), "").await;
        assert!(!page.body.contains("evil.example"), "{to}");
    }
}

#[tokio::test]
async fn clickjacking_and_other_headers() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    for path in ["/", "/login", "/no-such-page", "/api/v1/me", "/assets/stethoscope.css"] {
        let got = world.get(path, &cookie).await;
        let csp = got.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(csp.contains(part), "{path}: {csp}");
        }
        assert!(!csp.contains("unsafe"), "{csp}");
        assert_eq!(got.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert_eq!(got.header("referrer-policy"), "no-referrer");
        assert!(got.header("strict-transport-security").starts_with("max-age="));
        let keep = if path.starts_with("/assets") { "public, max-age=300" } else { "no-store" };
        assert_eq!(got.header("cache-control"), keep, "{path}");
    }
    // Nothing inline, which the policy would refuse.
    let page = world.get("/devices", &cookie).await.body;
    assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"));
}

#[tokio::test]
async fn html_injection_through_a_device_name() {
    let world = World::new();
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let mut devices = mias();
    for device in &mut devices {
        device.name = Some(evil.into());
        device.model = Some(evil.into());
        device.os_version = Some(evil.into());
        device.practices.insert(evil.into(), saw(Status::Warn, Some(evil)));
    }
    devices[0].practices.get_mut("encryption").unwrap().directions = Some(evil.into());
    world.looks.devices.lock().unwrap().insert(MIA.into(), devices);
    let cookie = world.sign_in(MIA).await;
    let ana = world.sign_in(ANA).await;
    let mut pages = vec![world.get("/", &cookie).await, world.get("/devices", &cookie).await];
    pages.push(world.get("/fleet", &ana).await);
    pages.push(world.get("/fleet/preview?platform=macOS&version=15", &ana).await);
    for page in pages {
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<img") && !page.body.contains("<script>"), "{}", page.body);
        assert!(!page.body.contains("\"'>"));
    }
}

#[tokio::test]
async fn another_persons_devices() {
    let world = World::new();
    let (mia, ana) = (world.sign_in(MIA).await, world.sign_in(ANA).await);
    // Not for everybody, and not a word about whether there are any.
    for email in [ANA, "nobody@example.com", ""] {
        let got = world.get(&format!("/person?email={email}"), &mia).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{email}");
    }
    for path in ["/fleet", "/fleet/preview", "/fleet/export.csv", "/fleet/export.json"] {
        assert_eq!(world.get(path, &mia).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(world.memory.kept().views.is_empty());
    // By policy, and then it is written down and she can see it.
    let page = world.get("/person?email=Mia@Example.com", &ana).await;
    assert!(page.text().contains("They can see that you did."), "{}", page.text());
    assert_eq!(world.memory.kept().views.len(), 1);
    let text = world.get("/access", &mia).await.text();
    assert!(text.contains("Ana looked at your devices just now"), "{text}");
    // No look without a note.
    let cookie = ana;
    world.memory.kept().administrators.clear();
    assert_eq!(world.get(&format!("/person?email={MIA}"), &cookie).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn session_after_logout() {
    let world = World::new();
    let (one, two) = (world.sign_in(MIA).await, world.sign_in(MIA).await);
    let csrf = world.get("/", &one).await.csrf();
    let got = world.post("/logout", &one, &format!("csrf={csrf}")).await;
    assert!(got.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(world.get("/", &one).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/", &two).await.status, StatusCode::OK);
    let (three, link) = (world.sign_in(MIA).await, world.link(MIA).await);
    let csrf = world.get("/", &two).await.csrf();
    world.post("/logout/everywhere", &two, &format!("csrf={csrf}")).await;
    for cookie in [&two, &three] {
        assert_eq!(world.get("/", cookie).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(world.post(&link, "", "").await.status, StatusCode::GONE);
}
