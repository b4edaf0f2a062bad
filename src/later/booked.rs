//! The book of leases and of what is due, as the handlers and the commands see it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::lease::{Holding, Lease, Leases};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::schedule::When;

use super::lines;
use crate::invocation::Origin;
use crate::store::{Booking, Due, LeaseRecord, Shelf, StoreError};

/// How long before its end people are told, at most; of a short lease it is a quarter.
const NOTICE: TimeDelta = TimeDelta::days(1);

/// Below this nobody is told: it would be all of the time that there is.
const WORTH_A_NOTICE: TimeDelta = TimeDelta::minutes(20);

/// The book, for the handlers.
#[derive(Clone)]
pub(super) struct Book {
    shelf: Shelf,
    clock: SharedClock,
}

impl Book {
    pub fn new(shelf: Shelf, clock: SharedClock) -> Self {
        Self { shelf, clock }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// When something is due that is counted from now.
    pub fn at(&self, when: When) -> Instant {
        match when {
            When::In(seconds) => self.now() + TimeDelta::seconds(seconds),
            When::At(at) => at,
        }
    }

    pub async fn lease(&self, id: &str) -> Result<Option<LeaseRecord>, OperationError> {
        self.shelf.get().map_err(trouble)?.lease(id).await.map_err(trouble)
    }

    pub async fn due(&self, key: &str) -> Result<Option<Due>, OperationError> {
        self.shelf.get().map_err(trouble)?.due_under(key).await.map_err(trouble)
    }

    pub async fn put_down(&self, booking: &Booking) -> Result<(), OperationError> {
        self.shelf.get().map_err(trouble)?.book(booking).await.map_err(trouble)
    }

    /// Who asked for what is being carried out, and where.
    pub async fn origin(&self, permit: &WritePermit) -> Result<Origin, OperationError> {
        let store = self.shelf.get().map_err(trouble)?;
        let invocation = store.invocation(permit.invocation()).await.map_err(trouble)?;
        invocation.map(|invocation| invocation.origin).ok_or_else(|| {
            let log = format!("{} is not in the store", permit.invocation());
            OperationError::permanent("Nothing is known of this command any more.", log)
        })
    }

    /// The end of a lease, and the word before it.
    pub fn due_of(&self, lease: &Lease, began: Instant, origin: &Origin) -> Vec<Due> {
        let due = |key: String, at: Instant, line: &str| Due {
            origin: origin.later(&key, 0, format!("{line} {}", lease.id)),
            key,
            at,
        };
        let mut all = vec![due(end_key(&lease.id), lease.until, lines::LEASE_ENDS)];
        let whole = lease.until - began;
        if whole >= WORTH_A_NOTICE {
            let notice = lease.until - NOTICE.min(whole / 4);
            all.push(due(notice_key(&lease.id), notice, lines::LEASE_ENDS_SOON));
        }
        all
    }
}

/// What is due when a lease ends.
pub(super) fn end_key(lease: &str) -> String {
    format!("{lease}:end")
}

/// What is due before a lease ends.
pub(super) fn notice_key(lease: &str) -> String {
    format!("{lease}:notice")
}

fn trouble(error: StoreError) -> OperationError {
    let log = error.to_string();
    match error {
        StoreError::Unreadable { .. } => {
            OperationError::blocked("What was written down cannot be read any more.", log)
        }
        StoreError::Conflict { .. } | StoreError::Unavailable(_) => OperationError::Temporary {
            what: "The bot could not write this down.".into(),
            retry_after: Some(Duration::from_secs(1)),
            log,
        },
    }
}

/// The leases, for the commands.
pub struct BookedLeases(Shelf);

impl BookedLeases {
    /// Reads from this store once it is open.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self(shelf)
    }
}

fn unread(error: StoreError) -> Refusal {
    Refusal::new("What is lent could not be looked up.", "Try again in a minute.").logged(error.to_string())
}

#[async_trait]
impl Leases for BookedLeases {
    async fn on(&self, holding: &Holding) -> Result<Vec<Lease>, Refusal> {
        self.0.get().map_err(unread)?.leases(Some(&holding.key)).await.map_err(unread)
    }

    async fn running(&self) -> Result<Vec<Lease>, Refusal> {
        self.0.get().map_err(unread)?.leases(None).await.map_err(unread)
    }
}
