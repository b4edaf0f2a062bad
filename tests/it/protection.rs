//! `!SetBranchProtection` and `!ListRules`: a branch is protected, looked at, and as it was again.

use anyhow::Result;
use hubcommander_sandbox::github::World as GitHubWorld;
use hubcommander_sandbox::github::model::{Actors, Branch, Check, Protection, Reviews, StatusChecks};
use hubcommander_sandbox::slack::Options;
use serde_json::{Value as Json, json};

use crate::world::{ANA, DEV, Servers, World, shipped_with};

fn inside(world: &World, name: &str) -> Json {
    world.github.snapshot()["repositories"][format!("acme/{name}")]["inside"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_means_the_profile_that_is_usual() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!ListRules acme website").await?, @r"
    main of acme/website is not protected
    Everybody who may push can change and rewrite it.
    ");
    insta::assert_snapshot!(world.ask("!SetBranchProtection acme website main on").await?, @r"
    ✅ main of acme/website is protected as standard
    ✅ branch main: a pull request with 1 approval, new commits make approvals void, no force pushes, no deletion, for administrators too
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    let protection = world.github.state().repository("acme", "website").unwrap().protections["main"].clone();
    let reviews = Reviews { approvals: 1, dismiss_stale: true, ..Reviews::default() };
    assert_eq!(
        protection,
        Protection { reviews: Some(reviews), enforce_admins: true, ..Protection::default() }
    );
    insta::assert_snapshot!(world.ask("!SetBranchProtection acme website main standard").await?, @r"✅ main of acme/website is protected as standard already");
    insta::assert_snapshot!(world.ask("!ListRules acme website main").await?, @r"
    main of acme/website is protected
    Classic protection
    • a pull request with 1 approval
    • new commits make approvals void
    • no force pushes, no deletion
    • for administrators too
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn off_takes_a_word_and_undo_brings_all_of_it_back() -> Result<()> {
    let world = World::start().await?;
    {
        let mut state = world.github.state();
        let employees = state.team("acme", "employees").unwrap().id;
        let people = |logins: &[&str]| Actors {
            users: logins.iter().map(|one| (*one).to_owned()).collect(),
            teams: [employees].into(),
            ..Actors::default()
        };
        let full = Protection {
            checks: Some(StatusChecks {
                strict: true,
                checks: vec![Check { context: "ci".into(), app: Some(7) }],
            }),
            enforce_admins: true,
            reviews: Some(Reviews {
                dismissal: Some(people(&["ana-lima"])),
                bypass: Some(people(&[])),
                approvals: 3,
                last_push: true,
                ..Reviews::default()
            }),
            restrictions: Some(people(&["sam-okafor"])),
            signatures: true,
            linear_history: true,
            conversations: true,
            ..Protection::default()
        };
        state.repository_mut("acme", "api").unwrap().protections.insert("main".into(), full);
    }
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!ListRules acme api").await?, @r"
    main of acme/api is protected
    Classic protection
    • a pull request with 3 approvals
    • someone other than the last to push approves
    • reviews may be dismissed by ana-lima and team employees
    • without a pull request: team employees
    • check ci (from App 7) must pass, on a branch that is up to date
    • conversations must be resolved
    • signed commits only
    • no merge commits
    • pushes only by sam-okafor and team employees
    • no force pushes, no deletion
    • for administrators too
    ");
    let asked = world.say(ANA, DEV, "!SetBranchProtection acme api main off")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Take the protection off main of acme/api
    • branch main without classic protection
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    insta::assert_snapshot!(world.run(asked).await?, @r"
    ✅ main of acme/api is not protected any more
    ✅ branch main without classic protection
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(inside(&world, "api")["protections"], json!({}));
    let undone = world.ask("!Undo").await?;
    assert!(undone.contains("↩️ Undone"), "{undone}");
    assert_eq!(world.github.snapshot(), before);

    // What the profile does not speak of stays; what it asks less of is shown first.
    let asked = world.say(ANA, DEV, "!SetBranchProtection acme api main on")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Protect main of acme/api as standard
    • branch main: a pull request with 1 approval, new commits make approvals void, someone other than the last to push approves, reviews may be dismissed by ana-lima and team employees, without a pull request: team employees, pushes only by sam-okafor and team employees, no force pushes, no deletion, for administrators too; weaker than now: fewer approvals, fewer checks, it need not be up to date, unsigned commits, merge commits, open conversations
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    world.run(asked).await?;
    let now = world.github.state().repository("acme", "api").unwrap().protections["main"].clone();
    assert!(now.restrictions.is_some() && now.reviews.unwrap().dismissal.is_some());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_may_be_a_ruleset() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    insta::assert_snapshot!(world.ask("!SetBranchProtection acme website main strict").await?, @r"
    ✅ main of acme/website is protected as strict
    ✅ ruleset HubCommander strict: main: a pull request with 2 approvals, new commits make approvals void, code owners approve what is theirs, conversations must be resolved, no merge commits, no force pushes, no deletion, for administrators too
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert!(inside(&world, "website")["rulesets"].get("HubCommander strict: main").is_some());
    insta::assert_snapshot!(world.ask("!ListRules acme website").await?, @r"
    main of acme/website is protected
    Ruleset HubCommander strict: main of acme/website
    • a pull request with 2 approvals, new commits make approvals void, code owners approve what is theirs, conversations must be resolved
    • no merge commits
    • no force pushes
    • no deletion
    ");
    let undone = {
        let asked = world.say(ANA, DEV, "!Undo")?;
        world.end_of(DEV, asked).await?;
        world.run(asked).await?
    };
    assert!(undone.contains("↩️ Undone"), "{undone}");
    assert_eq!(world.github.snapshot(), before);

    // From one profile to another: the new one is there before the old one goes.
    world.ask("!SetBranchProtection acme website main strict").await?;
    let asked = world.say(ANA, DEV, "!SetBranchProtection acme website main standard")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Protect main of acme/website as standard
    • branch main: a pull request with 1 approval, new commits make approvals void, no force pushes, no deletion, for administrators too
    • no ruleset HubCommander strict: main
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    world.run(asked).await?;
    assert_eq!(inside(&world, "website")["rulesets"], json!({}));
    let asked = world.say(ANA, DEV, "!SetBranchProtection acme website main off")?;
    world.end_of(DEV, asked).await?;
    world.run(asked).await?;
    assert_eq!(world.github.snapshot(), before);
    insta::assert_snapshot!(world.ask("!SetBranchProtection acme website main off").await?, @r"✅ main of acme/website has no protection that this bot could take off");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changed_since_is_not_taken_back() -> Result<()> {
    let world = World::start().await?;
    world.ask("!SetBranchProtection acme website main on").await?;
    {
        let mut state = world.github.state();
        let website = state.repository_mut("acme", "website").unwrap();
        website.protections.get_mut("main").unwrap().linear_history = true;
    }
    let refused = world.ask_whispered("!Undo").await?;
    assert!(refused.contains("has been changed by someone else"), "{refused}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_protected_is_told_why() -> Result<()> {
    let world = GitHubWorld::acme().change("acme", |_| {});
    let servers = Servers::start_in(Options::for_tests(), world).await?;
    servers
        .github
        .state()
        .repository_mut("acme", "api")
        .unwrap()
        .branches
        .insert("release/1".into(), Branch { commit: "0".repeat(40) });
    let world = World::start_on(servers, &shipped_with(&[])).await?;
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme api mian on").await?, @r"
    ⛔ `acme/api` has no branch `mian`.
    Did you mean `main`?
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme api release/2 on").await?, @r"
    ⛔ `acme/api` has no branch `release/2`.
    Did you mean `release/1`?
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!ListRules acme api nothing-like-it").await?, @r"
    ⛔ `acme/api` has no branch `nothing-like-it`.
    Check the spelling. Its main branch is `main`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme api main standart").await?, @r"
    ⛔ `standart` is not one of the choices for `protection`.
    Did you mean `standard`?
    ```
    !SetBranchProtection <org> <repo> <branch>
        <on|off|standard|strict> [--reason TEXT] [--dry-run]
    ```
    More with `!Help SetBranchProtection`.
    [Fill in a form]
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme old-name main on").await?, @r"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme api a..b on").await?, @r"
    ⛔ `a..b` is not right for `branch`.
    Git takes no branch of that name.
    ```
    !SetBranchProtection <org> <repo> <branch>
        <on|off|standard|strict> [--reason TEXT] [--dry-run]
    ```
    More with `!Help SetBranchProtection`.
    [Fill in a form]
    (only ana sees this)
    ");
    world.github.state().repository_mut("acme", "api").unwrap().archived = true;
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme api main off").await?, @r"
    ⛔ acme/api is archived, so it cannot be changed.
    Unarchive it first.
    inv-ID
    (only ana sees this)
    ");
    world.github.state().organisation_mut("acme").unwrap().free_plan = true;
    insta::assert_snapshot!(world.ask_whispered("!SetBranchProtection acme website main on").await?, @r"
    ⛔ GitHub has the protection of main in acme/website on a paid plan only, or if the repository is public.
    Ask an owner of the organisation.
    inv-ID
    (only ana sees this)
    ");
    world.github.state().repository_mut("acme", "website").unwrap().branches.clear();
    insta::assert_snapshot!(world.ask_whispered("!ListRules acme website").await?, @r"
    ⛔ `acme/website` has no branch `main`.
    It has none yet: push a first commit.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.writes().is_empty());
    world.end().await
}
