//! One invocation in hand: what the store holds of it, and the only way to change that.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::clock::SharedClock;
use serde_json::Value as Json;

use crate::invocation::{Invocation, StepRecord};
use crate::store::{AuditEntry, Change, Store, StoreError};

/// How long to wait before asking a store that cannot work again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Asks the store, and again while it cannot work: however long that is.
///
/// # Errors
/// What is stored cannot be read, or somebody else changed it.
pub async fn patiently<T, F>(id: &str, mut ask: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pause = PAUSES.0;
    loop {
        match ask().await {
            Err(StoreError::Unavailable(reason)) => {
                tracing::error!(invocation = id, reason, "the store does not work; waiting");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
            answer => return answer,
        }
    }
}

/// One invocation in hand. Whoever holds it is the only one to change it; if somebody else did, the store
/// says so and the work stops here.
pub struct Record {
    invocation: Invocation,
    steps: Vec<StepRecord>,
    store: Arc<dyn Store>,
    clock: SharedClock,
}

impl Record {
    /// Takes an invocation in hand, with its journal.
    #[must_use]
    pub fn new(
        invocation: Invocation,
        steps: Vec<StepRecord>,
        store: Arc<dyn Store>,
        clock: SharedClock,
    ) -> Self {
        Self { invocation, steps, store, clock }
    }

    /// The invocation as it stands.
    #[must_use]
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// The journal.
    #[must_use]
    pub fn steps(&self) -> &[StepRecord] {
        &self.steps
    }

    /// What the journal holds of one step.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|record| record.step == id)
    }

    /// An entry for the audit, about this invocation, now.
    #[must_use]
    pub fn entry(&self, event: &str, body: Json) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            invocation: Some(self.invocation.id.clone()),
            event: event.to_owned(),
            body,
        }
    }

    /// Writes a change down and returns once it is durable. While the store cannot work, it waits: nothing
    /// goes on that is not written.
    ///
    /// # Errors
    /// Somebody else changed the invocation, or what is stored cannot be read.
    pub async fn change(&mut self, mut change: Change) -> Result<(), StoreError> {
        change.id.clone_from(&self.invocation.id);
        change.version = self.invocation.version;
        let now = self.clock.now();
        change.at = Some(now);
        let mut tries = 0_u32;
        let written = patiently(&self.invocation.id, || {
            tries += 1;
            self.store.change(change.clone())
        })
        .await;
        match written {
            Ok(()) => {}
            // The store may have written it the first time, and only its answer was lost.
            Err(StoreError::Conflict { .. }) if tries > 1 && self.is_there(&change).await? => {}
            Err(error) => return Err(error),
        }
        self.apply(change, now);
        Ok(())
    }

    /// Whether what is stored is what this change made of it. Times are stored in microseconds.
    async fn is_there(&self, change: &Change) -> Result<bool, StoreError> {
        let stored = patiently(&change.id, || self.store.invocation(&change.id)).await?;
        let at = change.at.map(|at| at.timestamp_micros());
        Ok(stored.is_some_and(|stored| {
            stored.version == change.version + 1 && Some(stored.updated_at.timestamp_micros()) == at
        }))
    }

    fn apply(&mut self, change: Change, now: hubcommander_sdk::clock::Instant) {
        let invocation = &mut self.invocation;
        invocation.version += 1;
        invocation.updated_at = now;
        invocation.state = change.state.unwrap_or(invocation.state);
        invocation.reported = change.reported.unwrap_or(invocation.reported);
        replace(&mut invocation.command, change.command);
        replace(&mut invocation.args, change.args);
        replace(&mut invocation.plan, change.plan);
        replace(&mut invocation.digest, change.digest);
        replace(&mut invocation.gate, change.gate);
        replace(&mut invocation.posted, change.posted);
        replace(&mut invocation.outcome, change.outcome);
        for step in change.steps {
            match self.steps.iter_mut().find(|known| known.step == step.step) {
                Some(known) => *known = StepRecord { started_at: known.started_at, ..step },
                None => self.steps.push(step),
            }
        }
    }
}

fn replace<T>(field: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *field = new;
    }
}
