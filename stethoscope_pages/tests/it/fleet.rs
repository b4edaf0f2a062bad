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
    let head: Vec<String> = page.text().lines().take(24).map(str::to_owned).collect();
    assert_snapshot!(head.join("\n"), @"");
    for words in ["Devices that are fine, in %", "Critical devices, number", "class=\"line l0\"", "role=\"img\""] {
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
    assert_snapshot!(page.text().lines().take(2).collect::<Vec<_>>().join("\n"), @"");
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
    assert_snapshot!(csv.body.replace('\r', ""), @"");
    let json = world.get("/fleet/export.json", &cookie).await;
    assert_snapshot!(json.body, @"");
    assert_eq!(world.memory.kept().views.len(), 2);
}
