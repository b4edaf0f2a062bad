//! What the source is told at start.

use std::collections::BTreeMap;
use std::time::Duration;

use hubcommander_outbound::{AddressError, Patience, Proxies};
use secrecy::SecretString;
use url::Url;

/// What the source is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The tenant: its id or its domain.
    pub tenant: String,
    /// The id of the app that is registered for us.
    pub client_id: String,
    /// Its secret. The app needs the application permission `DeviceManagementManagedDevices.Read.All`.
    pub client_secret: SecretString,
    /// Microsoft Graph: `https://graph.microsoft.com`.
    pub graph_url: Url,
    /// Where tokens are given: `https://login.microsoftonline.com`.
    pub login_url: Url,
    /// What records mean here.
    pub options: Options,
    /// Whether Defender and compliance settings are asked for also when all devices are read: two more requests a
    /// device.
    pub all_in_full: bool,
    /// How long one request may take.
    pub patience: Patience,
    /// How long one question may take in all, tries again included.
    pub within: Duration,
    /// The first pause before another try.
    pub pause: Duration,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

/// What records mean here. Used by [`super::read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which practice a setting of a compliance policy answers. A setting is named whole
    /// (`Windows10CompliancePolicy.ActiveFirewallRequired`) or by its last part, compared without case.
    pub compliance: BTreeMap<String, String>,
    /// The practice that Microsoft Defender answers; `None`, and it is not asked about.
    pub defender: Option<String>,
    /// After how many days a security patch of Android is too old; `None`, and its age says nothing.
    pub oldest_patch_days: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        let settings = [
            ("activeFirewallRequired", "firewall"),
            ("firewallEnabled", "firewall"),
            ("passwordRequired", "screenlock"),
            ("passcodeRequired", "screenlock"),
        ];
        let compliance = settings.map(|(setting, practice)| (setting.to_owned(), practice.to_owned())).into();
        Self { compliance, defender: Some("defender".to_owned()), oldest_patch_days: None }
    }
}

impl Settings {
    /// The usual settings.
    ///
    /// # Errors
    /// None in truth: the addresses are constants.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: SecretString,
    ) -> Result<Self, url::ParseError> {
        Ok(Self {
            tenant: tenant.into(),
            client_id: client_id.into(),
            client_secret,
            graph_url: Url::parse("https://graph.microsoft.com")?,
            login_url: Url::parse("https://login.microsoftonline.com")?,
            options: Options::default(),
            all_in_full: false,
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
    /// An address is not one that we would send a secret to.
    #[error("devices.intune.{0}: {1}; leave it out, and Microsoft's own is used")]
    Address(&'static str, AddressError),
    /// No tenant.
    #[error("devices.intune.tenant is empty; name your tenant by its id or its domain")]
    Tenant,
}
