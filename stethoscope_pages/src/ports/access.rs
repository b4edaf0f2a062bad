//! What a person may do elsewhere.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;

use super::Trouble;

/// A right for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What for: `acme/widgets`.
    pub resource: String,
    /// Which right, in words: "can push".
    pub right: String,
    /// When it ends.
    pub ends: Instant,
    /// What to type in Slack to give it back: `!Return inv-7Q4K2`.
    pub give_back: Option<String>,
}

/// The GitHub account that belongs to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubAccount {
    /// Its name.
    pub login: String,
    /// Since when the two are linked, if that is known.
    pub linked: Option<Instant>,
}

/// What a person may do elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Rights for a time, the first to end first.
    pub leases: Vec<Lease>,
    /// Their GitHub account, if one is linked.
    pub github: Option<GithubAccount>,
}

/// Knows what a person may do elsewhere.
#[async_trait]
pub trait Accesses: Send + Sync {
    /// What whoever has this e-mail address may do.
    ///
    /// # Errors
    /// It could not be read. Never taken for nothing.
    async fn of(&self, email: &str) -> Result<Access, Trouble>;
}
