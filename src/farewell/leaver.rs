//! Somebody who leaves, as it is written down until they are back.

use std::collections::BTreeSet;

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::rail::WITHIN;
use crate::store::{Store, StoreError};

/// Where they are kept, by their keys.
pub(super) const LEFT: &str = "farewell:left:";

/// What says that somebody left, if it is Slack.
pub(super) const SLACK: &str = "Slack";

/// How it stands with somebody who leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stand {
    /// Their farewell is due, or has been taken up.
    Open,
    /// The rail holds it.
    Held,
    /// It was held, and somebody let it go. It counts for the rail no more.
    Released,
    /// Somebody said that it is not to be. It counts for the rail no more.
    Dropped,
}

/// Somebody who leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaver {
    /// What people quote: `frw-1f3a90bc27`.
    pub key: String,
    /// What says so: names of directories, or `Slack`.
    pub by: BTreeSet<String>,
    /// Their name, as it was told. May be empty.
    pub name: String,
    /// Their addresses, in lower case.
    pub emails: Vec<String>,
    /// Their id in Slack, as it was told.
    pub slack: Option<String>,
    /// When they left.
    pub at: Instant,
    /// How many worked here before.
    pub working: usize,
    /// How it stands.
    pub stand: Stand,
}

impl Leaver {
    /// The key of who leaves, of how they are known where it was told.
    pub(super) fn key(by: &str, id: &str) -> String {
        let hash = Sha256::new().chain_update(by).chain_update([0]).chain_update(id).finalize();
        let digits: String = hash.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        format!("frw-{digits}")
    }

    /// What is due under it.
    pub(super) fn due(&self) -> String {
        due(&self.key)
    }

    /// What is due before.
    pub(super) fn soon(&self) -> String {
        format!("farewell:{}:soon", self.key)
    }

    /// Whether it is this person.
    pub(super) fn is(&self, slack: Option<&str>, emails: &[String]) -> bool {
        slack.is_some_and(|slack| self.slack.as_deref() == Some(slack))
            || self.emails.iter().any(|email| emails.contains(email))
    }

    /// Whether it counts for the rail.
    pub(super) fn counts(&self, now: Instant) -> bool {
        matches!(self.stand, Stand::Open | Stand::Held) && now - self.at < WITHIN
    }

    /// Whether a directory says so, and not Slack alone.
    pub(super) fn by_a_directory(&self) -> bool {
        self.by.iter().any(|by| by != SLACK)
    }

    /// Who it is, in words.
    pub(super) fn shown(&self) -> Text {
        match (&self.slack, self.emails.first()) {
            (Some(user), _) => Text::new().person(user),
            (None, _) if !self.name.is_empty() => self.name.as_str().into(),
            (None, Some(email)) => email.as_str().into(),
            (None, None) => Text::new().code(&self.key),
        }
    }

    /// As it is kept.
    pub(super) fn kept(&self) -> (String, Option<Json>) {
        (format!("{LEFT}{}", self.key), serde_json::to_value(self).ok())
    }
}

/// What is due under a key.
pub(super) fn due(key: &str) -> String {
    format!("farewell:{key}")
}

/// All who left and are not back.
pub(super) async fn all(store: &dyn Store) -> Result<Vec<Leaver>, StoreError> {
    let kept = store.remembered_under(LEFT, u32::MAX).await?;
    kept.into_iter().map(|(key, value)| read(&key, value)).collect()
}

/// One of them.
pub(super) async fn one(store: &dyn Store, key: &str) -> Result<Option<Leaver>, StoreError> {
    let kept = store.remembered(&format!("{LEFT}{key}")).await?;
    kept.map(|value| read(key, value)).transpose()
}

fn read(key: &str, value: Json) -> Result<Leaver, StoreError> {
    serde_json::from_value(value)
        .map_err(|error| StoreError::Unreadable { id: key.to_owned(), reason: error.to_string() })
}
