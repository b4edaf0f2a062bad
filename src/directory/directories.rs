//! All that is known of the company's people, in memory and in the store.
//!
//! One process has one of these, and writes through it: the store first, in one transaction with what follows, and
//! then memory. If it is not sure what the store has, memory is forgotten and read anew.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::Router;
use hubcommander_directory::scim::{self, Kind, NewId, Record, Scim, TokenError, Tokens};
use hubcommander_directory::{Change, Person, Roll};
use hubcommander_sdk::clock::SharedClock;
use serde_json::{Value as Json, json};
use tokio::sync::{Mutex, MutexGuard};
use url::Url;

use super::Follow;
use super::links::Shown;
use super::records::Records;
use super::rolls::{Status, people_under, status_key};
use super::settings::{Settings, Source};
use super::view::{Index, View};
use crate::members::Book;
use crate::store::{AuditEntry, Booking, Shelf, Store, StoreError};

/// Keys of users and groups that SCIM tells of.
pub(super) const USERS: &str = "scim:user:";
pub(super) const GROUPS: &str = "scim:group:";

/// Of one source that is read: who was on it last, and how it stands.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub roll: Option<Roll>,
    pub status: Status,
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct State {
    pub scim: Records,
    /// Sources that are read and set up.
    pub rolls: BTreeMap<Source, Read>,
    view: OnceLock<View>,
}

impl State {
    /// Everybody of every source, in the order of sources.
    pub fn people(&self) -> impl Iterator<Item = (Source, &Person)> + Clone {
        let read = self.rolls.iter().flat_map(|(source, read)| {
            read.roll.iter().flat_map(Roll::people).map(move |person| (*source, person))
        });
        let users: Vec<&Person> = self.scim.people().collect();
        users.into_iter().map(|person| (Source::Scim, person)).chain(read)
    }

    /// What all of it comes to.
    pub fn view(&self) -> &View {
        self.view.get_or_init(|| View::of(self.people()))
    }

    /// The changes without those who left one source and work here by another, or under another id. `now` is who the
    /// source says works there after them.
    pub fn followed(
        &self,
        source: Source,
        changes: Vec<Change>,
        now: impl Iterator<Item = Person>,
    ) -> Vec<Change> {
        if !changes.iter().any(|change| matches!(change, Change::Left { .. })) {
            return changes;
        }
        let now: Vec<Person> = now.filter(|person| person.active).collect();
        let others = self.people().filter(|(other, person)| *other != source && person.active);
        let index = Index::of(others.chain(now.iter().map(|person| (source, person))));
        let stays = |change: &Change| matches!(change, Change::Left { person, .. } if index.has(person));
        changes.into_iter().filter(|change| !stays(change)).collect()
    }
}

pub(super) struct Inner {
    pub settings: Settings,
    pub shelf: Shelf,
    pub clock: SharedClock,
    follow: Arc<dyn Follow>,
    /// Whoever holds it may write.
    gate: Mutex<()>,
    state: RwLock<Option<State>>,
}

/// Who works in the company, by all sources that are set up. Cheap to clone.
#[derive(Clone)]
pub struct Directories(pub(super) Arc<Inner>);

impl std::fmt::Debug for Directories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.settings.sources()).finish()
    }
}

pub(super) fn unreadable(id: &str) -> impl FnOnce(serde_json::Error) -> StoreError {
    move |error| StoreError::Unreadable { id: id.to_owned(), reason: error.to_string() }
}

/// The right to write.
pub(super) struct Turn<'d> {
    directories: &'d Directories,
    _gate: MutexGuard<'d, ()>,
}

impl Directories {
    /// What is kept in this store of the sources that are set up. `follow` says what follows from changes.
    #[must_use]
    pub fn new(settings: Settings, shelf: Shelf, clock: SharedClock, follow: Arc<dyn Follow>) -> Self {
        let (gate, state) = (Mutex::default(), RwLock::default());
        Self(Arc::new(Inner { settings, shelf, clock, follow, gate, state }))
    }

    /// What is set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The SCIM server below this address, if it is set up. `book` says what was linked.
    ///
    /// # Errors
    /// A token can be guessed, or is none.
    pub fn scim(&self, public_url: &Url, book: &Book, new_id: NewId) -> Result<Option<Router>, TokenError> {
        let Some(tokens) = &self.0.settings.scim else { return Ok(None) };
        let links = Shown { directories: self.clone(), book: book.clone() };
        Ok(Some(scim::router(Scim {
            keep: Arc::new(self.clone()),
            told: Arc::new(self.clone()),
            links: Some(Arc::new(links)),
            tokens: Tokens::new(tokens.iter().map(|(name, token)| (name.as_str(), token)))?,
            clock: Arc::clone(&self.0.clock),
            new_id,
            public_url: public_url.to_string(),
        })))
    }

    pub(super) fn store(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.0.shelf.get()
    }

    /// Reads what is kept, for a start. A source that is not set up any more counts as not read, should it be again.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn begin(&self) -> Result<(), StoreError> {
        let store = self.store()?;
        for source in Source::ALL.into_iter().filter(|one| !self.0.settings.sources().any(|set| set == *one))
        {
            let key = status_key(source);
            let Some(kept) = store.remembered(&key).await? else { continue };
            let status: Status = serde_json::from_value(kept).map_err(unreadable(&key))?;
            if status.read.is_some() {
                let away = Status { read: None, ..status };
                store.remember(&key, Some(json!(away))).await?;
            }
        }
        self.with(|_| ()).await
    }

    /// Looks at what is known.
    pub(super) async fn with<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        loop {
            {
                let state = self.0.state.read().unwrap_or_else(PoisonError::into_inner);
                if let Some(state) = &*state {
                    return Ok(look(state));
                }
            }
            self.turn().await?;
        }
    }

    /// Waits for the right to write.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let turn = Turn { directories: self, _gate: self.0.gate.lock().await };
        let there = self.0.state.read().unwrap_or_else(PoisonError::into_inner).is_some();
        if !there {
            let state = self.load().await?;
            *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
        }
        Ok(turn)
    }

    async fn load(&self) -> Result<State, StoreError> {
        let store = self.store()?;
        let mut state = State::default();
        for (kind, prefix) in [(Kind::User, USERS), (Kind::Group, GROUPS)] {
            if self.0.settings.scim.is_none() {
                continue;
            }
            for (id, value) in store.remembered_under(prefix, u32::MAX).await? {
                let record: Record = serde_json::from_value(value).map_err(unreadable(&id))?;
                state.scim.put(kind, record);
            }
        }
        for source in self.0.settings.readers() {
            let mut read = Read::default();
            let key = status_key(source);
            if let Some(kept) = store.remembered(&key).await? {
                read.status = serde_json::from_value(kept).map_err(unreadable(&key))?;
                let people = store.remembered_under(&people_under(source), u32::MAX).await?;
                let people: Result<Vec<Person>, StoreError> = people
                    .into_iter()
                    .map(|(id, value)| serde_json::from_value(value).map_err(unreadable(&id)))
                    .collect();
                // There is no roll if nobody is on it.
                let at = read.status.read.unwrap_or_default();
                read.roll = Roll::new(self.0.settings.name(source), at, people?, Vec::new()).ok();
            }
            state.rolls.insert(source, read);
        }
        Ok(state)
    }
}

impl Turn<'_> {
    /// Looks at what is known, which nobody else changes meanwhile.
    pub async fn with<T>(&self, look: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        self.directories.with(look).await
    }

    /// What follows from these changes, and a word for the audit about who left and came back.
    pub async fn follow(
        &self,
        source: Source,
        working: usize,
        changes: &[Change],
    ) -> Result<Booking, StoreError> {
        if changes.is_empty() {
            return Ok(Booking::default());
        }
        let inner = &self.directories.0;
        let (name, at) = (inner.settings.name(source), inner.clock.now());
        let mut booking = inner.follow.follow(&name, working, changes, at).await?;
        let ids = |wanted: fn(&Change) -> Option<&Person>| -> Vec<&str> {
            changes.iter().filter_map(wanted).map(|person| person.id.as_str()).collect()
        };
        let left = ids(|change| match change {
            Change::Left { person, .. } => Some(person),
            _ => None,
        });
        let back = ids(|change| match change {
            Change::Back { person } => Some(person),
            _ => None,
        });
        if !left.is_empty() || !back.is_empty() {
            let body = json!({ "source": source.key(), "left": left, "back": back, "working": working });
            let event = "directory.changed".to_owned();
            booking.audit.push(AuditEntry { at, invocation: None, event, body });
        }
        Ok(booking)
    }

    /// Writes down, and then does the same in memory.
    pub async fn write(
        &self,
        mut booking: Booking,
        kept: Vec<(String, Option<Json>)>,
        then: impl FnOnce(&mut State),
    ) -> Result<(), StoreError> {
        booking.kept.extend(kept);
        let inner = &self.directories.0;
        // Somebody has left or come back.
        let grave = !booking.audit.is_empty();
        if grave {
            crate::crash::point("directory.before-write");
        }
        let written = self.directories.store()?.book(&booking).await;
        if grave {
            crate::crash::point("directory.after-write");
        }
        let mut state = inner.state.write().unwrap_or_else(PoisonError::into_inner);
        match (&written, state.as_mut()) {
            (Ok(()), Some(state)) => {
                then(state);
                state.view = OnceLock::new();
            }
            // Whether it is written is not known after a connection broke.
            _ => *state = None,
        }
        written
    }
}
