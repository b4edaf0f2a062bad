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
    /// The server of osquery's agents.
    pub osquery: Option<osquery::Setup>,
    /// The devices of the sandbox.
    pub sample: Option<sample::Settings>,
}

impl Setup {
    /// Whether any source is set up.
    #[must_use]
    pub fn any(&self) -> bool {
        let Self { fleet, google, intune, jamf, landesk, osquery, sample } = self;
        let cloud = fleet.is_some() || google.is_some() || intune.is_some() || jamf.is_some();
        cloud || landesk.is_some() || osquery.is_some() || sample.is_some()
    }

    /// Every secret in it, to be kept out of what is printed.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let Self { fleet, google, intune, jamf, landesk, osquery, sample } = self;
        let fleet = fleet.iter().map(|fleet| &fleet.token);
        let google = google.iter().map(|google| &google.key);
        let intune = intune.iter().map(|intune| &intune.client_secret);
        let jamf = jamf.iter().map(|jamf| &jamf.client_secret);
        let landesk = landesk.iter().map(|landesk| &landesk.password);
        let osquery = osquery.iter().map(|osquery| &osquery.settings.enroll_secret);
        let sample = sample.iter().map(|sample| &sample.token);
        fleet.chain(google).chain(intune).chain(jamf).chain(landesk).chain(osquery).chain(sample)
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
    /// The server of osquery's agents.
    #[error(transparent)]
    Osquery(#[from] osquery::SetupError),
    /// The devices of the sandbox.
    #[error(transparent)]
    Sample(#[from] sample::SetupError),
}

/// A source by its name in config.toml, or why it cannot be set up.
pub type Made = (&'static str, Result<Arc<dyn DeviceSource>, SetupError>);

/// The sources that are set up. `osquery` is the one that its agents talk to, which is made by whoever serves it.
///
/// # Errors
/// The settings of one cannot be used; the error says what to do.
pub fn all(
    setup: &Setup,
    clock: &SharedClock,
    osquery: Option<&osquery::Osquery>,
) -> Result<Vec<Arc<dyn DeviceSource>>, SetupError> {
    each(setup, clock, osquery).into_iter().map(|(_, made)| made).collect()
}

/// The same, each by itself, so that one that cannot be set up hides no other.
pub fn each(setup: &Setup, clock: &SharedClock, osquery: Option<&osquery::Osquery>) -> Vec<Made> {
    fn made<S: DeviceSource + 'static, E: Into<SetupError>>(
        name: &'static str,
        source: Result<S, E>,
    ) -> Made {
        (name, source.map(|source| Arc::new(source) as Arc<dyn DeviceSource>).map_err(Into::into))
    }
    let Setup { fleet, google, intune, jamf, landesk, osquery: _, sample } = setup;
    let clock = || Arc::clone(clock);
    let cloud = [
        fleet.as_ref().map(|settings| made("fleet", fleet::Fleet::new(settings, clock()))),
        google.as_ref().map(|settings| made("google", google::Google::new(settings, clock()))),
        intune.as_ref().map(|settings| made("intune", intune::Intune::new(settings, clock()))),
        jamf.as_ref().map(|settings| made("jamf", jamf::Jamf::new(settings, clock()))),
    ];
    #[cfg(feature = "landesk")]
    let landesk = landesk.as_ref().map(|settings| made("landesk", landesk::Landesk::new(settings, clock())));
    #[cfg(not(feature = "landesk"))]
    let landesk = landesk.as_ref().map(|_| -> Made { ("landesk", Err(SetupError::NoLandesk)) });
    let osquery = osquery.map(|osquery| made(osquery::NAME, Ok::<_, SetupError>(osquery.clone())));
    let sample = sample.as_ref().map(|settings| made(sample::NAME, sample::Sample::new(settings, clock())));
    cloud.into_iter().chain([landesk, osquery, sample]).flatten().collect()
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
