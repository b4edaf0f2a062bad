//! Who is signed in, and how they come in.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;

use super::Trouble;

/// The SHA-256 of a secret. The secret itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

/// Whoever the pages are for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person {
    /// Their e-mail address in lower case. It decides what they see.
    pub email: String,
    /// What they are called.
    pub name: String,
}

/// A one-time link that has been sent and not been used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Of the secret in the link.
    pub id: Hash,
    /// Who it signs in.
    pub person: Person,
    /// From then on it signs nobody in.
    pub ends: Instant,
}

/// Somebody has gone to their provider of identities and not come back yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Of the `state`, which the provider gives back; the browser's cookie holds the same.
    pub id: Hash,
    /// Which provider, as the settings name it.
    pub provider: String,
    /// What the identity token must hold.
    pub nonce: String,
    /// The secret half of PKCE.
    pub verifier: String,
    /// Which page they wanted.
    pub next: String,
    /// From then on it counts for nothing.
    pub ends: Instant,
}

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Of the secret in the cookie.
    pub id: Hash,
    /// Who.
    pub person: Person,
    /// Since when.
    pub begun: Instant,
    /// When they were last here.
    pub seen: Instant,
}

/// Keeps sessions and what leads to them. What has ended may be forgotten at any time.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a one-time link.
    ///
    /// # Errors
    /// It could not be kept.
    async fn put_ticket(&self, ticket: Ticket) -> Result<(), Trouble>;

    /// Looks at a one-time link and leaves it as it is: what a preview of the link does.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn look_at_ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble>;

    /// Takes a one-time link: of two that ask at once, one gets it.
    ///
    /// # Errors
    /// It could not be taken, and is still there.
    async fn take_ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble>;

    /// Keeps an attempt to sign in at a provider.
    ///
    /// # Errors
    /// It could not be kept.
    async fn put_attempt(&self, attempt: Attempt) -> Result<(), Trouble>;

    /// Takes an attempt: of two that ask at once, one gets it.
    ///
    /// # Errors
    /// It could not be taken.
    async fn take_attempt(&self, id: &Hash) -> Result<Option<Attempt>, Trouble>;

    /// Begins a session.
    ///
    /// # Errors
    /// It could not be kept; nobody is signed in.
    async fn begin(&self, session: Session) -> Result<(), Trouble>;

    /// The session, if there is one. Whether it still counts is decided by whoever asks.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn find(&self, id: &Hash) -> Result<Option<Session>, Trouble>;

    /// Notes that somebody was here.
    ///
    /// # Errors
    /// It could not be noted.
    async fn seen(&self, id: &Hash, at: Instant) -> Result<(), Trouble>;

    /// Ends a session. That there is none is no error.
    ///
    /// # Errors
    /// It could not be ended, and may still count.
    async fn end(&self, id: &Hash) -> Result<(), Trouble>;

    /// Ends every session and every unused link of this person, by e-mail.
    ///
    /// # Errors
    /// They could not all be ended.
    async fn end_all(&self, email: &str) -> Result<(), Trouble>;
}
