//! Ways to prove who one is, and to ask a second person: one folder each.
//!
//! Each implements [`StepUp`]; [`all`] makes those that are set up.

pub mod approval;
pub mod duo;
mod exchange;

use std::sync::Arc;

use hubcommander_sdk::auth::StepUp;
use hubcommander_sdk::clock::SharedClock;
use secrecy::SecretString;

pub use exchange::AddressError;

/// What the plugins are told at start. What is not there is not set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Duo.
    pub duo: Option<duo::Settings>,
}

impl Setup {
    /// Every secret in it, to be kept out of what is printed.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let accounts = self.duo.iter().flat_map(|duo| duo.accounts.values());
        accounts.flat_map(|account| [&account.integration_key, &account.secret_key])
    }
}

/// Why a plugin cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Duo.
    #[error(transparent)]
    Duo(#[from] duo::SetupError),
}

/// The ways to prove who one is that are set up.
///
/// # Errors
/// The settings of one cannot be used; the error says what to do.
pub fn all(setup: &Setup, clock: &SharedClock) -> Result<Vec<Arc<dyn StepUp>>, SetupError> {
    let mut all: Vec<Arc<dyn StepUp>> = Vec::new();
    if let Some(settings) = &setup.duo {
        all.push(Arc::new(duo::Duo::new(settings, Arc::clone(clock))?));
    }
    Ok(all)
}
