//! Where the people are kept that SCIM tells about.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::Change;
use crate::scim::{Filter, Kind, Record};

/// Why something could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeepTrouble {
    /// Another record has this value of an attribute that no two may share.
    #[error("another record has this {0}")]
    Taken(&'static str),
    /// It is not of the expected version.
    #[error("it has changed meanwhile")]
    Newer,
    /// There is no such record.
    #[error("there is no such record")]
    Gone,
    /// It did not work. The text is for the log.
    #[error("{0}")]
    Broken(String),
}

/// Which records are asked for. They come in the order in which they were made, by `created` and then by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// Those that satisfy this; without one, all.
    pub filter: Option<Filter>,
    /// How many to leave out at the beginning.
    pub skip: usize,
    /// How many to give at most.
    pub take: usize,
}

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// How many satisfy the filter in all.
    pub total: usize,
    /// Those asked for.
    pub records: Vec<Record>,
}

/// A group by id and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Keeps records of users and groups. Each call is one transaction.
#[async_trait]
pub trait Keep: Send + Sync {
    /// One record.
    ///
    /// # Errors
    /// [`KeepTrouble::Broken`].
    async fn get(&self, kind: Kind, id: &str) -> Result<Option<Record>, KeepTrouble>;

    /// Several records, as they stand at one moment. [`Filter::pin`] tells which filters an index can answer; the
    /// rest is [`Record::satisfies`] of each.
    ///
    /// # Errors
    /// [`KeepTrouble::Broken`].
    async fn list(&self, kind: Kind, ask: &Ask) -> Result<Listed, KeepTrouble>;

    /// Puts a record in the place of the one of version `before`, or as a new one. `news` is what that means; it is
    /// written down in the same transaction, so that what follows from it is not lost.
    ///
    /// # Errors
    /// [`KeepTrouble::Taken`] if another record of the kind has the same [`Record::unique_key`];
    /// [`KeepTrouble::Newer`] if there is another version, [`KeepTrouble::Gone`] if there is none;
    /// [`KeepTrouble::Broken`].
    async fn put(
        &self,
        kind: Kind,
        record: &Record,
        before: Option<u64>,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble>;

    /// Takes a record of this version away, and writes down what that means.
    ///
    /// # Errors
    /// As [`Keep::put`].
    async fn delete(
        &self,
        kind: Kind,
        id: &str,
        before: u64,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble>;

    /// The groups that each of these users is a direct member of. Who is in none may be left out.
    ///
    /// # Errors
    /// [`KeepTrouble::Broken`].
    async fn groups_of(&self, users: &[&str]) -> Result<HashMap<String, Vec<Named>>, KeepTrouble>;
}

#[derive(Debug, Default)]
struct Kinds {
    records: HashMap<(Kind, String), Record>,
    unique: HashMap<(Kind, String), String>,
    /// By when it was made, for lists.
    order: BTreeMap<(Kind, hubcommander_sdk::clock::Instant, String), ()>,
    news: Vec<Change>,
}

/// Keeps records in memory; for tests, and to try it.
#[derive(Debug, Default)]
pub struct MemoryKeep {
    kinds: Mutex<Kinds>,
}

impl MemoryKeep {
    /// All that was written down as news.
    #[must_use]
    pub fn news(&self) -> Vec<Change> {
        self.kinds().news.clone()
    }

    fn kinds(&self) -> std::sync::MutexGuard<'_, Kinds> {
        // What panics elsewhere leaves nothing half done here.
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Keep for MemoryKeep {
    async fn get(&self, kind: Kind, id: &str) -> Result<Option<Record>, KeepTrouble> {
        Ok(self.kinds().records.get(&(kind, id.to_owned())).cloned())
    }

    async fn list(&self, kind: Kind, ask: &Ask) -> Result<Listed, KeepTrouble> {
        let kinds = self.kinds();
        let of_kind = kinds.order.keys().filter(|(one, _, _)| *one == kind);
        let mut listed = Listed::default();
        for (_, _, id) in of_kind {
            let Some(record) = kinds.records.get(&(kind, id.clone())) else { continue };
            if ask.filter.as_ref().is_some_and(|filter| !record.satisfies(kind, filter)) {
                continue;
            }
            if listed.total >= ask.skip && listed.records.len() < ask.take {
                listed.records.push(record.clone());
            }
            listed.total += 1;
        }
        Ok(listed)
    }

    async fn put(
        &self,
        kind: Kind,
        record: &Record,
        before: Option<u64>,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble> {
        let mut kinds = self.kinds();
        let place = (kind, record.id.clone());
        let old = kinds.records.get(&place);
        match (old.map(|old| old.version), before) {
            (None, None) => {}
            (Some(version), Some(before)) if version == before => {}
            (None, Some(_)) => return Err(KeepTrouble::Gone),
            _ => return Err(KeepTrouble::Newer),
        }
        let old = old.map(|old| ((kind, old.created, old.id.clone()), old.unique_key(kind)));
        let key = record.unique_key(kind);
        if let Some((name, key)) = &key
            && kinds.unique.get(&(kind, key.clone())).is_some_and(|holder| *holder != record.id)
        {
            return Err(KeepTrouble::Taken(name));
        }
        if let Some((order, old_key)) = old {
            kinds.order.remove(&order);
            if let Some((_, old_key)) = old_key {
                kinds.unique.remove(&(kind, old_key));
            }
        }
        if let Some((_, key)) = key {
            kinds.unique.insert((kind, key), record.id.clone());
        }
        kinds.order.insert((kind, record.created, record.id.clone()), ());
        kinds.records.insert(place, record.clone());
        kinds.news.extend(news.cloned());
        Ok(())
    }

    async fn delete(
        &self,
        kind: Kind,
        id: &str,
        before: u64,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble> {
        let mut kinds = self.kinds();
        let place = (kind, id.to_owned());
        let Some(old) = kinds.records.get(&place) else { return Err(KeepTrouble::Gone) };
        if old.version != before {
            return Err(KeepTrouble::Newer);
        }
        let (order, key) = ((kind, old.created, old.id.clone()), old.unique_key(kind));
        kinds.order.remove(&order);
        if let Some((_, key)) = key {
            kinds.unique.remove(&(kind, key));
        }
        kinds.records.remove(&place);
        kinds.news.extend(news.cloned());
        Ok(())
    }

    async fn groups_of(&self, users: &[&str]) -> Result<HashMap<String, Vec<Named>>, KeepTrouble> {
        let kinds = self.kinds();
        let mut found: HashMap<String, Vec<Named>> = HashMap::new();
        let groups = kinds.records.iter().filter(|((kind, _), _)| *kind == Kind::Group);
        for ((_, id), group) in groups {
            let named =
                Named { id: id.clone(), name: group.text("displayName").unwrap_or_default().to_owned() };
            for member in group.members().filter(|member| users.contains(member)) {
                found.entry(member.to_owned()).or_default().push(named.clone());
            }
        }
        for list in found.values_mut() {
            list.sort();
        }
        Ok(found)
    }
}
