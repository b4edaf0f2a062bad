//! Google, Fleet and Intune against the local ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod fleet;
mod google;
mod google_records;
mod intune;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hubcommander_outbound::Patience;
use hubcommander_posture::{Record, Seen};
use hubcommander_sdk::clock::{Clock, Instant, SharedClock};
use hubcommander_sdk::devices::Found;

pub(crate) const AMY: &str = "amy@example.com";
/// The same local part at another domain.
pub(crate) const OTHER_AMY: &str = "amy@example.org";
pub(crate) const QUICK: Patience =
    Patience { connect: Duration::from_secs(5), request: Duration::from_secs(5) };

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct Hands(Mutex<Instant>);

impl Hands {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(time("2026-11-23T10:00:00Z"))))
    }

    pub(crate) fn forward(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

impl Clock for Hands {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

pub(crate) fn shared(clock: &Arc<Hands>) -> SharedClock {
    clock.clone()
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub(crate) fn seen(record: &Record, practice: &str) -> Option<Seen> {
    record.observations.get(practice).map(|observation| observation.seen)
}

pub(crate) fn ids(found: &Found) -> Vec<&str> {
    let mut ids: Vec<&str> = found.records.iter().map(|record| record.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

pub(crate) fn problems(found: &Found) -> Vec<&str> {
    found.problems.iter().map(|problem| problem.what.as_str()).collect()
}
