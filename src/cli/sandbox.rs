//! `hubcommander sandbox`

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hubcommander_auth_plugins::duo;
use hubcommander_device_sources::sample;
use hubcommander_sandbox::devices::Devices;
use hubcommander_sandbox::duo::Duo;
use hubcommander_sandbox::faults::Faults;
use hubcommander_sandbox::github::GitHub;
use hubcommander_sandbox::server::ServeError;
use hubcommander_sandbox::slack::{Options, Slack};
use hubcommander_sandbox::travis::Travis;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use super::run::{failed, signals};
use super::{End, Failure, begin_log, runtime};
use crate::app::App;
use crate::config::{self, Config, Overlay, Problems, SHIPPED, Surroundings, read_file};
use crate::slack::socket::Board;

/// The token that the local GitHub knows.
const SANDBOX_GITHUB_TOKEN: &str = "ghp_sandbox";
/// The token that the local Travis knows.
const SANDBOX_TRAVIS_TOKEN: &str = "travis_sandbox";
/// The keys that the local Duo knows, and the domain of the people who have a phone there.
const SANDBOX_DUO_KEYS: (&str, &str) = ("DIDUOSANDBOX", "duo_sandbox_secret");
const SANDBOX_DOMAIN: &str = "acme.example";
/// How long the local Travis takes to look at the local GitHub: long enough to be seen.
const SYNC_TAKES: Duration = Duration::from_secs(3);

/// How the sandbox is started.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct SandboxOptions {
    /// The port of the page; 7080 or any free one if it is not given.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Do not open the page in the browser.
    #[arg(long)]
    pub no_open: bool,
}

/// The port that the page gets if it is free and no other is asked for.
const USUAL_PORT: u16 = 7080;

/// What lets the bot see the devices on people's desks.
const SANDBOX_DEVICES_TOKEN: &str = "devices_sandbox";

/// Starts the local Slack, the local GitHub, the local Travis, the local Duo and the bot, and runs them until it is told to stop.
pub(super) fn run(
    options: &SandboxOptions,
    file: Option<&Path>,
    surroundings: &Surroundings<'_>,
) -> Result<(), End> {
    let configuration = Configuration::new(file)?;
    runtime()?.block_on(until_stopped(options, &configuration, surroundings))
}

async fn until_stopped(
    options: &SandboxOptions,
    configuration: &Configuration,
    surroundings: &Surroundings<'_>,
) -> Result<(), End> {
    let clock: SharedClock = Arc::new(SystemClock);
    let signals = signals()?;
    let folder = Folder::new()?;
    let github =
        GitHub::start(hubcommander_sandbox::github::World::acme(), Arc::clone(&clock), Faults::default())
            .await
            .map_err(|error| no_server(&error))?;
    let at_travis = hubcommander_sandbox::travis::World::acme().sync_takes(Some(SYNC_TAKES));
    let travis = Travis::start(at_travis, &github, Arc::clone(&clock), Faults::default())
        .await
        .map_err(|error| no_server(&error))?;
    let at_duo = hubcommander_sandbox::duo::World::acme();
    let duo =
        Duo::start(at_duo, Arc::clone(&clock), Faults::default()).await.map_err(|error| no_server(&error))?;
    let mut at_desks = hubcommander_sandbox::devices::State::acme(clock.now());
    let questions = folder.questions()?;
    at_desks.questions = Some(questions.clone());
    let devices = Devices::start(at_desks, SANDBOX_DEVICES_TOKEN, Arc::clone(&clock), Faults::default())
        .await
        .map_err(|error| no_server(&error))?;
    let behaviour = Options { github_page: Some(github.url()), ..Options::default() };
    let listener = listener(options.port).await?;
    let world = hubcommander_sandbox::slack::World::acme();
    let (bot_token, app_token) = (behaviour.bot_token.clone(), behaviour.app_token.clone());
    let slack = Slack::start_on(listener, world, Arc::clone(&clock), Faults::default(), behaviour)
        .map_err(|error| no_server(&error))?;

    let overlay = Overlay {
        slack_api_url: address(&slack.api_url())?,
        bot_token: bot_token.into(),
        app_token: app_token.into(),
        github_api_url: address(&github.url())?,
        github_token: SANDBOX_GITHUB_TOKEN.to_owned().into(),
        github_client_id: "Iv1.sandbox".to_owned(),
        travis: Some((address(&travis.url())?, SANDBOX_TRAVIS_TOKEN.to_owned().into())),
        auth_plugins: hubcommander_auth_plugins::Setup {
            duo: Some(accounts(address(&duo.url())?)),
            ..Default::default()
        },
        device_sources: hubcommander_device_sources::Setup {
            sample: Some(sample::Settings::new(
                address(&devices.url())?,
                SANDBOX_DEVICES_TOKEN.to_owned().into(),
            )),
            ..Default::default()
        },
        store_url: format!("sqlite://{}", folder.0.join("sandbox.db").display()).into(),
    };
    let mut config = configuration.with(&overlay, surroundings)?;
    // The web server of a real bot may be listening where the file says.
    let web = own_web()?;
    let pages = web.public_url.clone();
    config.web = Some(web);
    let asked = config.notifications.get_or_insert_default();
    asked.folder = Some(questions);
    asked.channel = asked.channel.take().or_else(|| config.slack.alarm_channel.clone());
    if config.log.filter == "info" {
        // Beside the page the log is noise, unless something is wrong. That nobody has signed what is thrown away is not.
        config.log.filter = "warn,hubcommander::audit=error".to_owned();
    }
    begin_log(&config)?;
    let (tell, stop) = watch::channel(false);
    let board = Board::new(Arc::clone(&clock));
    let mut status = board.watcher().status;
    let app = App::new(&config, clock, board).await.map_err(|error| failed(&error))?;
    let running = tokio::spawn(app.run(stop));
    if status.wait_for(|status| status.ready_since.is_some()).await.is_ok() {
        say_where(
            &slack.page_url(),
            &github.url(),
            &travis.url(),
            &duo.url(),
            &devices.url(),
            pages.as_ref(),
            options.no_open,
        );
    }
    signals.await;
    tell.send_replace(true);
    match running.await {
        Ok(ended) => ended.map_err(|error| failed(&error))?,
        Err(error) => tracing::error!(%error, "the bot's task ended"),
    }
    Ok(())
}

/// The account at the local Duo.
fn accounts(api_url: Url) -> duo::Settings {
    let (integration_key, secret_key) = SANDBOX_DUO_KEYS;
    let account = duo::Account {
        api_url,
        integration_key: integration_key.into(),
        secret_key: secret_key.into(),
        deadline: duo::DEADLINE,
    };
    duo::Settings::new([(SANDBOX_DOMAIN.to_owned(), account)].into())
}

/// Where the bot's own pages are: on any port that is free now.
fn own_web() -> Result<config::Web, Failure> {
    let taken = |error| {
        Failure::new(
            format!("Nothing can listen on this machine: {error}."),
            "See that this machine lets programs listen on 127.0.0.1.",
        )
    };
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    let listen = free.map_err(taken)?;
    // A name, not the address of the other local servers: cookies are for a host, whatever its port.
    let public_url = address(&format!("http://localhost:{}/", listen.port()))?;
    Ok(config::Web { listen, public_url: Some(public_url), login: Vec::new() })
}

fn say_where(
    slack: &str,
    github: &str,
    travis: &str,
    duo: &str,
    devices: &str,
    pages: Option<&Url>,
    no_open: bool,
) {
    println!("The sandbox is ready. Nothing in it leaves this machine.");
    println!();
    println!("  Slack    {slack}");
    println!("  GitHub   {github}/");
    println!("  Travis   {travis}/");
    println!("  Duo      {duo}/");
    println!("  Devices  {devices}/");
    if let Some(pages) = pages {
        println!("  The web  {pages}");
    }
    println!();
    println!(
        "Open the first, type !CreateRepo acme widgets, and watch the repository appear. Ctrl-C ends it."
    );
    if !no_open && let Err(error) = open::that_detached(slack) {
        tracing::debug!(%error, "no browser could be opened");
    }
}

/// The port that was asked for; else the usual one, or any.
async fn listener(port: Option<u16>) -> Result<TcpListener, Failure> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let bound = match port {
        Some(port) => bind(port).await,
        None => match bind(USUAL_PORT).await {
            Ok(bound) => Ok(bound),
            Err(_) => bind(0).await,
        },
    };
    bound.map_err(|error| {
        Failure::new(
            format!("Nothing can listen on that port: {error}."),
            "Choose another with `--port`, or leave it out.",
        )
    })
}

fn no_server(error: &ServeError) -> Failure {
    Failure::new(
        format!("The local servers cannot start: {error}."),
        "See that this machine lets programs listen on 127.0.0.1.",
    )
}

fn address(text: &str) -> Result<Url, Failure> {
    text.parse()
        .map_err(|error| Failure::new(format!("{text} is no address: {error}."), "Report this as a mistake."))
}

/// A folder of this sandbox's own, gone when it ends: a new local Slack knows nothing of an old store.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("hubcommander-sandbox-{}", std::process::id()));
        // One of the same name is left over from a process that is gone.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|error| {
            Failure::new(
                format!("The folder {} cannot be made: {error}.", folder.display()),
                "Say in TMPDIR where files may be put.",
            )
        })?;
        Ok(Self(folder))
    }
}

impl Folder {
    /// Where the page with the devices puts questions for the bot.
    fn questions(&self) -> Result<PathBuf, Failure> {
        let questions = self.0.join("questions");
        std::fs::create_dir_all(&questions).map_err(|error| {
            Failure::new(
                format!("The folder {} cannot be made: {error}.", questions.display()),
                "Say in TMPDIR where files may be put.",
            )
        })?;
        Ok(questions)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The sandbox's configuration before its servers are up: their addresses are not known until then.
#[derive(Debug)]
struct Configuration {
    file: PathBuf,
    text: String,
}

impl Configuration {
    /// The file, or the one that ships. `HUBCOMMANDER_CONFIG` counts for nothing here: it names the
    /// configuration of the real bot.
    fn new(file: Option<&Path>) -> Result<Self, Problems> {
        Ok(match file {
            Some(file) => Self { file: file.to_owned(), text: read_file(file)? },
            None => Self { file: PathBuf::from("config.toml (as shipped)"), text: SHIPPED.to_owned() },
        })
    }

    /// The configuration with the local servers in it.
    fn with(&self, overlay: &Overlay, surroundings: &Surroundings<'_>) -> Result<Config, Problems> {
        Config::for_sandbox(&self.file, &self.text, overlay, surroundings)
    }
}
