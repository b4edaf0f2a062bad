//! How long `!DeviceStatus` takes with five sources that take 100 ms each: from the message to the answer, the ack in
//! between.
//!
//! `cargo bench --bench device_status`. The bot and the local Slack are in one process, on loopback. Each source knows
//! the person's laptop by its owner and the phone by its serial number alone, so both looks are needed: the first time
//! one after the other, from then on at once.
#![allow(clippy::disallowed_methods, reason = "a measurement, not the product")]

mod local;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use hubcommander::app::{App, Plugins, plugins};
use hubcommander::config::Config;
use hubcommander::pipeline::rules::Admitted;
use hubcommander::registry::{Registered, Registry};
use hubcommander::slack::socket::Board;
use hubcommander_commands::stethoscope::{DeviceStatus, Devices, Views};
use hubcommander_posture::{Catalogue, Identifiers, Platform, Record, Seen, Serial};
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{self, GitHub};
use hubcommander_sandbox::slack::{Options, Slack, World};
use hubcommander_sdk::clock::{self, SharedClock, SystemClock};
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Person, PersonId, WhoIs};
use hubcommander_stethoscope::{Disowned, Settings, Stethoscope};
use tokio::sync::watch;

const TAKES: Duration = Duration::from_millis(100);
const TARGET: Duration = Duration::from_millis(130);
const SOURCES: [&str; 5] = ["one", "two", "three", "four", "five"];

/// A source that takes its time.
struct Slow {
    name: &'static str,
    clock: SharedClock,
}

impl Slow {
    fn record(&self, id: &str, name: &str, platform: Platform) -> Record {
        let now = Some(self.clock.now());
        let mut record = Record::new(self.name, id);
        record.identifiers = Identifiers { serial: Serial::read(id), ..Identifiers::default() };
        record.name = Some(name.to_owned());
        record.platform = Some(platform);
        record.os_version = Some("26.1".to_owned());
        record.last_seen = now;
        record.fetched_at = now;
        for practice in Catalogue::shipped().practices.keys() {
            record.saw(&practice.0, Seen::Good, now, None);
        }
        record
    }
}

#[async_trait]
impl DeviceSource for Slow {
    fn name(&self) -> &str {
        self.name
    }

    fn title(&self) -> &str {
        self.name
    }

    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        tokio::time::sleep(TAKES).await;
        let mut laptop = self.record("C02LAPTOP", "Ana's MacBook", Platform::MacOs);
        laptop.owners = vec![email.to_owned()];
        let mut records = vec![laptop];
        if self.name == "one" {
            let mut phone = self.record("F17PHONE", "Ana's iPhone", Platform::Ios);
            phone.owners = vec![email.to_owned()];
            records.push(phone);
        }
        Ok(Found { records, problems: Vec::new() })
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        tokio::time::sleep(TAKES).await;
        let phone = self.record("F17PHONE", "Ana's iPhone", Platform::Ios);
        let is_asked = identifiers.iter().any(|one| one.overlaps(&phone.identifiers));
        Ok(Found { records: is_asked.then_some(phone).into_iter().collect(), problems: Vec::new() })
    }

    async fn all(&self) -> Result<Found, SourceError> {
        Ok(Found::default())
    }

    async fn probe(&self) -> Result<String, SourceError> {
        Ok(String::new())
    }
}

/// Nobody has said or looked at anything.
struct Nobody;

#[async_trait]
impl Disowned for Nobody {
    async fn of(&self, _: &str) -> std::collections::BTreeSet<(String, String)> {
        std::collections::BTreeSet::new()
    }
}

#[async_trait]
impl Views for Nobody {
    async fn of(&self, _: &str) -> Vec<(PersonId, clock::Instant)> {
        Vec::new()
    }
}

#[async_trait]
impl WhoIs for Nobody {
    async fn who_is(&self, user: &str) -> Result<Person, Refusal> {
        Err(Refusal::new(format!("{user} is not asked about here."), ""))
    }
}

fn with_sources(config: &Config, clock: &SharedClock) -> Result<Plugins> {
    let source = |name| Arc::new(Slow { name, clock: Arc::clone(clock) }) as Arc<dyn DeviceSource>;
    let sources: Vec<_> = SOURCES.into_iter().map(source).collect();
    let catalogue = Catalogue::shipped();
    let settings = Settings { recent: Duration::ZERO, ..Settings::default() };
    let looks = Arc::new(Stethoscope::new(sources, Arc::new(Nobody), catalogue, Arc::clone(clock), settings));
    let devices =
        Devices { looks: looks.clone(), who_is: Arc::new(Nobody), views: Arc::new(Nobody), pages: false };
    let status = Registered::new(Arc::new(DeviceStatus::new(devices)), false, Vec::new())?;
    let registry = Arc::new(Registry::new(vec![status])?);
    Ok(Plugins { registry, devices: looks, rules: Some(Arc::new(Admitted)), ..plugins(config, clock)? })
}

/// Types the command and waits for the answer. How long that took.
async fn ask(slack: &Slack) -> Result<Duration> {
    let begun = Instant::now();
    slack.say("U0ANA", "C0DEV", "!DeviceStatus")?;
    let said = slack.await_dm("U0ANA").await?;
    let took = begun.elapsed();
    let shown = slack.render(&said);
    ensure!(shown.contains("all 2 are in good shape"), "not the answer:\n{shown}");
    Ok(took)
}

async fn measure(times: usize) -> Result<()> {
    let clock: SharedClock = Arc::new(SystemClock);
    let options = Options { patience: Duration::from_secs(20), ..Options::for_benches() };
    let slack = Slack::start(World::acme(), Arc::clone(&clock), Faults::default(), options).await?;
    let github = GitHub::start(github::World::acme(), Arc::clone(&clock), Faults::default()).await?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let config = local::config(&slack, &github, folder.path())?;
    let (stop, stopped) = watch::channel(false);
    let board = Board::new(Arc::clone(&clock));
    let plugins = with_sources(&config, &clock)?;
    let running = tokio::spawn(App::with(&config, plugins, clock, board).await?.run(stopped));
    slack.connected(2).await?;

    let first = ask(&slack).await.context("the first, which opens the connections")?;
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        took.push(ask(&slack).await?);
    }
    took.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let middle = took.get(took.len() / 2).copied().unwrap_or_default();
    let slowest = took.last().copied().unwrap_or_default();
    let met = if middle <= TARGET { '✓' } else { '✗' };
    println!(
        "!DeviceStatus with {} sources of {:.0} ms each, from the message to the answer: median of {times} {:.0} ms, the \
         slowest {:.0} ms; target {:.0} {met}. The very first, with two looks one after the other: {:.0} ms",
        SOURCES.len(),
        ms(TAKES),
        ms(middle),
        ms(slowest),
        ms(TARGET),
        ms(first),
    );
    stop.send_replace(true);
    running.await??;
    Ok(())
}

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`; `cargo test --benches` adds nothing and gets a short run.
    let times = if std::env::args().any(|arg| arg == "--bench") { 50 } else { 2 };
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
