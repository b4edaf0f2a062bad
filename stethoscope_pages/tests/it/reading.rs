//! What people read.

use axum::http::StatusCode;
use hubcommander_posture::Rating;
use hubcommander_stethoscope::Freshness;
use insta::assert_snapshot;

use crate::world::{MIA, World, mias};

#[tokio::test]
async fn the_overview_opens_with_the_answer() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    let page = world.get("/", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_snapshot!(page.text(), @"");
}

#[tokio::test]
async fn a_device_says_what_to_do_and_why() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    assert_snapshot!(world.get("/devices", &cookie).await.text(), @"");
}

#[tokio::test]
async fn fine_devices_are_said_to_be_fine_in_one_line() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    world.looks.devices.lock().unwrap().insert(MIA.into(), mias()[1..3].to_vec());
    let page = world.get("/", &cookie).await;
    assert!(page.text().starts_with("Both of your devices are fine."), "{}", page.text());
    assert!(!page.body.contains("class=\"banner\""));
    // Who did not answer may know better.
    world.looks.silent.lock().unwrap().insert("jamf".into());
    let text = world.get("/", &cookie).await.text();
    assert!(text.starts_with("As far as we can see, both of your devices are fine."), "{text}");
    assert!(text.contains("Jamf did not answer, so what it knows is missing here."), "{text}");
}

#[tokio::test]
async fn no_devices_and_a_silent_source_is_not_no_devices() {
    let world = World::new();
    let cookie = world.sign_in("new@example.com").await;
    let text = world.get("/", &cookie).await.text();
    assert!(text.starts_with("No devices yet.") && text.contains("What will show up here"), "{text}");
    world.looks.silent.lock().unwrap().insert("google".into());
    let text = world.get("/", &cookie).await.text();
    assert!(text.starts_with("We cannot tell which devices there are."), "{text}");
}

#[tokio::test]
async fn a_device_of_which_nothing_is_known_is_not_fine() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    let mut bare = mias().remove(1);
    bare.practices.clear();
    bare.rating = Rating::Ok;
    world.looks.devices.lock().unwrap().insert(MIA.into(), vec![bare]);
    let page = world.get("/", &cookie).await;
    assert!(page.text().starts_with("About Mia's iPhone we cannot tell enough."), "{}", page.text());
    assert!(page.body.contains("#i-unknown\"/></svg> <strong>Cannot tell</strong>"), "{}", page.body);
}

#[tokio::test]
async fn questions_are_answered_by_a_button_and_then_quiet() {
    let world = World::new();
    world.fill();
    let cookie = world.sign_in(MIA).await;
    let page = world.get("/notifications", &cookie).await;
    assert_snapshot!(page.text(), @"");
    let form = format!("csrf={}&action=no", page.csrf());
    let got = world.post("/notifications/n2", &cookie, &form).await;
    assert_eq!((got.status, got.header("location")), (StatusCode::SEE_OTHER, "/notifications"));
    let text = world.get("/notifications", &cookie).await.text();
    assert!(text.starts_with("Nothing waits for you"), "{text}");
    assert!(text.contains("you answered “No, it was not” just now"), "{text}");
    // The first answer stands; what is not there is said to be not there.
    world.post("/notifications/n2", &cookie, &format!("csrf={}&action=yes", page.csrf())).await;
    assert!(world.get("/notifications", &cookie).await.text().contains("“No, it was not”"));
    let got = world.post("/notifications/n9", &cookie, &format!("csrf={}&action=yes", page.csrf())).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn access_is_listed_with_how_to_give_it_back() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    let text = world.get("/access", &cookie).await.text();
    assert!(text.contains("No account is linked") && text.contains("Nobody but you"), "{text}");
    world.fill();
    assert_snapshot!(world.get("/access", &cookie).await.text(), @"");
}

#[tokio::test]
async fn check_again_asks_anew_and_comes_back() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    let csrf = world.get("/devices", &cookie).await.csrf();
    let got = world.post("/check", &cookie, &format!("csrf={csrf}&back=/devices")).await;
    assert_eq!((got.status, got.header("location")), (StatusCode::SEE_OTHER, "/devices"));
    assert_eq!(world.looks.asked.lock().unwrap().last(), Some(&(MIA.to_owned(), Freshness::Anew)));
}

#[tokio::test]
async fn every_page_says_who_can_see_it_and_every_failure_says_what_to_do() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    for path in ["/", "/devices", "/notifications", "/access", "/faq", "/tokens"] {
        let page = world.get(path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("<footer><p>Only you") || path == "/faq", "{path}");
        assert!(page.text().contains('\n'));
    }
    world.memory.kept().down = true;
    let page = world.get("/", &cookie).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().contains("Try again in a minute"), "{}", page.text());
}

#[tokio::test]
async fn a_first_visit_is_small() {
    let world = World::new();
    world.fill();
    let cookie = world.sign_in(MIA).await;
    let mut bytes = world.get("/", &cookie).await.body.len();
    for asset in ["/assets/stethoscope.css", "/assets/stethoscope.js"] {
        bytes += world.get(asset, "").await.body.len();
    }
    assert!(bytes < 40 * 1024, "{bytes}");
}
