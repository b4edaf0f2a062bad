//! Records in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;

use super::{Ask, Keep, KeepTrouble, Listed, Named};
use crate::Change;
use crate::scim::{Kind, Record};

#[derive(Debug, Default)]
struct Kinds {
    records: HashMap<(Kind, String), Record>,
    unique: HashMap<(Kind, String), String>,
    /// By when it was made, for lists.
    order: BTreeMap<(Kind, Instant, String), ()>,
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
        let users: HashSet<&str> = users.iter().copied().collect();
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
