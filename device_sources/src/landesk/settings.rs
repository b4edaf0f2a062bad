//! What the source is told at start.

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use secrecy::SecretString;

/// What it takes to read a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The source's name in config.toml.
    pub source: String,
    /// Where the clock of the database hangs: it writes local times without saying so.
    pub zone: Tz,
    /// The definition that is found on a computer whose screen does not lock.
    pub screenlock: String,
    /// The definition that is found on a computer that does not update by itself.
    pub autoupdate: String,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            source: "landesk".to_owned(),
            zone: Tz::UTC,
            screenlock: "ST000202".to_owned(),
            autoupdate: "ST000003v2".to_owned(),
        }
    }
}

impl Reading {
    /// The zone of this name, such as `America/Los_Angeles`.
    ///
    /// # Errors
    /// [`SetupError::Zone`] if there is none.
    pub fn zone_named(name: &str) -> Result<Tz, SetupError> {
        name.trim().parse().map_err(|_| SetupError::Zone(name.chars().take(60).collect()))
    }
}

/// How the connection is kept private.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// By TLS, with a certificate that this machine trusts.
    #[default]
    Tls,
    /// By TLS, with a certificate of this authority too (a file in PEM or DER).
    TlsOf(PathBuf),
    /// Not at all. To this very machine only.
    Plain,
}

/// What the source is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The host of the SQL Server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// A login that may read and nothing else (`db_datareader`).
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// How the connection is kept private.
    pub privacy: Privacy,
    /// How records are read.
    pub reading: Reading,
    /// How long connecting and logging in may take.
    pub connect_within: Duration,
    /// How long one whole question may take, connecting included.
    pub answer_within: Duration,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(
        host: impl Into<String>,
        database: impl Into<String>,
        user: impl Into<String>,
        password: SecretString,
    ) -> Self {
        Self {
            host: host.into(),
            port: 1433,
            database: database.into(),
            user: user.into(),
            password,
            privacy: Privacy::default(),
            reading: Reading::default(),
            connect_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(20),
        }
    }
}

/// Why the source cannot be set up. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// There is no such zone.
    #[error("landesk, zone: there is no `{0}`; it should read like America/Los_Angeles")]
    Zone(String),
    /// Something that must be named is not.
    #[error("landesk, {0}: it is empty; name it")]
    Empty(&'static str),
    /// A password would travel in the clear.
    #[error(
        "landesk: without TLS only this machine may be asked; set `tls`, or `ca` for an authority of your own"
    )]
    Plain,
}

/// Whether this host is this very machine, so that a connection without TLS stays here.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
