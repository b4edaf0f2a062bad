//! Who works in the company: where it is told or read, what is kept of it, and who follows it up.

use async_trait::async_trait;
use hubcommander_directory::Change;
use hubcommander_sdk::clock::Instant;

use crate::store::{Booking, StoreError};

/// Says what follows from what a directory tells.
#[async_trait]
pub trait Follow: Send + Sync {
    /// What becomes due, and what is to be kept, because this has happened: written down in the transaction that keeps
    /// the change itself. `source` is the directory's name in messages, `working` how many it says work here.
    ///
    /// # Errors
    /// The store cannot be read. Then the change is not kept either.
    async fn follow(
        &self,
        source: &str,
        working: usize,
        changes: &[Change],
        at: Instant,
    ) -> Result<Booking, StoreError>;
}
