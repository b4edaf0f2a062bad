//! Who may see more than themselves.

use async_trait::async_trait;

use super::Person;

/// What somebody wants to see that is not their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The devices of whoever has this e-mail address.
    DevicesOf(String),
    /// The state of all devices: counts, plots, and what a new requirement would change.
    Fleet,
    /// The same as a file.
    Export,
}

/// Answers by policy.
#[async_trait]
pub trait Rules: Send + Sync {
    /// Whether they may. What cannot be decided is a no. Nobody is asked about what is their own.
    async fn may(&self, person: &Person, what: &What) -> bool;
}
