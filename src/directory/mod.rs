//! Who works in the company: where it is told or read, what is kept of it, and who follows it up.
//!
//! [`Directories`] holds all of it: what SCIM tells (`keep`) and what is read (`rolls`), in memory and in the store
//! at once, and puts it together for commands (`view`). [`Round`] reads the sources; [`Teller`] tells a system of the
//! company's own what was linked.

mod asked;
mod directories;
mod keep;
mod later;
mod links;
mod nothing;
mod records;
mod rolls;
mod round;
mod settings;
mod teller;
#[cfg(test)]
mod tests;
mod view;

use async_trait::async_trait;
use hubcommander_directory::Change;
use hubcommander_sdk::clock::Instant;

use crate::store::{Booking, StoreError};

pub use directories::Directories;
pub use later::FollowLater;
pub use nothing::FollowNothing;
pub use rolls::{NotTaken, Said, Status, Taken};
pub use round::{Round, Unread};
pub use settings::{Settings, Source, WebhookSettings};
pub use teller::Teller;

/// Says what follows from what a directory tells.
#[async_trait]
pub trait Follow: Send + Sync {
    /// What becomes due, and what is to be kept, because this has happened: written down in the transaction that keeps
    /// the change itself. `source` is the directory's name in messages, `working` how many it says work here.
    /// Somebody who left one directory and works here by another, or under another id, has not left: that is no
    /// change here.
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
