//! Questions to a person, such as "was this you?".

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;

use super::Trouble;

/// One way to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What is stored: `yes`.
    pub key: String,
    /// What stands on the button: "Yes, it was me".
    pub label: String,
    /// Whether the button should look grave.
    pub grave: bool,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The key of the action.
    pub action: String,
    /// When.
    pub at: Instant,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id, as it stands in the address of its form: letters, digits, `-` and `_`.
    pub id: String,
    /// "Did you sign in from a new device?"
    pub question: String,
    /// What happened, in a sentence or two.
    pub details: String,
    /// When it happened.
    pub at: Instant,
    /// How it can be answered. Empty: it is only to be known.
    pub actions: Vec<Action>,
    /// The answer, once there is one.
    pub answer: Option<Given>,
}

/// Keeps questions and their answers.
#[async_trait]
pub trait Notices: Send + Sync {
    /// The questions to whoever has this e-mail address, the latest first; a hundred at most.
    ///
    /// # Errors
    /// They could not be read.
    async fn of(&self, email: &str) -> Result<Vec<Notice>, Trouble>;

    /// Answers a question of this very person with one of its actions. The first answer stands. False if there is
    /// no such question of theirs, it has no such action, or it has been answered.
    ///
    /// # Errors
    /// It could not be kept.
    async fn answer(&self, email: &str, id: &str, given: Given) -> Result<bool, Trouble>;
}
