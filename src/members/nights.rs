//! The nightly look for strangers: a line that is due every night, what the night before found, and where those go who
//! are found to have left.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{Days, NaiveTime};
use hubcommander_commands::membership::{LINE, Nights};
use hubcommander_sdk::accounts::Directory;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Conversation, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::invocation::Origin;
use crate::store::{Booking, Due, Shelf, Store, StoreError};

/// The line is due under this.
pub const DUE: &str = "members:sweep";

/// What was found is kept under this.
const FOUND: &str = "members:found";

/// How often it is looked whether the next night is booked. It costs one read of an index.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Sees to those who are found to have left: the farewell.
#[async_trait]
pub trait Leaving: Send + Sync {
    /// These people are linked to members of our organisations, and the directory says that they have left. Told every
    /// night as long as that is so.
    ///
    /// # Errors
    /// The store cannot be written.
    async fn let_go(&self, leavers: &[PersonId]) -> Result<(), StoreError>;
}

/// Hashes of what was found, and by which invocation.
#[derive(Serialize, Deserialize)]
struct Found {
    now: String,
    before: String,
    by: String,
}

/// Keeps what a night found for the next.
pub struct Nightbook {
    shelf: Shelf,
    leaving: Arc<dyn Leaving>,
}

fn hash(found: &str) -> String {
    Sha256::digest(found).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unkept(error: &dyn std::error::Error) -> Refusal {
    Refusal::new("What the night before found could not be looked up.", "").logged(error.to_string())
}

impl Nightbook {
    /// In this store; those who have left go to `leaving`.
    #[must_use]
    pub fn new(shelf: Shelf, leaving: Arc<dyn Leaving>) -> Self {
        Self { shelf, leaving }
    }
}

#[async_trait]
impl Nights for Nightbook {
    async fn is_news(&self, invocation: &str, found: &str) -> Result<bool, Refusal> {
        let store = self.shelf.get().map_err(|error| unkept(&error))?;
        let kept = store.remembered(FOUND).await.map_err(|error| unkept(&error))?;
        let kept: Option<Found> =
            kept.map(serde_json::from_value).transpose().map_err(|error| unkept(&error))?;
        let before = match kept {
            Some(kept) if kept.by == invocation => kept.before,
            Some(kept) => kept.now,
            // Before the first night nothing had been found.
            None => hash(""),
        };
        let now = hash(found);
        let is_news = now != before;
        let kept = Found { now, before, by: invocation.to_owned() };
        store.remember(FOUND, Some(json!(kept))).await.map_err(|error| unkept(&error))?;
        Ok(is_news)
    }

    async fn hand_over(&self, _: &str, leavers: &[PersonId]) -> Result<(), Refusal> {
        self.leaving.let_go(leavers).await.map_err(|error| unkept(&error))
    }
}

/// Books each night's line.
pub struct Nightly {
    /// At which time of the day, in UTC.
    pub at: NaiveTime,
    /// As whom the bot asks itself.
    pub me: PersonId,
    /// Where it is said.
    pub channel: String,
    /// Who works here: without a directory there is nothing to look for.
    pub directory: Arc<dyn Directory>,
    /// Where lines are booked.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
}

/// The next time after now that it is that time of the day.
fn next(at: NaiveTime, now: Instant) -> Instant {
    let today = now.date_naive().and_time(at).and_utc();
    if today > now { today } else { today.checked_add_days(Days::new(1)).unwrap_or(today) }
}

impl Nightly {
    /// Books each next night, until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        if !self.directory.is_set_up() {
            return;
        }
        let mut failing = false;
        loop {
            match self.book().await {
                Ok(()) => failing = false,
                Err(error) => {
                    if !failing {
                        tracing::warn!(%error, "the nightly look for strangers could not be booked");
                    }
                    failing = true;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn book(&self) -> Result<(), StoreError> {
        let (at, booked) = (next(self.at, self.clock.now()), self.store.due_under(DUE).await?);
        // What is booked for another time of the day is from before the settings were changed; sooner is a second try.
        if booked.is_some_and(|due| due.at <= at && due.origin.channel == self.channel) {
            return Ok(());
        }
        let place = (self.channel.clone(), Conversation::Private);
        let origin = Origin::by_itself(self.me.clone(), place, DUE, LINE.to_owned());
        let due = vec![Due { key: DUE.to_owned(), at, origin }];
        self.store.book(&Booking { due, ..Booking::default() }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_night_is_today_or_tomorrow() {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let time = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
        assert_eq!(next(time, at("2026-03-01T01:00:00Z")), at("2026-03-01T02:30:00Z"));
        assert_eq!(next(time, at("2026-03-01T02:30:00Z")), at("2026-03-02T02:30:00Z"));
        assert_eq!(next(time, at("2026-12-31T23:00:00Z")), at("2027-01-01T02:30:00Z"));
    }
}
