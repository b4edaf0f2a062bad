//! The web pages of Stethoscope, as the engine carries them: what they ask for is answered here, from the store,
//! from Slack and by the policies. Where nobody has set up a source of devices or an address, there are none.

mod access;
mod kept;
mod leaving;
mod rules;
mod sessions;
mod sweep;
#[cfg(test)]
mod tests;
mod tokens;
mod views;

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::people::Person;
use hubcommander_stethoscope::Looks;
use hubcommander_stethoscope_pages::ports::{self, History, Notices};
use hubcommander_stethoscope_pages::{Behind, NoRandomness, Pages, Secrets, Settings, oidc};

use crate::config::Config;
use crate::pipeline::engine::Engine;
use crate::pipeline::report::SignIn;
use crate::store::Shelf;

pub use leaving::Doors;
pub use sweep::sweep;

/// How long a provider of identities is waited for, by somebody who looks at a blank page.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), request: Duration::from_secs(10) };

/// Why there are no pages. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Their address.
    #[error("[web] {0}")]
    Pages(#[from] hubcommander_stethoscope_pages::SetupError),
    /// A provider of identities.
    #[error("[web.login.{name}] {reason}")]
    Login {
        /// Which one.
        name: String,
        /// Why.
        reason: oidc::SetupError,
    },
    /// Nothing to make secrets of.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// What the pages stand on.
pub struct Ground {
    /// The store, once it is open.
    pub shelf: Shelf,
    /// The engine, once it runs.
    pub engine: Arc<OnceLock<Weak<Engine>>>,
    /// Looks at devices.
    pub looks: Arc<dyn Looks>,
    /// Keeps counts of days.
    pub history: Arc<dyn History>,
    /// Keeps questions.
    pub notices: Arc<dyn Notices>,
    /// Tells the time.
    pub clock: SharedClock,
}

/// The pages, if the configuration gives them an address and something to show.
///
/// # Errors
/// As [`SetupError`] says.
pub fn set_up(config: &Config, ground: Ground) -> Result<Option<Arc<Pages>>, SetupError> {
    let Some(public_url) = config.devices_page() else { return Ok(None) };
    let Ground { shelf, engine, looks, history, notices, clock } = ground;
    let proxies = Proxies::from_env();
    let mut providers = Vec::new();
    for settings in config.web.iter().flat_map(|web| &web.login) {
        let provider = oidc::Provider::new(settings.clone(), &proxies, PATIENCE);
        let provider =
            provider.map_err(|reason| SetupError::Login { name: settings.name.clone(), reason })?;
        providers.push(Arc::new(provider));
    }
    let behind = Behind {
        looks,
        sessions: Arc::new(sessions::Shelved::new(shelf.clone())),
        rules: Arc::new(rules::ByPolicy::new(Arc::clone(&engine))),
        views: Arc::new(views::Noted::new(shelf.clone(), Arc::clone(&engine))),
        history,
        access: Arc::new(access::FromStore::new(shelf.clone(), engine)),
        notices,
        tokens: Arc::new(tokens::Shelved::new(shelf)),
        providers,
        clock,
        secrets: Arc::new(Secrets::new()?),
    };
    Ok(Some(Arc::new(Pages::new(Settings::new(public_url), behind)?)))
}

/// Signs people in from a message of the bot's.
pub struct Door(pub Arc<Pages>);

#[async_trait]
impl SignIn for Door {
    async fn link(&self, person: &Person) -> Option<String> {
        let email = person.email.clone()?;
        let link = self.0.login_link(ports::Person { email, name: person.name.clone() }).await;
        link.map(String::from)
            .map_err(|error| tracing::warn!(%error, "no link to the pages could be made"))
            .ok()
    }
}
