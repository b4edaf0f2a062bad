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
    assert_snapshot!(page.text(), @r##"
    Two of your three devices are fine.
    Mia's MacBook needs two things.
    Critical: do this first
    Mia's MacBook: Turn on disk encryption
    Check again
    Mia's MacBook
    MacBook Pro · macOS 14.2
    Critical · Two things to fix, about 4 minutes
    Turn on disk encryption Critical Up-to-date system Suggested
    Last seen 2 hours ago
    Mia's iPhone
    iPhone 15 · iOS 17.4
    Fine · Everything we look at is fine
    Last seen 2 hours ago
    Mia's ThinkPad
    ThinkPad X1 · Windows 11 Pro 10.0.22631
    Fine · Everything we look at is fine
    Last seen 2 hours ago
    One more device has not been heard of for 30 days or more. See it
    Where this comes from
    Google answered 3 minutes ago. Jamf answered 3 minutes ago.
    "##);
}

#[tokio::test]
async fn a_device_says_what_to_do_and_why() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    assert_snapshot!(world.get("/devices", &cookie).await.text(), @r"
    Two of your three devices are fine.
    Mia's MacBook needs two things.
    Critical: do this first
    Mia's MacBook: Turn on disk encryption
    Check again
    Mia's MacBook
    MacBook Pro · macOS 14.2
    Critical · Two things to fix, about 4 minutes
    Google knows a device with the same network address, but its serial number differs. It may be another one, so it is shown apart; there is nothing for you to do.
    Turn on disk encryption Critical
    Why it matters Without it, whoever finds the laptop reads everything on it. Read more: Turn on disk encryption
    What we saw
    Macintosh HD: not encrypted
    From Jamf, which looked 5 hours ago.
    What to do Takes about 2 minutes. Open System Settings. Choose Privacy & Security. Turn on FileVault.
    Up-to-date system Suggested
    Why it matters Most attacks use holes that an update has closed.
    What we saw
    macOS 14.2; 14.6 is suggested
    From Jamf, which looked 5 hours ago.
    Becomes critical in 6 days.
    What to do Takes about 2 minutes. Open Settings. Choose General, then Software Update. Install what is offered.
    Screen lock Cannot tell
    Why it matters A lock keeps others out while you are away.
    What we saw
    No source says anything about it, so we cannot tell.
    What to do Takes about 2 minutes. Set a code.
    1 thing is fine
    Firewall Fine
    Why it matters It keeps strangers on the same network out.
    What we saw
    On, with stealth mode
    From Jamf, which looked 5 hours ago.
    Google says otherwise: critical, 9 days ago.
    Last seen 2 hours ago · known to Jamf
    Mia's iPhone
    iPhone 15 · iOS 17.4
    Fine · Everything we look at is fine
    2 things are fine
    Disk encryption Fine
    Why it matters Without it, whoever finds the laptop reads everything on it. Read more: Disk encryption
    What we saw
    It is as it should be.
    From Jamf, which looked 5 hours ago.
    Screen lock Fine
    Why it matters A lock keeps others out while you are away.
    What we saw
    After 5 minutes
    From Jamf, which looked 5 hours ago.
    Last seen 2 hours ago · known to Jamf
    Mia's ThinkPad
    ThinkPad X1 · Windows 11 Pro 10.0.22631
    Fine · Everything we look at is fine
    2 things are fine
    Disk encryption Fine
    Why it matters Without it, whoever finds the laptop reads everything on it. Read more: Disk encryption
    What we saw
    It is as it should be.
    From Jamf, which looked 5 hours ago.
    Screen lock Fine
    Why it matters A lock keeps others out while you are away.
    What we saw
    After 5 minutes
    From Jamf, which looked 5 hours ago.
    Last seen 2 hours ago · known to Jamf
    Not heard of for 30 days or more
    Switch it on to have it report. If you no longer have it, tell IT.
    Old laptop
    MacBook Pro · macOS 14.2
    Critical · One thing to fix, about 2 minutes
    Turn on disk encryption Critical
    Why it matters Without it, whoever finds the laptop reads everything on it. Read more: Turn on disk encryption
    What we saw
    It is not as it should be.
    From Jamf, which looked 5 hours ago.
    What to do Takes about 2 minutes. Open System Settings. Choose Privacy & Security. Turn on FileVault.
    Last seen on 23 Dec 2025 · known to Jamf
    Where this comes from
    Google answered 3 minutes ago. Jamf answered 3 minutes ago.
    ");
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
    assert_snapshot!(page.text(), @r"
    One question waits for you
    Was this you?
    A new key was added to your GitHub account from Lisbon.
    4 hours ago
    Yes, it was me No, it was not
    “No, it was not” tells the security team at once; they get in touch with you.
    Earlier
    Did you sign in from a new phone? A new key was added to your GitHub account from Lisbon. 2 days ago · you answered “Yes, it was me” 2 days ago
    ");
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
    assert_snapshot!(world.get("/access", &cookie).await.text(), @r"
    My access
    GitHub account
    Your account is mia-dev, linked 12 days ago. Not yours? Tell whoever runs the bot.
    Temporary access
    acme/widgets: can push. Ends in 3 hours. To give it back, type !Return inv-7Q4K2 in Slack.
    Who looked at your devices
    Nobody but you. If an administrator looks, you will read here who it was and when.
    Signed in elsewhere?
    This ends every session of yours, on every browser, this one too. Tokens for programs stay; you revoke them on their own page.
    Sign out everywhere
    ");
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
        assert!(page.body.contains("<footer><p>You alone") || path == "/faq", "{path}");
        assert!(page.text().contains('\n'));
    }
    world.memory.kept().down = true;
    let page = world.get("/", &cookie).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().contains("Try again in a minute"), "{}", page.text());
}

#[tokio::test]
async fn a_device_that_is_not_theirs_does_not_count() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    world.looks.disowned.lock().unwrap().insert(("jamf".into(), "1".into()));
    let page = world.get("/devices", &cookie).await;
    assert!(page.text().starts_with("Both of your devices are fine."), "{}", page.text());
    assert!(!page.body.contains("class=\"banner\""));
    assert!(page.text().contains("Said not to be yours Mia's MacBook"), "{}", page.text());
}

#[tokio::test]
async fn a_first_visit_is_small() {
    let world = World::new();
    world.fill();
    let cookie = world.sign_in(MIA).await;
    let mut bytes = world.get("/", &cookie).await.body.len();
    for asset in ["/assets/stethoscope.css", "/assets/stethoscope.js", "/assets/icon.svg"] {
        bytes += world.get(asset, "").await.body.len();
    }
    assert!(bytes < 40 * 1024, "{bytes}");
}
