//! Who has read about somebody what is for one person alone. The newest are kept, for the person to see.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::store::{Store, StoreError};

/// How many are kept of one person.
const KEPT: usize = 100;

/// Somebody read about somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Who.
    pub by: PersonId,
    /// With which command; `web` on the pages.
    #[serde(default)]
    pub command: String,
    /// When.
    pub at: Instant,
}

fn key(user: &str) -> String {
    format!("read-of:{user}:")
}

/// Notes that this person was read about. `id` tells one time from another; noted twice, it counts once. The oldest
/// beyond a hundred are forgotten.
///
/// # Errors
/// It could not be written.
pub async fn note_reading(
    store: &dyn Store,
    user: &str,
    id: &str,
    reading: &Reading,
) -> Result<(), StoreError> {
    store.remember(&format!("{}{id}", key(user)), Some(json!(reading))).await?;
    let mut all = kept(store, user).await?;
    let surplus = all.len().saturating_sub(KEPT);
    for (id, _) in all.drain(..surplus) {
        store.remember(&format!("{}{id}", key(user)), None).await?;
    }
    Ok(())
}

/// Who has read about this person, the newest last; a hundred at most.
///
/// # Errors
/// They could not be read.
pub async fn readings(store: &dyn Store, user: &str) -> Result<Vec<Reading>, StoreError> {
    let mut all: Vec<Reading> =
        kept(store, user).await?.into_iter().filter_map(|(_, reading)| reading).collect();
    Ok(all.split_off(all.len().saturating_sub(KEPT)))
}

/// All that is kept of this person, the newest last. What cannot be read comes first, to be forgotten first.
async fn kept(store: &dyn Store, user: &str) -> Result<Vec<(String, Option<Reading>)>, StoreError> {
    let found = store.remembered_under(&key(user), u32::MAX).await?;
    let mut all: Vec<(String, Option<Reading>)> =
        found.into_iter().map(|(id, value)| (id, serde_json::from_value(value).ok())).collect();
    all.sort_by_key(|(_, reading): &(String, Option<Reading>)| reading.as_ref().map(|one| one.at));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[tokio::test]
    async fn the_newest_hundred_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("readings.db").display());
        let store = crate::store::open(&url).await.unwrap();
        let begin: Instant = "2026-11-28T10:00:00Z".parse().unwrap();
        let by = |number: i64| PersonId { team: "T0".to_owned(), user: format!("U{number}") };
        // The ids are in no order.
        let id = |number: i64| format!("inv-{:04}", (number * 37) % 150);
        for number in 0..150 {
            let at = begin + TimeDelta::minutes(number);
            let reading = Reading { by: by(number), command: "DeviceStatus".to_owned(), at };
            note_reading(&*store, "U0ANA", &id(number), &reading).await.unwrap();
            note_reading(&*store, "U0ANA", &id(number), &reading).await.unwrap();
        }
        let all = readings(&*store, "U0ANA").await.unwrap();
        let who: Vec<PersonId> = all.into_iter().map(|one| one.by).collect();
        assert_eq!(who, (50..150).map(by).collect::<Vec<_>>());
        assert_eq!(store.remembered_under("read-of:", 1_000).await.unwrap().len(), 100);
    }
}
