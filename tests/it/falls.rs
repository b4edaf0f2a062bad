//! What breaks in the middle of a command, in a plugin or in the store's words, does not leave it lying there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::slack::EnvelopeKind;
use hubcommander_sdk::command::{Command, CommandSpec, Prepared};
use hubcommander_sdk::message::Message;
use hubcommander_sdk::plan::Risk;

use serde_json::json;

use crate::hands::button_value;
use crate::own::{Notes, Own, may_panic};
use crate::world::{ANA, DEV, Process, SAM, Servers, World, shipped_with};

const SECURITY: &str = "C0SECURITY";

fn spec(name: &str) -> CommandSpec {
    CommandSpec::new(name, "Tests", "Breaks").example(&format!("!{name}"))
}

/// `!Stumble` panics so many times before it answers.
fn stumble(times: usize) -> (Arc<dyn Command>, Arc<AtomicUsize>) {
    let left = Arc::new(AtomicUsize::new(times));
    let panics = Arc::clone(&left);
    let command = Own::command(spec("Stumble"), move |_| {
        may_panic(&panics);
        Ok(Prepared::Reply(Message::new("up again")))
    });
    (command, left)
}

fn noting() -> Arc<dyn Command> {
    Own::noting(spec("Note").changes(Risk::Reversible), Risk::Reversible)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_panics_is_taken_up_again() -> Result<()> {
    let (command, _) = stumble(1);
    let world = World::start_own(Servers::start().await?, &[command], &Arc::default()).await?;
    assert_eq!(world.ask("!Stumble").await?, "up again");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_panics_is_looked_at_and_done() -> Result<()> {
    let notes = Notes::that_panic(1);
    let world = World::start_own(Servers::start().await?, &[noting()], &notes).await?;
    let asked = world.say(ANA, DEV, "!Note")?;
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ✅ Noted
    ✅ a note
    TIME · inv-ID
    ");
    assert_eq!(world.slack.thread(DEV, asked).len(), 2, "one message, kept up to date");
    assert_eq!(notes.made(), 1);
    assert!(world.audit().await?.contains(&"operation.resumed".to_owned()));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_each_time_is_left_with_an_alarm_and_goes_on_at_the_next_start() -> Result<()> {
    let ((stumbling, left), notes) = (stumble(usize::MAX), Notes::that_panic(usize::MAX));
    let commands = [stumbling, noting()];
    let world = World::start_own(Servers::start().await?, &commands, &notes).await?;
    world.say(ANA, DEV, "!Stumble")?;
    let asked = world.say(ANA, DEV, "!Note")?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r"
    ⚠️ This stands still: something in the bot is broken.
    The people who run it have been told. It goes on from here when they start the bot again.
    inv-ID
    (only ana sees this)
    ");
    // Where a message is kept up to date, it says so there.
    insta::assert_snapshot!(world.end_of(DEV, asked).await?, @r"
    ⚠️ This stands still: something in the bot is broken.
    The people who run it have been told. It goes on from here when they start the bot again.
    inv-ID
    ");
    insta::assert_snapshot!(world.shown(&world.slack.await_message(SECURITY).await?), @r"
    ⚠️ A command stands still, because something in the bot is broken: `inv-ID`.
    The log says what, by that id. The bot goes on with it when it is started again.
    ");
    left.store(0, Ordering::SeqCst);
    notes.panics(0);
    let servers = world.stop().await?;
    let world = World::start_own(servers, &commands, &notes).await?;
    let said = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("Noted")).await?;
    assert!(world.shown(&said).starts_with("✅ Noted"));
    world.settled().await?;
    let answered = world.slack.messages(DEV).into_iter().any(|message| world.shown(&message) == "up again");
    assert!(answered, "{}", world.slack.transcript(DEV));
    assert_eq!(notes.made(), 1);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_the_bot_does_not_wait_for_what_lies_there() -> Result<()> {
    let (command, left) = stumble(usize::MAX);
    let world = World::start_own(Servers::start().await?, &[Arc::clone(&command)], &Arc::default()).await?;
    let asked = world.say(ANA, DEV, "!Stumble")?;
    // It has fallen twice, and lies there for three seconds.
    let twice = async {
        while left.load(Ordering::SeqCst) > usize::MAX - 2 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), twice).await.context("it did not fall")?;
    let servers = world.stop().await?;
    assert_eq!(left.load(Ordering::SeqCst), usize::MAX - 2, "it was not tried again meanwhile");
    left.store(0, Ordering::SeqCst);
    let world = World::start_own(servers, &[command], &Arc::default()).await?;
    assert_eq!(world.end_of(DEV, asked).await?, "up again");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_on_what_is_left_counts_at_the_next_start() -> Result<()> {
    let notes = Arc::<Notes>::default();
    let commands = [Own::noting(spec("Note").changes(Risk::Reversible), Risk::Irreversible)];
    let world = World::start_own(Servers::start().await?, &commands, &notes).await?;
    let asked = world.say(ANA, DEV, "!Note")?;
    world.end_of(DEV, asked).await?;
    let plan = world.with_button(DEV, asked, "run")?;
    // Somebody else's clicks are passed over.
    world.press(SAM, DEV, asked, "run").await?;
    world.whispered(SAM).await?;
    // When it is taken up again, it breaks.
    notes.mute(usize::MAX);
    let world = World::start_own(world.stop().await?, &commands, &notes).await?;
    world.slack.await_reply_that(DEV, asked, |shown| shown.contains("This stands still")).await?;
    // A click of a moment before comes late.
    world.slack.inject_payload(
        EnvelopeKind::Interactive,
        &json!({
            "type": "block_actions", "user": { "id": ANA, "team_id": "T0ACME" }, "channel": { "id": DEV },
            "container": { "type": "message", "message_ts": plan.ts, "thread_ts": asked },
            "actions": [{ "action_id": "run", "type": "button", "value": button_value(&plan.blocks, "run") }],
        }),
    );
    assert!(world.whispered(ANA).await?.contains("This stands still"));
    notes.mute(0);
    let world = World::start_own(world.stop().await?, &commands, &notes).await?;
    let said = world.slack.await_reply_that(DEV, asked, |shown| shown.contains("Noted")).await?;
    assert!(world.shown(&said).starts_with("✅ Noted"));
    assert_eq!(notes.made(), 1);
    world.settled().await?;
    world.slack.mark_all_read();
    world.end().await
}

/// The bot's log so far.
fn log(servers: &Servers) -> String {
    std::fs::read_to_string(servers.folder.path().join("bot.log")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_read_is_read_again() -> Result<()> {
    let servers = Servers::start().await?;
    let config = servers.write_config(&shipped_with(&[]))?;
    let bot = Process::start(&config, &[])?;
    servers.slack.connected(2).await?;
    let denied = Fault::Status(403, r#"{"message":"Resource not accessible"}"#.into());
    let denying = servers.github.faults().add(When::put("/teams/bots/").always(), denied);
    let asked = servers.say(ANA, DEV, "!CreateRepo acme widgets")?;
    servers.end_of(DEV, asked).await?;
    servers.settled().await?;
    servers.github.faults().remove(denying);
    let by_hand = sqlx::SqlitePool::connect(&servers.store_url()).await?;
    let journal = "UPDATE steps SET applied = ? WHERE step = 'repo'";
    let (applied,): (String,) =
        sqlx::query_as("SELECT applied FROM steps WHERE step = 'repo'").fetch_one(&by_hand).await?;
    sqlx::query(journal).bind("{").execute(&by_hand).await?;
    servers.press(ANA, DEV, asked, "retry").await?;
    let fallen = async {
        while !log(&servers).contains("an invocation fell") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), fallen).await.context("it did not fall")?;
    sqlx::query(journal).bind(applied).execute(&by_hand).await?;
    by_hand.close().await;
    let said = servers.slack.await_reply_that(DEV, asked, |shown| shown.contains("is ready")).await?;
    assert!(servers.shown(&said).starts_with("✅ acme/widgets is ready"));
    servers.settled().await?;
    servers.slack.all_acked().await?;
    bot.stop().await?;
    servers.slack.assert_nothing_unread();
    servers.assert_finished().await
}
