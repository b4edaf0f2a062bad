//! Lockdown: nothing is changed until it is lifted. Plans that wait are held; those that run stop before their next
//! operation.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::pipeline::prepare::Examined;

/// Under which key it stands in the store.
pub const KEY: &str = "lockdown";

/// The kind of the operation that begins and lifts it, which is not held by it.
pub const KIND: &str = "bot.lockdown";

/// Who locked, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Instant,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// What stands in the store cannot be read: it is locked, by nobody knows whom.
#[must_use]
pub fn unreadable(at: Instant) -> Locked {
    Locked { by: PersonId { team: String::new(), user: String::new() }, at, reason: None }
}

/// Whether everything but reading is held.
#[derive(Debug)]
pub struct Lockdown(watch::Sender<Option<Locked>>);

impl Lockdown {
    /// As it stands in the store.
    #[must_use]
    pub fn new(locked: Option<Locked>) -> Self {
        Self(watch::Sender::new(locked))
    }

    /// Begins or lifts it, for this process.
    pub fn set(&self, locked: Option<Locked>) {
        self.0.send_replace(locked);
    }

    /// Who locked, if it is locked.
    #[must_use]
    pub fn locked(&self) -> Option<Locked> {
        self.0.borrow().clone()
    }

    /// Whether this plan is held.
    #[must_use]
    pub fn holds(&self, examined: &Examined) -> bool {
        self.0.borrow().is_some() && examined.plan().steps.iter().any(|step| step.operation.kind != KIND)
    }

    /// Returns when it begins or is lifted.
    pub async fn changed(&self) {
        let mut changes = self.0.subscribe();
        // The sender lives as long as this.
        let _ = changes.changed().await;
    }
}
