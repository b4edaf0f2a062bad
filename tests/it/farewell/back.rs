//! Who comes back.

use anyhow::Result;
use hubcommander_directory::Change;
use serde_json::json;

use super::{AT_ONCE, Story, employee, slack_tells};
use crate::directory::scim::{Sender, with_scim};
use crate::world::{ANA, APPROVALS, SAM, Servers, shipped_with};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_in_time_loses_nothing() -> Result<()> {
    let story = Story::start("grace = \"24h\"\nmost_percent = 100").await?;
    story.link(ANA, "ana-lima").await?;
    let before = story.github.snapshot();
    story.leaves(&[employee("ana")]).await?;
    story.hears("leaves").await?;
    story.tells("Okta", 1_000, &[Change::Back { person: employee("ana") }]).await?;
    assert_eq!(story.ask("!Farewells").await?, "Nobody is held, and nobody's farewell is due.");
    story.world.clock.forward(std::time::Duration::from_secs(90_000));
    story.ask("!Repeat Still there").await?;
    assert_eq!(story.github.snapshot(), before);
    assert!(story.book.of_user(ANA).await?.is_some());
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_later_is_offered_their_account_once() -> Result<()> {
    let story = Story::start(AT_ONCE).await?;
    story.link(ANA, "ana-lima").await?;
    story.leaves(&[employee("ana")]).await?;
    story.hears("has been let go").await?;
    story.settled().await?;
    story.tells("Okta", 1_000, &[Change::Back { person: employee("ana") }]).await?;
    insta::assert_snapshot!(story.shown(&story.slack.await_dm(ANA).await?), @r"
    Welcome back.
    When you left, your account at GitHub was `ana-lima`. If it still is, link it again; then you can invite yourself to where you were.
    You were let go from acme, acme-oss.
    [Link my account] [Join acme] [Join acme-oss]
    ");
    story.tells("Okta", 1_000, &[Change::Joined { person: employee("ana") }]).await?;
    slack_tells(&story, ANA, false);
    story.ask("!Repeat Nothing more").await?;
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_slack_account_comes_back_later_is_told_then() -> Result<()> {
    let story = Story::start(AT_ONCE).await?;
    story.link(ANA, "ana-lima").await?;
    slack_tells(&story, ANA, true);
    story.hears("has been let go").await?;
    assert_eq!(story.members("acme-oss"), json!({ "hub-bot": "admin" }));
    story.settled().await?;
    story.tells("Okta", 1_000, &[Change::Joined { person: employee("ana") }]).await?;
    slack_tells(&story, ANA, false);
    let told = story.shown(&story.slack.await_dm(ANA).await?);
    assert!(told.starts_with("Welcome back."), "{told}");
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_while_it_waits_for_approval_loses_nothing() -> Result<()> {
    let servers = Servers::start().await?;
    let obligations = servers.folder.path().join("obligations.cedar");
    let look = "@id(\"look\") @approvals(\"1\") @approvers(\"slack:security-team\") permit (principal, \
                action == Action::\"Farewell\", resource);";
    std::fs::write(&obligations, look)?;
    let section = format!("{AT_ONCE}\n[policy]\nobligations = {obligations:?}");
    let story = Story::start_on(servers, &section, false).await?;
    story.link(ANA, "ana-lima").await?;
    let before = story.github.snapshot();
    story.leaves(&[employee("ana")]).await?;
    let card = story.slack.await_message(APPROVALS).await?;
    story.tells("Okta", 1_000, &[Change::Back { person: employee("ana") }]).await?;
    story.slack.click(SAM, APPROVALS, card.ts, "approve", None).await?;
    story.hears("Nobody is to be let go").await?;
    assert_eq!(story.github.snapshot(), before);
    story.settled().await?;
    let servers = story.world.stop().await?;
    servers.assert_finished().await
}

/// A bot that a provider of identities tells who works here. Ana has linked her account.
async fn told_by_scim() -> Result<(Story, Sender)> {
    let servers = Servers::start().await?;
    let mut config = servers.config(&shipped_with(&[]))?;
    config.farewell = Some(hubcommander::farewell::Settings {
        grace: None,
        channel: super::SECURITY.to_owned(),
        most: 10,
        most_percent: 5,
    });
    let okta = with_scim(&mut config);
    let story = Story::start_config(servers, config, true).await?;
    story.link(ANA, "ana-lima").await?;
    Ok((story, okta))
}

/// All of it, as a provider of identities tells it.
#[tokio::test(flavor = "multi_thread")]
async fn told_by_scim_who_leaves_is_let_go_and_who_comes_back_is_welcomed() -> Result<()> {
    let (story, okta) = told_by_scim().await?;
    let id = okta.create("ana@acme.example").await?;
    okta.create("kim@acme.example").await?;
    okta.set_active(&id, false).await?;
    story.hears("has been let go").await?;
    assert_eq!(story.members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "member" }));
    assert_eq!(story.members("acme-oss"), json!({ "hub-bot": "admin" }));
    story.settled().await?;
    okta.set_active(&id, true).await?;
    let told = story.shown(&story.slack.await_dm(ANA).await?);
    assert!(told.starts_with("Welcome back."), "{told}");
    story.world.end().await
}

/// A directory that knows somebody as working here outweighs a Slack account that is switched off.
#[tokio::test(flavor = "multi_thread")]
async fn whom_the_directory_knows_stays_when_only_slack_lets_them_go() -> Result<()> {
    let (story, okta) = told_by_scim().await?;
    let before = story.github.snapshot();
    let id = okta.create("ana@acme.example").await?;
    slack_tells(&story, ANA, true);
    story.hears("works here by the directory, so nothing was done").await?;
    assert_eq!(story.github.snapshot(), before);
    // Then the directory says so, too.
    okta.set_active(&id, false).await?;
    story.hears("has been let go").await?;
    assert_eq!(story.members("acme-oss"), json!({ "hub-bot": "admin" }));
    story.world.end().await
}
