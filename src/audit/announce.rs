//! Announcing the head of the chain at set times, so that not even whoever holds both the database and the key can
//! cut the end off unseen.

use std::fmt;

use chrono::{SecondsFormat, TimeDelta, Timelike as _};
use futures_util::future::join_all;
use hubcommander_audit::{Head, Seal};
use hubcommander_sdk::clock::Instant;
use tokio::task::JoinHandle;

use super::Settings;
use super::places::{NotAnnounced, Place, Slack};
use crate::slack::socket::{Alarm, AlarmKind};
use crate::store::{Store, StoreError};

/// How long to wait before trying the places again that did not take it.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);

const DAY: i64 = 24 * 3600;

/// When the head is announced: at a time of day in UTC, and from then on every so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Seconds after midnight UTC.
    pub at: u32,
    /// Seconds between two; at most a day.
    pub every: u32,
}

impl Schedule {
    /// The last of these times that is not after `now`.
    #[must_use]
    pub fn last(self, now: Instant) -> Instant {
        let every = i64::from(self.every.max(1)).min(DAY);
        let today = i64::from(now.num_seconds_from_midnight());
        let since = (today - i64::from(self.at)).rem_euclid(DAY) % every;
        now.with_nanosecond(0).unwrap_or(now) - TimeDelta::seconds(since)
    }
}

/// What is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The head.
    pub head: Head,
    /// The seal over it.
    pub seal: u64,
    /// When that was made.
    pub at: String,
    /// The id of the key that signed it.
    pub key: String,
}

impl Announcement {
    /// What is announced of a seal.
    #[must_use]
    pub fn of(seal: &Seal) -> Self {
        let at = Instant::from_timestamp_micros(seal.at).unwrap_or_default();
        Self {
            head: Head { hash: seal.head, position: seal.last },
            seal: seal.number,
            at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            key: seal.key.clone(),
        }
    }
}

impl fmt::Display for Announcement {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, seal, at, key } = self;
        write!(f, "hubcommander audit head {head} seal {seal} at {at} key {key}")
    }
}

/// Announces the head at all places at once, outside its time: something happened that must not be cut off unseen.
/// Gives what was announced, and which places did not take it; nothing if nothing is sealed.
///
/// # Errors
/// The store does not say how the chain stands.
pub async fn announce_now(
    settings: &Settings,
    slack: Option<Slack>,
    store: &dyn Store,
) -> Result<Option<(Announcement, Vec<NotAnnounced>)>, StoreError> {
    let Some(seal) = store.sealing().await?.last else { return Ok(None) };
    let announcement = Announcement::of(&seal);
    tracing::info!(%announcement, "the audit's head");
    let places = settings.places.iter().cloned().chain(slack.map(Place::Slack));
    let tell = places.map(|place| {
        let announcement = announcement.clone();
        async move { place.tell(&announcement).await.err() }
    });
    let wrong = join_all(tell).await.into_iter().flatten().collect();
    Ok(Some((announcement, wrong)))
}

/// What each place said.
type Answers = Vec<Result<(), NotAnnounced>>;

/// Announces, beside the sealing.
pub(super) struct Announcer {
    places: Vec<Place>,
    /// Those that took this time's announcement already.
    taken: Vec<bool>,
    under_way: Option<(Instant, JoinHandle<Answers>)>,
    /// The time that was begun with, and when to try again.
    failed: Option<(Instant, Instant)>,
}

impl Announcer {
    pub fn new(settings: &Settings, slack: Option<Slack>) -> Self {
        let mut places = settings.places.clone();
        places.extend(slack.map(Place::Slack));
        Self { taken: vec![false; places.len()], places, under_way: None, failed: None }
    }

    /// Whether an announcement may begin.
    pub fn is_free(&self, now: Instant) -> bool {
        self.under_way.is_none() && self.failed.is_none_or(|(_, again)| now >= again)
    }

    /// Begins to announce for this time, at those places that have not taken it yet.
    pub fn begin(&mut self, slot: Instant, announcement: Announcement) {
        // To the log in any case: it often goes elsewhere.
        tracing::info!(%announcement, "the audit's head");
        if self.failed.is_none_or(|(begun, _)| begun != slot) {
            self.taken.fill(false);
        }
        let todo: Vec<Option<Place>> = self
            .places
            .iter()
            .zip(&self.taken)
            .map(|(place, taken)| (!taken).then(|| place.clone()))
            .collect();
        let task = tokio::spawn(async move {
            let mut ends = Vec::with_capacity(todo.len());
            for place in todo {
                ends.push(match place {
                    Some(place) => place.tell(&announcement).await,
                    None => Ok(()),
                });
            }
            ends
        });
        self.under_way = Some((slot, task));
    }

    /// The time for which it has been announced everywhere, once that is over. What did not work is told.
    pub async fn ended(&mut self, alarm: &dyn Alarm, now: Instant) -> Option<Instant> {
        let (slot, task) = self.under_way.take_if(|(_, task)| task.is_finished())?;
        let ends = task.await.unwrap_or_default();
        let mut wrong = Vec::new();
        for (taken, end) in self.taken.iter_mut().zip(&ends) {
            match end {
                Ok(()) => *taken = true,
                Err(error) => wrong.push(error.to_string()),
            }
        }
        if wrong.is_empty() && ends.len() == self.places.len() {
            self.failed = None;
            return Some(slot);
        }
        self.failed = Some((slot, now + AGAIN_AFTER));
        alarm.raise(AlarmKind::AuditNotAnnounced { log: wrong.join("; ") }).await;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_those_of_the_day() {
        let daily = Schedule { at: 9 * 3600, every: 24 * 3600 };
        assert_eq!(daily.last(at("2026-03-02T09:00:00Z")), at("2026-03-02T09:00:00Z"));
        assert_eq!(daily.last(at("2026-03-02T08:59:59.999Z")), at("2026-03-01T09:00:00Z"));
        assert_eq!(daily.last(at("2026-03-02T23:30:00.5Z")), at("2026-03-02T09:00:00Z"));
        let often = Schedule { at: 1800, every: 6 * 3600 };
        assert_eq!(often.last(at("2026-03-02T00:29:00Z")), at("2026-03-01T18:30:00Z"));
        assert_eq!(often.last(at("2026-03-02T12:31:00Z")), at("2026-03-02T12:30:00Z"));
    }
}
