//! What protects a branch: set as a whole, and put back as a whole.

use std::sync::Arc;

use hubcommander_github::names::BranchName;
use hubcommander_github::operations::{Held, Protected, RepoRef, SetBranchProtection, SetRuleset};
use hubcommander_github::protection::{Protection, RulesetBody, ruleset_name};
use hubcommander_github::{Lookup, Repository};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{self, Permission};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Observed, Operation};
use hubcommander_sdk::protection::Profile;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::world::{Site, blocked, permanent};

async fn found(site: &Site, name: &str) -> Repository {
    match site.github.reader().repository("acme", name).await.unwrap() {
        Lookup::Found(found) => found,
        other => panic!("{other:?}"),
    }
}

fn main() -> BranchName {
    BranchName::parse("main").unwrap()
}

fn profile() -> Profile {
    Profile { reviews: Some(2), checks: vec!["ci/build".into()], up_to_date: true, ..Profile::default() }
}

async fn now(site: &Site, repository: &Repository) -> Protected {
    site.github.reader().protection(repository, &main()).await.unwrap().into()
}

fn set(repository: &Repository, to: Protected, before: Protected) -> SetBranchProtection {
    SetBranchProtection { repo: RepoRef::of(repository).unwrap(), branch: main(), to, before: Some(before) }
}

/// As GitHub has it.
fn at_github(site: &Site, name: &str) -> Option<model::Protection> {
    site.local.state().repository("acme", name).unwrap().protections.get("main").cloned()
}

fn described(site: &Site, operation: &Operation) -> String {
    let described = site.handler(&operation.kind).describe(&operation.input).unwrap();
    format!("{} ({:?})", described.what.words(), described.risk)
}

#[tokio::test]
async fn a_branch_is_protected_and_no_longer() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let to: Protected = Some(Protection::by(&profile(), None)).into();
    let on = set(&website, to.clone(), Protected::Not).operation();
    assert_eq!(
        described(&site, &on),
        "branch main: a pull request with 2 approvals, check ci/build must pass, on a branch that is up to date, \
         no force pushes, no deletion, for administrators too (Reversible)"
    );
    assert_eq!(site.observe(&on).await.unwrap(), Observed::Absent);
    let done = site.apply(&on).await.unwrap();
    assert_eq!(now(&site, &website).await, to);
    assert!(matches!(site.observe(&on).await.unwrap(), Observed::Ours(_)));
    assert_eq!(site.apply(&on).await.unwrap().note.unwrap().words(), "already so");

    let off = done.inverse.unwrap();
    assert_eq!(described(&site, &off), "branch main without classic protection (Exposing)");
    let done = site.apply(&off).await.unwrap();
    assert_eq!(at_github(&site, "website"), None);
    assert!(matches!(site.observe(&off).await.unwrap(), Observed::Ours(_)));
    site.apply(&done.inverse.unwrap()).await.unwrap();
    assert_eq!(now(&site, &website).await, to);
    let id = website.id;
    let path = format!("/repositories/{id}/branches/main/protection");
    assert_eq!(site.writes(), [format!("PUT {path}"), format!("DELETE {path}"), format!("PUT {path}")]);
}

#[tokio::test]
async fn what_asks_less_than_before_says_so() {
    let site = Site::start().await;
    let api = found(&site, "api").await;
    let before = now(&site, &api).await;
    let lax = Profile { admins: false, allow_force_pushes: true, ..Profile::default() };
    let Protected::By(was) = &before else { panic!("not protected") };
    let to = Some(Protection::by(&lax, Some(was))).into();
    let words = described(&site, &set(&api, to, before).operation());
    assert_eq!(
        words,
        "branch main: force pushes are allowed, no deletion, administrators may pass it by; weaker than now: no \
         pull request, force pushes (Exposing)"
    );
}

#[tokio::test]
async fn a_lost_answer_is_looked_at_and_somebody_elses_change_is_told() {
    let site = Site::start().await;
    let api = found(&site, "api").await;
    let before = now(&site, &api).await;
    let strict = Profile { signatures: true, ..profile() };
    let to: Protected = Some(Protection::by(&strict, None)).into();
    let change = set(&api, to.clone(), before.clone()).operation();

    // The first of the two requests is lost on its way back: the rest is still to be done.
    site.faults.add(When::put("/repositories/"), Fault::LostAnswer);
    let lost = site.apply(&change).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    assert_eq!(site.observe(&change).await.unwrap(), Observed::Absent);
    // Then the second.
    site.faults.add(When::post("required_signatures"), Fault::LostAnswer);
    let lost = site.apply(&change).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(applied) = site.observe(&change).await.unwrap() else { panic!("not ours") };
    assert!(at_github(&site, "api").unwrap().signatures);
    site.apply(&applied.inverse.unwrap()).await.unwrap();
    assert_eq!(now(&site, &api).await, before, "as it was before all of it");

    site.apply(&change).await.unwrap();
    site.local
        .state()
        .repository_mut("acme", "api")
        .unwrap()
        .protections
        .get_mut("main")
        .unwrap()
        .deletions = true;
    let Observed::Different(words) = site.observe(&change).await.unwrap() else { panic!("the same?") };
    assert_eq!(words.words(), "The protection of main in acme/api has been changed by someone else.");
}

#[tokio::test]
async fn refusals_have_their_own_sentences() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let on = set(&website, Some(Protection::default()).into(), Protected::Not).operation();
    site.local.state().repository_mut("acme", "website").unwrap().branches.clear();
    assert_eq!(blocked(site.apply(&on).await), "acme/website has no branch main any more. Check the name.");
    site.local.state().rename(website.id, "site");
    assert_eq!(
        permanent(site.apply(&on).await),
        "acme/website has been renamed to acme/site. Ask again with that name."
    );
    site.local.state().rename(website.id, "website");

    let api = found(&site, "api").await;
    let off = set(&api, Protected::Not, now(&site, &api).await).operation();
    site.local.state().repository_mut("acme", "api").unwrap().archived = true;
    assert_eq!(
        blocked(site.apply(&off).await),
        "acme/api is archived and cannot be changed. Unarchive it first."
    );
    {
        let mut state = site.local.state();
        state.repository_mut("acme", "api").unwrap().archived = false;
        state.organisation_mut("acme").unwrap().free_plan = true;
    }
    let told = blocked(site.apply(&off).await);
    assert_eq!(
        told,
        "GitHub has the protection of main in acme/api on a paid plan only, or if the repository is public. Ask an \
         owner of the organisation."
    );
}

#[tokio::test]
async fn what_is_unknown_is_not_taken_away() {
    let site = Site::start().await;
    let api = found(&site, "api").await;
    let body = json!({ "enforce_admins": { "enabled": true }, "required_dance": { "enabled": true } });
    site.faults.add(When::get("protection"), Fault::Status(200, body.to_string()));
    let off = set(&api, Protected::Not, Protected::Not);
    let told = permanent(site.apply(&SetBranchProtection { before: None, ..off }.operation()).await);
    assert_eq!(
        told,
        "main in acme/api is protected by something that this bot does not know and could not bring back: required \
         dance. Change it on GitHub."
    );
    assert_eq!(site.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn who_may_not_push_is_left_out_and_named() {
    let site = Site::start().await;
    let api = found(&site, "api").await;
    let only = |users: &[&str]| hubcommander_github::protection::Actors {
        users: users.iter().map(|one| (*one).to_owned()).collect(),
        ..Default::default()
    };
    let to = Protection { restrictions: Some(only(&["ana-lima", "gus-vega"])), ..Protection::default() };
    let before = now(&site, &api).await;
    let done = site.apply(&set(&api, Some(to).into(), before).operation()).await.unwrap();
    assert_eq!(done.note.unwrap().words(), "GitHub left out gus-vega, who may not push there");
}

#[tokio::test]
async fn a_ruleset_is_made_changed_removed_and_brought_back() {
    let site = Site::start().await;
    let website = found(&site, "website").await;
    let name = ruleset_name("strict", &main());
    let body = RulesetBody::by(&profile(), &main());
    let asked = |to: Option<RulesetBody>, before: Option<RulesetBody>| {
        SetRuleset {
            repo: RepoRef::of(&website).unwrap(),
            name: name.clone(),
            to: to.into(),
            before: Some(before.into()),
        }
        .operation()
    };
    let here = || site.local.snapshot()["repositories"]["acme/website"]["inside"]["rulesets"].clone();
    assert_eq!(here(), json!({}));
    let make = asked(Some(body.clone()), None);
    assert_eq!(
        described(&site, &make),
        "ruleset HubCommander strict: main: a pull request with 2 approvals, check ci/build must pass, on a branch \
         that is up to date, no force pushes, no deletion, for administrators too (Reversible)"
    );
    // An answer that is lost is looked for by the name.
    site.faults.add(When::post("rulesets"), Fault::LostAnswer);
    let lost = site.apply(&make).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    let Observed::Ours(made) = site.observe(&make).await.unwrap() else { panic!("not ours") };
    assert_eq!(site.apply(&make).await.unwrap().note.unwrap().words(), "already so");
    let first = here();

    let fewer = RulesetBody::by(&Profile { reviews: Some(1), ..profile() }, &main());
    let change = asked(Some(fewer), Some(body.clone()));
    assert!(described(&site, &change).ends_with("(Exposing)"));
    let changed = site.apply(&change).await.unwrap();
    assert_ne!(here(), first);
    let Observed::Different(words) = site.observe(&make).await.unwrap() else { panic!("the same?") };
    assert_eq!(words.words(), "The ruleset HubCommander strict: main has been changed by someone else.");
    site.apply(&changed.inverse.unwrap()).await.unwrap();
    assert_eq!(here(), first);

    let remove = made.inverse.unwrap();
    assert_eq!(described(&site, &remove), "no ruleset HubCommander strict: main (Exposing)");
    let removed = site.apply(&remove).await.unwrap();
    assert_eq!(here(), json!({}));
    site.apply(&removed.inverse.unwrap()).await.unwrap();
    assert_eq!(here(), first, "the same in full, under another number");
    let gone = Held::Not;
    assert_eq!(serde_json::to_value(gone).unwrap(), json!("not"));
}

/// Any protection that GitHub could have, with people and teams that may push.
fn any_protection() -> impl Strategy<Value = model::Protection> {
    let actors = || {
        let users = proptest::sample::subsequence(vec!["ana-lima", "sam-okafor"], 0..=2);
        let teams = proptest::sample::subsequence(vec![0_usize, 1], 0..=2);
        (users, teams, any::<bool>())
    };
    let reviews =
        (proptest::option::of(actors()), proptest::option::of(actors()), any::<[bool; 3]>(), 0_u64..=6);
    let check = (proptest::sample::select(vec!["a", "b", "c/d"]), proptest::option::of(1_u64..9));
    let checks = (any::<bool>(), proptest::collection::btree_map(check.0, check.1, 0..3));
    let parts = (
        proptest::option::of(checks),
        proptest::option::of(reviews),
        proptest::option::of(actors()),
        any::<[bool; 9]>(),
    );
    parts.prop_map(|(checks, reviews, restrictions, on)| {
        let (teams, app) = teams_and_app();
        let actors = |(users, numbers, with_app): (Vec<&str>, Vec<usize>, bool)| model::Actors {
            users: users.into_iter().map(str::to_owned).collect(),
            teams: numbers.into_iter().map(|number| teams[number]).collect(),
            apps: with_app.then_some(app).into_iter().collect(),
        };
        model::Protection {
            checks: checks.map(|(strict, checks)| model::StatusChecks {
                strict,
                checks: checks
                    .into_iter()
                    .map(|(context, app)| model::Check { context: context.to_owned(), app })
                    .collect(),
            }),
            reviews: reviews.map(|(dismissal, bypass, on, approvals)| model::Reviews {
                dismissal: dismissal.map(actors),
                bypass: bypass.map(actors),
                dismiss_stale: on[0],
                code_owners: on[1],
                approvals,
                last_push: on[2],
            }),
            restrictions: restrictions.map(actors),
            enforce_admins: on[0],
            signatures: on[1],
            linear_history: on[2],
            force_pushes: on[3],
            deletions: on[4],
            block_creations: on[5],
            conversations: on[6],
            locked: on[7],
            fork_syncing: on[8],
        }
    })
}

fn world() -> World {
    World::acme()
        .team_access("acme", "api", "security", Permission::Maintain)
        .app(7, &[("contents", "write")], None)
        .installed(7, "acme", 71)
}

/// The ids of two teams that may push to acme/api, and of an App.
fn teams_and_app() -> ([u64; 2], u64) {
    let world = world();
    let team = |slug: &str| world.state().team("acme", slug).unwrap().id;
    ([team("employees"), team("security")], 7)
}

/// Whatever protects a branch: another protection is set, or it is taken off, and undone; then it is as before.
#[test]
fn the_way_back_restores_all_of_any_protection() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = Arc::new(runtime.block_on(Site::with(world(), |settings| settings.budget.pacing = false)));
    let api = runtime.block_on(found(&site, "api"));
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let cases = (proptest::option::of(any_protection()), proptest::option::of(any_protection()));
    runner
        .run(&cases, |(before, after)| {
            let put = |one: &Option<model::Protection>| {
                let mut state = site.local.state();
                let all = &mut state.repository_mut("acme", "api").unwrap().protections;
                match one {
                    Some(one) => all.insert("main".into(), one.clone()),
                    None => all.remove("main"),
                };
            };
            runtime.block_on(async {
                // What GitHub shows for one is what we ask it for.
                put(&after);
                let to = now(&site, &api).await;
                put(&before);
                let was = now(&site, &api).await;
                let change = set(&api, to, was.clone()).operation();
                let done = site.apply(&change).await.unwrap();
                prop_assert_eq!(at_github(&site, "api"), after.clone(), "set as asked");
                prop_assert!(matches!(site.observe(&change).await.unwrap(), Observed::Ours(_)));
                match done.inverse {
                    Some(back) => {
                        site.apply(&back).await.unwrap();
                    }
                    None => prop_assert_eq!(&before, &after),
                }
                prop_assert_eq!(at_github(&site, "api"), before.clone(), "put back");
                Ok(())
            })
        })
        .unwrap();
}
