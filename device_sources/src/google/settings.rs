//! What the source is told at start.

use std::time::Duration;

use hubcommander_outbound::{AddressError, Patience, Proxies};
use secrecy::SecretString;
use url::Url;

/// What the source is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key file of a service account with domain-wide delegation, whole: its JSON.
    pub key: SecretString,
    /// The administrator whom the service account stands in for, an e-mail address.
    pub subject: String,
    /// Which customer; `my_customer` is that of the administrator.
    pub customer: String,
    /// The Directory API: `https://admin.googleapis.com`.
    pub directory_url: Url,
    /// The Cloud Identity API: `https://cloudidentity.googleapis.com`.
    pub identity_url: Url,
    /// Where devices are looked for.
    pub lists: Lists,
    /// What records mean here.
    pub options: Options,
    /// How long one request may take.
    pub patience: Patience,
    /// How long one question may take in all, tries again included.
    pub within: Duration,
    /// The first pause before another try.
    pub pause: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

/// Which of Google's lists are read. The service account must be allowed the scope of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lists {
    /// Phones and tablets.
    pub mobile: bool,
    /// Chromebooks.
    pub chromeos: bool,
    /// All that Cloud Identity knows, computers with Endpoint Verification included.
    pub identity: bool,
}

/// What records mean here. Used by [`super::read`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// After how many days a security patch of Android is too old; `None`, and its age says nothing.
    pub oldest_patch_days: Option<u32>,
    /// The practice that the antivirus program of Endpoint Verification answers; `None`, and it is left out.
    pub antivirus: Option<String>,
}

impl Settings {
    /// The usual settings.
    ///
    /// # Errors
    /// None in truth: the addresses are constants.
    pub fn new(key: SecretString, subject: impl Into<String>) -> Result<Self, url::ParseError> {
        Ok(Self {
            key,
            subject: subject.into(),
            customer: "my_customer".to_owned(),
            directory_url: Url::parse("https://admin.googleapis.com")?,
            identity_url: Url::parse("https://cloudidentity.googleapis.com")?,
            lists: Lists { mobile: true, chromeos: true, identity: true },
            options: Options::default(),
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(20) },
            within: Duration::from_secs(30),
            pause: Duration::from_secs(1),
            proxies: Proxies::from_env(),
        })
    }
}

/// Why the source cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An address is not one that we would send a token to.
    #[error("devices.google.{0}: {1}; leave it out, and Google's own is used")]
    Address(&'static str, AddressError),
    /// The key is not a service account's.
    #[error("devices.google.key: {0}; download a JSON key of the service account again")]
    Key(&'static str),
    /// Nobody to stand in for.
    #[error("devices.google.subject: `{0}` is no e-mail address; name an administrator who may see devices")]
    Subject(String),
    /// Nothing to ask.
    #[error(
        "devices.google.lists: none is switched on; switch on at least one, or leave `devices.google` out"
    )]
    Lists,
}
