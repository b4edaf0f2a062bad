//! A repository's name, default branch and who can see it: changed, changed back, and never another one's.

use hubcommander_github::names::{BranchName, FullName, RepoName};
use hubcommander_github::operations::{Changes, EditRepository, RenameRepository, RepoRef, SetDefaultBranch};
use hubcommander_github::{
    ClassicProtection, Guarded, Lookup, ReadErrorKind, Repository, Visibility, preconditions,
};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{Permission, Privacy};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Observed, Operation};
use hubcommander_sdk::plan::Precondition;

use crate::world::{Site, blocked, permanent};

async fn found(site: &Site, org: &str, name: &str) -> Repository {
    match site.github.reader().repository(org, name).await.unwrap() {
        Lookup::Found(found) => found,
        other => panic!("{org}/{name}: {other:?}"),
    }
}

fn rename(repository: &Repository, to: &str) -> Operation {
    let from = FullName::parse(&repository.full_name).unwrap();
    RenameRepository { id: repository.id, from, to: RepoName::parse(to).unwrap() }.operation()
}

#[tokio::test]
async fn a_repository_is_renamed_and_renamed_back() {
    let site = Site::start().await;
    let before = site.local.snapshot();
    let website = found(&site, "acme", "website").await;
    let operation = rename(&website, "site");
    assert_eq!(site.observe(&operation).await.unwrap(), Observed::Absent);
    let done = site.apply(&operation).await.unwrap();
    assert_eq!(done.output["full_name"], "acme/site");
    assert_eq!(done.output["html_url"], format!("{}/acme/site", site.local.url()));
    let lookup = site.github.reader().repository("acme", "website").await.unwrap();
    assert_eq!(lookup, Lookup::Moved { full_name: "acme/site".into(), id: website.id }, "links lead there");
    let Observed::Ours(seen) = site.observe(&operation).await.unwrap() else { panic!("not ours") };
    assert_eq!(seen.inverse, done.inverse);
    assert_eq!(site.apply(&operation).await.unwrap().note.unwrap().words(), "already so");

    let back = done.inverse.unwrap();
    site.apply(&back).await.unwrap();
    let mut after = site.local.snapshot();
    // That it was called so for a while leaves a trace.
    assert_eq!(after["redirects"].as_object_mut().unwrap().remove("acme/site"), Some("acme/website".into()));
    assert_eq!(after, before);
    let id = website.id;
    assert_eq!(site.writes(), vec![format!("PATCH /repositories/{id}"); 2]);
}

#[tokio::test]
async fn only_the_case_of_a_name_can_be_changed() {
    let site = Site::start().await;
    let operation = rename(&found(&site, "acme", "website").await, "Website");
    assert_eq!(site.observe(&operation).await.unwrap(), Observed::Absent);
    site.apply(&operation).await.unwrap();
    assert_eq!(found(&site, "acme", "website").await.full_name, "acme/Website");
    assert!(matches!(site.observe(&operation).await.unwrap(), Observed::Ours(_)));
}

#[tokio::test]
async fn what_was_renamed_meanwhile_is_not_renamed_again() {
    let site = Site::start().await;
    let website = found(&site, "acme", "website").await;
    let operation = rename(&website, "site");
    site.local.state().rename(website.id, "homepage");
    assert_eq!(
        permanent(site.apply(&operation).await),
        "acme/website has been renamed to acme/homepage. Ask again with that name."
    );
    let Observed::Different(words) = site.observe(&operation).await.unwrap() else { panic!() };
    assert_eq!(words.words(), "acme/website has been renamed to acme/homepage.");
    assert!(site.writes().is_empty());
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_is_told() {
    let site = Site::start().await;
    let operation = rename(&found(&site, "acme", "website").await, "api");
    assert_eq!(permanent(site.apply(&operation).await), "acme/api exists by now. Choose another name.");
    let archived = rename(&found(&site, "acme-oss", "legacy").await, "old");
    assert_eq!(
        blocked(site.apply(&archived).await),
        "acme-oss/legacy is archived and cannot be changed. Unarchive it first."
    );
    assert_eq!(found(&site, "acme", "website").await.full_name, "acme/website");
}

#[tokio::test]
async fn a_lost_answer_to_a_rename_is_unclear_and_seen_as_done() {
    let site = Site::start().await;
    let operation = rename(&found(&site, "acme", "website").await, "site");
    site.faults.add(When::patch("/repositories/"), Fault::LostAnswer);
    let lost = site.apply(&operation).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(seen) = site.observe(&operation).await.unwrap() else { panic!("not ours") };
    site.apply(&seen.inverse.unwrap()).await.unwrap();
    assert_eq!(found(&site, "acme", "website").await.full_name, "acme/website");
}

fn set_branch(repository: &Repository, to: &str) -> Operation {
    SetDefaultBranch {
        repo: RepoRef::of(repository).unwrap(),
        to: BranchName::parse(to).unwrap(),
        from: BranchName::parse(&repository.default_branch).ok(),
    }
    .operation()
}

#[tokio::test]
async fn another_branch_becomes_the_default_one_and_back() {
    let site = Site::start().await;
    let before = site.local.snapshot();
    let sdk = found(&site, "acme-oss", "sdk").await;
    let operation = set_branch(&sdk, "next");
    assert_eq!(site.observe(&operation).await.unwrap(), Observed::Absent);
    let done = site.apply(&operation).await.unwrap();
    assert_eq!(found(&site, "acme-oss", "sdk").await.default_branch, "next");
    let Observed::Ours(seen) = site.observe(&operation).await.unwrap() else { panic!("not ours") };
    assert_eq!(seen.inverse, done.inverse);
    assert_eq!(site.apply(&operation).await.unwrap().note.unwrap().words(), "already so");
    site.apply(&done.inverse.unwrap()).await.unwrap();
    assert_eq!(site.local.snapshot(), before);

    // Somebody else's choice is not ours to take back.
    {
        let mut state = site.local.state();
        let sdk = state.repository_mut("acme-oss", "sdk").unwrap();
        let tip = sdk.branches["next"].clone();
        sdk.branches.insert("third".into(), tip);
        sdk.default_branch = "third".into();
    }
    let Observed::Different(words) = site.observe(&operation).await.unwrap() else { panic!() };
    assert_eq!(words.words(), "The default branch of acme-oss/sdk is third by now.");
}

#[tokio::test]
async fn a_branch_that_is_gone_meanwhile_is_told() {
    let site = Site::start().await;
    let operation = set_branch(&found(&site, "acme-oss", "sdk").await, "trunk");
    assert_eq!(
        blocked(site.apply(&operation).await),
        "acme-oss/sdk has no branch trunk. Push it first, then try again."
    );
}

#[tokio::test]
async fn who_can_see_a_repository_is_changed_and_changed_back() {
    let site = Site::start().await;
    let before = site.local.snapshot();
    let website = found(&site, "acme", "website").await;
    let changes = Changes { visibility: Some(Visibility::Public), ..Changes::default() };
    let show = EditRepository::of(&website, changes).unwrap().operation();
    let done = site.apply(&show).await.unwrap();
    assert_eq!(found(&site, "acme", "website").await.visibility, Visibility::Public);
    let hide = done.inverse.unwrap();
    let described = site.handler(&hide.kind).describe(&hide.input).unwrap();
    assert_eq!(
        described.irreversible.unwrap().words(),
        "What has been seen cannot be unseen, forks stay public, and its stars and watchers are lost."
    );
    site.apply(&hide).await.unwrap();
    assert_eq!(site.local.snapshot(), before);
}

async fn holds(site: &Site, precondition: &Precondition) -> bool {
    let probe = site.github.probes().into_iter().find(|probe| probe.kind() == precondition.probe).unwrap();
    probe.look(&precondition.input).await.unwrap() == precondition.seen
}

#[tokio::test]
async fn what_is_to_be_deleted_must_not_be_touched_but_by_archiving_it() {
    let site = Site::start().await;
    let website = found(&site, "acme", "website").await;
    let now = preconditions::untouched_repository(&website);
    let then = preconditions::untouched_repository(&Repository { archived: true, ..website.clone() });
    assert!(holds(&site, &now).await && !holds(&site, &then).await);
    let archive = Changes { archived: Some(true), ..Changes::default() };
    let done = site.apply(&EditRepository::of(&website, archive).unwrap().operation()).await.unwrap();
    assert!(holds(&site, &then).await && !holds(&site, &now).await);

    // Unarchived, pushed to, and archived again: somebody needs it.
    site.apply(&done.inverse.unwrap()).await.unwrap();
    {
        let mut state = site.local.state();
        let website = state.repository_mut("acme", "website").unwrap();
        website.pushed_at += chrono::TimeDelta::hours(1);
        website.archived = true;
    }
    assert!(!holds(&site, &then).await);
    assert!(holds(&site, &preconditions::same_repository(&found(&site, "acme", "website").await)).await);
}

#[tokio::test]
async fn all_there_is_to_know_of_a_repository() {
    let mut world = World::acme().team_access("acme", "website", "security", Permission::Maintain);
    for number in 0..7 {
        world = world.pull_request("acme", "website", "ana-lima", &format!("Change {number}"), |_| {});
    }
    world = world.collaborator("acme", "website", "sam-okafor", Permission::Push).protected(
        "acme",
        "website",
        "main",
        |_| {},
    );
    let site = Site::with(world, |_| {}).await;
    let reader = site.github.reader();
    let about = reader.about(&found(&site, "acme", "website").await).await.unwrap();
    let teams = about.teams.unwrap();
    let teams: Vec<_> = teams.items.iter().map(|one| (one.slug.as_str(), one.permission.as_str())).collect();
    assert_eq!(teams, [("bots", "pull"), ("employees", "push"), ("security", "maintain")]);
    assert_eq!(about.outside_collaborators, Ok(1), "a member with access of their own is none");
    assert_eq!(about.open_pull_requests, Ok(9), "two, of which one is a draft, and seven");
    let plain = Guarded { classic: Some(ClassicProtection::default()), rules: Vec::new() };
    assert_eq!(about.default_branch, Ok(plain));

    let api = reader.about(&found(&site, "acme", "api").await).await.unwrap();
    let reviewed = ClassicProtection { approvals: Some(1), ..ClassicProtection::default() };
    assert_eq!(api.default_branch.unwrap().classic, Some(reviewed));
    assert_eq!((api.outside_collaborators, api.open_pull_requests), (Ok(0), Ok(0)));
    let templates = reader.about(&found(&site, "acme", "templates").await).await.unwrap();
    assert_eq!(templates.default_branch, Ok(Guarded::default()));
}

#[tokio::test]
async fn what_cannot_be_read_is_not_shown_as_none() {
    let site = Site::start().await;
    let reader = site.github.reader();
    let website = found(&site, "acme", "website").await;
    let not_found = || Fault::Status(404, r#"{"message":"Not Found"}"#.into());
    let forbidden = || Fault::Status(403, r#"{"message":"Resource not accessible by integration"}"#.into());
    for (path, fault) in [
        ("/teams", not_found()),
        ("/collaborators", forbidden()),
        ("/pulls", forbidden()),
        ("/protection", not_found()),
    ] {
        let path = format!("/repositories/{}{path}", website.id);
        let path = path.replace("/protection", "/branches/main/protection");
        site.faults.add(When::get(&path).always(), fault);
    }
    let about = reader.about(&website).await.unwrap();
    let kinds = [
        about.teams.unwrap_err().kind,
        about.outside_collaborators.unwrap_err().kind,
        about.open_pull_requests.unwrap_err().kind,
        about.default_branch.unwrap_err().kind,
    ];
    let forbidden = ReadErrorKind::Forbidden(Vec::new());
    assert_eq!(kinds, [ReadErrorKind::Absent, forbidden.clone(), forbidden, ReadErrorKind::Absent]);
}

#[tokio::test]
async fn branches_are_named_as_far_as_it_makes_sense() {
    let mut world = World::acme();
    for number in 0..350 {
        world = world.branch("acme", "api", &format!("branch-{number:03}"));
    }
    let site = Site::with(world, |_| {}).await;
    let reader = site.github.reader();
    let few = reader.branch_names(&found(&site, "acme-oss", "sdk").await).await.unwrap();
    assert_eq!((few.items, few.complete), (vec!["main".to_owned(), "next".to_owned()], true));
    let many = reader.branch_names(&found(&site, "acme", "api").await).await.unwrap();
    assert_eq!((many.items.len(), many.complete), (300, false));
}

#[tokio::test]
async fn a_secret_team_counts_too() {
    let world = World::acme().team("acme", "hidden", Privacy::Secret, &[]).team_access(
        "acme",
        "website",
        "hidden",
        Permission::Admin,
    );
    let site = Site::with(world, |_| {}).await;
    let about = site.github.reader().about(&found(&site, "acme", "website").await).await.unwrap();
    let teams = about.teams.unwrap();
    assert!(teams.items.iter().any(|team| team.slug == "hidden" && team.permission == "admin"), "{teams:?}");
}
