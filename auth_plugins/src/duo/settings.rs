//! What Duo's clients are told at start: one account for each e-mail domain, and how patient to be.

use std::collections::BTreeMap;
use std::time::Duration;

use hubcommander_outbound::{Patience, Proxies};
use secrecy::SecretString;
use url::Url;

use hubcommander_outbound::AddressError;

/// How long somebody has to answer, unless it is said otherwise: Duo gives up on a push after 60 s.
pub const DEADLINE: Duration = Duration::from_secs(70);

/// What the plugin is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The accounts by the domain of people's e-mail addresses.
    pub accounts: BTreeMap<String, Account>,
    /// How long one request may take. Duo holds on to a question about a push until there is news.
    pub patience: Patience,
    /// How long beginning may take in all, tries again included.
    pub begin_within: Duration,
    /// The pause before the first try again; each further one is twice as long, up to 32 s as in Duo's own
    /// clients. Also the least pause between two questions about a push.
    pub pause: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

/// One application ("Auth API" or the like) at Duo.
#[derive(Clone, Debug)]
pub struct Account {
    /// `https://api-XXXXXXXX.duosecurity.com`. Plain http is allowed to loopback only.
    pub api_url: Url,
    /// The integration key, which Duo also calls client id.
    pub integration_key: SecretString,
    /// The secret key, which Duo also calls client secret.
    pub secret_key: SecretString,
    /// How long somebody has to answer a push.
    pub deadline: Duration,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(accounts: BTreeMap<String, Account>) -> Self {
        Self {
            accounts,
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(35) },
            begin_within: Duration::from_secs(25),
            pause: Duration::from_secs(1),
            proxies: Proxies::from_env(),
        }
    }
}

/// Why the plugin cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is not one that we would send a signature to.
    #[error(
        "auth_plugins.duo.\"{domain}\".api_url: {why}; it should read like https://api-XXXXXXXX.duosecurity.com"
    )]
    Address {
        /// The domain whose account it is.
        domain: String,
        /// What is wrong.
        why: AddressError,
    },
    /// Two domains that differ in case alone.
    #[error("auth_plugins.duo has `{0}` twice: case does not count in domains; keep one section")]
    Twice(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_never_shown() {
        let account = Account {
            api_url: "https://api-1.duosecurity.com".parse().unwrap(),
            integration_key: "an-integration-key".into(),
            secret_key: "a-secret-key".into(),
            deadline: DEADLINE,
        };
        let shown = format!("{:?}", Settings::new([("example.com".to_owned(), account)].into()));
        assert!(shown.contains("duosecurity.com"), "{shown}");
        assert!(!shown.contains("integration-key") && !shown.contains("a-secret-key"), "{shown}");
    }
}
