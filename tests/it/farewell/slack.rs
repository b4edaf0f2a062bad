//! What Slack says: while the bot is there, and while it was not.

use anyhow::Result;
use hubcommander::members::Book;
use hubcommander::store::Shelf;
use hubcommander_sdk::accounts::SetLinks;
use serde_json::json;

use super::{AT_ONCE, Story, linked, slack_tells};
use crate::world::{ANA, SAM, Servers};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deactivated_in_slack_is_let_go() -> Result<()> {
    let story = Story::start(AT_ONCE).await?;
    story.link(ANA, "ana-lima").await?;
    slack_tells(&story, ANA, true);
    insta::assert_snapshot!(story.hears("has been let go").await?, @r"
    ✅ @ana (`ana-lima`) has been let go
    ✅ ana-lima is no member of acme any more, nor of its teams employees and platform
    ✅ ana-lima is no member of acme-oss any more, nor of its team employees
    ✅ `ana-lima` is no longer the account of @ana
    [Undo]
    TIME · inv-ID
    ");
    assert_eq!(story.members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "member" }));
    story.settled().await?;
    slack_tells(&story, ANA, true);
    story.slack.all_acked().await?;
    story.settled().await?;
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_deactivated_while_the_bot_was_down_is_found_at_the_start() -> Result<()> {
    let servers = Servers::start().await?;
    std::fs::create_dir_all(servers.store_path().parent().unwrap())?;
    let shelf = Shelf::default();
    shelf.put(hubcommander::store::open(&servers.store_url()).await?);
    let book = Book::new(shelf, false);
    for (user, login) in [(ANA, "ana-lima"), (SAM, "sam-okafor")] {
        let link = linked(&servers, user, login)?;
        book.set(&format!("test-{user}"), &SetLinks::link(link, None, None)).await?;
    }
    servers.slack.arrange(|slack| slack.people.get_mut(ANA).unwrap().deleted = true);
    let story = Story::start_on(servers, AT_ONCE, true).await?;
    story.hears("has been let go").await?;
    assert_eq!(story.members("acme"), json!({ "hub-bot": "admin", "sam-okafor": "member" }));
    assert_eq!(book.all_links().await?.len(), 1);
    story.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_were_deactivated_meanwhile_are_held() -> Result<()> {
    let servers = Servers::start().await?;
    std::fs::create_dir_all(servers.store_path().parent().unwrap())?;
    let shelf = Shelf::default();
    shelf.put(hubcommander::store::open(&servers.store_url()).await?);
    let book = Book::new(shelf, false);
    let before = servers.github.snapshot();
    for (user, login) in [(ANA, "ana-lima"), (SAM, "sam-okafor")] {
        let link = linked(&servers, user, login)?;
        book.set(&format!("test-{user}"), &SetLinks::link(link, None, None)).await?;
        servers.slack.arrange(|slack| slack.people.get_mut(user).unwrap().deleted = true);
    }
    let story = Story::start_on(servers, "", true).await?;
    story.hears("2 farewells are held.").await?;
    assert_eq!(story.github.snapshot(), before);
    story.world.end().await
}
