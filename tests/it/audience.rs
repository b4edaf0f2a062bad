//! A plan of a command whose answers are for the person alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use hubcommander_sandbox::slack::Message;
use hubcommander_sdk::command::{Audience, CommandSpec};
use hubcommander_sdk::plan::Risk;

use crate::own::{Notes, Own};
use crate::world::{ANA, DEV, Servers, World};

const SHARED: &str = "C0SHARED";
const NOBOT: &str = "C0NOBOT";

/// A bot that knows `!Secret`, whose plan is as risky as this.
async fn start_on(servers: Servers, risk: Risk) -> Result<World> {
    let spec = CommandSpec::new("Secret", "Tests", "Notes what is yours alone")
        .example("!Secret")
        .audience(Audience::Person)
        .changes(Risk::Reversible);
    World::start_own(servers, &[Own::noting(spec, risk)], &Arc::<Notes>::default()).await
}

async fn start(risk: Risk) -> Result<World> {
    start_on(Servers::start().await?, risk).await
}

/// The first direct message to Ana that shows this, by now or later.
async fn direct(world: &World, words: &str) -> Result<Message> {
    let found = world.slack.wait_for(Duration::from_secs(60), "a direct message", |slack| {
        slack.dms(ANA).into_iter().find(|message| slack.render(message).contains(words))
    });
    Ok(found.await?)
}

/// Nothing that others could read was said there.
fn nothing_public(world: &World, channel: &str) {
    let said: Vec<_> =
        world.slack.messages(channel).into_iter().filter(|said| said.user == "U0HUB").collect();
    assert!(said.is_empty(), "{}", world.slack.transcript(channel));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_kept_up_to_date_in_a_direct_message_with_a_pointer_where_it_was_asked() -> Result<()> {
    let world = start(Risk::Reversible).await?;
    world.say(ANA, DEV, "!Secret")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    The answer is for you alone: it is in your direct messages with me.
    (only ana sees this)
    ");
    insta::assert_snapshot!(world.shown(&direct(&world, "Noted").await?), @r"
    ✅ Noted
    ✅ a note
    TIME · inv-ID
    ");
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 1, "one message, kept up to date");
    nothing_public(&world, DEV);
    world.slack.mark_all_read();
    // Who reads along does not matter then.
    world.say(ANA, SHARED, "!Secret")?;
    assert!(world.whispered(ANA).await?.starts_with("The answer is for you alone"));
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 2);
    nothing_public(&world, SHARED);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_word_there_and_hints_are_given_there() -> Result<()> {
    let world = start(Risk::Irreversible).await?;
    world.say(ANA, DEV, "!Secret")?;
    world.whispered(ANA).await?;
    let plan = direct(&world, "[Run]").await?;
    insta::assert_snapshot!(world.shown(&plan), @r"
    ⚠️ Make a note
    • a note
    It takes your word that this is what you want.
    [Run] [Cancel]
    Asked by @ana · valid for 1 hour · inv-ID
    ");
    let press = || world.slack.click(ANA, "D0ANA", plan.ts, "run", None);
    let (one, other) = tokio::join!(press(), press());
    one?;
    other?;
    direct(&world, "Noted").await?;
    direct(&world, "This is over already").await?;
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 2, "the plan, kept up to date, and the hint");
    assert!(world.slack.ephemerals(ANA).len() == 1, "only the pointer was said in the channel");
    nothing_public(&world, DEV);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_message_it_is_answered_as_ever() -> Result<()> {
    let world = start(Risk::Reversible).await?;
    let asked = world.say(ANA, "D0ANA", "Secret")?;
    assert!(world.end_of("D0ANA", asked).await?.starts_with("✅ Noted"));
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 2, "what Ana typed, and one answer");
    assert!(world.slack.ephemerals(ANA).is_empty(), "there is no way to show");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_slash_command_it_is_the_same() -> Result<()> {
    let world = start(Risk::Reversible).await?;
    for channel in [DEV, NOBOT] {
        world.slack.slash(ANA, channel, "Secret").await?;
        assert!(world.whispered(ANA).await?.starts_with("The answer is for you alone"));
        direct(&world, "Noted").await?;
        world.settled().await?;
        nothing_public(&world, channel);
        world.slack.mark_all_read();
    }
    assert_eq!(world.slack.dms(ANA).len(), 2);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_restart_it_stays_there() -> Result<()> {
    let world = start(Risk::Irreversible).await?;
    world.say(ANA, DEV, "!Secret")?;
    world.whispered(ANA).await?;
    let plan = direct(&world, "[Run]").await?;
    let world = start_on(world.stop().await?, Risk::Irreversible).await?;
    world.slack.click(ANA, "D0ANA", plan.ts, "cancel", None).await?;
    insta::assert_snapshot!(world.shown(&direct(&world, "cancelled").await?), @r"
    ⛔ Make a note: cancelled
    Cancelled by @ana. Nothing was changed.
    inv-ID
    ");
    world.settled().await?;
    assert_eq!(world.slack.dms(ANA).len(), 1, "the same message");
    nothing_public(&world, DEV);
    world.slack.mark_all_read();
    world.end().await
}
