//! What the source is told at start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hubcommander_outbound::{AddressError, Patience, Proxies};
use secrecy::SecretString;
use url::Url;

/// What the source is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://fleet.example.com`. Plain http is allowed to loopback only.
    pub url: Url,
    /// The token of an API-only user. To observe is enough to read; to have devices report anew takes more.
    pub token: SecretString,
    /// What records mean here.
    pub options: Options,
    /// How long one request may take.
    pub patience: Patience,
    /// How long one question may take in all, tries again included.
    pub within: Duration,
    /// The first pause before another try.
    pub pause: Duration,
    /// How long to wait for devices that were asked to report anew.
    pub refresh_within: Duration,
    /// How often to look whether they did.
    pub refresh_pause: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

/// What records mean here. Used by [`super::read`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which practice a policy of Fleet answers: by its id or its name, compared without case.
    pub policies: BTreeMap<String, String>,
    /// Which sources of Fleet's own may say whose a device is, such as `identity_provider`; empty means all of
    /// them. `google_chrome_profiles` lists whoever has signed in to the browser.
    pub owner_sources: BTreeSet<String>,
    /// Only devices of this fleet (once called a team); `None` means all.
    pub fleet_id: Option<u64>,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(url: Url, token: SecretString) -> Self {
        Self {
            url,
            token,
            options: Options::default(),
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(20) },
            within: Duration::from_secs(30),
            pause: Duration::from_secs(1),
            refresh_within: Duration::from_secs(25),
            refresh_pause: Duration::from_secs(2),
            proxies: Proxies::from_env(),
        }
    }
}

/// Why the source cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is not one that we would send a token to.
    #[error("devices.fleet.url: {0}; it should read like https://fleet.example.com")]
    Address(#[from] AddressError),
    /// The token cannot stand in a header.
    #[error("devices.fleet.token holds characters that no token has; paste it again, without line breaks")]
    Token,
}
