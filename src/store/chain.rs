//! What the store holds of the audit's chain: links, seals, and who may put them there.

use async_trait::async_trait;
use hubcommander_audit::{Entry, Link, Row, Seal};
use hubcommander_sdk::clock::Instant;

use super::StoreError;

/// How the chain stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealing {
    /// Who seals; empty if nobody did yet.
    pub holder: String,
    /// Until when nobody else may, in microseconds since 1970 UTC.
    pub until: i64,
    /// How often that changed hands.
    pub fence: i64,
    /// For which time the head was announced last, in microseconds since 1970 UTC.
    pub announced: i64,
    /// The last seal.
    pub last: Option<Seal>,
    /// The newest entry's number; 0 if there is none.
    pub newest: i64,
    /// Who was appending when the newest entry had been seen, and may have been given lower numbers. Their entries
    /// may still appear.
    pub appending: Vec<String>,
}

/// What the sealer writes in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Who seals.
    pub holder: String,
    /// How often that had changed hands when the sealer looked. If it has since, nothing is written.
    pub fence: i64,
    /// Now.
    pub now: Instant,
    /// Until when nobody else may seal.
    pub until: Instant,
    /// For which time the head has been announced.
    pub announced: Option<Instant>,
    /// The seal, with the links that it covers. Nothing is written unless it follows the last one.
    pub seal: Option<(Seal, Vec<Link>)>,
}

/// What is forgotten in one transaction because of its age. A bounded number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The bodies of entries after this number.
    pub after: i64,
    /// Up to this one. A seal must have said that they may go.
    pub through: i64,
    /// Invocations that were over before this time, with all that belongs to them, unless a lease that runs refers to
    /// them.
    pub before: Instant,
    /// How many of these at most.
    pub limit: u32,
}

/// The chain over the audit.
#[async_trait]
pub trait ChainStore: Send + Sync {
    /// How the chain stands.
    async fn sealing(&self) -> Result<Sealing, StoreError>;

    /// Entries after one number up to another, in order, so many at most.
    async fn entries(&self, after: i64, through: i64, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// Writes what was sealed. False if somebody else seals now, or another seal was put there: nothing was written.
    async fn seal(&self, sealed: &Sealed) -> Result<bool, StoreError>;

    /// The first entry of the chain whose body is still there; `None` if there is none.
    async fn first_with_body(&self) -> Result<Option<i64>, StoreError>;

    /// Forgets what is old, and says how many invocations were.
    async fn forget(&self, forgotten: Forgotten) -> Result<u64, StoreError>;
}

/// Reads the audit and its chain as they were at one moment, without writing anything.
#[async_trait]
pub trait ChainReader: Send {
    /// Seals after this number, in order, so many at most.
    async fn seals(&mut self, after: i64, limit: u32) -> Result<Vec<Seal>, StoreError>;

    /// Entries and links after this number, in order, about so many at most. Empty at the end.
    async fn rows(&mut self, after: i64, limit: u32) -> Result<Vec<Row>, StoreError>;
}
