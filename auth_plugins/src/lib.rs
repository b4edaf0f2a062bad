//! Ways to prove who one is, and to ask a second person: one folder each.
//!
//! Each implements [`StepUp`]; [`all`] makes those that are set up.

mod again;
pub mod approval;
pub mod duo;
mod email;
pub mod okta;
#[cfg(feature = "passkey")]
pub mod passkey;

use std::sync::Arc;

use hubcommander_sdk::auth::StepUp;
use hubcommander_sdk::clock::SharedClock;
use secrecy::SecretString;

pub use hubcommander_outbound::AddressError;

/// No answer that we ask for is longer.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// What the plugins are told at start. What is not there is not set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Duo.
    pub duo: Option<duo::Settings>,
    /// Okta Verify.
    pub okta: Option<okta::Settings>,
}

impl Setup {
    /// Every secret in it, to be kept out of what is printed.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let accounts = self.duo.iter().flat_map(|duo| duo.accounts.values());
        let keys = accounts.flat_map(|account| [&account.integration_key, &account.secret_key]);
        keys.chain(self.okta.iter().map(|okta| &okta.api_token))
    }
}

/// What trying an account has shown to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongAccount {
    /// One sentence on what is wrong.
    pub what: String,
    /// One sentence for those who run the bot on what to do.
    pub cure: &'static str,
}

/// Why a plugin cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Duo.
    #[error(transparent)]
    Duo(#[from] duo::SetupError),
    /// Okta Verify.
    #[error(transparent)]
    Okta(#[from] okta::SetupError),
}

/// The ways to prove who one is that are set up, the preferred one first.
///
/// # Errors
/// The settings of one cannot be used; the error says what to do.
pub fn all(setup: &Setup, clock: &SharedClock) -> Result<Vec<Arc<dyn StepUp>>, SetupError> {
    let mut all: Vec<Arc<dyn StepUp>> = Vec::new();
    if let Some(settings) = &setup.duo {
        all.push(Arc::new(duo::Duo::new(settings, Arc::clone(clock))?));
    }
    if let Some(settings) = &setup.okta {
        all.push(Arc::new(okta::Okta::new(settings, Arc::clone(clock))?));
    }
    Ok(all)
}
