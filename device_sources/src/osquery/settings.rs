//! What the source is told at start.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use hubcommander_posture::Serial;
use secrecy::{ExposeSecret as _, SecretString};

use super::Identity;

/// Fewer characters than this can be guessed.
pub const SHORTEST_SECRET: usize = 24;

/// Where the agents' requests go. They are told the same paths by their flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `--enroll_tls_endpoint`.
    pub enroll: String,
    /// `--config_tls_endpoint`.
    pub config: String,
    /// `--logger_tls_endpoint`.
    pub log: String,
    /// `--distributed_tls_read_endpoint`.
    pub read: String,
    /// `--distributed_tls_write_endpoint`.
    pub write: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            enroll: "/osquery/enroll".to_owned(),
            config: "/osquery/config".to_owned(),
            log: "/osquery/log".to_owned(),
            read: "/osquery/distributed/read".to_owned(),
            write: "/osquery/distributed/write".to_owned(),
        }
    }
}

impl Paths {
    pub(super) fn all(&self) -> [&str; 5] {
        [&self.enroll, &self.config, &self.log, &self.read, &self.write]
    }
}

/// What the source is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What an agent shows to enrol: the same for all computers, at least 24 characters.
    pub enroll_secret: SecretString,
    /// Where the agents' requests go.
    pub paths: Paths,
    /// How often computers look at themselves. An hour.
    pub interval: Duration,
    /// How long [`refresh`](hubcommander_sdk::devices::DeviceSource::refresh) waits for computers to report. Longer
    /// than `--distributed_interval` of their flags.
    pub refresh_within: Duration,
    /// For how long a computer that is asked anew comes back every few seconds, so that a second look is quick.
    pub accelerate: Duration,
    /// The longest body that is taken, unpacked, in bytes. Those of `log` and `distributed/write`; the other three
    /// are short.
    pub longest_body: usize,
    /// The security products that are looked for, by the names of their programs, services or packages. Nothing else
    /// that is installed is collected.
    pub software: BTreeSet<String>,
    /// Whose computers are, by serial number, besides what [`super::Nodes::assign`] was told.
    pub owners: BTreeMap<Serial, BTreeSet<String>>,
}

/// The server as a whole: what the source is told, and where agents reach it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What the source is told.
    pub settings: Settings,
    /// Where it listens.
    pub listen: SocketAddr,
    /// What it proves with who it is; without it, it listens to this machine only.
    pub identity: Option<Identity>,
}

/// Why the source cannot be set up. Each says what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The secret is too short.
    #[error("device_sources.osquery.enroll_secret is too short; make one of at least 24 random characters")]
    Secret,
    /// A path cannot be one.
    #[error(
        "device_sources.osquery: `{0}` is no path of its own; each of the five starts with / and has no `{{`, `*`, `?` or `#`"
    )]
    Path(String),
    /// A name of a product cannot be looked for.
    #[error(
        "osquery: a name of `software` in [practices] is empty, too long, or holds characters that no name has"
    )]
    Software,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(enroll_secret: SecretString) -> Self {
        Self {
            enroll_secret,
            paths: Paths::default(),
            interval: Duration::from_secs(3600),
            refresh_within: Duration::from_secs(30),
            accelerate: Duration::from_secs(120),
            longest_body: 8 * 1024 * 1024,
            software: BTreeSet::new(),
            owners: BTreeMap::new(),
        }
    }

    /// Looks whether they can be used.
    pub(super) fn check(&self) -> Result<(), SetupError> {
        if self.enroll_secret.expose_secret().trim().chars().count() < SHORTEST_SECRET {
            return Err(SetupError::Secret);
        }
        let mut seen = BTreeSet::new();
        for path in self.paths.all() {
            let plain = path.len() > 1
                && path.starts_with('/')
                && path.chars().all(|char| char.is_ascii_graphic() && !"{}*?#".contains(char));
            if !plain || !seen.insert(path) {
                return Err(SetupError::Path(path.to_owned()));
            }
        }
        let named = |name: &String| {
            !name.trim().is_empty() && name.len() <= 200 && !name.chars().any(char::is_control)
        };
        if self.software.iter().all(named) { Ok(()) } else { Err(SetupError::Software) }
    }
}
