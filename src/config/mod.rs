//! The configuration: config.toml, read once at the start.
//!
//! The way through it: [`keys`] holds every key there is; `tree` reads the file against it and keeps each
//! value's place; `checks` are the rules between values; `sections` fetches the secrets and makes the typed
//! sections. All [`problem`]s are gathered and shown together, each with its place and its cure.

pub mod keys;
pub mod problem;
pub mod reference;

mod checks;
mod device_sources;
mod devices;
mod directory;
mod farewell;
mod near;
mod pages;
mod policy;
mod secret;
mod sections;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use chrono::NaiveTime;
use hubcommander_auth_plugins::{Setup as AuthPlugins, approval};
use hubcommander_device_sources::Setup as DeviceSources;
use hubcommander_sdk::orgs::OrgSettings;
use hubcommander_sdk::protection::Profiles;
use hubcommander_stethoscope_pages::oidc;
use url::Url;

pub use crate::logging::{Log, LogFormat};
use crate::nudges;
pub use crate::pipeline::limits::PerMinute;
pub use devices::Devices;
pub(crate) use devices::is_email;
pub use keys::KnownCommand;
pub use near::nearest;
pub use policy::PolicyFiles;
pub use problem::{Problem, Problems};
pub use secret::{COMMAND_LIMIT, Environment, Secret};
pub use sections::Sections;

/// The file as it ships: ready for the sandbox.
pub const SHIPPED: &str = include_str!("../../config.toml");

/// The largest file that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Everything config.toml says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Slack app.
    pub slack: Slack,
    /// The privileged GitHub account.
    pub github: GitHub,
    /// The managed organisations by login.
    pub orgs: BTreeMap<String, OrgSettings>,
    /// Settings of commands, by the command's own name. A command without a section is not in it:
    /// [`Config::command`] gives its defaults.
    pub commands: BTreeMap<String, CommandSettings>,
    /// How branches are protected, by the names that people type.
    pub protection: Profiles,
    /// Where everything durable is kept.
    pub store: Store,
    /// How the audit is sealed.
    pub audit: Audit,
    /// The account at Travis, if there is one.
    pub travis: Option<Travis>,
    /// Who may do what, and what it takes.
    pub policy: PolicyFiles,
    /// How others are asked, if that is set up.
    pub approval: Option<approval::Settings>,
    /// Where people's devices are known, and what is looked at.
    pub devices: Devices,
    /// Who says who works here, and who is told what was linked.
    pub directory: crate::directory::Settings,
    /// At which time of the day, in UTC, it is looked for strangers; `None`: never.
    pub sweep_at: Option<NaiveTime>,
    /// How people are nudged about their devices, if they are.
    pub nudges: Option<nudges::Settings>,
    /// How those who leave the company are let go, if the bot does that by itself.
    pub farewell: Option<crate::farewell::settings::Settings>,
    /// How much one person may ask.
    pub limits: PerMinute,
    /// How people prove who they are.
    pub auth_plugins: AuthPlugins,
    /// What people's devices call the bot, if there are passkeys.
    pub passkey: Option<String>,
    /// Ids in Slack of the people who may break the glass; nobody where that is off.
    pub break_glass: BTreeSet<String>,
    /// For how many days it is kept how all devices stood.
    pub history_days: u32,
    /// Questions of the security team to people, if that is switched on.
    pub notifications: Option<crate::notices::Settings>,
    /// The web server, if there is to be one.
    pub web: Option<Web>,
    /// What is logged.
    pub log: Log,
}

/// The Slack app.
#[derive(Clone, Debug)]
pub struct Slack {
    /// The Web API's address, without a slash at the end.
    pub api_url: Url,
    /// `xoxb-…`.
    pub bot_token: Secret,
    /// `xapp-…`.
    pub app_token: Secret,
    /// Channel ids to take commands in; empty for all.
    pub listen: Vec<String>,
    /// Channel ids to take no commands in.
    pub ignore: Vec<String>,
    /// The channel id for alarms.
    pub alarm_channel: Option<String>,
    /// Whether posts keep to Slack's pace per channel.
    pub pacing: bool,
    /// How many Socket Mode connections are held open, 1 to 10.
    pub connections: u8,
}

/// The privileged GitHub account.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// The REST API's address, without a slash at the end where it has a path.
    pub api_url: Url,
    /// Who we are there.
    pub credentials: Credentials,
    /// The client id by which people show which account is theirs; without one they cannot.
    pub client_id: Option<String>,
    /// The client's secret: with it they do so in their browser, by way of the bot's pages, instead of typing a code.
    pub client_secret: Option<Secret>,
    /// How long to wait after an unclear write before looking whether it had an effect.
    pub unclear_wait: Duration,
}

impl GitHub {
    /// What GitHub's client is told.
    #[must_use]
    pub fn settings(&self) -> hubcommander_github::Settings {
        let credentials = match &self.credentials {
            Credentials::Token(token) => hubcommander_github::Credentials::Token(token.clone()),
            Credentials::App { id, private_key } => {
                hubcommander_github::Credentials::App { id: *id, private_key: private_key.clone() }
            }
        };
        hubcommander_github::Settings::new(self.api_url.clone(), credentials)
    }
}

/// Who we are at GitHub.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An account's token.
    Token(Secret),
    /// A GitHub App, installed in each organisation.
    App {
        /// Its id.
        id: u64,
        /// Its private key in PEM.
        private_key: Secret,
    },
}

/// The account at Travis CI.
#[derive(Clone, Debug)]
pub struct Travis {
    /// The API's address, without a slash at the end where it has a path.
    pub api_url: Url,
    /// The account's token.
    pub token: Secret,
    /// How long one try waits for a sync to end.
    pub sync_wait: Duration,
}

impl Travis {
    /// What Travis' client is told.
    #[must_use]
    pub fn settings(&self) -> hubcommander_travis::Settings {
        hubcommander_travis::Settings {
            sync_wait: self.sync_wait,
            ..hubcommander_travis::Settings::new(self.api_url.clone(), self.token.clone())
        }
    }
}

/// Settings of one command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandSettings {
    /// Whether it exists.
    pub enabled: bool,
    /// Whether `!Help` keeps quiet about it.
    pub hidden: bool,
    /// Gates it takes besides what its risk takes; each is one of [`keys::GATES`].
    pub auth: Vec<String>,
    /// The command's own keys, as it declares them.
    pub settings: toml::Table,
}

impl Default for CommandSettings {
    fn default() -> Self {
        Self { enabled: true, hidden: false, auth: Vec::new(), settings: toml::Table::new() }
    }
}

/// Where everything durable is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// `sqlite://PATH` or `postgres://…`. Kept as a secret because it may hold a password.
    pub url: Secret,
}

/// How the audit is sealed.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// What the sealer is told.
    pub settings: crate::audit::Settings,
    /// The private key as it was given.
    pub key: Option<Secret>,
}

/// The web server.
#[derive(Clone, Debug)]
pub struct Web {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How people reach it.
    pub public_url: Option<Url>,
    /// Where people can sign in besides the link from the bot.
    pub login: Vec<oidc::Settings>,
}

/// What reading the configuration needs from outside.
pub struct Surroundings<'a> {
    /// The environment.
    pub environment: Environment<'a>,
    /// The commands there are.
    pub commands: &'a [KnownCommand],
    /// How long a command that gives a secret may take: [`COMMAND_LIMIT`].
    pub command_limit: Duration,
}

/// The local servers, which stand in for Slack, GitHub and Travis in the sandbox. What is here is taken in place of
/// what the file says; secrets that the file names are not fetched.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The local Slack's Web API.
    pub slack_api_url: Url,
    /// The local Slack's bot token.
    pub bot_token: Secret,
    /// The local Slack's app-level token.
    pub app_token: Secret,
    /// The local GitHub's REST API.
    pub github_api_url: Url,
    /// The local GitHub's token.
    pub github_token: Secret,
    /// The client id that the local GitHub knows.
    pub github_client_id: String,
    /// The local Travis' API and its token; with them the commands about Travis are there.
    pub travis: Option<(Url, Secret)>,
    /// The local devices, in place of the sources that the file names.
    pub device_sources: DeviceSources,
    /// The local ways to prove who one is, in place of those that the file names.
    pub auth_plugins: AuthPlugins,
    /// The sandbox's own store, so that a real one stays untouched.
    pub store_url: Secret,
}

impl Config {
    /// Reads the file at `path` and fetches the secrets. Blocks: on the disk, and on commands that give
    /// secrets.
    ///
    /// # Errors
    /// All problems, each with its place and cure.
    pub fn load(path: &Path, surroundings: &Surroundings<'_>) -> Result<Self, Problems> {
        Self::parse(path, &read_file(path)?, surroundings)
    }

    /// Reads a text as [`Config::load`] reads a file; `path` is what problems call it.
    ///
    /// # Errors
    /// All problems, each with its place and cure.
    pub fn parse(path: &Path, text: &str, surroundings: &Surroundings<'_>) -> Result<Self, Problems> {
        whole(Sections::read(path, text, surroundings, None))
    }

    /// Reads a text for the sandbox: the local servers take the place of Slack, GitHub and the store.
    ///
    /// # Errors
    /// All problems, each with its place and cure.
    pub fn for_sandbox(
        path: &Path,
        text: &str,
        overlay: &Overlay,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, Problems> {
        whole(Sections::read(path, text, surroundings, Some(overlay)))
    }

    /// What passkeys are told, if there are any.
    #[cfg(feature = "passkey")]
    #[must_use]
    pub fn passkey_settings(&self) -> Option<hubcommander_auth_plugins::passkey::Settings> {
        let (name, public_url) = (self.passkey.clone()?, self.web.as_ref()?.public_url.clone()?);
        Some(hubcommander_auth_plugins::passkey::Settings { public_url, name })
    }

    /// The page on which people see their devices, if there is one.
    #[must_use]
    pub fn devices_page(&self) -> Option<Url> {
        self.web.as_ref()?.public_url.clone().filter(|_| self.devices.any())
    }

    /// By which app at GitHub people show which account is theirs, if there is one.
    #[must_use]
    pub fn linking(&self) -> Option<crate::members::App<'_>> {
        let client_id = self.github.client_id.as_deref()?;
        let public_url = self.web.as_ref().and_then(|web| web.public_url.clone());
        let by_browser = self.github.client_secret.clone().zip(public_url);
        Some(crate::members::App { client_id, by_browser })
    }

    /// What is set for this command; the defaults if nothing is.
    #[must_use]
    pub fn command(&self, name: &str) -> CommandSettings {
        self.commands.get(name).cloned().unwrap_or_default()
    }

    /// Every secret that the configuration holds, to be kept out of the log.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let stored = Some(&self.store);
        sections::secrets(Some(&self.slack), Some(&self.github), self.travis.as_ref(), stored, &self.audit)
            .chain(self.auth_plugins.secrets())
            .chain(self.devices.sources.secrets())
            .chain(self.directory.secrets())
            .chain(self.notifications.iter().flat_map(crate::notices::Settings::secrets))
            .chain(sections::login_secrets(self.web.as_ref()))
    }
}

/// The text of the file.
///
/// # Errors
/// It cannot be read, is too large, or is not text.
pub fn read_file(path: &Path) -> Result<String, Problems> {
    let whole = |what: String, cure: &str| Problems::whole(path, what, cure);
    let bytes = std::fs::read(path).map_err(|error| {
        let cure = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "Copy the config.toml that ships with HubCommander there, or say where it is with `--config PATH` \
                 or `HUBCOMMANDER_CONFIG`. To try it without one: `hubcommander sandbox`."
            }
            _ => "See that the user who runs HubCommander may read it.",
        };
        whole(format!("The file cannot be read: {error}."), cure)
    })?;
    if bytes.len() > LARGEST {
        return Err(whole("The file is larger than 1 MiB.".to_owned(), "See that it is the right file."));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        whole(format!("Line {line} is not UTF-8 text."), "Save the file as UTF-8.")
    })
}

fn whole((sections, problems): (Sections, Problems)) -> Result<Config, Problems> {
    match sections.whole() {
        Some(config) if problems.list.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

impl Sections {
    /// All of it, if every section is there that must be.
    #[must_use]
    pub fn whole(&self) -> Option<Config> {
        let all = self.clone();
        Some(Config {
            slack: all.slack?,
            github: all.github?,
            orgs: all.orgs,
            commands: all.commands,
            protection: all.protection,
            store: all.store?,
            audit: all.audit,
            travis: all.travis,
            policy: all.policy,
            approval: all.approval,
            devices: all.devices,
            directory: all.directory,
            sweep_at: all.sweep_at,
            nudges: all.nudges,
            farewell: all.farewell,
            limits: all.limits,
            auth_plugins: all.auth_plugins,
            passkey: all.passkey,
            break_glass: all.break_glass,
            history_days: all.history_days,
            notifications: all.notifications,
            web: all.web,
            log: all.log,
        })
    }
}
