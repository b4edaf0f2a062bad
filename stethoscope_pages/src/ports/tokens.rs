//! Tokens for the JSON API.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;

use super::{Hash, Person, Trouble};

/// A token that somebody has made. It reads what is theirs, and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Of the token itself, which was shown once.
    pub hash: Hash,
    /// What it goes by on the page and in forms; tells nothing of the token.
    pub id: String,
    /// Whose it is.
    pub person: Person,
    /// What they call it.
    pub label: String,
    /// When it was made.
    pub made: Instant,
    /// When it ends.
    pub ends: Instant,
    /// When it was last used.
    pub used: Option<Instant>,
}

/// Keeps tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps a new one.
    ///
    /// # Errors
    /// It could not be kept.
    async fn put(&self, token: Token) -> Result<(), Trouble>;

    /// The token of this hash. Whether it still counts is decided by whoever asks.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn find(&self, hash: &Hash) -> Result<Option<Token>, Trouble>;

    /// Those of whoever has this e-mail address, the latest first.
    ///
    /// # Errors
    /// They could not be read.
    async fn of(&self, email: &str) -> Result<Vec<Token>, Trouble>;

    /// Notes that one was used.
    ///
    /// # Errors
    /// It could not be noted.
    async fn used(&self, hash: &Hash, at: Instant) -> Result<(), Trouble>;

    /// Forgets one of this very person. That there is none is no error.
    ///
    /// # Errors
    /// It could not be forgotten, and still counts.
    async fn revoke(&self, email: &str, id: &str) -> Result<(), Trouble>;
}
