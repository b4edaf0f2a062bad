//! Who works in the company: told by SCIM or read from where the company keeps it, and what has changed since.
//!
//! Nothing is done about it here. A [`Reader`] makes a [`Roll`], everybody of one source at one time; two rolls
//! give [`Changes`]; [`readers`] holds those for files and networks. The SCIM server ([`scim`]) is told about people
//! one by one, puts them into a [`Keep`] and says by [`Told`] what has changed. [`WriteBack`] is the way back: which
//! accounts were linked. Where people are kept and what follows is the engine's, which answers those traits.

mod changes;
mod keep;
mod mapping;
mod person;
pub mod readers;
mod roll;
pub mod scim;
mod trouble;
mod write_back;

use async_trait::async_trait;

pub use changes::{Change, Changes, Departure, Told, between};
pub use keep::{Ask, Keep, KeepTrouble, Listed, MemoryKeep, Named, keeps};
pub use mapping::{Field, Mapping, usual_pointers};
pub use person::{Accounts, Email, Link, Person, Proof};
pub use roll::Roll;
pub use trouble::Trouble;
pub use write_back::{LinkNews, Webhook, WriteBack};

/// A source that is read.
#[async_trait]
pub trait Reader: Send + Sync + std::fmt::Debug {
    /// What it is called in messages, such as `Okta`.
    fn name(&self) -> &str;

    /// Everybody, read to the end.
    ///
    /// # Errors
    /// As [`Trouble`] says. Then nobody may be taken for having left.
    async fn roll(&self) -> Result<Roll, Trouble>;
}
