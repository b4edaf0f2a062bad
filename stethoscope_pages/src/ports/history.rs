//! How the fleet stood on days gone by.

use async_trait::async_trait;
use chrono::NaiveDate;
use hubcommander_posture::{Platform, PracticeKey};

use super::Trouble;

/// How many devices stood how on one day, for one practice and platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// Which practice.
    pub practice: PracticeKey,
    /// Which platform; `None` for devices whose platform nobody knows.
    pub platform: Option<Platform>,
    /// As it should be.
    pub ok: u32,
    /// Suggested.
    pub nudge: u32,
    /// Critical.
    pub warn: u32,
    /// Nobody can tell.
    pub unknown: u32,
    /// Whether every source had answered; else what some of them know is missing.
    pub is_whole: bool,
}

impl DayCount {
    /// All devices that the practice is there for.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.ok.saturating_add(self.nudge).saturating_add(self.warn).saturating_add(self.unknown)
    }
}

/// Keeps one count a day.
#[async_trait]
pub trait History: Send + Sync {
    /// The counts from one day to another, both included, in the order of days. Days without a count are left out.
    ///
    /// # Errors
    /// They could not be read.
    async fn daily(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<DayCount>, Trouble>;
}
