//! What the account is told at start: where GitHub is, who it is there, how patient and how fast it may be.

use std::fmt;
use std::time::Duration;

use hubcommander_outbound::{Proxies, leads_here};
use secrecy::SecretString;
use url::Url;

/// What the account is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://api.github.com`, or `https://HOST/api/v3` of a GitHub Enterprise Server. Plain http is
    /// allowed to loopback only.
    pub api_url: Url,
    /// Who we are at GitHub.
    pub credentials: Credentials,
    /// How long we wait.
    pub timeouts: Timeouts,
    /// How many answers are kept for their `ETag`; an unchanged one costs nothing of the primary limit.
    /// 0 keeps none.
    pub cache_entries: usize,
    /// How many bytes these may take together, as they are kept: what is long is kept deflated.
    pub cache_bytes: usize,
    /// How fast we may be.
    pub budget: BudgetSettings,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
    /// Seeds the jitter between repeats, so that a simulation replays.
    pub seed: u64,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(api_url: Url, credentials: Credentials) -> Self {
        Self {
            api_url,
            credentials,
            timeouts: Timeouts::default(),
            // Two lists of 10,000 repositories each for ten organisations, and some more.
            cache_entries: 4_096,
            cache_bytes: 24 * 1024 * 1024,
            budget: BudgetSettings::default(),
            proxies: Proxies::from_env(),
            seed: 0,
        }
    }
}

/// Who we are at GitHub.
#[derive(Clone)]
pub enum Credentials {
    /// A personal access token.
    Token(SecretString),
    /// A GitHub App, installed in each managed organisation.
    App {
        /// The App's id.
        id: u64,
        /// The App's private key, as PEM.
        private_key: SecretString,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token([REDACTED])"),
            Self::App { id, .. } => write!(f, "App {{ id: {id}, private_key: [REDACTED] }}"),
        }
    }
}

/// How long we wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS and proxy included.
    pub connect: Duration,
    /// For one whole request, body included. GitHub itself gives up after 10 s, so less than that would
    /// call unclear what GitHub could still have told us.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(15) }
    }
}

/// How fast we may be. The defaults stay below GitHub's secondary limits (80 requests that create content
/// a minute and 500 an hour, 900 points a minute, 1 for a read and 5 for a write;
/// <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>), since GitHub does not
/// tell how much of them is left. A small burst goes out at once; what follows is paced. With several
/// replicas on one account, give each its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSettings {
    /// Whether we pace ourselves. Off only for benches; what GitHub tells us to wait is always obeyed.
    pub pacing: bool,
    /// Writes that go out at once.
    pub write_burst: u32,
    /// Writes a minute after that.
    pub writes_per_minute: u32,
    /// Writes that make something new and go out without a bound by the hour.
    pub made_burst: u32,
    /// Such writes an hour after that.
    pub made_per_hour: u32,
    /// Points that go out at once.
    pub point_burst: u32,
    /// Points a minute after that.
    pub points_per_minute: u32,
    /// Requests under way at one time (GitHub allows 100).
    pub at_one_time: usize,
    /// How long a read waits for its turn before it gives up.
    pub read_wait: Duration,
    /// How long a write waits for its turn before it is put off.
    pub write_wait: Duration,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            pacing: true,
            write_burst: 20,
            writes_per_minute: 60,
            made_burst: 280,
            made_per_hour: 200,
            point_burst: 200,
            points_per_minute: 700,
            at_one_time: 40,
            read_wait: Duration::from_secs(4),
            write_wait: Duration::from_secs(2),
        }
    }
}

/// Why the account cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is not one that we would send a token to.
    #[error(
        "github.api_url: plain http would show the token to the network; use https (only loopback may be http)"
    )]
    PlainHttp,
    /// The address cannot be used.
    #[error("github.api_url: {0}; it should read like https://api.github.com or https://HOST/api/v3")]
    Address(String),
    /// The token cannot stand in a header.
    #[error(
        "github.token is empty or holds characters that no token has; paste it again, without line breaks"
    )]
    Token,
    /// The App's key cannot be read.
    #[error(
        "github.app.private_key is not an RSA private key in PEM form ({0}); download it again from the App's page"
    )]
    PrivateKey(String),
    /// The client id of the device flow cannot be one.
    #[error(
        "the client id of the device flow should read like Iv23li0123456789abcd; copy it from the page of the OAuth \
         App or GitHub App"
    )]
    ClientId,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}; install the system's CA certificates (package ca-certificates)")]
    Tls(String),
    /// There is no runtime to run on.
    #[error("the GitHub account must be set up inside a tokio runtime")]
    NoRuntime,
}

/// Checks that the address is one that we may send a token to.
pub(crate) fn check_address(url: &Url) -> Result<(), SetupError> {
    match url.scheme() {
        "https" => {}
        "http" if leads_here(url) => {}
        "http" => return Err(SetupError::PlainHttp),
        other => return Err(SetupError::Address(format!("the scheme is `{other}`"))),
    }
    if url.host().is_none() {
        return Err(SetupError::Address("there is no host in it".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SetupError::Address("there is a user name or password in it".into()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(SetupError::Address("there is a `?` or `#` in it".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), SetupError> {
        check_address(&Url::parse(url).unwrap())
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for fine in [
            "https://api.github.com",
            "https://ghes.example/api/v3",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        for plain in [
            "http://api.github.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.nip.io",
        ] {
            assert!(matches!(check(plain), Err(SetupError::PlainHttp)), "{plain}");
        }
        for odd in ["ftp://127.0.0.1", "https://user:pass@ghes.example", "https://ghes.example/?x=1"] {
            assert!(matches!(check(odd), Err(SetupError::Address(_))), "{odd}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let token = Settings {
            proxies: Proxies::through("http://u:proxy-password@127.0.0.1:1", ""),
            ..Settings::new(
                Url::parse("https://api.github.com").unwrap(),
                Credentials::Token("ghp_secret".into()),
            )
        };
        let shown = format!("{token:?}");
        assert!(shown.contains("[REDACTED]"), "{shown}");
        assert!(!shown.contains("ghp_secret") && !shown.contains("proxy-password"), "{shown}");

        let app = Credentials::App { id: 7, private_key: "-----BEGIN".into() };
        assert_eq!(format!("{app:?}"), "App { id: 7, private_key: [REDACTED] }");
    }
}
