//! Repositories: archived, renamed, shown to others, given topics and another default branch, deleted.

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::model::Visibility;

use crate::world::{ANA, DEV, Servers, World, shipped_with};

/// What is said to Ana alone in answer to a line.
#[tokio::test(flavor = "multi_thread")]
async fn archived_and_unarchived() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!ArchiveRepo acme website").await?, @r"
    ✅ acme/website is archived
    ✅ archived, read-only for everyone
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert!(world.github.state().repository("acme", "website").unwrap().archived);
    insta::assert_snapshot!(world.ask("!ArchiveRepo acme website").await?, @r"
    ✅ acme/website is archived already
    ");
    // Nothing else can be done to it, and each command says what would help.
    for line in [
        "!RenameRepo acme website site",
        "!SetVisibility acme website public",
        "!SetTopics acme website --add rockets",
        "!SetDefaultBranch acme website trunk",
        "!SetDescription acme website New words",
    ] {
        assert_eq!(
            world.ask_whispered(line).await?,
            "⛔ acme/website is archived, so it cannot be changed.\n\
             Unarchive it first: `!UnarchiveRepo acme website`\ninv-ID\n(only ana sees this)",
            "{line}"
        );
    }
    insta::assert_snapshot!(world.ask("!UnarchiveRepo acme website").await?, @r"
    ✅ acme/website can be changed again
    ✅ no longer archived
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert!(!world.github.state().repository("acme", "website").unwrap().archived);
    insta::assert_snapshot!(world.ask("!UnarchiveRepo acme website").await?, @r"
    ✅ acme/website is not archived
    ");
    let id = world.github.state().repository("acme", "website").unwrap().id;
    assert_eq!(world.writes(), vec![format!("PATCH /repositories/{id}"); 2]);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!RenameRepo acme website homepage").await?, @r"
    ✅ acme/website is called acme/homepage now
    Links and clones under the old name lead there, until another repository takes that name. Workflows that use its actions need the new name.
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.at_github("acme", "website"), "absent");
    assert!(world.at_github("acme", "homepage").contains("The website"));
    insta::assert_snapshot!(world.ask_whispered("!RenameRepo acme website site").await?, @r"
    ⛔ `acme/website` is called `acme/homepage` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask("!RenameRepo acme homepage homepage").await?, @r"
    ✅ acme/homepage is called that already
    ");
    insta::assert_snapshot!(world.ask_whispered("!RenameRepo acme homepage API").await?, @r"
    ⛔ acme/api exists already.
    Choose another name.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!RenameRepo acme homepage old-name").await?, @r"
    ⛔ `acme/old-name` is the former name of `acme/new-name`, and links to it still lead there.
    Choose another name.
    inv-ID
    (only ana sees this)
    ");
    // Its own former name is free for it, and only the case may change.
    for (line, name) in
        [("!RenameRepo acme homepage website", "website"), ("!RenameRepo acme website WebSite", "WebSite")]
    {
        let said = world.ask(line).await?;
        assert!(said.starts_with('✅'), "{line}: {said}");
        assert_eq!(world.github.state().repository("acme", name).unwrap().name, name);
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_while_the_plan_waits() -> Result<()> {
    let config = format!("{}\n[commands.RenameRepo]\nauth = [\"confirm\"]\n", shipped_with(&[]));
    let world = World::start_on(Servers::start().await?, &config).await?;
    let asked = world.say(ANA, DEV, "!RenameRepo acme website homepage")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Rename acme/website to acme/homepage
    • acme/homepage in place of acme/website; links to the old name lead there
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    world.somebody_makes("acme", "homepage", |_| ());
    insta::assert_snapshot!(world.run(asked).await?, @r"
    ⛔ acme/homepage exists already.
    Choose another name.
    inv-ID
    ");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn shown_to_everyone_and_hidden_again() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!SetVisibility acme website public")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Make acme/website public
    • ⚠️ public: Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(world.writes().is_empty());
    insta::assert_snapshot!(world.run(asked).await?, @r"
    ✅ acme/website is public
    Everyone can see it.
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    let now = || world.github.state().repository("acme", "website").unwrap().visibility;
    assert_eq!(now(), Visibility::Public);
    insta::assert_snapshot!(world.ask("!SetVisibility acme website public").await?, @r"
    ✅ acme/website is public already
    ");

    let asked = world.say(ANA, DEV, "!SetVisibility acme website private")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Make acme/website private
    • ⚠️ private: What has been seen cannot be unseen, forks stay public, and its stars and watchers are lost.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    world.press(ANA, DEV, asked, "run").await?;
    world.end_of(DEV, asked).await?;
    assert_eq!(now(), Visibility::Private);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_what_is_bounded() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask_whispered("!SetVisibility acme-oss sdk private").await?, @r"
    ⛔ `acme-oss` holds public repositories only.
    Archive the repository, or move it to another organisation.
    inv-ID
    (only ana sees this)
    ");
    // The organisation belongs to no enterprise, which only GitHub knows.
    let asked = world.say(ANA, DEV, "!SetVisibility acme website internal")?;
    world.end_of(DEV, asked).await?;
    insta::assert_snapshot!(world.run(asked).await?, @r"
    ⛔ Make acme/website internal: this could not be done
    ⛔ internal: GitHub refuses this: Only organizations associated with an enterprise can set visibility to internal. Change it and ask again.
    Nothing was changed.
    TIME · inv-ID
    ");
    let servers = world.stop().await?;
    let permitted = "[commands.SetVisibility]\npermitted_visibilities = [\"private\"]\n";
    let world = World::start_on(servers, &format!("{}\n{permitted}", shipped_with(&[]))).await?;
    let said = world.ask_whispered("!SetVisibility acme website public").await?;
    assert!(said.contains("public") && said.contains("private") && !said.contains("[Run"), "{said}");
    insta::assert_snapshot!(said, @r"
    ⛔ `public` is not one of the choices for `visibility`.
    Choose from private.
    ```
    !SetVisibility <org> <repo> <private> [--reason TEXT]
        [--dry-run]
    ```
    More with `!Help SetVisibility`.
    [Fill in a form]
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_set_added_removed_and_cleared() -> Result<()> {
    let world = World::start().await?;
    let now = || {
        let mut topics = world.github.state().repository("acme", "website").unwrap().topics.clone();
        topics.sort();
        topics.join(" ")
    };
    insta::assert_snapshot!(world.ask("!SetTopics acme website Rockets,web shop").await?, @r"
    ✅ The topics of acme/website are set
    ✅ topics rockets, shop, web
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(now(), "rockets shop web");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --add web,anvils --remove shop,nothing").await?, @r"
    ✅ The topics of acme/website are set
    ✅ topics anvils, rockets, web
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(now(), "anvils rockets web");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --add web --remove shop").await?, @r"
    ✅ acme/website has these topics already
    ");
    insta::assert_snapshot!(world.ask("!SetTopics acme website web rockets anvils").await?, @r"
    ✅ acme/website has these topics already
    ");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --clear").await?, @r"
    ✅ The topics of acme/website are cleared
    ✅ no topics
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(now(), "");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --clear").await?, @r"
    ✅ acme/website has no topics already
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_cannot_be() -> Result<()> {
    let world = World::start().await?;
    let many: Vec<String> = (1..=19).map(|number| format!("t{number}")).collect();
    insta::assert_snapshot!(world.ask_whispered(&format!("!SetTopics acme website --add {}", many.join(","))).await?, @r"
    ⛔ acme/website would have 21 topics; GitHub takes 20 at most.
    Remove some with `--remove`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetTopics acme website web --clear").await?, @r"
    ⛔ These contradict each other: topics to set, `--clear`, and `--add` or `--remove`.
    Say one of them.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetTopics acme website --add a --remove a").await?, @r"
    ⛔ `a` is to be added and removed.
    Leave it out of one of them.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetTopics acme website").await?, @r"
    ⛔ You did not say which topics.
    Name them, or use `--add`, `--remove` or `--clear`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetTopics acme website my_topic").await?, @r"
    ⛔ `my_topic` is not right for `topics`.
    There must be no `_` in it.
    ```
    !SetTopics <org> <repo> [topics]... [--add topic,topic]...
        [--remove topic,topic]... [--clear] [--reason TEXT]
        [--dry-run]
    ```
    More with `!Help SetTopics`.
    [Fill in a form]
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetTopics acme old-name web").await?, @r"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    ");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_default_branch() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!SetDefaultBranch acme-oss sdk next").await?, @r"
    ✅ The default branch of acme-oss/sdk is `next`
    New pull requests go into it. `main` stays as it is, and open pull requests stay where they are.
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(
        world.at_github("acme-oss", "sdk"),
        "public · description \"Build on Acme\" · branch next · employees push"
    );
    insta::assert_snapshot!(world.ask("!SetDefaultBranch acme-oss sdk next").await?, @r"
    ✅ The default branch of acme-oss/sdk is `next` already
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetDefaultBranch acme-oss sdk mian").await?, @r"
    ⛔ acme-oss/sdk has no branch `mian`.
    Did you mean `main`? If not, push it first, or rename `next` to it with `--rename`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetDefaultBranch acme-oss sdk trunk").await?, @r"
    ⛔ acme-oss/sdk has no branch `trunk`; it has `main`, `next`.
    Push it first, or rename `next` to it with `--rename`.
    inv-ID
    (only ana sees this)
    ");
    world.github.state().repository_mut("acme", "api").unwrap().branches.clear();
    insta::assert_snapshot!(world.ask_whispered("!SetDefaultBranch acme api trunk").await?, @r"
    ⛔ acme/api is empty: it has no branch yet.
    Push a first commit to it.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!SetDefaultBranch acme api trunk --rename").await?, @r"
    ⛔ acme/api is empty: it has no branch yet.
    Push a first commit to it.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_branch_by_another_name() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask_whispered("!SetDefaultBranch acme-oss sdk next --rename").await?, @r"
    ⛔ acme-oss/sdk has a branch `next` already.
    Leave out `--rename` to make that the default branch.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask("!SetDefaultBranch acme website trunk --rename").await?, @r"
    ✅ The default branch of acme/website is called `trunk`
    Pull requests and its protection go with it. The repository's page tells whoever has a clone how to follow.
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    {
        let state = world.github.state();
        let website = state.repository("acme", "website").unwrap();
        assert_eq!(website.default_branch, "trunk");
        assert_eq!(website.branches.keys().collect::<Vec<_>>(), ["trunk"]);
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_at_once() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!DeleteRepo acme website --now --reason \"It *moved*\"")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Delete acme/website now, for good
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(world.writes().is_empty());
    insta::assert_snapshot!(world.run(asked).await?, @r#"
    ✅ acme/website is deleted
    Asked for by @ana: "It *moved*"
    TIME · inv-ID
    "#);
    assert_eq!(world.at_github("acme", "website"), "absent");
    insta::assert_snapshot!(world.ask_whispered("!DeleteRepo acme website --now").await?, @r"
    ⛔ There is no repository `acme/website` that I can see.
    If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!DeleteRepo acme old-name --now").await?, @r"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_to_meanwhile_is_asked_about_again() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!DeleteRepo acme website --now")?;
    world.end_of(DEV, asked).await?;
    world.github.state().repository_mut("acme", "website").unwrap().pushed_at += chrono::TimeDelta::hours(1);
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ Delete acme/website now, for good
    Nothing was done yet: acme/website has been changed meanwhile. This is the plan now.
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "cancel").await?;
    world.end_of(DEV, asked).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_can_be_seen_without_doing_it() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    let mut said = Vec::new();
    for line in [
        "!ArchiveRepo acme website",
        "!UnarchiveRepo acme-oss legacy",
        "!RenameRepo acme website homepage",
        "!SetVisibility acme templates public",
        "!SetTopics acme website --add rockets",
        "!SetDefaultBranch acme-oss sdk next",
        "!SetDefaultBranch acme website trunk --rename",
        "!DeleteRepo acme website --now",
    ] {
        said.push(world.ask(&format!("{line} --dry-run")).await?);
    }
    insta::assert_snapshot!(said.join("\n\n"), @r"
    Would do: Archive acme/website
    • archived, read-only for everyone
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Unarchive acme-oss/legacy
    • no longer archived
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Rename acme/website to acme/homepage
    • acme/homepage in place of acme/website; links to the old name lead there
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Make acme/templates public
    • ⚠️ public: Everyone can read and copy its code with all of its history, its issues, pull requests and logs of Actions. What has been seen cannot be unseen, and its stars and watchers are lost.
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Set the topics of acme/website
    • topics marketing, rockets, web
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Make `next` the default branch of acme-oss/sdk
    • default branch next in place of main
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Rename the default branch of acme/website to `trunk`
    • default branch trunk
    Nothing has been done.
    plan DIGEST · inv-ID

    Would do: Delete acme/website now, for good
    • ⚠️ delete acme/website: Its code, issues and settings are gone for good.
    Nothing has been done.
    plan DIGEST · inv-ID
    ");
    assert!(world.writes().is_empty());
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_repositories_of_an_organisation() -> Result<()> {
    let world = World::start().await?;
    {
        let mut state = world.github.state();
        let api = state.repository_mut("acme", "api").unwrap();
        api.pushed_at += chrono::TimeDelta::days(40);
        api.archived = true;
        api.description = Some("What the website talks to, *in detail* ".repeat(3));
        state.repository_mut("acme", "templates").unwrap().visibility = Visibility::Public;
    }
    insta::assert_snapshot!(world.ask("!ListRepos acme").await?, @r"
    acme has 4 repositories.
    Repository | Visibility | Archived | Last push | About
    api | private | yes | 24 Feb 2024 | What the website talks to, *in detail* What the website talks to, *in detail* Wh…
    new-name | private | no | 15 Jan 2024 | Had another name once
    templates | public | no | 15 Jan 2024 | Where new services start from
    website | private | no | 15 Jan 2024 | The website
    ");
    insta::assert_snapshot!(world.ask("!ListRepos acme --limit 2").await?, @r"
    acme has 4 repositories.
    Repository | Visibility | Archived | Last push | About
    api | private | yes | 24 Feb 2024 | What the website talks to, *in detail* What the website talks to, *in detail* Wh…
    new-name | private | no | 15 Jan 2024 | Had another name once
    Page 1 of 2, those pushed to last first. `--page 2` shows the next; `--match`, `--visibility` and `--topic` choose.
    ");
    insta::assert_snapshot!(world.ask("!ListRepos acme --limit 2 --page 2").await?, @r"
    acme has 4 repositories.
    Repository | Visibility | Archived | Last push | About
    templates | public | no | 15 Jan 2024 | Where new services start from
    website | private | no | 15 Jan 2024 | The website
    Page 2 of 2, those pushed to last first. `--page 1` shows the first; `--match`, `--visibility` and `--topic` choose.
    ");
    insta::assert_snapshot!(world.ask_whispered("!ListRepos acme --limit 2 --page 3").await?, @r"
    ⛔ There are 2 pages.
    Leave out `--page` for the first.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask("!ListRepos acme --match WEBSITE").await?, @r"
    acme has 4 repositories. 2 of them match.
    Repository | Visibility | Archived | Last push | About
    api | private | yes | 24 Feb 2024 | What the website talks to, *in detail* What the website talks to, *in detail* Wh…
    website | private | no | 15 Jan 2024 | The website
    ");
    insta::assert_snapshot!(world.ask("!ListRepos acme --topic web --visibility private").await?, @r"
    acme has 4 repositories. One of them matches.
    Repository | Visibility | Archived | Last push | About
    website | private | no | 15 Jan 2024 | The website
    ");
    insta::assert_snapshot!(world.ask("!ListRepos acme --archived").await?, @r"
    acme has 4 repositories. One of them matches.
    Repository | Visibility | Archived | Last push | About
    api | private | yes | 24 Feb 2024 | What the website talks to, *in detail* What the website talks to, *in detail* Wh…
    ");
    insta::assert_snapshot!(world.ask("!ListRepos acme --visibility internal").await?, @r"
    acme has 4 repositories. None of them matches.
    ");
    insta::assert_snapshot!(world.ask_whispered("!ListRepos acme --limit 100").await?, @r"
    ⛔ I can show 1 to 99 repositories at a time.
    Choose fewer with `--match` or `--topic`.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!ListRepos acme --limit 0").await?, @r"
    ⛔ I can show 1 to 99 repositories at a time.
    Choose fewer with `--match` or `--topic`.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_about_a_repository() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!RepoInfo acme website").await?, @r"
    acme/website · private
    The website
    • Topics marketing, web
    • Default branch `main`, not protected
    • Teams: bots can read · employees can push
    • One person from outside the organisation has access
    • 2 open pull requests
    • Last push 15 Jan 2024 · created 15 Jan 2024
    [Open on GitHub]
    ");
    insta::assert_snapshot!(world.ask("!RepoInfo acme api").await?, @r"
    acme/api · private
    What the website talks to
    • Default branch `main`, protected: one approval
    • Teams: employees can push · platform can administer
    • Nobody from outside the organisation has access of their own
    • No open pull requests
    • Last push 15 Jan 2024 · created 15 Jan 2024
    [Open on GitHub]
    ");
    insta::assert_snapshot!(world.ask("!RepoInfo acme-oss legacy").await?, @r"
    acme-oss/legacy · public · archived, read-only for everyone
    What the SDK was before
    • Default branch `main`, not protected
    • No team has access
    • Nobody from outside the organisation has access of their own
    • No open pull requests
    • Last push 15 Jan 2024 · created 15 Jan 2024
    [Open on GitHub]
    ");
    insta::assert_snapshot!(world.ask_whispered("!RepoInfo acme old-name").await?, @r"
    ⛔ `acme/old-name` is called `acme/new-name` now.
    Use the new name.
    inv-ID
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.ask_whispered("!RepoInfo acme nothing").await?, @r"
    ⛔ There is no repository `acme/nothing` that I can see.
    If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name.
    inv-ID
    (only ana sees this)
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_to_be_so() -> Result<()> {
    let world = World::start().await?;
    let forbidden = || Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    for path in ["/teams", "/collaborators", "/pulls", "/branches/main/protection"] {
        world.github.faults().add(When::get(&format!("/repositories/*{path}")).always(), forbidden());
    }
    insta::assert_snapshot!(world.ask("!RepoInfo acme website").await?, @r"
    acme/website · private
    The website
    • Topics marketing, web
    • Default branch `main`. What protects it could not be read. This bot's GitHub account may not read the protection of branch main of acme/website. Tell the people who run this bot.
    • Its teams could not be read. This bot's GitHub account may not read the teams of acme/website. Tell the people who run this bot.
    • Who has access from outside could not be read. This bot's GitHub account may not read who from outside has access to acme/website. Tell the people who run this bot.
    • Its pull requests could not be read. This bot's GitHub account may not read the pull requests of acme/website. Tell the people who run this bot.
    • Last push 15 Jan 2024 · created 15 Jan 2024
    [Open on GitHub]
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_them_can_be_undone() -> Result<()> {
    let world = World::start().await?;
    // Topics have no order of their own: they come back sorted.
    world.github.state().repository_mut("acme", "website").unwrap().topics.sort();
    let before = world.github.snapshot();
    for line in [
        "!ArchiveRepo acme website",
        "!UnarchiveRepo acme-oss legacy",
        "!RenameRepo acme website homepage",
        "!SetTopics acme website --add rockets --remove web",
        "!SetTopics acme website --clear",
        "!SetDefaultBranch acme-oss sdk next",
        "!SetDefaultBranch acme website trunk --rename",
    ] {
        let said = world.ask(line).await?;
        assert!(said.starts_with('✅') && said.contains("[Undo]"), "{line}: {said}");
        assert_ne!(world.github.snapshot(), before, "{line}");
        let undone = world.ask("!Undo").await?;
        assert!(undone.starts_with("↩️ Undone: "), "{line}: {undone}");
        let mut after = world.github.snapshot();
        // That it bore the other name for a while leaves a trace.
        after["redirects"].as_object_mut().unwrap().remove("acme/homepage");
        assert_eq!(after, before, "{line}");
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_stays_seen() -> Result<()> {
    let world = World::start().await?;
    let before = world.github.snapshot();
    let asked = world.say(ANA, DEV, "!SetVisibility acme website public")?;
    world.end_of(DEV, asked).await?;
    world.press(ANA, DEV, asked, "run").await?;
    world.end_of(DEV, asked).await?;
    let undo = world.say(ANA, DEV, "!Undo")?;
    insta::assert_snapshot!(world.end_of(DEV, undo).await?, @r"
    ⚠️ Undo: Make acme/website public
    • ⚠️ private: What has been seen cannot be unseen, forks stay public, and its stars and watchers are lost.
    It takes your word that this is what you want.
    [Run…] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    world.press(ANA, DEV, undo, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, undo).await?, @r"
    ↩️ Undone: Make acme/website public
    ✅ private
    TIME · inv-ID
    ");
    assert_eq!(world.github.snapshot(), before);
    world.end().await
}
