//! Where the people are kept that SCIM tells about.

mod contract;
mod memory;

use std::collections::HashMap;

use async_trait::async_trait;

use crate::Change;
use crate::scim::{Filter, Kind, Record};

pub use contract::keeps;
pub use memory::MemoryKeep;

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
    /// How many to give at most; `usize::MAX` for all.
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

    /// The groups that each of these users is a direct member of, by id. Who is in none may be left out.
    ///
    /// # Errors
    /// [`KeepTrouble::Broken`].
    async fn groups_of(&self, users: &[&str]) -> Result<HashMap<String, Vec<Named>>, KeepTrouble>;
}
