//! What the client is told at start.

use std::time::Duration;

use hubcommander_outbound::{Patience, Proxies};
use secrecy::SecretString;
use url::Url;

use hubcommander_outbound::AddressError;

/// What the plugin is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://COMPANY.okta.com`. Plain http is allowed to loopback only.
    pub url: Url,
    /// An API token of an account that may read users and verify their factors.
    pub api_token: SecretString,
    /// How long one request may take.
    pub patience: Patience,
    /// How long beginning may take in all, tries again included.
    pub begin_within: Duration,
    /// How long somebody has to answer, whatever Okta says.
    pub deadline: Duration,
    /// How often a push is asked about. Okta does not say; its own widget asks every few seconds.
    pub pause: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(url: Url, api_token: SecretString) -> Self {
        Self {
            url,
            api_token,
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(15) },
            begin_within: Duration::from_secs(25),
            deadline: Duration::from_secs(310),
            pause: Duration::from_secs(3),
            proxies: Proxies::from_env(),
        }
    }
}

/// Why the plugin cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is not one that we would send a token to.
    #[error("auth_plugins.okta.url: {0}; it should read like https://company.okta.com")]
    Address(#[from] AddressError),
    /// The token cannot stand in a header.
    #[error(
        "auth_plugins.okta.api_token holds characters that no token has; paste it again, without line breaks"
    )]
    Token,
}
