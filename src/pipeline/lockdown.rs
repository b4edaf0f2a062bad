//! Lockdown: nothing is changed until it is lifted. Plans that wait are held; those that run stop before their next
//! operation.

use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::PersonId;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::pipeline::prepare::Examined;
use crate::store::{Store, StoreError};

/// How often it is looked what another process did to it.
const LOOK_EVERY: Duration = Duration::from_secs(2);

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

/// As it stands in the store.
///
/// # Errors
/// The store does not work.
pub async fn stored(store: &dyn Store, now: Instant) -> Result<Option<Locked>, StoreError> {
    let locked = store.remembered(KEY).await?;
    // What cannot be read is held to be locked: who locked is not what matters.
    Ok(locked.map(|value| serde_json::from_value(value).unwrap_or_else(|_| unreadable(now))))
}

/// Follows what another process does to it: on the host, past Slack. Ends when `stop` says so.
pub async fn follow(
    lockdown: Arc<Lockdown>,
    store: Arc<dyn Store>,
    clock: SharedClock,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        match stored(&*store, clock.now()).await {
            // Who locked what cannot be read differs by the time alone.
            Ok(now) if now.is_some() != lockdown.locked().is_some() => lockdown.set(now),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "whether it is locked cannot be read now"),
        }
    }
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
        // An answer to "was this you?" changes nothing elsewhere, and is wanted most when everything else is held.
        let held = |kind: &str| kind != KIND && kind != crate::notices::ANSWER;
        self.0.borrow().is_some() && examined.plan().steps.iter().any(|step| held(&step.operation.kind))
    }

    /// Returns when it begins or is lifted.
    pub async fn changed(&self) {
        let mut changes = self.0.subscribe();
        // The sender lives as long as this.
        let _ = changes.changed().await;
    }
}
