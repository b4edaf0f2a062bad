//! The state of the fleet.

use axum::http::StatusCode;
use insta::assert_snapshot;

use crate::world::{ANA, World};

#[tokio::test]
async fn the_fleet_in_numbers_and_lines() {
    let world = World::new();
    world.fill();
    let cookie = world.sign_in(ANA).await;
    let page = world.get("/fleet", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    let head: Vec<String> =
        page.text().lines().take(24).map(|line| line.chars().take(110).collect()).collect();
    assert_snapshot!(head.join("\n"), @r"
    4 devices, 1 of them not heard of lately
    How it stands now, by practice
    Practice Fine Suggested Critical Cannot tell Fine, in %
    Disk encryption 2 0 1 0 67 % Up-to-date system 0 1 0 0 0 % Firewall 1 0 0 0 100 % Screen lock 2 0 0 1 67 %
    Over time, by system
    Practice Disk encryption Up-to-date system Firewall Screen lock Show
    Disk encryption: 169 of 196 devices are fine (86 %), 16 points more than on 3 Jan 2026
    0 25 50 75 100
    3 Jan 17 Jan 1 Feb 16 Feb 3 Mar
    Day Devices that are fine, in %
    Linux iOS macOS Windows
    The same numbers as a table Devices that are fine, in % Day macOS Windows Linux iOS 3 Mar 2026 86 87 85 85 2 M
    Disk encryption: 23 devices are critical, 35 fewer than on 3 Jan 2026
    0 10 20 30 40
    3 Jan 17 Jan 1 Feb 16 Feb 3 Mar
    Day Critical devices, number
    Linux iOS Windows macOS
    The same numbers as a table Critical devices, number Day macOS Windows Linux iOS 3 Mar 2026 10 7 1 5 2 Mar 202
    Download as CSV Download as JSON
    What would a new requirement change?
    Try a version or a critical practice
    One person's devices
    E-mail address Show devices
    That you looked is written down, and the person can see it.
    ");
    for words in
        ["Devices that are fine, in %", "Critical devices, number", "class=\"line l0\"", "role=\"img\""]
    {
        assert!(page.body.contains(words), "{words}");
    }
    assert_eq!(page.body.matches("<polyline").count(), 8);
    assert_eq!(world.memory.kept().views.len(), 1);
}

#[tokio::test]
async fn a_preview_changes_nothing_and_says_how_many() {
    let world = World::new();
    let cookie = world.sign_in(ANA).await;
    let page = world.get("/fleet/preview?platform=macOS&version=14.6", &cookie).await;
    assert_snapshot!(page.text().lines().take(3).collect::<Vec<_>>().join("\n"), @r##"
    One device would change
    Tried: Up-to-date system with 14.6 or newer on macOS. Today 14.0 is required. This is a preview; nothing was changed.
    Now Then Devices People suggested critical 1 1
    "##);
    let page = world.get("/fleet/preview?practice=screenlock&platform=macOS&rule=critical", &cookie).await;
    assert_eq!(page.text().lines().next(), Some("No device would change"), "{}", page.text());
    let page = world.get("/fleet/preview?platform=macOS&version=Sonoma", &cookie).await;
    assert!(page.text().contains("A version is numbers with points"), "{}", page.text());
}

#[tokio::test]
async fn the_counts_as_files() {
    let world = World::new();
    world.fill();
    world.memory.kept().days.truncate(1);
    world.memory.kept().days[0].practice = "=cmd|'/c calc'!A1".into();
    let cookie = world.sign_in(ANA).await;
    let csv = world.get("/fleet/export.csv", &cookie).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_snapshot!(csv.body.replace('\r', ""), @r##"
    day,practice,system,fine,suggested,critical,unknown,whole
    "2026-03-03","'=cmd|'/c calc'!A1","macOS",70,0,10,1,true
    "##);
    let json = world.get("/fleet/export.json", &cookie).await;
    assert_snapshot!(json.body, @r##"[{"day":"2026-03-03","practice":"=cmd|'/c calc'!A1","system":"macOS","fine":70,"suggested":0,"critical":10,"unknown":1,"whole":true}]"##);
    assert_eq!(world.memory.kept().views.len(), 2);
}
