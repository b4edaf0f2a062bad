//! Who works in the company, read from where the company keeps it, and what follows for GitHub.
//!
//! A [`Directory`] is a plugin of its own kind: [`csv`], [`okta`], [`google`] and [`http`] read, and [`scim`] is
//! told. [`read_all`] makes a [`Roll`] of one, which exists only if everybody was read: half a list never looks
//! like people having left. [`reconcile`] compares a roll with the members of organisations. It is pure: it says
//! what stands and does nothing.

pub mod csv;
pub mod google;
pub mod http;
pub mod okta;
mod person;
pub mod reconcile;
mod roll;
pub mod scim;
mod trouble;
mod web;

use std::fmt;

use async_trait::async_trait;

pub use person::{DirectoryPerson, Email, Employment, Link, Proof, Source};
pub use roll::{Limits, Roll, read_all};
pub use trouble::Trouble;
pub use web::{Bearer, FixedBearer};

/// Where the next page begins, in the words of the source. Opaque; only its own directory reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// One page of everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Who is on it.
    pub people: Vec<DirectoryPerson>,
    /// Where the next begins; `None` on the last.
    pub next: Option<Cursor>,
    /// How many people there are in all, where the source says so.
    pub total: Option<u64>,
    /// Records on this page that could not be read, each as a sentence without personal data.
    pub unreadable: Vec<String>,
}

/// What became of a link that was to be written back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkWritten {
    /// The directory has it now.
    Written,
    /// This directory takes nothing back, or is not told where.
    NotSupported,
}

/// A source that knows who works in the company.
#[async_trait]
pub trait Directory: Send + Sync + fmt::Debug {
    /// What it is called in messages, such as `Okta`.
    fn name(&self) -> &str;

    /// Somebody by an e-mail address, in any case. `None`: the source answered and knows nobody.
    ///
    /// # Errors
    /// [`Trouble::Ambiguous`] if several people have it, and as [`Trouble`] says.
    async fn by_email(&self, email: &Email) -> Result<Option<DirectoryPerson>, Trouble>;

    /// Somebody by the id that this directory gave them.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    async fn by_id(&self, id: &str) -> Result<Option<DirectoryPerson>, Trouble>;

    /// One page of everybody, from the beginning without a cursor. [`read_all`] reads all of them.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    async fn everyone(&self, from: Option<&Cursor>) -> Result<Page, Trouble>;

    /// Writes back which account at GitHub and in Slack somebody has. Safe to repeat.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    async fn write_link(&self, link: &Link) -> Result<LinkWritten, Trouble> {
        let _ = link;
        Ok(LinkWritten::NotSupported)
    }

    /// Whether it answers and takes our credentials.
    ///
    /// # Errors
    /// As [`Trouble`] says.
    async fn probe(&self) -> Result<(), Trouble>;
}
