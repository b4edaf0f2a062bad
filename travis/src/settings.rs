//! What the account is told at start: where Travis is, who it is there, how patient it may be.

use std::time::Duration;

use hubcommander_outbound::{Patience, Proxies, must_be_private};
use secrecy::SecretString;
use url::Url;

/// What the account is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://api.travis-ci.com`, or `https://HOST/api` of a Travis CI Enterprise. Plain http is allowed to
    /// loopback only.
    pub api_url: Url,
    /// The token of an account at Travis.
    pub token: SecretString,
    /// How long we wait for an answer.
    pub patience: Patience,
    /// How long one try waits for a sync to end: less than the 60 s that the engine gives one try.
    pub sync_wait: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(api_url: Url, token: SecretString) -> Self {
        Self {
            api_url,
            token,
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(20) },
            sync_wait: Duration::from_secs(45),
            proxies: Proxies::from_env(),
        }
    }

    /// How often a sync is looked at: seldom enough for Travis, and often enough within the wait.
    pub(crate) fn look_every(&self) -> Duration {
        (self.sync_wait / 20).clamp(Duration::from_millis(10), Duration::from_secs(2))
    }
}

/// Why the account cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is not one that we would send a token to.
    #[error("travis.api_url: {0}; use https (only loopback may be http)")]
    PlainHttp(String),
    /// The address cannot be used.
    #[error("travis.api_url: {0}; it should read like https://api.travis-ci.com")]
    Address(String),
    /// The token cannot stand in a header.
    #[error("travis.token holds characters that no token has; paste it again, without line breaks")]
    Token,
    /// TLS cannot be set up.
    #[error("{0}; install the system's CA certificates (package ca-certificates)")]
    Tls(String),
}

/// Checks that the address is one that we may send a token to.
pub(crate) fn check_address(url: &Url) -> Result<(), SetupError> {
    must_be_private(url).map_err(|error| SetupError::PlainHttp(error.to_string()))?;
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

    fn settings(url: &str) -> Settings {
        Settings::new(url.parse().unwrap(), "a-secret-token".into())
    }

    #[test]
    fn a_token_is_not_sent_in_the_clear() {
        for fine in [
            "https://api.travis-ci.com",
            "https://travis.example/api",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
        ] {
            assert!(check_address(&settings(fine).api_url).is_ok(), "{fine}");
        }
        for bad in [
            "http://api.travis-ci.com",
            "http://127.0.0.1.example.com",
            "https://me:pw@travis.example",
            "https://x.example/?a=1",
        ] {
            assert!(check_address(&settings(bad).api_url).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_token_is_never_shown() {
        let shown = format!("{:?}", settings("https://api.travis-ci.com"));
        assert!(shown.contains("api.travis-ci.com") && !shown.contains("a-secret-token"), "{shown}");
    }

    #[test]
    fn a_sync_is_looked_at_a_few_times_within_the_wait() {
        let every = |wait| {
            Settings { sync_wait: Duration::from_millis(wait), ..settings("https://x.example") }.look_every()
        };
        assert_eq!(every(45_000), Duration::from_secs(2));
        assert_eq!(every(400), Duration::from_millis(20));
        assert_eq!(every(0), Duration::from_millis(10));
    }
}
