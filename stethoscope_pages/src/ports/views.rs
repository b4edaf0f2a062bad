//! Who looked at somebody else's devices.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;

use super::{Person, Trouble};

/// Somebody looked at what is not their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who looked.
    pub by: Person,
    /// Whose devices, by e-mail; `None` if it was the state of all of them.
    pub of: Option<String>,
    /// What they looked at, in a few words: "your devices".
    pub what: String,
    /// When.
    pub at: Instant,
}

/// Keeps who looked, for the audit and for those who were looked at.
#[async_trait]
pub trait Views: Send + Sync {
    /// Writes it down, before anything is shown.
    ///
    /// # Errors
    /// It could not be written down; then nothing is shown.
    async fn looked(&self, view: View) -> Result<(), Trouble>;

    /// Who looked at the devices of whoever has this e-mail address, the latest first; a hundred at most.
    ///
    /// # Errors
    /// They could not be read.
    async fn at(&self, email: &str) -> Result<Vec<View>, Trouble>;
}
