//! What is kept of sources that are read: who was on them last. Each person stands under a key of their own, so that
//! a reading writes what is otherwise and no more.

use hubcommander_directory::{Change, Person, Roll};
use hubcommander_sdk::clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::directories::{Directories, GROUPS, Read, State, USERS, unreadable};
use super::settings::Source;
use crate::store::{Booking, Store, StoreError};

/// So many people are written at a time where nothing hangs on their being written together.
const AT_ONCE: usize = 500;

/// The longest id that stands in a key as it is: what an index of the database takes is bounded.
const LONGEST_ID: usize = 200;

pub(super) fn status_key(source: Source) -> String {
    format!("directory:source:{}", source.key())
}

pub(super) fn people_under(source: Source) -> String {
    format!("directory:person:{}:", source.key())
}

fn said_key(source: Source) -> String {
    format!("directory:said:{}", source.key())
}

fn person_key(source: Source, id: &str) -> String {
    let under = people_under(source);
    if id.len() <= LONGEST_ID {
        return format!("{under}{id}");
    }
    let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{under}sha256 {digest}")
}

/// How a source stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When it was read last; `None` if never since it is set up.
    #[serde(default)]
    pub read: Option<Instant>,
    /// How many are on it.
    #[serde(default)]
    pub people: usize,
    /// How many of them work here.
    #[serde(default)]
    pub working: usize,
    /// What could not be read of it.
    #[serde(default)]
    pub unread: Vec<String>,
    /// Why it could not be read since, and since when.
    #[serde(default)]
    pub trouble: Option<(String, Instant)>,
}

/// What whoever runs the bot has said about the next reading of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// However many are gone, it is true.
    Believe,
    /// It is to be read as if it had never been: for a source that gives people other ids.
    Forget,
}

/// What came of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it was the first.
    pub first: bool,
    /// How many work here.
    pub working: usize,
    /// How many have joined, left or come back, or are known otherwise.
    pub changes: usize,
}

/// Why a roll was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Of those who worked here more than half are gone at once.
    #[error("{gone} of the {before} who worked here are gone at once; that is taken for a mistake")]
    Shrunk {
        /// How many worked here.
        before: usize,
        /// How many of them are gone.
        gone: usize,
    },
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Kept = Vec<(String, Option<Json>)>;

impl Directories {
    /// How many a source said work here when it was read last.
    pub(super) async fn known(&self, source: Source) -> Result<usize, StoreError> {
        let known = |state: &State| Some(state.rolls.get(&source)?.roll.as_ref()?.active());
        Ok(self.with(known).await?.unwrap_or(0))
    }

    /// Takes a reading: what is otherwise is kept together with what follows from it. From the first reading nothing
    /// follows.
    ///
    /// # Errors
    /// As [`NotTaken`] says. Then all is as it was.
    pub async fn take(&self, source: Source, roll: Roll, said: Option<Said>) -> Result<Taken, NotTaken> {
        let turn = self.turn().await?;
        let forget = said == Some(Said::Forget);
        let first = forget || turn.with(|state| roll_of(state, source).is_none()).await?;
        let mut status = Status {
            read: Some(roll.at()),
            people: roll.people().len(),
            working: roll.active(),
            unread: roll.unread().to_vec(),
            trouble: None,
        };
        let mut kept: Kept = vec![(said_key(source), None)];
        if first {
            self.lay_down(source, &roll, forget).await?;
            let taken = Taken { first, working: status.working, changes: 0 };
            kept.push((status_key(source), Some(json!(status))));
            let then =
                |state: &mut State| drop(state.rolls.insert(source, Read { roll: Some(roll), status }));
            turn.write(Booking::default(), kept, then).await?;
            return Ok(taken);
        }
        let (roll, changes, rows) = turn.with(|state| compared(state, source, roll)).await?;
        let before = turn.with(|state| roll_of(state, source).map_or(0, Roll::active)).await?;
        let gone = changes.iter().filter(|change| matches!(change, Change::Left { .. })).count();
        if before.saturating_sub(gone).saturating_mul(2) < before && said.is_none() {
            return Err(NotTaken::Shrunk { before, gone });
        }
        (status.people, status.working) = (roll.people().len(), roll.active());
        let changes =
            turn.with(|state| state.followed(source, changes, roll.people().iter().cloned())).await?;
        let booking = turn.follow(source, status.working, &changes).await?;
        let taken = Taken { first, working: status.working, changes: changes.len() };
        kept.extend(rows);
        kept.push((status_key(source), Some(json!(status))));
        let then = |state: &mut State| drop(state.rolls.insert(source, Read { roll: Some(roll), status }));
        turn.write(booking, kept, then).await?;
        Ok(taken)
    }

    /// Writes everybody of a first roll, and takes away whoever stood there. It counts once the status is written.
    async fn lay_down(&self, source: Source, roll: &Roll, forget: bool) -> Result<(), StoreError> {
        let store = self.store()?;
        if forget {
            store.remember(&status_key(source), None).await?;
        }
        let under = people_under(source);
        let old = store.remembered_under(&under, u32::MAX).await?;
        let gone = old.into_iter().map(|(rest, _)| (format!("{under}{rest}"), None));
        let all = roll.people().iter().map(|person| (person_key(source, &person.id), Some(json!(person))));
        write_all(&**store, gone.collect()).await?;
        write_all(&**store, all.collect()).await
    }

    /// It could not be read, and why.
    pub(super) async fn not_read(&self, source: Source, why: &str) -> Result<(), StoreError> {
        let turn = self.turn().await?;
        let now = self.0.clock.now();
        let status = turn.with(|state| state.rolls.get(&source).map(|read| read.status.clone())).await?;
        let status = status.unwrap_or_default();
        if status.trouble.as_ref().is_some_and(|(before, _)| before == why) {
            return Ok(());
        }
        let since = status.trouble.as_ref().map_or(now, |(_, since)| *since);
        let status = Status { trouble: Some((why.to_owned(), since)), ..status };
        let kept = vec![(status_key(source), Some(json!(status)))];
        let then = |state: &mut State| state.rolls.entry(source).or_default().status = status;
        turn.write(Booking::default(), kept, then).await
    }

    /// What was said about the next reading.
    pub(super) async fn said(&self, source: Source) -> Result<Option<Said>, StoreError> {
        let key = said_key(source);
        let said = self.store()?.remembered(&key).await?;
        said.map(serde_json::from_value).transpose().map_err(unreadable(&key))
    }

    /// Says something about the next reading. The bot looks for it, if it runs.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn say(&self, source: Source, said: Said) -> Result<(), StoreError> {
        self.store()?.remember(&said_key(source), Some(json!(said))).await
    }

    /// Takes away all that is kept of a source that is not set up.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn drop_source(&self, source: Source) -> Result<usize, StoreError> {
        let store = self.store()?;
        let under = match source {
            Source::Scim => vec![USERS.to_owned(), GROUPS.to_owned()],
            _ => vec![people_under(source)],
        };
        let mut gone: Kept = Vec::new();
        for under in under {
            let all = store.remembered_under(&under, u32::MAX).await?;
            gone.extend(all.into_iter().map(|(rest, _)| (format!("{under}{rest}"), None)));
        }
        let count = gone.len();
        gone.push((status_key(source), None));
        gone.push((said_key(source), None));
        write_all(&**store, gone).await?;
        Ok(count)
    }

    /// How each source stands that is set up.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn statuses(&self) -> Result<Vec<(Source, Status)>, StoreError> {
        let of = |state: &State, source| match source {
            Source::Scim => Status {
                people: state.scim.people().count(),
                working: state.scim.working(),
                read: state.scim.people().filter_map(|person| person.changed).max(),
                ..Status::default()
            },
            _ => state.rolls.get(&source).map(|read| read.status.clone()).unwrap_or_default(),
        };
        self.with(|state| self.0.settings.sources().map(|source| (source, of(state, source))).collect()).await
    }
}

fn roll_of(state: &State, source: Source) -> Option<&Roll> {
    state.rolls.get(&source)?.roll.as_ref()
}

/// The roll as it is to be kept, what has changed, and what is to be written for it.
fn compared(state: &State, source: Source, roll: Roll) -> (Roll, Vec<Change>, Kept) {
    let Some(before) = roll_of(state, source) else { return (roll, Vec::new(), Vec::new()) };
    let changes = roll.since(before).all().to_vec();
    let is_otherwise = |person: &&Person| before.get(&person.id).is_none_or(|old| !old.same_as(person));
    let mut rows: Kept = roll
        .people()
        .iter()
        .filter(is_otherwise)
        .map(|person| (person_key(source, &person.id), Some(json!(person))))
        .collect();
    let missing = || before.people().iter().filter(|person| roll.get(&person.id).is_none());
    if roll.is_whole() {
        rows.extend(missing().map(|person| (person_key(source, &person.id), None)));
        return (roll, changes, rows);
    }
    // Whoever may stand among what could not be read is kept as they were known.
    let people = roll.people().iter().chain(missing()).cloned().collect();
    let kept = Roll::new(roll.source(), roll.at(), people, roll.unread().to_vec());
    (kept.unwrap_or(roll), changes, rows)
}

async fn write_all(store: &dyn Store, kept: Kept) -> Result<(), StoreError> {
    for some in kept.chunks(AT_ONCE) {
        store.book(&Booking { kept: some.to_vec(), ..Booking::default() }).await?;
    }
    Ok(())
}
