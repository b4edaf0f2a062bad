//! Slack loses answers, refuses messages and breaks connections; the store cannot write.

use std::time::Duration;

use anyhow::{Context as _, Result};
use hubcommander::slack::socket::SocketSettings;
use hubcommander_sandbox::faults::{Fault, Hold, When};
use hubcommander_sandbox::slack::{Leave, Options, Slack, Ts, Which};
use serde_json::json;

use crate::hands::held;
use crate::world::{ANA, DEV, Process, Servers, World, shipped_with};

const CREATE: &str = "!CreateRepo acme widgets";
const READY: &str = "private · empty · bots pull · employees push";
const SECURITY: &str = "C0SECURITY";

/// What the bot said in a thread.
fn said_in(world: &World, asked: Ts) -> Vec<String> {
    let thread = world.slack.thread(DEV, asked);
    thread.iter().filter(|message| message.ts != asked).map(|message| world.shown(message)).collect()
}

/// A message meets one fault on its way: it stands there once.
async fn in_spite_of(when: When, fault: Fault) -> Result<()> {
    for line in ["!Repeat hello", CREATE] {
        let world = World::start().await?;
        world.slack_faults().add(when.clone(), fault.clone());
        let asked = world.say(ANA, DEV, line)?;
        let end = world.end_of(DEV, asked).await?;
        assert!(end == "hello" || end.starts_with("✅ acme/widgets is ready"), "{end}");
        // What was found to stand there is written once more, with the same words.
        world.settled().await?;
        let said = said_in(&world, asked);
        assert_eq!(said, [end]);
        world.slack.mark_all_read();
        world.end().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_message_is_lost() -> Result<()> {
    in_spite_of(When::post("chat.postMessage"), Fault::LostAnswer).await?;
    in_spite_of(When::post("chat.postMessage"), Fault::Dropped).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_meets_an_error_of_the_server() -> Result<()> {
    in_spite_of(When::post("chat.postMessage").times(2), Fault::Status(500, "<html>".into())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_asks_to_wait_a_second() -> Result<()> {
    let limited = Fault::RateLimited { retry_after: Duration::from_secs(1) };
    in_spite_of(When::post("chat.postMessage"), limited.clone()).await?;
    in_spite_of(When::post("chat.update"), limited).await
}

/// `!CreateRepo` is held at GitHub while its message says "at work", something happens to that, and it goes on.
async fn held_at_work(meanwhile: impl FnOnce(&World, Ts)) -> Result<(World, Ts)> {
    let world = World::start().await?;
    let gate = world.github.faults().gate(When::post("/orgs/acme/repos"), Hold::BeforeEffect);
    let asked = world.say(ANA, DEV, CREATE)?;
    held(&gate).await?;
    let working = world.slack.await_reply(DEV, asked).await?;
    meanwhile(&world, working.ts);
    gate.release();
    Ok((world, asked))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_is_deleted_while_it_is_at_work() -> Result<()> {
    let (world, asked) = held_at_work(|world, ts| world.slack.remove("U0HUB", DEV, ts).unwrap()).await?;
    let end = world.end_of(DEV, asked).await?;
    assert!(end.starts_with("✅ acme/widgets is ready"), "{end}");
    assert_eq!(said_in(&world, asked).len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_is_archived_while_it_is_at_work() -> Result<()> {
    let archive = |world: &World, _| {
        world.slack.arrange(|slack| slack.channels.get_mut(DEV).unwrap().archived = true);
    };
    let (world, _) = held_at_work(archive).await?;
    let end = world.slack.wait_for(Duration::from_secs(60), "the end in a direct message", |slack| {
        slack
            .dms(ANA)
            .into_iter()
            .map(|message| world.shown(&message))
            .find(|shown| shown.contains("is ready"))
    });
    insta::assert_snapshot!(end.await?, @r"
    ✅ acme/widgets is ready
    private · employees can push · bots can read
    [Open on GitHub] [Undo]
    TIME · inv-ID
    ");
    assert_eq!(world.slack.dms(ANA).len(), 1);
    assert_eq!(world.at_github("acme", "widgets"), READY);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_is_taken_out_of_the_channel_before_it_answers() -> Result<()> {
    let world = World::start().await?;
    let gate = world.slack_faults().gate(When::path("users.info"), Hold::BeforeEffect);
    world.say(ANA, DEV, CREATE)?;
    held(&gate).await?;
    world.slack.arrange(|slack| slack.channels.get_mut(DEV).unwrap().members.remove("U0HUB"));
    gate.release();
    let end = world.slack.wait_for(Duration::from_secs(60), "the end in a direct message", |slack| {
        slack
            .dms(ANA)
            .into_iter()
            .map(|message| world.shown(&message))
            .find(|shown| shown.contains("is ready"))
    });
    end.await?;
    assert_eq!(world.slack.dms(ANA).len(), 1);
    world.slack.mark_all_read();
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_whispered_comes_as_a_direct_message() -> Result<()> {
    let world = World::start().await?;
    world.slack.refuse("chat.postEphemeral", "user_not_in_channel", u64::MAX);
    world.say(ANA, DEV, "!CreateRepo acme website")?;
    let message = world.slack.await_dm(ANA).await?;
    insta::assert_snapshot!(world.shown(&message), @r#"
    ⛔ acme/website exists already.
    Choose another name, or ask for access to it.
    inv-ID
    "#);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_does_not_say_who_somebody_is() -> Result<()> {
    let world = World::start().await?;
    world.slack_faults().add(When::path("users.info").always(), Fault::Status(500, "<html>".into()));
    world.say(ANA, DEV, CREATE)?;
    insta::assert_snapshot!(world.whispered(ANA).await?, @r#"
    ⛔ Slack did not tell me who you are, so I did nothing.
    Try again in a minute.
    inv-ID
    (only ana sees this)
    "#);
    assert_eq!(world.github.faults().arrived(), 0, "GitHub was not asked anything");
    world.slack_faults().clear();
    let end = world.ask(CREATE).await?;
    assert!(end.starts_with('✅'), "{end}");
    world.end().await
}

/// Many lines, with something happening to the connections meanwhile: each is answered once.
async fn many(lines: usize, mut every_tenth: impl FnMut(&World)) -> Result<World> {
    let world = World::start().await?;
    let mut asked = Vec::new();
    for number in 0..lines {
        asked.push((number, world.say(ANA, DEV, &format!("!Repeat line {number}"))?));
        if number % 10 == 5 {
            every_tenth(&world);
            tokio::task::yield_now().await;
        }
    }
    for (number, ts) in &asked {
        assert_eq!(world.end_of(DEV, *ts).await?, format!("line {number}"));
    }
    world.slack.all_acked().await?;
    for (_, ts) in &asked {
        assert_eq!(said_in(&world, *ts).len(), 1);
    }
    Ok(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_cut_in_the_middle() -> Result<()> {
    let world = many(40, |world| {
        if let Some(link) = world.slack.links().first() {
            world.slack.cut(Which::One(*link));
        }
    });
    world.await?.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_renewed_under_load() -> Result<()> {
    let world = many(200, |world| world.slack.disconnect(Which::All, Leave::RefreshRequested)).await?;
    world.slack.connected(2).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_half_open() -> Result<()> {
    // What went to the frozen one comes again after the bot has noticed, as with the real Slack.
    let (patience, redeliver_after) = (Duration::from_secs(60), Duration::from_secs(6));
    let servers = Servers::start_with(Options { patience, redeliver_after, ..Options::for_tests() }).await?;
    let world = World::start_on(servers, &shipped_with(&[])).await?;
    let frozen = world.slack.links()[0];
    world.slack.freeze(Which::One(frozen));
    let mut asked = Vec::new();
    for number in 0..20 {
        asked.push(world.say(ANA, DEV, &format!("!Repeat line {number}"))?);
    }
    // The bot takes another one in its place; then the server notices too.
    world.slack.connected(3).await?;
    world.slack.cut(Which::One(frozen));
    for (number, ts) in asked.into_iter().enumerate() {
        assert_eq!(world.end_of(DEV, ts).await?, format!("line {number}"));
        assert_eq!(said_in(&world, ts).len(), 1);
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_connections_are_half_open_at_once() -> Result<()> {
    let (patience, redeliver_after) = (Duration::from_secs(60), Duration::from_secs(8));
    let servers = Servers::start_with(Options { patience, redeliver_after, ..Options::for_tests() }).await?;
    let world = World::start_on(servers, &shipped_with(&[("auth = []", "auth = [\"confirm\"]")])).await?;
    let waiting = world.say(ANA, DEV, CREATE)?;
    assert!(world.end_of(DEV, waiting).await?.contains("[Run]"));

    let frozen = world.slack.links();
    world.slack.freeze(Which::All);
    let asked = world.say(ANA, DEV, "!Repeat hello")?;
    // A click does not come again; Slack tells the person that nobody took it.
    assert!(world.press(ANA, DEV, waiting, "run").await.is_err());
    assert_eq!(world.slack.take_notices(ANA).len(), 1);
    // Nobody told the bot. Within its bound it has noticed, and has two others beside the dead ones.
    let bound = SocketSettings::default().dead_after * 3 / 2;
    let two_more = |slack: &Slack| (slack.links().len() == frozen.len() + 2).then_some(());
    world.slack.wait_for(bound, "two new connections", two_more).await?;
    // One comes back to life when the bot has left it; of the other the server hears nothing any more.
    world.slack.thaw(Which::One(frozen[0]));
    world.slack.cut(Which::One(frozen[1]));

    assert_eq!(world.end_of(DEV, asked).await?, "hello");
    world.press(ANA, DEV, waiting, "run").await?;
    let end = world.end_of(DEV, waiting).await?;
    assert!(end.starts_with("✅ acme/widgets is ready"), "{end}");
    world.slack.all_acked().await?;
    world.settled().await?;
    assert_eq!((said_in(&world, asked).len(), said_in(&world, waiting).len(), world.creations()), (1, 1, 1));
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_mode_is_switched_off() -> Result<()> {
    let world = World::start().await?;
    world.slack.disconnect(Which::All, Leave::LinkDisabled);
    let alarm = world.slack.await_message(SECURITY).await?;
    insta::assert_snapshot!(world.shown(&alarm), @r#"
    ⚠️ Socket Mode was switched off in the Slack app's settings, so no command reaches the bot.
    Switch it on again under Socket Mode.
    "#);
    let servers = world.stop().await?;
    servers.slack.assert_nothing_unread();
    servers.assert_finished().await
}

/// What the health page says, and with which status.
async fn health(address: &str) -> Result<(u16, String)> {
    let answer =
        reqwest::Client::builder().no_proxy().build()?.get(format!("http://{address}/healthz")).send();
    let answer = answer.await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

/// Waits until something holds. Nobody tells of a change there, so it is looked at again and again.
async fn until(what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let waiting = async {
        while !holds().await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.with_context(|| what.to_owned())?
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_bot_token_is_told_where_it_can_be_told() -> Result<()> {
    let servers = Servers::start().await?;
    // A port that is free now; the bot takes it a moment later.
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let config = servers.write_config(&shipped_with(&[("127.0.0.1:8080", &address)]))?;
    let log = || std::fs::read_to_string(config.with_file_name("bot.log"));
    let bot = Process::start(&config, &[])?;
    servers.slack.connected(2).await?;
    assert_eq!(health(&address).await?, (200, "ok\n".to_owned()));
    servers.slack.refuse_bot(Some("token_revoked"));
    let mut asked = Vec::new();
    for line in ["!Repeat one", "!Repeat two", CREATE] {
        asked.push(servers.say(ANA, DEV, line)?);
    }
    // Each command has met it, and waits.
    let met = async || Ok(log()?.matches("Slack refuses us; trying again").count() == asked.len());
    until("all commands meet it", met).await?;
    let (status, page) = health(&address).await?;
    assert_eq!((status, page.as_str()), (503, "Slack refuses the bot's token: token_revoked\n"));
    let log_now = log()?;
    let told: Vec<&str> = log_now.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(told.len(), 1, "once for the cause, and at the level of an alarm: {told:#?}");
    assert!(told[0].contains("Slack refuses the bot's token: token_revoked."), "{told:?}");
    // With a new token the bot is started anew, and goes on.
    servers.slack.all_acked().await?;
    bot.stop().await?;
    servers.slack.refuse_bot(None);
    let bot = Process::start(&config, &[])?;
    for (asked, end) in asked.into_iter().zip(["one", "two", "✅ acme/widgets is ready"]) {
        let said = servers.end_of(DEV, asked).await?;
        assert!(said.starts_with(end), "{said}");
    }
    servers.settled().await?;
    assert_eq!(health(&address).await?.0, 200);
    servers.slack.connected(2).await?;
    bot.stop().await?;
    servers.assert_finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_the_app_lacks_is_told_in_slack() -> Result<()> {
    let world = World::start().await?;
    world.slack.refuse("users.info", "missing_scope", u64::MAX);
    for _ in 0..3 {
        world.say(ANA, DEV, CREATE)?;
        assert!(world.whispered(ANA).await?.contains("Slack did not tell me who you are"));
    }
    insta::assert_snapshot!(world.shown(&world.slack.await_message(SECURITY).await?), @r"
    ⚠️ The Slack app lacks a permission, so `users.info` is refused.
    Compare its permissions with `hubcommander manifest`, and install it anew.
    ");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_again_counts_once() -> Result<()> {
    let world = World::start().await?;
    let asked = world.say(ANA, DEV, "!Repeat once")?;
    assert_eq!(world.end_of(DEV, asked).await?, "once");
    for kind in ["message", "app_mention"] {
        world.slack.inject_event(&json!({
            "type": kind, "user": ANA, "channel": DEV, "channel_type": "channel", "team": "T0ACME",
            "text": "!Repeat once", "ts": asked, "event_ts": asked,
        }));
    }
    world.slack.all_acked().await?;
    assert_eq!(world.ask("!Repeat after").await?, "after");
    assert_eq!(said_in(&world, asked).len(), 1);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_cannot_write_for_a_while() -> Result<()> {
    let patience = Duration::from_secs(60);
    let redeliver_after = Duration::from_secs(2);
    let servers = Servers::start_with(Options { patience, redeliver_after, ..Options::for_tests() }).await?;
    let world = World::start_on(servers, &shipped_with(&[])).await?;
    let by_hand = sqlx::SqlitePool::connect(&world.store_url()).await?;
    sqlx::query(
        "CREATE TRIGGER full BEFORE INSERT ON invocations BEGIN SELECT RAISE(FAIL, 'the disk is full'); END",
    )
    .execute(&by_hand)
    .await?;
    let asked = world.say(ANA, DEV, CREATE)?;
    let alarm = world.slack.await_message(SECURITY).await?;
    insta::assert_snapshot!(world.shown(&alarm), @r#"
    ⚠️ The bot cannot write to its store, so it takes no commands until it can.
    Look at the disk or the database. Slack sends the newest commands again for some minutes.
    "#);
    assert!(!world.slack.unacked().is_empty(), "what is not durable is not acked");
    sqlx::query("DROP TRIGGER full").execute(&by_hand).await?;
    by_hand.close().await;
    let end = world.end_of(DEV, asked).await?;
    assert!(end.starts_with("✅ acme/widgets is ready"), "{end}");
    assert_eq!(world.creations(), 1);
    world.end().await
}
