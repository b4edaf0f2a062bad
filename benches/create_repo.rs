//! How many round trips to GitHub long `!CreateRepo` with three teams is, where each takes 100 ms and the
//! connections are warm.
//!
//! `cargo bench --bench create_repo`. The bot and its servers are in one process, on loopback.
#![allow(clippy::disallowed_methods, reason = "a measurement, not the product")]

mod local;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hubcommander::app::App;
use hubcommander::slack::socket::Board;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{self, GitHub};
use hubcommander_sandbox::slack::{Options, Slack, World};
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use tokio::sync::watch;

const ROUND_TRIP: Duration = Duration::from_millis(100);
/// Reading, creating, granting: what cannot be done before the other.
const TARGET: f64 = 3.0;
/// What the rest may take, in round trips: the store, Slack, this process.
const REST: f64 = 0.5;

/// How many are measured: with the first one, four writes each, they are the twenty that go to GitHub without
/// a pause. What follows is paced, as GitHub asks.
const TIMES: usize = 4;

/// Types the command and waits for the last word. How long that took.
async fn create(slack: &Slack, name: &str) -> Result<Duration> {
    let begun = Instant::now();
    let asked = slack.say("U0ANA", "C0DEV", &format!("!CreateRepo acme {name} --team security=pull"))?;
    let said = slack.await_reply_that("C0DEV", asked, |shown| !shown.contains('⏳')).await?;
    let took = begun.elapsed();
    ensure!(slack.render(&said).contains('✅'), "not done:\n{}", slack.render(&said));
    Ok(took)
}

async fn measure(times: usize) -> Result<()> {
    let clock: SharedClock = Arc::new(SystemClock);
    let options = Options { patience: Duration::from_secs(20), ..Options::for_benches() };
    let slack = Slack::start(World::acme(), Arc::clone(&clock), Faults::default(), options).await?;
    let faults = Faults::default();
    let github = GitHub::start(github::World::acme(), Arc::clone(&clock), faults.clone()).await?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let config = local::config(&slack, &github, folder.path())?;
    let (stop, stopped) = watch::channel(false);
    let board = Board::new(Arc::clone(&clock));
    let running = tokio::spawn(App::new(&config, clock, board).await?.run(stopped));
    slack.connected(2).await?;

    create(&slack, "warm-up").await.context("the first, which opens the connections")?;
    faults.set_latency(ROUND_TRIP);
    let mut took = Vec::with_capacity(times);
    for number in 0..times {
        faults.clear_log();
        took.push(create(&slack, &format!("widgets-{number}")).await?);
    }
    let log = faults.log();
    println!("The requests of the last one, by when they came:");
    let begun = log.first().map(|first| first.at);
    for seen in &log {
        let after = begun.map_or(0, |begun| (seen.at - begun).num_milliseconds());
        println!("{after:>6} ms  {}", seen.line());
    }
    took.sort_unstable();
    let middle = took.get(took.len() / 2).copied().unwrap_or_default();
    let trips = middle.as_secs_f64() / ROUND_TRIP.as_secs_f64();
    let met = if trips <= TARGET + REST { '✓' } else { '✗' };
    println!(
        "\n!CreateRepo with three teams, from the message to its last answer, median of {times}: {:.0} ms, \
         {trips:.2} round trips of {} ms; target {TARGET} and at most {REST} for all else {met}",
        middle.as_secs_f64() * 1e3,
        ROUND_TRIP.as_millis(),
    );
    stop.send_replace(true);
    running.await??;
    Ok(())
}

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`; `cargo test --benches` adds nothing and gets a short run.
    let times = if std::env::args().any(|arg| arg == "--bench") { TIMES } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(measure(times)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
