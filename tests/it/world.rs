//! A workspace, a GitHub and the bot between them, for one test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hubcommander::app::{App, AppError, Plugins, command_names, plugins};
use hubcommander::config::{COMMAND_LIMIT, Config, KnownCommand, Overlay, PerMinute, SHIPPED, Surroundings};
use hubcommander::pipeline::rules::Admitted;
use hubcommander::slack::socket::Board;
use hubcommander_auth_plugins::duo as accounts;
use hubcommander_device_sources::sample;
use hubcommander_sandbox::devices::{self, Devices};
use hubcommander_sandbox::duo::Duo;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::{self, GitHub};
use hubcommander_sandbox::slack::{self, Message, Options, Slack, Ts};
use hubcommander_sandbox::travis::{self, Travis};
use hubcommander_sdk::clock::{Clock, Instant, SharedClock, SystemClock};
use hubcommander_sdk::command as sdk;
use rustix::process::{Resource, Rlimit};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::own::{Notes, with_own};

pub const ANA: &str = "U0ANA";
pub const SAM: &str = "U0SAM";
pub const KIM: &str = "U0KIM";
pub const APPROVALS: &str = "C0APPROVALS";
pub const GUS: &str = "U0GUS";
pub const DEV: &str = "C0DEV";

/// What the configuration that is written for a real process reads from the environment.
pub const TOKENS: [(&str, &str); 5] = [
    ("SLACK_BOT_TOKEN", "xoxb-sandbox"),
    ("SLACK_APP_TOKEN", "xapp-sandbox"),
    ("GITHUB_TOKEN", "ghp_sandbox"),
    ("TRAVIS_TOKEN", "travis_sandbox"),
    ("SAMPLE_TOKEN", DEVICES_TOKEN),
];

/// How long anything may take before a test gives up. Long, since machines are shared; never waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long after an unclear write the bot waits before it looks. The local GitHub is never busy for long.
const UNCLEAR_WAIT: Duration = Duration::from_millis(200);

/// How long the local Travis takes to look at GitHub, and how long the bot waits for that.
const SYNC_TAKES: Duration = Duration::from_millis(50);
const SYNC_WAIT: Duration = Duration::from_millis(400);

/// What lets the bot see the devices on people's desks.
const DEVICES_TOKEN: &str = "devices_sandbox";

/// A policy under which every full member may do everything.
const OPEN: &str =
    "@id(\"members\") permit (principal, action, resource) when { principal.kind == Kind::\"member\" };\n";

/// The settings of a test: `config.toml` as it ships, changed.
pub fn shipped_with(changes: &[(&str, &str)]) -> String {
    let mut text = SHIPPED.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the shipped configuration does not hold {from:?}");
        text = text.replace(from, to);
    }
    text
}

/// The servers, without a bot.
pub struct Servers {
    pub slack: Slack,
    pub github: GitHub,
    pub travis: Travis,
    pub devices: Devices,
    pub folder: tempfile::TempDir,
    slack_faults: Faults,
    _known: Known,
}

/// Each request must be one that GitHub's own description of its API knows, where the environment names it.
struct Known(Faults);

impl Known {
    fn to_github(github: &GitHub) -> Result<Self> {
        if let Some(description) = github::Description::named()? {
            github.hold_to(description);
        }
        Ok(Self(github.faults().clone()))
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.0.odd(),
                Vec::<String>::new(),
                "GitHub's description does not know these requests"
            );
        }
    }
}

impl Servers {
    pub async fn start() -> Result<Self> {
        Self::start_with(Options { patience: PATIENCE, ..Options::for_tests() }).await
    }

    pub async fn start_with(options: Options) -> Result<Self> {
        Self::start_in(options, github::World::acme()).await
    }

    /// With another world at GitHub.
    pub async fn start_in(options: Options, world: github::World) -> Result<Self> {
        let clock: SharedClock = Arc::new(SystemClock);
        let slack_faults = Faults::default();
        let github = GitHub::start(world, Arc::clone(&clock), Faults::default()).await?;
        let known = Known::to_github(&github)?;
        let (at_travis, faults) = (travis::World::acme().sync_takes(Some(SYNC_TAKES)), Faults::default());
        let travis = Travis::start(at_travis, &github, Arc::clone(&clock), faults).await?;
        let at_desks = devices::State::acme(clock.now());
        let devices = Devices::start(at_desks, DEVICES_TOKEN, Arc::clone(&clock), Faults::default()).await?;
        // The page shows both, as in the sandbox.
        let options = Options { github_page: Some(github.url()), ..options };
        let slack = Slack::start(slack::World::acme(), clock, slack_faults.clone(), options).await?;
        let folder = tempfile::tempdir()?;
        Ok(Self { slack, github, travis, devices, folder, slack_faults, _known: known })
    }

    /// What goes wrong at the local Slack.
    pub fn slack_faults(&self) -> &Faults {
        &self.slack_faults
    }

    pub fn store_path(&self) -> PathBuf {
        self.folder.path().join("store").join("bot.db")
    }

    pub fn store_url(&self) -> String {
        format!("sqlite://{}", self.store_path().display())
    }

    /// The configuration for these servers.
    pub fn config(&self, text: &str) -> Result<Config> {
        let overlay = Overlay {
            slack_api_url: self.slack.api_url().parse()?,
            bot_token: "xoxb-sandbox".to_owned().into(),
            app_token: "xapp-sandbox".to_owned().into(),
            github_api_url: self.github.url().parse()?,
            github_token: "ghp_sandbox".to_owned().into(),
            github_client_id: "Iv1.sandbox".to_owned(),
            travis: Some((self.travis.url().parse()?, "travis_sandbox".to_owned().into())),
            auth_plugins: hubcommander_auth_plugins::Setup::default(),
            device_sources: hubcommander_device_sources::Setup {
                sample: Some(sample::Settings::new(
                    self.devices.url().parse()?,
                    DEVICES_TOKEN.to_owned().into(),
                )),
                ..Default::default()
            },
            store_url: self.store_url().into(),
        };
        let commands: Vec<KnownCommand> =
            command_names().into_iter().map(|(name, keys)| KnownCommand::new(name, keys)).collect();
        let surroundings =
            Surroundings { environment: &|_| None, commands: &commands, command_limit: COMMAND_LIMIT };
        let mut config = Config::for_sandbox(Path::new("config.toml"), text, &overlay, &surroundings)
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        config.web = None;
        // A test asks more within a minute than a person does.
        config.limits = PerMinute { commands: None, changes: None };
        config.github.unclear_wait = UNCLEAR_WAIT;
        config.travis.iter_mut().for_each(|travis| travis.sync_wait = SYNC_WAIT);
        Ok(config)
    }

    /// The shipped configuration with an account at the local Duo.
    pub fn config_with_duo(&self, duo: &Duo) -> Result<Config> {
        let mut config = self.config(&shipped_with(&[]))?;
        let account = accounts::Account {
            api_url: duo.url().parse()?,
            integration_key: "DIDUOSANDBOX".to_owned().into(),
            secret_key: "duo_sandbox_secret".to_owned().into(),
            deadline: accounts::DEADLINE,
        };
        let accounts = accounts::Settings::new([("acme.example".to_owned(), account)].into());
        config.auth_plugins = hubcommander_auth_plugins::Setup { duo: Some(accounts), ..Default::default() };
        Ok(config)
    }

    /// Writes the configuration for these servers as a real process reads it.
    pub fn write_config(&self, text: &str) -> Result<PathBuf> {
        let text = text
            .replace("sandbox = true\n", "")
            .replace("sqlite://data/hubcommander.db", &self.store_url())
            .replace(
                "# api_url = \"https://slack.com/api\"",
                &format!("api_url = {:?}", self.slack.api_url()),
            )
            .replace("# api_url = \"https://api.github.com\"", &format!("api_url = {:?}", self.github.url()))
            .replace("# client_id = \"Iv1.0123456789abcdef\"", "client_id = \"Iv1.sandbox\"")
            .replace(
                "# unclear_wait = \"11s\"",
                &format!("unclear_wait = \"{}ms\"", UNCLEAR_WAIT.as_millis()),
            )
            .replace("# [travis]", &format!("[travis]\napi_url = {:?}", self.travis.url()))
            .replace("#   token = { env = \"TRAVIS_TOKEN\" }", "token = { env = \"TRAVIS_TOKEN\" }")
            .replace("[web]\nlisten = \"127.0.0.1:8080\"\n", "");
        let devices = format!(
            "\n[device_sources.sample]\nurl = {:?}\ntoken = {{ env = \"SAMPLE_TOKEN\" }}\n",
            self.devices.url()
        );
        let path = self.folder.path().join("config.toml");
        // What the policies that ship ask for has stories of its own.
        let text = format!(
            "{text}{devices}\n[policy]\nfile = \"open.cedar\"\nobligations = \"none.cedar\"\n\n[limits]\ncommands_per_minute = 0\nchanges_per_minute = 0\n"
        );
        std::fs::write(self.folder.path().join("open.cedar"), OPEN)?;
        std::fs::write(self.folder.path().join("none.cedar"), "")?;
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Types a line in a channel.
    pub fn say(&self, user: &str, channel: &str, line: &str) -> Result<Ts> {
        Ok(self.slack.say(user, channel, line)?)
    }

    /// Types a line in #dev as Ana and reads what is said in the end.
    pub async fn ask(&self, line: &str) -> Result<String> {
        let asked = self.say(ANA, DEV, line)?;
        self.end_of(DEV, asked).await
    }

    /// What is said in the end in answer to a message: the first form that is not "at work", without what
    /// differs from run to run.
    pub async fn end_of(&self, channel: &str, asked: Ts) -> Result<String> {
        let reply = self.slack.await_reply_that(channel, asked, |shown| !shown.contains('⏳')).await?;
        Ok(self.shown(&reply))
    }

    /// What is next shown to one person alone.
    pub async fn whispered(&self, user: &str) -> Result<String> {
        let message = self.slack.await_ephemeral(user).await?;
        Ok(self.shown(&message))
    }

    /// A message as a person sees it, without what differs from run to run.
    pub fn shown(&self, message: &Message) -> String {
        steady(&self.slack.render(message)).replace(&self.github.url(), "https://github.example")
    }

    /// Reads the store as it stands on the disk: nothing may be unfinished.
    pub async fn assert_finished(&self) -> Result<()> {
        let store = hubcommander::store::open(&self.store_url()).await?;
        let unfinished = store.unfinished().await?;
        ensure!(unfinished.is_empty(), "unfinished: {unfinished:#?}");
        let clicks = store.unfinished_clicks().await?;
        ensure!(clicks.is_empty(), "clicks that nobody dealt with: {clicks:#?}");
        Ok(())
    }

    /// Waits until nothing is unfinished: that an answer stands in Slack is written down after it stands there.
    pub async fn settled(&self) -> Result<()> {
        let store = hubcommander::store::open(&self.store_url()).await?;
        let settled = async {
            while !store.unfinished().await?.is_empty() || !store.unfinished_clicks().await?.is_empty() {
                // The store tells nobody of its changes.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        match tokio::time::timeout(PATIENCE, settled).await {
            Ok(settled) => settled,
            Err(_) => self.assert_finished().await,
        }
    }

    /// What the audit says, as `event` words in their order.
    pub async fn audit(&self) -> Result<Vec<String>> {
        let store = hubcommander::store::open(&self.store_url()).await?;
        Ok(store.audit(None, 1_000).await?.into_iter().map(|entry| entry.event).collect())
    }
}

/// Replaces ids and times, which differ from run to run.
pub fn steady(text: &str) -> String {
    // Made once: without optimisation that takes longer than all else here.
    static DIFFERS: LazyLock<[(regex::Regex, &str); 4]> = LazyLock::new(|| {
        [
            (r"\b(inv|lse|sch)-[0-9A-Z]{10}", "$1-ID"),
            (r"\b\d+\.\d s\b", "TIME"),
            (r"\b[0-9a-f]{12}\b", "DIGEST"),
            (r"\b\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC", "WHEN"),
        ]
        .map(|(form, word)| (regex::Regex::new(form).unwrap(), word))
    });
    DIFFERS.iter().fold(text.to_owned(), |text, (form, word)| form.replace_all(&text, *word).into_owned())
}

/// The machine's clock, which a test can put forward.
#[derive(Debug, Default)]
pub struct HandClock(std::sync::atomic::AtomicI64);

impl HandClock {
    pub fn forward(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(by, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        SystemClock.now() + chrono::TimeDelta::milliseconds(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// The servers with a bot in this process.
pub struct World {
    pub servers: Servers,
    /// The bot's time; the servers have the machine's.
    pub clock: Arc<HandClock>,
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<(), AppError>>,
}

impl std::ops::Deref for World {
    type Target = Servers;

    fn deref(&self) -> &Servers {
        &self.servers
    }
}

impl World {
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// With changes to the shipped configuration.
    pub async fn start_with(changes: &[(&str, &str)]) -> Result<Self> {
        Self::start_on(Servers::start().await?, &shipped_with(changes)).await
    }

    /// A bot for servers that are there already.
    pub async fn start_on(servers: Servers, config: &str) -> Result<Self> {
        let config = servers.config(config)?;
        Self::start_with_plugins(servers, config, |config, clock| {
            let plugins = plugins(config, clock)?;
            // What the policies that ship ask for has stories of its own.
            Ok(Plugins { rules: Some(Arc::new(Admitted)), ..plugins })
        })
        .await
    }

    /// A bot that signs what it does with this key.
    pub async fn start_signing(config: &str, key: hubcommander_audit::SigningKey) -> Result<Self> {
        let servers = Servers::start().await?;
        let mut config = servers.config(config)?;
        config.audit.settings.key = Some(Arc::new(key));
        Self::start_with_plugins(servers, config, |config, clock| {
            let plugins = plugins(config, clock)?;
            Ok(Plugins { rules: Some(Arc::new(Admitted)), ..plugins })
        })
        .await
    }

    /// A bot that knows only commands of the test's own, which make these notes.
    pub async fn start_own(
        servers: Servers,
        commands: &[Arc<dyn sdk::Command>],
        notes: &Arc<Notes>,
    ) -> Result<Self> {
        let config = servers.config(&shipped_with(&[]))?;
        Self::start_with_plugins(servers, config, |config, clock| with_own(config, clock, commands, notes))
            .await
    }

    /// A bot with the policies that ship and an account at the local Duo, for the servers that are there already.
    pub async fn start_as_shipped(servers: Servers, duo: &Duo) -> Result<Self> {
        let config = servers.config_with_duo(duo)?;
        Self::start_with_plugins(servers, config, |config, clock| Ok(plugins(config, clock)?)).await
    }
    /// A bot for servers that are there already, with plugins that are changed before it starts.
    pub async fn start_changed(
        servers: Servers,
        config: &str,
        change: impl FnOnce(&mut Plugins),
    ) -> Result<Self> {
        let config = servers.config(config)?;
        Self::start_with_plugins(servers, config, |config, clock| {
            let mut plugins = plugins(config, clock)?;
            change(&mut plugins);
            Ok(plugins)
        })
        .await
    }

    /// A bot with plugins that the test has had its hands on.
    pub async fn start_with_plugins(
        servers: Servers,
        mut config: Config,
        plugins: impl FnOnce(&Config, &SharedClock) -> Result<Plugins>,
    ) -> Result<Self> {
        // The pace is tested by itself; here it would only make the tests slow.
        config.slack.pacing = false;
        let (stop, stopped) = watch::channel(false);
        let hand = Arc::new(HandClock::default());
        let clock: SharedClock = Arc::<HandClock>::clone(&hand);
        let board = Board::new(Arc::clone(&clock));
        let plugins = plugins(&config, &clock)?;
        let app = App::with(&config, plugins, clock, board).await?;
        let running = tokio::spawn(app.run(stopped));
        servers.slack.connected(2).await?;
        Ok(Self { servers, clock: hand, stop, running })
    }

    /// Stops the bot. Nothing may be unread or unfinished.
    pub async fn end(self) -> Result<()> {
        self.servers.slack.all_acked().await?;
        self.servers.settled().await?;
        let servers = self.stop().await?;
        servers.slack.assert_nothing_unread();
        servers.assert_finished().await
    }

    /// Stops the bot and leaves the servers.
    pub async fn stop(self) -> Result<Servers> {
        self.stop.send_replace(true);
        tokio::time::timeout(PATIENCE, self.running).await.context("the bot does not stop")???;
        Ok(self.servers)
    }
}

/// The bot as a process of its own: the real program.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it. `environment` is added to an empty one.
    pub fn start(config: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_hubcommander")), config, environment)
    }

    /// Starts it so that the system does not end it when a file may not grow any more.
    pub fn start_for_a_small_disk(config: &Path) -> Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_hubcommander")]);
        Self::start_as(shell, config, &[])
    }

    fn start_as(mut program: Command, config: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        let log =
            std::fs::File::options().create(true).append(true).open(config.with_file_name("bot.log"))?;
        let child = program
            .arg("--config")
            .arg(config)
            .arg("run")
            .env_clear()
            .envs(TOKENS)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { child })
    }

    /// No file of the process may grow beyond this many bytes; `None` lets them grow again.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?));
        let id = id.context("the bot is gone already")?;
        let limit = Rlimit { current: bytes, maximum: None };
        rustix::process::prlimit(Some(id), Resource::Fsize, limit)?;
        Ok(())
    }

    /// Waits until it ends by itself, however long it lives.
    pub async fn ended(&mut self) -> Result<std::process::ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Waits until it is gone by itself.
    pub async fn gone(&mut self) -> Result<std::process::ExitStatus> {
        Ok(tokio::time::timeout(PATIENCE, self.child.wait()).await.context("the bot lives on")??)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Kills it as `kill -9` does.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.start_kill()?;
        self.gone().await.map(drop)
    }

    /// Tells it to stop, as a supervisor does, and expects it to end well.
    pub async fn stop(mut self) -> Result<()> {
        let Some(id) = self.child.id() else { bail!("the bot is gone already") };
        let told = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await?;
        ensure!(told.success(), "kill -TERM");
        let status = self.gone().await?;
        ensure!(status.success(), "the bot ended with {status}");
        Ok(())
    }
}
