//! Linking an account, as a person goes from Slack to GitHub and back.

use anyhow::{Context as _, Result};

use super::{open, tab::Tab};
use crate::world::{ANA, World};

#[tokio::test(flavor = "multi_thread")]
async fn from_slack_to_github_and_into_an_organisation() -> Result<()> {
    let world = World::start().await?;
    world.github.state().device_flow.interval = 0;
    let slack = open(&world).await?;
    slack.say("!InviteMe acme").await?;
    let shown = world.told(ANA, "type").await?;
    let code = shown.split('`').find(|word| word.len() == 9).context("no code")?.to_owned();
    // What is said to her alone stands in her direct messages with the bot.
    let room =
        world.slack.arrange(|slack| slack.im_with(ANA).map(|room| room.id.clone())).context("no DM")?;
    let _: String = slack.value(&format!("location.hash = '#{ANA}/{room}'")).await?;
    slack.sees("document.querySelector('#room-log a[href$=\"/login/device\"]')").await?;
    slack.picture("story-link-in-slack", 1280).await?;
    let link: String =
        slack.value("document.querySelector('#room-log a[href$=\"/login/device\"]').href").await?;

    let github = Tab::open(&link).await?;
    github.type_into("input[name=user_code]", &code.to_lowercase()).await?;
    github.type_into("input[name=login]", "octocat").await?;
    github.picture("story-link-at-github", 1280).await?;
    github.click("button[value=allow]").await?;
    github.sees("location.pathname === '/login/device/thanks'").await?;
    github.close().await?;

    slack.sees("document.querySelector('#room-log')?.innerText.includes('Accept it at GitHub')").await?;
    let said: String = slack.value("document.querySelector('#room-log .by-app').innerText").await?;
    assert!(said.contains("Accept it at GitHub") && !said.contains(&code), "{said}");
    slack.picture("story-link-done", 1280).await?;
    assert_eq!(world.linked(ANA).await?.context("linked")?.login, "octocat");
    super::end(slack, world).await
}
