//! Time from outside, so that tests do not sleep and simulations replay.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// A point in time.
pub type Instant = DateTime<Utc>;

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now.
    fn now(&self) -> Instant;
}

/// A clock that can be handed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine")]
        Utc::now()
    }
}
