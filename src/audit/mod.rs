//! The record that cannot be bent: the sealer, which chains and signs what was written to the audit; what announces
//! the head of the chain outside; what forgets because of age; and what reads it all again. `docs/audit.md` says what
//! it proves.

mod announce;
pub mod compare;
mod export_file;
mod places;
mod reading;
mod retention;
mod sealer;
mod syslog;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use hubcommander_audit::{PublicKey, PublicKeys, SigningKey};
use hubcommander_sdk::clock::SharedClock;
use tokio::sync::watch;

use crate::slack::socket::Alarm;
use crate::store::Store;

pub use announce::{Announcement, Schedule, announce_now};
pub use export_file::ExportFile;
pub use places::{NotAnnounced, Place, Slack};
pub use reading::{Export, exported, verify};
pub use sealer::{Round, Sealer};
pub use syslog::Syslog;

/// How the audit is sealed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The key that seals are signed with; without one they are not signed.
    pub key: Option<Arc<SigningKey>>,
    /// Keys that were used before, or by others that seal.
    pub public_keys: Vec<PublicKey>,
    /// How long what entries say is kept; for ever if nothing is said.
    pub keep: Option<Duration>,
    /// When the head is announced.
    pub schedule: Option<Schedule>,
    /// The channel where it is announced.
    pub channel: Option<String>,
    /// Where else.
    pub places: Vec<Place>,
}

impl Settings {
    /// The keys that a seal may be signed with.
    #[must_use]
    pub fn known_keys(&self) -> PublicKeys {
        let own = self.key.iter().map(|key| key.public().clone());
        own.chain(self.public_keys.iter().cloned()).collect()
    }
}

/// What the sealer needs from outside.
pub struct Surroundings {
    /// Where the audit is.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// Who is told when something is wrong.
    pub alarm: Arc<dyn Alarm>,
    /// Where the head is announced in Slack, if it is.
    pub slack: Option<Slack>,
    /// Chance, for salts and the sealer's own name.
    pub seed: [u8; 32],
}

/// Seals until `stop` says so, and then once more.
pub async fn run(settings: Settings, surroundings: Surroundings, stop: watch::Receiver<bool>) {
    if settings.key.is_none() {
        tracing::warn!(
            "the audit is chained but not signed, since `[audit]` has no `key`: whoever can write to the database can \
             make the chain anew; `hubcommander audit key --new PATH` makes one"
        );
    }
    Sealer::new(settings, surroundings).run(stop).await;
}
