//! The bots that are compared, each a process of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use hubcommander::config::SHIPPED;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{self, GitHub};
use hubcommander_sandbox::slack::{Options, Slack, World};
use hubcommander_sdk::clock::{SharedClock, SystemClock};

use crate::echo::Style;
use crate::processor;

/// Names the local Slack to this program when it is to be the bare echo, plain or quick.
pub const ECHO_OF: [(&str, Style); 2] =
    [("HUBCOMMANDER_BENCH_PLAIN_ECHO_OF", Style::Plain), ("HUBCOMMANDER_BENCH_QUICK_ECHO_OF", Style::Quick)];

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A bare echo on slack-morphism's own listener.
    Echo(Style),
    /// The real program, as it is installed.
    HubCommander,
}

/// A bot that runs, and the servers that it talks to.
pub struct Bot {
    pub slack: Slack,
    pub process: Child,
    /// From the start of the process to the first hello.
    pub ready: Duration,
    folder: tempfile::TempDir,
    _github: GitHub,
}

impl Bot {
    /// Starts a bot on the bot's core, with servers of its own, and waits for its connections.
    pub async fn start(who: Who) -> Result<Self> {
        let clock: SharedClock = Arc::new(SystemClock);
        let options = Options { patience: PATIENCE, ..Options::for_benches() };
        let slack = Slack::start(World::acme(), Arc::clone(&clock), Faults::default(), options).await?;
        let github = GitHub::start(github::World::acme(), clock, Faults::default()).await?;
        // Where the build stands: a disk, where the system's own folder for such may be only in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let mut command = match who {
            Who::Echo(style) => {
                let mut command = Command::new(std::env::current_exe()?);
                let names = ECHO_OF.iter().filter(|(_, known)| *known == style);
                command.env_clear().envs(names.map(|(name, _)| (*name, slack.api_url())));
                command
            }
            Who::HubCommander => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_hubcommander"));
                command.arg("--config").arg(write_config(&slack, &github, &folder)?).arg("run").env_clear();
                command
                    .env("SLACK_BOT_TOKEN", "xoxb-sandbox")
                    .env("SLACK_APP_TOKEN", "xapp-sandbox")
                    .env("GITHUB_TOKEN", "ghp_sandbox");
                command
            }
        };
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let pinned = processor::pin(processor::BOT);
        let begun = Instant::now();
        let process = command.spawn();
        if pinned {
            processor::pin(processor::LOAD);
        }
        // Built at once, so that the process is ended whatever happens from here on.
        let mut bot = Self { slack, process: process?, ready: Duration::ZERO, folder, _github: github };
        let connected = bot.slack.connected(1).await;
        bot.ready = begun.elapsed();
        connected.with_context(|| bot.log())?;
        bot.slack.connected(who.connections()).await.with_context(|| bot.log())?;
        Ok(bot)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Tells it to stop and expects it to end well.
    pub fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status()?;
        ensure!(told.success(), "kill -TERM");
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.process.try_wait()? {
                break status;
            }
            ensure!(Instant::now() < deadline, "it does not stop:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        };
        ensure!(status.success(), "it ended with {status}:\n{}", self.log());
        Ok(())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Who {
    /// How many connections it opens.
    fn connections(self) -> usize {
        match self {
            Self::Echo(Style::Quick) => 1,
            Self::Echo(Style::Plain) | Self::HubCommander => 2,
        }
    }
}

/// The configuration as it ships, for these servers, and without the pace that Slack asks for.
fn write_config(slack: &Slack, github: &GitHub, folder: &tempfile::TempDir) -> Result<PathBuf> {
    let store = format!("sqlite://{}", folder.path().join("bot.db").display());
    let mut text = SHIPPED.to_owned();
    for (from, to) in [
        ("sandbox = true\n", String::new()),
        ("sqlite://data/hubcommander.db", store),
        ("# api_url = \"https://slack.com/api\"", format!("api_url = {:?}", slack.api_url())),
        ("# api_url = \"https://api.github.com\"", format!("api_url = {:?}", github.url())),
        ("# pacing = true", "pacing = false".to_owned()),
        ("[web]\nlisten = \"127.0.0.1:8080\"\n", String::new()),
    ] {
        ensure!(text.contains(from), "the shipped configuration does not hold {from:?}");
        text = text.replace(from, &to);
    }
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}
