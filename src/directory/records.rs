//! The records that SCIM told of, in memory, with what finds them quickly.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use hubcommander_directory::scim::{Filter, Kind, Record};
use hubcommander_directory::{Ask, KeepTrouble, Listed, Named, Person};
use hubcommander_sdk::clock::Instant;

/// A record; of a user the person too, without groups.
#[derive(Debug)]
struct Held {
    record: Record,
    person: Option<Person>,
}

/// The records of one kind.
#[derive(Debug, Default)]
struct OfKind {
    by_id: HashMap<String, Arc<Held>>,
    /// By when they were made, for lists.
    in_order: BTreeMap<(Instant, String), Arc<Held>>,
    /// Which record holds what no two may share.
    unique: HashMap<String, String>,
    /// Ids by an attribute that filters may pin, and its value in lower case.
    pinned: HashMap<(&'static str, String), BTreeSet<String>>,
}

/// All records.
#[derive(Debug, Default)]
pub(super) struct Records {
    users: OfKind,
    groups: OfKind,
    /// The groups that a user is a direct member of.
    groups_of: HashMap<String, BTreeSet<String>>,
    working: usize,
}

/// What filters may pin besides the id.
const PINNED: [&str; 3] = ["userName", "externalId", "displayName"];

fn pins(record: &Record) -> impl Iterator<Item = (&'static str, String)> {
    PINNED.into_iter().filter_map(|name| Some((name, record.text(name)?.to_lowercase())))
}

fn place(record: &Record) -> (Instant, String) {
    (record.created, record.id.clone())
}

impl OfKind {
    fn insert(&mut self, kind: Kind, held: Arc<Held>) {
        let record = &held.record;
        if let Some((_, key)) = record.unique_key(kind) {
            self.unique.insert(key, record.id.clone());
        }
        for pin in pins(record) {
            self.pinned.entry(pin).or_default().insert(record.id.clone());
        }
        self.in_order.insert(place(record), Arc::clone(&held));
        self.by_id.insert(record.id.clone(), held);
    }

    fn remove(&mut self, kind: Kind, id: &str) -> Option<Arc<Held>> {
        let held = self.by_id.remove(id)?;
        let record = &held.record;
        self.in_order.remove(&place(record));
        if let Some((_, key)) = record.unique_key(kind) {
            self.unique.remove(&key);
        }
        for pin in pins(record) {
            if let Some(ids) = self.pinned.get_mut(&pin) {
                ids.remove(id);
                if ids.is_empty() {
                    self.pinned.remove(&pin);
                }
            }
        }
        Some(held)
    }

    /// Those that an index finds for a filter, in their order; `None` if no index answers it.
    fn found(&self, filter: &Filter) -> Option<Vec<&Arc<Held>>> {
        let (name, text) = filter.pin()?;
        if name == "id" {
            return Some(self.by_id.get(text).into_iter().collect());
        }
        let ids = self.pinned.get(&(name, text.to_lowercase()));
        let mut found: Vec<&Arc<Held>> =
            ids.into_iter().flatten().filter_map(|id| self.by_id.get(id)).collect();
        found.sort_by_key(|held| place(&held.record));
        Some(found)
    }
}

fn page<'h>(held: impl Iterator<Item = &'h Arc<Held>>, kind: Kind, ask: &Ask) -> Listed {
    let mut listed = Listed::default();
    for held in held {
        if ask.filter.as_ref().is_some_and(|filter| !held.record.satisfies(kind, filter)) {
            continue;
        }
        if listed.total >= ask.skip && listed.records.len() < ask.take {
            listed.records.push(held.record.clone());
        }
        listed.total += 1;
    }
    listed
}

impl Records {
    fn of(&self, kind: Kind) -> &OfKind {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut OfKind {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    /// One record.
    pub fn get(&self, kind: Kind, id: &str) -> Option<&Record> {
        self.of(kind).by_id.get(id).map(|held| &held.record)
    }

    /// Several, as [`hubcommander_directory::Keep::list`] gives them.
    pub fn list(&self, kind: Kind, ask: &Ask) -> Listed {
        let all = self.of(kind);
        match ask.filter.as_ref().map(|filter| all.found(filter)) {
            Some(Some(found)) => page(found.into_iter(), kind, ask),
            Some(None) => page(all.in_order.values(), kind, ask),
            None => {
                let some = all.in_order.values().skip(ask.skip).take(ask.take);
                let records = some.map(|held| held.record.clone()).collect();
                Listed { total: all.in_order.len(), records }
            }
        }
    }

    /// The groups of each of these users.
    pub fn groups_of(&self, users: &[&str]) -> HashMap<String, Vec<Named>> {
        let users: HashSet<&str> = users.iter().copied().collect();
        let of = |user: &str| -> Vec<Named> {
            let ids = self.groups_of.get(user).into_iter().flatten();
            let named = ids.filter_map(|id| {
                let name = self.get(Kind::Group, id)?.text("displayName").unwrap_or_default();
                Some(Named { id: id.clone(), name: name.to_owned() })
            });
            named.collect()
        };
        users.into_iter().map(|user| (user.to_owned(), of(user))).collect()
    }

    /// Whether a record may take the place of the one of version `before`.
    pub fn may_put(&self, kind: Kind, record: &Record, before: Option<u64>) -> Result<(), KeepTrouble> {
        self.is_at(kind, &record.id, before)?;
        match record.unique_key(kind) {
            Some((name, key))
                if self.of(kind).unique.get(&key).is_some_and(|holder| *holder != record.id) =>
            {
                Err(KeepTrouble::Taken(name))
            }
            _ => Ok(()),
        }
    }

    /// Whether there is a record of this version, or none.
    pub fn is_at(&self, kind: Kind, id: &str, before: Option<u64>) -> Result<(), KeepTrouble> {
        match (self.get(kind, id).map(|record| record.version), before) {
            (None, None) => Ok(()),
            (Some(version), Some(before)) if version == before => Ok(()),
            (None, Some(_)) => Err(KeepTrouble::Gone),
            _ => Err(KeepTrouble::Newer),
        }
    }

    /// Puts a record there, in place of the one with its id.
    pub fn put(&mut self, kind: Kind, record: Record) {
        self.remove(kind, &record.id);
        let person = (kind == Kind::User).then(|| record.person([]));
        self.working += usize::from(person.as_ref().is_some_and(|person| person.active));
        if kind == Kind::Group {
            for member in record.members() {
                self.groups_of.entry(member.to_owned()).or_default().insert(record.id.clone());
            }
        }
        self.of_mut(kind).insert(kind, Arc::new(Held { record, person }));
    }

    /// Takes a record away.
    pub fn remove(&mut self, kind: Kind, id: &str) {
        let Some(held) = self.of_mut(kind).remove(kind, id) else { return };
        self.working -= usize::from(held.person.as_ref().is_some_and(|person| person.active));
        for member in held.record.members().filter(|_| kind == Kind::Group) {
            if let Some(groups) = self.groups_of.get_mut(member) {
                groups.remove(id);
                if groups.is_empty() {
                    self.groups_of.remove(member);
                }
            }
        }
    }

    /// Everybody, without their groups.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.users.in_order.values().filter_map(|held| held.person.as_ref())
    }

    /// Somebody by id, without their groups.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.users.by_id.get(id)?.person.as_ref()
    }

    /// How many work here.
    pub fn working(&self) -> usize {
        self.working
    }
}
