//! What the store keeps of nudges: of each owner what was fine and when they were nudged, and what people wish.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use hubcommander_posture::Device;
use hubcommander_sdk::clock::Instant;
use hubcommander_stethoscope::Fine;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use crate::store::{Shelf, StoreError};

/// Owners of devices stand under this and their e-mail.
const OF: &str = "nudges:of:";

/// What is kept of one owner of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nudged {
    /// What was fine when it was last judged; none if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine: Option<Fine>,
    /// When they were last told something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Instant>,
    /// The last day for which it is settled whether they are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<NaiveDate>,
    /// Who judged last, so that the same invocation, begun again after a crash, comes to the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

impl Nudged {
    /// Judges these devices anew, for this invocation, which may come again after a crash: it then sees what it saw.
    pub fn judge(&mut self, by: &str, devices: &[&Device], is_whole: bool) -> Judged {
        let judged = match self.judged.take().filter(|judged| judged.by == by) {
            Some(again) => again,
            None => {
                let before = self.fine.clone().unwrap_or_default();
                Judged { by: by.to_owned(), before, last: self.last }
            }
        };
        self.fine = Some(judged.before.learned(devices, is_whole));
        self.judged = Some(judged.clone());
        judged
    }
}

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The invocation.
    pub by: String,
    /// What was fine before it.
    pub before: Fine,
    /// When they had last been told something before it.
    pub last: Option<Instant>,
}

/// What somebody wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// No nudges.
    Off,
    /// None until then.
    Until(Instant),
}

impl Wish {
    /// Whether it holds at that time.
    #[must_use]
    pub fn holds(self, now: Instant) -> bool {
        match self {
            Self::Off => true,
            Self::Until(until) => now < until,
        }
    }
}

/// What is kept. Cheap to clone; of all clones one changes something at a time.
#[derive(Clone, Default)]
pub struct Memory {
    shelf: Shelf,
    turns: Arc<Mutex<()>>,
}

impl Memory {
    /// Over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self { shelf, turns: Arc::default() }
    }

    /// All owners of whom something is kept, by e-mail.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn all(&self) -> Result<BTreeMap<String, Nudged>, StoreError> {
        let found = self.shelf.get()?.remembered_under(OF, u32::MAX).await?;
        Ok(found.into_iter().map(|(email, value)| (email, read(value))).collect())
    }

    /// Changes what is kept of one owner, one after the other.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn change<T>(
        &self,
        email: &str,
        change: impl FnOnce(&mut Nudged) -> T,
    ) -> Result<T, StoreError> {
        let _turn = self.turns.lock().await;
        let (store, key) = (self.shelf.get()?, format!("{OF}{email}"));
        let before = store.remembered(&key).await?.map(read).unwrap_or_default();
        let mut after = before.clone();
        let result = change(&mut after);
        if after != before {
            store.remember(&key, Some(json!(after))).await?;
        }
        Ok(result)
    }

    /// Forgets an owner who has no device any more.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn forget(&self, email: &str) -> Result<(), StoreError> {
        let _turn = self.turns.lock().await;
        self.shelf.get()?.remember(&format!("{OF}{email}"), None).await
    }

    /// What this person, by their id in Slack, wishes; none if they are nudged like everyone.
    ///
    /// # Errors
    /// The store cannot be read, or not understood.
    pub async fn wish(&self, user: &str) -> Result<Option<Wish>, StoreError> {
        let key = wish_key(user);
        let Some(value) = self.shelf.get()?.remembered(&key).await? else { return Ok(None) };
        let unreadable =
            |error: serde_json::Error| StoreError::Unreadable { id: key, reason: error.to_string() };
        serde_json::from_value(value).map(Some).map_err(unreadable)
    }

    /// Keeps what this person wishes.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn set_wish(&self, user: &str, wish: Option<Wish>) -> Result<(), StoreError> {
        self.shelf.get()?.remember(&wish_key(user), wish.map(|wish| json!(wish))).await
    }
}

fn wish_key(user: &str) -> String {
    format!("nudges:wish:{user}")
}

/// What cannot be read counts as nothing known: then nothing is newly broken.
fn read(value: serde_json::Value) -> Nudged {
    serde_json::from_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use hubcommander_posture::{Catalogue, Record, Seen, evaluate};

    use super::*;

    #[test]
    fn what_begins_again_after_a_crash_comes_to_the_same() {
        let now = "2026-12-01T10:00:00Z".parse().unwrap();
        let device = |seen| {
            let mut record = Record::new("sample", "mac-1");
            record.saw("autoupdate", seen, Some(now), None);
            evaluate(vec![record], Vec::new(), &Catalogue::shipped(), now).devices.remove(0)
        };
        let (good, bad) = (device(Seen::Good), device(Seen::Bad));
        let mut nudged = Nudged::default();
        assert!(!nudged.judge("inv-1", &[&good], true).before.asks(&good));
        let first = nudged.judge("inv-2", &[&bad], true);
        assert!(first.before.asks(&bad), "it is newly broken");
        nudged.last = Some(now);
        let again = nudged.judge("inv-2", &[&bad], true);
        assert_eq!(again, first, "the same, and nobody has been told yet");
        let next = nudged.judge("inv-3", &[&bad], true);
        assert!(!next.before.asks(&bad), "it has been so since");
        assert_eq!(next.last, Some(now));
    }
}
