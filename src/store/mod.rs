//! What must survive a crash: invocations, the journal of their steps, clicks, and the audit.
//!
//! Every method returns once what it wrote is durable. Writes that arrive at the same time share one
//! transaction.

pub mod chain;
mod chain_rows;
mod database;
mod open;
mod postgres;
mod rows;
mod shelf;
mod sqlite;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::Args;
use hubcommander_sdk::lease::Lease;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::plan::{Digest, Plan};
use serde_json::Value as Json;

use crate::invocation::{Invocation, Origin, Posted, State, StepRecord};

pub use open::{open, open_chain};
pub use shelf::Shelf;

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the invocation meanwhile: read it again.
    #[error("invocation {id} is no longer at version {version}")]
    Conflict {
        /// The invocation.
        id: String,
        /// The version that the change was made on.
        version: i64,
    },
    /// What is stored cannot be understood, for example after a downgrade.
    #[error("what is stored for {id} cannot be read: {reason}")]
    Unreadable {
        /// What was read.
        id: String,
        /// Why.
        reason: String,
    },
    /// The database cannot be reached, is full, or refuses.
    #[error("the store cannot work: {0}")]
    Unavailable(String),
}

/// A command to be written down.
#[derive(Clone, Debug)]
pub struct NewInvocation {
    /// Its id.
    pub id: String,
    /// What tells it from all others: `event:Ev…`, `message:C…:1700000000.000100`, `envelope:…`. If any of
    /// them has been seen, it is a duplicate.
    pub keys: Vec<String>,
    /// Who said what, where.
    pub origin: Origin,
    /// When it came.
    pub at: Instant,
    /// What was due, if the bot asks itself. It is no longer due then; if it was not due any more, the command is
    /// a duplicate.
    pub due: Option<String>,
}

/// A command that the bot asks itself when its time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What tells it from all others. Put down again, it replaces what was there.
    pub key: String,
    /// When.
    pub at: Instant,
    /// What it will have been said as, and where it is answered.
    pub origin: Origin,
}

/// A lease, and whether it still runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRecord {
    /// The lease.
    pub lease: Lease,
    /// When it ended; `None` while it runs.
    pub ended: Option<Instant>,
}

/// What is put down of leases, of what is due and of single things, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Booking {
    /// Leases to insert or replace.
    pub leases: Vec<LeaseRecord>,
    /// What becomes due, or at another time than before.
    pub due: Vec<Due>,
    /// Keys of what is not due any more.
    pub dropped: Vec<String>,
    /// Single things, each under a key of its own, as [`Store::remember`] keeps them.
    pub kept: Vec<(String, Option<Json>)>,
    /// Entries for the audit, of what no invocation does.
    pub audit: Vec<AuditEntry>,
}

/// Which invocations `!History` asks for. Only those with a plan count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Those that are about this resource, owner or person: see [`resources`].
    pub resource: Option<String>,
    /// Those before this one.
    pub before: Option<String>,
}

/// What a plan is about, as `!History` finds it: what it locks, whose that is, and who asked.
#[must_use]
pub fn resources(plan: &Plan, person: &PersonId) -> Vec<String> {
    let mut found: BTreeSet<String> = plan.locks.iter().map(|lock| lock.to_lowercase()).collect();
    let owners: Vec<String> =
        found.iter().filter_map(|lock| lock.split_once('/')).map(|(owner, _)| owner.to_owned()).collect();
    found.extend(owners);
    found.insert(person_resource(&person.user));
    found.into_iter().collect()
}

/// A person of Slack, as `!History` finds them.
#[must_use]
pub fn person_resource(user: &str) -> String {
    format!("person:{}", user.to_lowercase())
}

/// A click on a button, or a form that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// What tells it from all others.
    pub key: String,
    /// Who clicked, where, on what: the click lane's own.
    pub body: Json,
    /// When it came.
    pub at: Instant,
}

/// Whether something was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Written down now.
    New,
    /// Known already; nothing was written.
    Duplicate,
}

/// An entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Instant,
    /// The invocation it is about, if any.
    pub invocation: Option<String>,
    /// What happened: `received`, `denied`, `approved`, `operation.done`, …
    pub event: String,
    /// Everything that is to be known of it. Holds no secret.
    pub body: Json,
}

/// A change to one invocation. What is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The invocation.
    pub id: String,
    /// The version that the change is made on. It goes up by one.
    pub version: i64,
    /// The new state.
    pub state: Option<State>,
    /// The command.
    pub command: Option<String>,
    /// Its arguments.
    pub args: Option<Args>,
    /// The plan.
    pub plan: Option<Plan>,
    /// Its digest.
    pub digest: Option<Digest>,
    /// The gate's own.
    pub gate: Option<Json>,
    /// The message in the thread.
    pub posted: Option<Posted>,
    /// What is said at the end.
    pub outcome: Option<Message>,
    /// Whether the end has been said.
    pub reported: Option<bool>,
    /// Steps of the journal to insert or replace.
    pub steps: Vec<StepRecord>,
    /// Entries for the audit.
    pub audit: Vec<AuditEntry>,
    /// Keys of clicks that this change has dealt with.
    pub clicks_done: Vec<String>,
    /// What the plan is about, once there is one: see [`resources`].
    pub touched: Vec<String>,
    /// What becomes due by it.
    pub book: Booking,
    /// When.
    pub at: Option<Instant>,
}

/// What must survive a crash.
#[async_trait]
pub trait Store: chain::ChainStore {
    /// Writes a command down, with an audit entry, unless it is known.
    async fn receive(&self, new: NewInvocation) -> Result<Receipt, StoreError>;

    /// Writes a click down, unless it is known.
    async fn receive_click(&self, click: Click) -> Result<Receipt, StoreError>;

    /// Changes an invocation, its journal and the audit in one transaction.
    async fn change(&self, change: &Change) -> Result<(), StoreError>;

    /// Marks a click as dealt with where no invocation changes.
    async fn click_done(&self, key: &str, audit: Vec<AuditEntry>) -> Result<(), StoreError>;

    /// Writes down entries of the audit that are about no invocation.
    async fn note(&self, audit: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.book(&Booking { audit, ..Booking::default() }).await
    }

    /// One invocation.
    async fn invocation(&self, id: &str) -> Result<Option<Invocation>, StoreError>;

    /// The journal of one invocation, in the order in which the steps were started.
    async fn steps(&self, id: &str) -> Result<Vec<StepRecord>, StoreError>;

    /// Invocations that are not final, or whose end has not been said; the oldest first.
    async fn unfinished(&self) -> Result<Vec<Invocation>, StoreError>;

    /// A click with this key, unless somebody has dealt with it.
    async fn open_click(&self, key: &str) -> Result<Option<Click>, StoreError>;

    /// Clicks that nobody has dealt with; the oldest first.
    async fn unfinished_clicks(&self) -> Result<Vec<Click>, StoreError>;

    /// Puts down what becomes due, what is lent and what is kept.
    async fn book(&self, booking: &Booking) -> Result<(), StoreError>;

    /// What is due by then; the oldest first, so many at most.
    async fn due(&self, by: Instant, limit: u32) -> Result<Vec<Due>, StoreError>;

    /// What becomes due under this key, if it still does.
    async fn due_under(&self, key: &str) -> Result<Option<Due>, StoreError>;

    /// A lease, running or not.
    async fn lease(&self, id: &str) -> Result<Option<LeaseRecord>, StoreError>;

    /// The leases that run, on one holding or on all; those that end first before the others.
    async fn leases(&self, holding: Option<&str>) -> Result<Vec<Lease>, StoreError>;

    /// Keeps a single thing under this key, in place of what was there; `None` forgets it.
    async fn remember(&self, key: &str, value: Option<Json>) -> Result<(), StoreError>;

    /// What is kept under this key.
    async fn remembered(&self, key: &str) -> Result<Option<Json>, StoreError>;

    /// What is kept under keys that begin so, in their order, so many at most; each with the rest of its key.
    /// A prefix holds letters, digits, `:` and `-` only.
    async fn remembered_under(&self, prefix: &str, limit: u32) -> Result<Vec<(String, Json)>, StoreError>;

    /// Invocations with a plan, the newest first, so many at most.
    async fn history(&self, filter: &HistoryFilter, limit: u32) -> Result<Vec<Invocation>, StoreError>;

    /// The newest audit entries of an invocation or of all; the oldest first.
    async fn audit(&self, invocation: Option<&str>, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// Whether it can write now: for `check`, and for the health page.
    async fn probe(&self) -> Result<(), StoreError>;
}
