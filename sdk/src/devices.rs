//! Where devices are known: a source is asked by owner, then by what others know the device by.

use async_trait::async_trait;
use hubcommander_posture::{Identifiers, Problem, Record};

/// What a source knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its records.
    pub records: Vec<Record>,
    /// What it sent that could not be used.
    pub problems: Vec<Problem>,
}

/// Why a source did not answer. The words are for the log; people are told which source it is, and no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Its settings are wrong or its credentials refused: whoever runs the bot must act.
    #[error("{0}")]
    Misconfigured(String),
    /// It did not answer, or not in time; it may be otherwise soon.
    #[error("{why}")]
    Unavailable {
        /// What happened.
        why: String,
        /// When it wants to be asked again, if it says.
        retry_after: Option<std::time::Duration>,
    },
    /// It answered what nobody can read.
    #[error("{0}")]
    Unreadable(String),
}

/// A source of devices. Reads only.
#[async_trait]
pub trait DeviceSource: Send + Sync {
    /// Its name in config.toml, such as `jamf`.
    fn name(&self) -> &str;

    /// What people call it, such as `Jamf`.
    fn title(&self) -> &str;

    /// The devices of whoever has exactly this e-mail address, compared without case. Never somebody else's,
    /// whatever the source answers. An empty address finds nothing.
    ///
    /// # Errors
    /// As [`SourceError`] says. That it knows nobody of that name is no error.
    async fn of_owner(&self, email: &str) -> Result<Found, SourceError>;

    /// The devices that have one of these identifiers; asked for devices that another source has found.
    ///
    /// # Errors
    /// As [`SourceError`] says.
    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError>;

    /// All devices, for those who look after all of them.
    ///
    /// # Errors
    /// As [`SourceError`] says.
    async fn all(&self) -> Result<Found, SourceError>;

    /// Asks these devices to report anew, if the source can, and waits a short while for it. True if a device has
    /// reported, so that it is worth to ask again.
    ///
    /// # Errors
    /// As [`SourceError`] says.
    async fn refresh(&self, records: &[Record]) -> Result<bool, SourceError> {
        let _ = records;
        Ok(false)
    }

    /// Whether it lets us in. Says what it is, in a few words, for `hubcommander check`.
    ///
    /// # Errors
    /// As [`SourceError`] says.
    async fn probe(&self) -> Result<String, SourceError>;
}
