//! Where devices are known: one folder per source.
//!
//! Each source reads its own raw records ([`Unreadable`] says what is wrong with one) and answers as a
//! [`hubcommander_sdk::devices::DeviceSource`].

pub mod osquery;
mod raw;
pub mod sample;

use std::sync::Arc;

use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::DeviceSource;

pub use raw::Unreadable;

/// What the sources are told at start. What is not there is not set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {}

impl Setup {
    /// Whether any source is set up.
    #[must_use]
    pub fn any(&self) -> bool {
        false
    }
}

/// Why a source cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {}

/// The sources that are set up.
///
/// # Errors
/// The settings of one cannot be used; the error says what to do.
pub fn all(setup: &Setup, clock: &SharedClock) -> Result<Vec<Arc<dyn DeviceSource>>, SetupError> {
    let _ = (setup, clock);
    Ok(Vec::new())
}
