//! Kill the real program at any point of any command, start it again: it ends as if nothing had happened.
//!
//! The points are found by running once with a log of them; they stand in the store (before and after each
//! commit), around each operation, and around each message. Commands come from the registry, so one that is
//! added is tested without a line here.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use futures_util::StreamExt as _;
use hubcommander::app::plugins;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use std::sync::Arc;

use crate::world::{ANA, DEV, Process, Servers, shipped_with};

/// What is left when all is over: what GitHub holds, and what stands in Slack.
#[derive(Debug, PartialEq)]
struct Left {
    github: serde_json::Value,
    said: Vec<String>,
}

/// Plays one line with the real program, which dies at its N-th point if told so and is then started again.
async fn play(line: &str, die_at: Option<u64>) -> Result<(Left, Vec<String>)> {
    let servers = Servers::start().await?;
    let config = servers.write_config(&shipped_with(&[]))?;
    let log: PathBuf = servers.folder.path().join("points");
    let log_path = log.to_string_lossy().into_owned();
    let at = die_at.map(|at| at.to_string()).unwrap_or_default();
    let mut environment = vec![("HUBCOMMANDER_CRASH_LOG", log_path.as_str())];
    if die_at.is_some() {
        environment.push(("HUBCOMMANDER_CRASH_AT", at.as_str()));
    }
    let mut bot = Process::start(&config, &environment)?;
    servers.slack.connected(2).await?;
    let asked = servers.say(ANA, DEV, line)?;
    if die_at.is_some() {
        bot.gone().await.context("it was to die")?;
        bot = Process::start(&config, &[])?;
    }
    // The end has been said when it is written down that it was, and Slack holds it.
    let store = wait_finished(&servers).await;
    store.with_context(|| {
        std::fs::read_to_string(servers.folder.path().join("bot.log")).unwrap_or_default()
    })?;
    servers.slack.all_acked().await?;
    // A process that was started just now may not listen for the signal yet.
    servers.slack.connected(2).await?;
    bot.stop().await?;
    let said = servers
        .slack
        .thread(DEV, asked)
        .iter()
        .filter(|message| message.ts != asked)
        .chain(&servers.slack.ephemerals(ANA))
        .map(|message| servers.shown(message))
        .collect();
    let points = std::fs::read_to_string(&log).unwrap_or_default().lines().map(str::to_owned).collect();
    Ok((Left { github: servers.github.snapshot(), said }, points))
}

/// Waits until the store holds one invocation, and it is finished. Looks again whenever Slack or GitHub was
/// asked something, and every now and then.
async fn wait_finished(servers: &Servers) -> Result<()> {
    let store = hubcommander::store::open(&servers.store_url()).await?;
    for _ in 0..600 {
        let known = store.audit(None, 1_000).await?.iter().any(|entry| entry.event == "received");
        if known && store.unfinished().await?.is_empty() && store.unfinished_clicks().await?.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    anyhow::bail!("still unfinished: {:#?}", store.unfinished().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_of_any_command_leaves_no_trace() -> Result<()> {
    let servers = Servers::start().await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let registry = plugins(&servers.config(&shipped_with(&[]))?, &clock)?.registry;
    let mut tried = 0;
    for registered in registry.iter() {
        let line = registered.spec().examples.first().context("a command without an example")?;
        let (calm, points) = play(line, None).await?;
        ensure!(!points.is_empty(), "no points were found for {line}: is `crash-points` on?");
        let plays = points.iter().zip(1..).map(|(name, at)| async move {
            let played = play(line, Some(at)).await;
            (name, played.with_context(|| format!("{line}, killed at {name}")))
        });
        // Mostly they wait for a process to start.
        let mut plays = futures_util::stream::iter(plays).buffer_unordered(4);
        while let Some((name, played)) = plays.next().await {
            let (left, _) = played?;
            // An ephemeral message cannot be looked up, so it may be said once more.
            let mut said = left.said;
            said.dedup_by(|again, first| again == first && first.contains("(only "));
            assert_eq!(said, calm.said, "{line}, killed at {name}");
            assert_eq!(left.github, calm.github, "{line}, killed at {name}");
            tried += 1;
        }
    }
    println!("killed {tried} times");
    Ok(())
}
