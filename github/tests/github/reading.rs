//! What plugins see of GitHub.

use std::time::Duration;

use hubcommander_github::{LOOKING, Lookup, ReadErrorKind, Visibility, lacking, preconditions};
use hubcommander_sandbox::faults::{Fault, Outcome, When};
use hubcommander_sandbox::github::World;
use serde_json::json;

use crate::world::Site;

#[tokio::test]
async fn a_repository_is_found_absent_or_moved() {
    let site = Site::start().await;
    let reader = site.github.reader();
    let Lookup::Found(website) = reader.repository("acme", "WEBSITE").await.unwrap() else { panic!() };
    assert_eq!(website.full_name, "acme/website");
    assert_eq!(website.visibility, Visibility::Private);
    assert_eq!(reader.repository("acme", "widgets").await.unwrap(), Lookup::Absent);
    let Lookup::Moved { full_name, id } = reader.repository("acme", "old-name").await.unwrap() else {
        panic!()
    };
    assert_eq!(full_name, "acme/new-name");
    assert_eq!(reader.repository_by_id("acme", id).await.unwrap().unwrap().full_name, "acme/new-name");
    assert_eq!(reader.repository_by_id("acme", 999_999).await.unwrap(), None);
}

#[tokio::test]
async fn teams_branches_and_organisations() {
    let site = Site::start().await;
    let reader = site.github.reader();
    assert_eq!(reader.team("acme", "employees").await.unwrap().unwrap().slug, "employees");
    assert_eq!(reader.team("acme", "nobody").await.unwrap(), None);
    let teams = reader.teams("acme").await.unwrap();
    let mut slugs: Vec<_> = teams.items.iter().map(|team| team.slug.as_str()).collect();
    slugs.sort_unstable();
    assert_eq!((slugs, teams.complete), (vec!["bots", "employees", "platform", "security"], true));
    assert!(reader.branch("acme", "website", "main").await.unwrap().is_some());
    assert!(reader.branch("acme", "website", "feature/none").await.unwrap().is_none());
    assert!(reader.branch("acme", "old-name", "main").await.unwrap().is_none(), "not followed");
    assert_eq!(reader.organization("acme").await.unwrap().unwrap().login, "acme");
    assert_eq!(reader.organization("globex").await.unwrap(), None);
    let missing = reader.repositories("globex").await.unwrap_err();
    assert_eq!(missing.kind, ReadErrorKind::Absent);
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let mut world = World::acme();
    for number in 0..250 {
        world = world.repository("acme", &format!("repo-{number:03}"), |_| {});
    }
    let site = Site::with(world, |_| {}).await;
    let reader = site.github.reader();
    let all = reader.repositories("acme").await.unwrap();
    assert_eq!((all.items.len(), all.complete), (254, true));
    let pages: Vec<_> = site.faults.log().iter().map(|logged| logged.query.clone()).collect();
    assert_eq!(pages.len(), 3, "{pages:?}");

    site.faults.clear_log();
    let names = reader.repository_names("acme").await.unwrap();
    assert_eq!((names.all.len(), names.all[0].as_str()), (254, "api"));
    assert_eq!(names.templates, ["templates"]);
    reader.repository_names("ACME").await.unwrap();
    assert_eq!(site.faults.log().len(), 3, "kept for a minute");
}

#[tokio::test]
async fn what_has_not_changed_costs_nothing() {
    let site = Site::start().await;
    let reader = site.github.reader();
    let first = reader.repository("acme", "website").await.unwrap();
    let left = reader.rate("acme").await.unwrap().unwrap().remaining;
    assert_eq!(reader.repository("acme", "website").await.unwrap(), first);
    assert_eq!(reader.rate("acme").await.unwrap().unwrap().remaining, left);
    let statuses: Vec<_> = site
        .faults
        .log()
        .iter()
        .filter(|logged| logged.path.ends_with("website"))
        .map(|l| l.outcome)
        .collect();
    assert_eq!(statuses, [Outcome::Answered(200), Outcome::Answered(304)]);

    // A change is seen at once, and what is gone is gone.
    let Lookup::Found(found) = first else { panic!() };
    site.local.state().rename(found.id, "homepage");
    assert!(matches!(reader.repository("acme", "website").await.unwrap(), Lookup::Moved { .. }));
    site.faults.add(When::get("/repos/acme/api").skip(1), Fault::Status(404, "{}".into()));
    assert!(matches!(reader.repository("acme", "api").await.unwrap(), Lookup::Found(_)));
    assert_eq!(reader.repository("acme", "api").await.unwrap(), Lookup::Absent);
}

#[tokio::test]
async fn reads_are_repeated_a_few_times() {
    let site = Site::with(World::acme(), |settings| {
        settings.timeouts.request = Duration::from_millis(300);
    })
    .await;
    let reader = site.github.reader();
    for fault in [Fault::Dropped, Fault::LostAnswer, Fault::Hang, Fault::Status(502, "<html>".into())] {
        site.faults.clear_log();
        site.faults.add(When::get("/repos/acme/website"), fault.clone());
        assert!(matches!(reader.repository("acme", "website").await.unwrap(), Lookup::Found(_)), "{fault:?}");
        assert_eq!(site.faults.log().len(), 2, "{fault:?}");
    }
    site.faults.clear_log();
    site.faults.add(When::get("/repos/").always(), Fault::Status(503, "{}".into()));
    let error = reader.repository("acme", "website").await.unwrap_err();
    assert_eq!((error.kind, site.faults.log().len()), (ReadErrorKind::Unreachable, 3));
}

#[tokio::test]
async fn what_cannot_be_a_name_never_reaches_github() {
    let site = Site::start().await;
    let reader = site.github.reader();
    for name in ["", "..", "x/collaborators/bob", "x?y", "a%2Fb", "🙂", "x.git", "a b"] {
        let error = reader.repository("acme", name).await.unwrap_err();
        assert!(matches!(error.kind, ReadErrorKind::Name(_)), "{name}");
        assert!(reader.repository(name, "website").await.is_err(), "{name}");
        assert!(reader.team("acme", name).await.is_err(), "{name}");
    }
    for branch in ["", "..", "a..b", "a b", "/a"] {
        assert!(reader.branch("acme", "website", branch).await.is_err(), "{branch}");
    }
    assert_eq!(site.faults.arrived(), 0);
}

#[tokio::test]
async fn who_we_are_and_what_we_lack_is_told() {
    let site = Site::start().await;
    let me = site.github.reader().whoami().await.unwrap();
    assert_eq!((me.login.as_str(), me.app), ("hub-bot", false));
    assert_eq!(lacking(false, &me.allowed.unwrap(), LOOKING), [""; 0]);

    let weak = World::acme().token("ghp_weak", "hub-bot", &["public_repo"]);
    let site = Site::with(weak, |settings| {
        settings.credentials = hubcommander_github::Credentials::Token("ghp_weak".into());
    })
    .await;
    let me = site.github.reader().whoami().await.unwrap();
    assert_eq!(lacking(false, &me.allowed.unwrap(), LOOKING), ["read:org", "repo"]);

    let site = Site::with(World::acme(), |settings| {
        settings.credentials = hubcommander_github::Credentials::Token("ghp_wrong".into());
    })
    .await;
    let error = site.github.reader().whoami().await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Unauthorized);
    assert!(!format!("{error:?} {error}").contains("ghp_wrong"));
}

#[tokio::test]
async fn probes_see_what_preconditions_state() {
    let site = Site::start().await;
    let reader = site.github.reader();
    let look = async |precondition: &hubcommander_sdk::plan::Precondition| {
        let probe =
            site.github.probes().into_iter().find(|probe| probe.kind() == precondition.probe).unwrap();
        probe.look(&precondition.input).await.unwrap()
    };
    let Lookup::Found(found) = reader.repository("acme", "website").await.unwrap() else { panic!() };
    let same = preconditions::same_repository(&found);
    assert_eq!(look(&same).await, same.seen);
    assert_eq!(same.seen["topics"], json!(["marketing", "web"]));
    let absent = preconditions::absent_repository("acme", "widgets");
    assert_eq!(look(&absent).await, absent.seen);
    assert_ne!(look(&preconditions::absent_repository("acme", "website")).await, absent.seen);
    let moved = preconditions::absent_repository("acme", "old-name");
    assert_eq!(look(&moved).await["moved_to"], "acme/new-name");

    let team = reader.team("acme", "bots").await.unwrap().unwrap();
    let same_team = preconditions::same_team("acme", &team);
    assert_eq!(look(&same_team).await, json!({ "exists": true, "id": team.id }));
    site.local.state().rename(found.id, "homepage");
    assert_ne!(look(&same).await, same.seen);
}
