//! Where devices are known: one folder per source.
//!
//! Each source reads its own raw records ([`Unreadable`] says what is wrong with one) and answers as a
//! [`hubcommander_sdk::devices::DeviceSource`].

mod raw;
pub mod sample;

use std::sync::Arc;

use hubcommander_posture::{Instant, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::DeviceSource;
use secrecy::SecretString;
use serde_json::Value as Json;

pub use raw::Unreadable;

/// What the sources are told at start. What is not there is not set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The devices of the sandbox.
    pub sample: Option<sample::Settings>,
}

impl Setup {
    /// Whether any source is set up.
    #[must_use]
    pub fn any(&self) -> bool {
        self.sample.is_some()
    }

    /// Every secret in it, to be kept out of what is printed.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.sample.iter().map(|sample| &sample.token)
    }
}

/// Why a source cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The devices of the sandbox.
    #[error(transparent)]
    Sample(#[from] sample::SetupError),
}

/// The sources that are set up.
///
/// # Errors
/// The settings of one cannot be used; the error says what to do.
pub fn all(setup: &Setup, clock: &SharedClock) -> Result<Vec<Arc<dyn DeviceSource>>, SetupError> {
    let mut all: Vec<Arc<dyn DeviceSource>> = Vec::new();
    if let Some(settings) = &setup.sample {
        all.push(Arc::new(sample::Sample::new(settings, Arc::clone(clock))?));
    }
    Ok(all)
}

/// The names of the sources whose raw records can be read.
pub const NAMES: [&str; 1] = [sample::NAME];

/// What a raw record of the source `source` says, as its API gives it.
///
/// # Errors
/// There is no such source, or the record cannot be used.
pub fn read(source: &str, raw: &Json, fetched_at: Option<Instant>, _: &Setup) -> Result<Record, Unreadable> {
    match source {
        sample::NAME => sample::read(raw, fetched_at),
        _ => {
            let what = format!("There is no source `{source}`. There are {}.", NAMES.join(", "));
            Err(Unreadable { id: None, what })
        }
    }
}
