//! All repositories, found by id, by name and by owner without looking at each one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Repository, path_key};

/// All repositories. Ten thousand of them must be as quick to ask as ten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repositories {
    by_id: BTreeMap<u64, Repository>,
    /// `owner/name` in lower case.
    by_name: BTreeMap<String, u64>,
    /// The owner in lower case.
    by_owner: BTreeMap<String, BTreeSet<u64>>,
}

impl Repositories {
    /// The one with this id.
    pub fn get(&self, id: &u64) -> Option<&Repository> {
        self.by_id.get(id)
    }

    /// As [`Repositories::get`], to change it. Another name it gets by [`super::State::rename`] only.
    pub fn get_mut(&mut self, id: &u64) -> Option<&mut Repository> {
        self.by_id.get_mut(id)
    }

    /// The one that bears this name, in any case.
    pub fn named(&self, owner: &str, name: &str) -> Option<&Repository> {
        self.by_id.get(self.by_name.get(&path_key(owner, name))?)
    }

    /// As [`Repositories::named`], to change it.
    pub fn named_mut(&mut self, owner: &str, name: &str) -> Option<&mut Repository> {
        self.by_id.get_mut(self.by_name.get(&path_key(owner, name))?)
    }

    /// All of them, by id.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Repository> {
        self.by_id.values()
    }

    /// Those of one owner, by id.
    pub fn of(&self, owner: &str) -> impl Iterator<Item = &Repository> {
        let ids = self.by_owner.get(&owner.to_lowercase());
        ids.into_iter().flatten().filter_map(|id| self.by_id.get(id))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Takes one in, under its id and name; the one with that id before is returned.
    pub fn insert(&mut self, id: u64, repository: Repository) -> Option<Repository> {
        let former = self.remove(&id);
        self.by_name.insert(path_key(&repository.owner, &repository.name), id);
        self.by_owner.entry(repository.owner.to_lowercase()).or_default().insert(id);
        self.by_id.insert(id, repository);
        former
    }

    /// Takes one out.
    pub fn remove(&mut self, id: &u64) -> Option<Repository> {
        let former = self.by_id.remove(id)?;
        self.by_name.remove(&path_key(&former.owner, &former.name));
        if let Some(ids) = self.by_owner.get_mut(&former.owner.to_lowercase()) {
            ids.remove(id);
        }
        Some(former)
    }

    /// Gives one another name.
    pub(super) fn rename(&mut self, id: u64, name: &str) {
        if let Some(mut repository) = self.remove(&id) {
            name.clone_into(&mut repository.name);
            self.insert(id, repository);
        }
    }
}
