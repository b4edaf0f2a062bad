//! Repositories: archived, renamed, shown to others, given topics and another default branch, deleted.

use anyhow::Result;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::model::Visibility;

use crate::world::{ANA, DEV, Servers, World, shipped_with};

/// What is said to Ana alone in answer to a line.
async fn told(world: &World, line: &str) -> Result<String> {
    world.say(ANA, DEV, line)?;
    world.whispered(ANA).await
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_and_unarchived() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!ArchiveRepo acme website").await?, @r"");
    assert!(world.github.state().repository("acme", "website").unwrap().archived);
    insta::assert_snapshot!(world.ask("!ArchiveRepo acme website").await?, @r"");
    // Nothing else can be done to it, and each command says what would help.
    for line in [
        "!RenameRepo acme website site",
        "!SetVisibility acme website public",
        "!SetTopics acme website --add rockets",
        "!SetDefaultBranch acme website trunk",
        "!SetDescription acme website New words",
    ] {
        assert_eq!(
            told(&world, line).await?,
            "⛔ acme/website is archived, so it cannot be changed.\n\
             Unarchive it first: `!UnarchiveRepo acme website`\ninv-ID\n(only ana sees this)",
            "{line}"
        );
    }
    insta::assert_snapshot!(world.ask("!UnarchiveRepo acme website").await?, @r"");
    assert!(!world.github.state().repository("acme", "website").unwrap().archived);
    insta::assert_snapshot!(world.ask("!UnarchiveRepo acme website").await?, @r"");
    let id = world.github.state().repository("acme", "website").unwrap().id;
    assert_eq!(world.writes(), vec![format!("PATCH /repositories/{id}"); 2]);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!RenameRepo acme website homepage").await?, @r"");
    assert_eq!(world.at_github("acme", "website"), "absent");
    assert!(world.at_github("acme", "homepage").contains("The website"));
    insta::assert_snapshot!(told(&world, "!RenameRepo acme website site").await?, @r"");
    insta::assert_snapshot!(world.ask("!RenameRepo acme homepage homepage").await?, @r"");
    insta::assert_snapshot!(told(&world, "!RenameRepo acme homepage API").await?, @r"");
    insta::assert_snapshot!(told(&world, "!RenameRepo acme homepage old-name").await?, @r"");
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
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    world.somebody_makes("acme", "homepage", |_| ());
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn shown_to_everyone_and_hidden_again() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!SetVisibility acme website public")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    let now = || world.github.state().repository("acme", "website").unwrap().visibility;
    assert_eq!(now(), Visibility::Public);
    insta::assert_snapshot!(world.ask("!SetVisibility acme website public").await?, @r"");

    let asked = world.say(ANA, DEV, "!SetVisibility acme website private")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    world.press(ANA, DEV, asked, "run").await?;
    world.end_of(DEV, asked).await?;
    assert_eq!(now(), Visibility::Private);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_what_is_bounded() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(told(&world, "!SetVisibility acme-oss sdk private").await?, @r"");
    // The organisation belongs to no enterprise, which only GitHub knows.
    let asked = world.say(ANA, DEV, "!SetVisibility acme website internal")?;
    world.end_of(DEV, asked).await?;
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    let servers = world.stop().await?;
    let permitted = "[commands.SetVisibility]\npermitted_visibilities = [\"private\"]\n";
    let world = World::start_on(servers, &format!("{}\n{permitted}", shipped_with(&[]))).await?;
    let said = told(&world, "!SetVisibility acme website public").await?;
    assert!(said.contains("public") && said.contains("private") && !said.contains("[Run]"), "{said}");
    insta::assert_snapshot!(said, @r"");
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
    insta::assert_snapshot!(world.ask("!SetTopics acme website Rockets,web shop").await?, @r"");
    assert_eq!(now(), "rockets shop web");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --add web,anvils --remove shop,nothing").await?, @r"");
    assert_eq!(now(), "anvils rockets web");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --add web --remove shop").await?, @r"");
    insta::assert_snapshot!(world.ask("!SetTopics acme website web rockets anvils").await?, @r"");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --clear").await?, @r"");
    assert_eq!(now(), "");
    insta::assert_snapshot!(world.ask("!SetTopics acme website --clear").await?, @r"");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_cannot_be() -> Result<()> {
    let world = World::start().await?;
    let many: Vec<String> = (1..=19).map(|number| format!("t{number}")).collect();
    insta::assert_snapshot!(told(&world, &format!("!SetTopics acme website --add {}", many.join(","))).await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetTopics acme website web --clear").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetTopics acme website --add a --remove a").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetTopics acme website").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetTopics acme website my_topic").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetTopics acme old-name web").await?, @r"");
    assert!(world.writes().is_empty());
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_default_branch() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!SetDefaultBranch acme-oss sdk next").await?, @r"");
    assert_eq!(
        world.at_github("acme-oss", "sdk"),
        "public · description \"Build on Acme\" · branch next · employees push"
    );
    insta::assert_snapshot!(world.ask("!SetDefaultBranch acme-oss sdk next").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetDefaultBranch acme-oss sdk mian").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetDefaultBranch acme-oss sdk trunk").await?, @r"");
    world.github.state().repository_mut("acme", "api").unwrap().branches.clear();
    insta::assert_snapshot!(told(&world, "!SetDefaultBranch acme api trunk").await?, @r"");
    insta::assert_snapshot!(told(&world, "!SetDefaultBranch acme api trunk --rename").await?, @r"");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_branch_by_another_name() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(told(&world, "!SetDefaultBranch acme-oss sdk next --rename").await?, @r"");
    insta::assert_snapshot!(world.ask("!SetDefaultBranch acme website trunk --rename").await?, @r"");
    let state = world.github.state();
    let website = state.repository("acme", "website").unwrap();
    assert_eq!(website.default_branch, "trunk");
    assert_eq!(website.branches.keys().collect::<Vec<_>>(), ["trunk"]);
    drop(state);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_at_once() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!DeleteRepo acme website --now --reason \"It *moved*\"")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    assert!(world.writes().is_empty());
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
    assert_eq!(world.at_github("acme", "website"), "absent");
    insta::assert_snapshot!(told(&world, "!DeleteRepo acme website --now").await?, @r"");
    insta::assert_snapshot!(told(&world, "!DeleteRepo acme old-name --now").await?, @r"");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_to_meanwhile_is_asked_about_again() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!DeleteRepo acme website --now")?;
    world.end_of(DEV, asked).await?;
    world.github.state().repository_mut("acme", "website").unwrap().pushed_at += chrono::TimeDelta::hours(1);
    world.press(ANA, DEV, asked, "run").await?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"");
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
        "!UnarchiveRepo acme-oss sdk-v1",
        "!RenameRepo acme website homepage",
        "!SetVisibility acme templates public",
        "!SetTopics acme website --add rockets",
        "!SetDefaultBranch acme-oss sdk next",
        "!SetDefaultBranch acme website trunk --rename",
        "!DeleteRepo acme website --now",
    ] {
        said.push(world.ask(&format!("{line} --dry-run")).await?);
    }
    insta::assert_snapshot!(said.join("\n\n"), @r"");
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
    insta::assert_snapshot!(world.ask("!ListRepos acme").await?, @r"");
    insta::assert_snapshot!(world.ask("!ListRepos acme --limit 2").await?, @r"");
    insta::assert_snapshot!(world.ask("!ListRepos acme --match WEBSITE").await?, @r"");
    insta::assert_snapshot!(world.ask("!ListRepos acme --topic web --visibility private").await?, @r"");
    insta::assert_snapshot!(world.ask("!ListRepos acme --archived").await?, @r"");
    insta::assert_snapshot!(world.ask("!ListRepos acme --visibility internal").await?, @r"");
    insta::assert_snapshot!(told(&world, "!ListRepos acme --limit 100").await?, @r"");
    insta::assert_snapshot!(told(&world, "!ListRepos acme --limit 0").await?, @r"");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_about_a_repository() -> Result<()> {
    let world = World::start().await?;
    insta::assert_snapshot!(world.ask("!RepoInfo acme website").await?, @r"");
    insta::assert_snapshot!(world.ask("!RepoInfo acme api").await?, @r"");
    insta::assert_snapshot!(world.ask("!RepoInfo acme-oss sdk-v1").await?, @r"");
    insta::assert_snapshot!(told(&world, "!RepoInfo acme old-name").await?, @r"");
    insta::assert_snapshot!(told(&world, "!RepoInfo acme nothing").await?, @r"");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_to_be_so() -> Result<()> {
    let world = World::start().await?;
    let forbidden = || Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    for path in ["/teams", "/collaborators", "/pulls", "/branches/main/protection"] {
        world.github.faults().add(When::get(&format!("/repositories/*{path}")).always(), forbidden());
    }
    insta::assert_snapshot!(world.ask("!RepoInfo acme website").await?, @r"");
    world.end().await
}
