//! Where devices are known: one folder per source.
//!
//! Each source reads its own raw records ([`Unreadable`] says what is wrong with one) and answers as a
//! [`hubcommander_sdk::devices::DeviceSource`].

mod fields;
pub mod fleet;
mod found;
pub mod google;
pub mod intune;
pub mod jamf;
pub mod landesk;
pub mod osquery;
mod raw;
mod rest;
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
    /// Fleet.
    pub fleet: Option<fleet::Settings>,
    /// Google's directory and Cloud Identity.
    pub google: Option<google::Settings>,
    /// Microsoft Intune.
    pub intune: Option<intune::Settings>,
    /// Jamf.
    pub jamf: Option<jamf::Settings>,
    /// LANDESK.
    pub landesk: Option<landesk::Settings>,
    /// The devices of the sandbox.
    pub sample: Option<sample::Settings>,
}

impl Setup {
    /// Whether any source is set up.
    #[must_use]
    pub fn any(&self) -> bool {
        let Self { fleet, google, intune, jamf, landesk, sample } = self;
        let ours = [fleet.is_some(), google.is_some(), intune.is_some()];
        ours.contains(&true) || jamf.is_some() || landesk.is_some() || sample.is_some()
    }

    /// Every secret in it, to be kept out of what is printed.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let Self { fleet, google, intune, jamf, landesk, sample } = self;
        let fleet = fleet.iter().map(|fleet| &fleet.token);
        let google = google.iter().map(|google| &google.key);
        let intune = intune.iter().map(|intune| &intune.client_secret);
        let jamf = jamf.iter().map(|jamf| &jamf.client_secret);
        let landesk = landesk.iter().map(|landesk| &landesk.password);
        let sample = sample.iter().map(|sample| &sample.token);
        fleet.chain(google).chain(intune).chain(jamf).chain(landesk).chain(sample)
    }
}

/// Why a source cannot be set up. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Fleet.
    #[error(transparent)]
    Fleet(#[from] fleet::SetupError),
    /// Google.
    #[error(transparent)]
    Google(#[from] google::SetupError),
    /// Intune.
    #[error(transparent)]
    Intune(#[from] intune::SetupError),
    /// Jamf.
    #[error(transparent)]
    Jamf(#[from] jamf::SetupError),
    /// LANDESK.
    #[error(transparent)]
    Landesk(#[from] landesk::SetupError),
    /// This program was built without LANDESK.
    #[error(
        "[device_sources.landesk]: this program was built without it; build it with the feature `landesk`"
    )]
    NoLandesk,
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
    let clock = || Arc::clone(clock);
    if let Some(settings) = &setup.fleet {
        all.push(Arc::new(fleet::Fleet::new(settings, clock())?));
    }
    if let Some(settings) = &setup.google {
        all.push(Arc::new(google::Google::new(settings, clock())?));
    }
    if let Some(settings) = &setup.intune {
        all.push(Arc::new(intune::Intune::new(settings, clock())?));
    }
    if let Some(settings) = &setup.jamf {
        all.push(Arc::new(jamf::Jamf::new(settings, clock())?));
    }
    #[cfg(feature = "landesk")]
    if let Some(settings) = &setup.landesk {
        all.push(Arc::new(landesk::Landesk::new(settings, clock())?));
    }
    #[cfg(not(feature = "landesk"))]
    if setup.landesk.is_some() {
        return Err(SetupError::NoLandesk);
    }
    if let Some(settings) = &setup.sample {
        all.push(Arc::new(sample::Sample::new(settings, clock())?));
    }
    Ok(all)
}

/// The names of the sources whose raw records can be read.
pub const NAMES: [&str; 7] = ["fleet", "google", "intune", "jamf", "landesk", osquery::NAME, sample::NAME];

/// What a raw record of the source `source` says, as its API gives it. What a source is told of how to read its
/// records is as `setup` says, or as usual.
///
/// # Errors
/// There is no such source, or the record cannot be used.
pub fn read(
    source: &str,
    raw: &Json,
    fetched_at: Option<Instant>,
    setup: &Setup,
) -> Result<Record, Unreadable> {
    match source {
        "fleet" => {
            let options = setup.fleet.as_ref().map(|fleet| fleet.options.clone()).unwrap_or_default();
            fleet::read(raw, &options, fetched_at)
        }
        "google" => {
            let options = setup.google.as_ref().map(|google| google.options.clone()).unwrap_or_default();
            google::read(raw, &options, fetched_at)
        }
        "intune" => {
            let options = setup.intune.as_ref().map(|intune| intune.options.clone()).unwrap_or_default();
            intune::read(raw, &options, fetched_at)
        }
        "jamf" => {
            let reading = setup.jamf.as_ref().map(|jamf| jamf.reading.clone()).unwrap_or_default();
            jamf::read(raw, &reading, fetched_at)
        }
        "landesk" => {
            let reading = setup.landesk.as_ref().map(|landesk| landesk.reading.clone()).unwrap_or_default();
            landesk::read(raw, &reading, fetched_at)
        }
        osquery::NAME => osquery::read(raw, osquery::NAME, fetched_at),
        sample::NAME => sample::read(raw, fetched_at),
        _ => {
            let what = format!("There is no source `{source}`. There are {}.", NAMES.join(", "));
            Err(Unreadable { id: None, what })
        }
    }
}
