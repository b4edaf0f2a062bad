//! What the source is told at start.

use std::time::Duration;

use hubcommander_outbound::{AddressError, Patience, Proxies};
use secrecy::SecretString;
use url::Url;

/// Which of Jamf's two APIs is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// The Jamf Pro API: filters, pages, sections.
    #[default]
    Pro,
    /// The Classic API: one request for each computer. Deprecated since Jamf Pro 11.15; for servers without the other.
    Classic,
}

/// A version of the Pro API's computer inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inventory {
    /// Since Jamf Pro 11.30.
    V4,
    /// Deprecated in 11.30.
    V3,
    /// Deprecated in the middle of 2025.
    V1,
}

impl Inventory {
    /// From the newest.
    pub(super) const ALL: [Self; 3] = [Self::V4, Self::V3, Self::V1];

    /// As it stands in the path.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V3 => "v3",
            Self::V1 => "v1",
        }
    }
}

/// An extension attribute that answers a practice. Names and values are compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name at Jamf.
    pub name: String,
    /// Its values when all is well.
    pub good: Vec<String>,
    /// Its values when it is not. Empty: every value that is not good. Any other value is unknown, and so is none.
    pub bad: Vec<String>,
}

impl Attribute {
    /// An attribute with one good and one bad value.
    #[must_use]
    pub fn new(name: &str, good: &str, bad: &str) -> Self {
        Self { name: name.to_owned(), good: vec![good.to_owned()], bad: vec![bad.to_owned()] }
    }
}

/// Which extension attributes answer what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Automatic updates: all of them must be good.
    pub autoupdate: Vec<Attribute>,
    /// Whether the screen saver asks for the password.
    pub screenlock: Option<Attribute>,
    /// Whether Remote Login is off.
    pub remotelogin: Option<Attribute>,
    /// The state of the firewall as a number, more than 0 if it is on. Read only where Jamf itself does not say; the
    /// usual script for it fails since macOS 15.
    pub firewall: Option<String>,
    /// The address of the wireless interface.
    pub wireless_mac: Option<String>,
}

impl Default for Attributes {
    /// Those that Stethoscope has always asked for.
    fn default() -> Self {
        let autoupdate = [
            "1 Auto Check For Updates Enabled",
            "2 Get New Updates in Background Enabled",
            "3 Install App Updates Enabled",
            "4 Install OS X Updates Enabled",
            "5 Install Security Updates Enabled",
            "6 Install System Data Files Enabled",
        ];
        Self {
            autoupdate: autoupdate.iter().map(|name| Attribute::new(name, "True", "False")).collect(),
            screenlock: Some(Attribute::new("Screen Saver Lock Enabled", "Enabled", "Disabled")),
            remotelogin: Some(Attribute::new("Remote Login", "Off", "On")),
            firewall: Some("Firewall Status".to_owned()),
            wireless_mac: Some("Wireless Mac Address".to_owned()),
        }
    }
}

/// What it takes to read a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The source's name in config.toml.
    pub source: String,
    /// Which extension attributes answer what.
    pub attributes: Attributes,
}

impl Default for Reading {
    fn default() -> Self {
        Self { source: "jamf".to_owned(), attributes: Attributes::default() }
    }
}

/// What the source is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `https://COMPANY.jamfcloud.com`. Plain http is allowed to loopback only.
    pub url: Url,
    /// The id of an API client at Jamf.
    pub client_id: String,
    /// Its secret. Its role needs `Read Computers` and, for mobile devices, `Read Mobile Devices`; nothing more.
    pub client_secret: SecretString,
    /// Where tokens are given. `None`: `/api/v1/oauth/token`, and `/api/oauth/token` where that is not there.
    pub token_path: Option<String>,
    /// Which API is asked.
    pub api: Api,
    /// Which version of the inventory is asked. `None`: the newest that the server has.
    pub inventory: Option<Inventory>,
    /// Whether mobile devices are asked for too.
    pub mobile: bool,
    /// How records are read.
    pub reading: Reading,
    /// How many records a page holds. At most 2000; large pages are slow to make.
    pub page_size: usize,
    /// How long one request may take.
    pub patience: Patience,
    /// How often a question is asked before the source counts as unavailable.
    pub tries: u32,
    /// The pause before it is asked again, if Jamf names none; doubled each time.
    pub pause: Duration,
    /// The longest wait that Jamf may ask for; if it wants more, the source is unavailable for now.
    pub longest_pause: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

impl Settings {
    /// The usual settings.
    #[must_use]
    pub fn new(url: Url, client_id: impl Into<String>, client_secret: SecretString) -> Self {
        Self {
            url,
            client_id: client_id.into(),
            client_secret,
            token_path: None,
            api: Api::Pro,
            inventory: None,
            mobile: true,
            reading: Reading::default(),
            page_size: 100,
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(20) },
            tries: 3,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(10),
            proxies: Proxies::from_env(),
        }
    }
}

/// Why the source cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is not one that we would send a secret to.
    #[error("jamf, url: {0}; it should read like https://company.jamfcloud.com")]
    Address(#[from] AddressError),
    /// No API client is named.
    #[error("jamf, client_id or client_secret is empty; make an API client at Jamf, in its settings")]
    Client,
    /// It does not begin with a slash, or holds more than a path.
    #[error("jamf, token_path: it should read like /api/v1/oauth/token")]
    TokenPath,
    /// No record would fit on a page.
    #[error("jamf, page_size: it should be from 1 to 2000")]
    PageSize,
}
