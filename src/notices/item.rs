//! An item as it is kept, and the keys it is kept under.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::invocation::Posted;

/// One way to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What is stored: `yes`.
    pub key: String,
    /// What stands on the button: "Yes, it was me".
    pub label: String,
    /// Whether the security team is told at once.
    #[serde(default)]
    pub grave: bool,
}

/// Where somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// In Slack.
    Slack,
    /// On the web.
    Web,
}

impl Way {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Web => "web",
        }
    }
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The key of the action.
    pub action: String,
    /// When.
    pub at: Instant,
    /// Where.
    pub way: Way,
}

/// A question to a person, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id: letters, digits, `-` and `_`.
    pub id: String,
    /// Whom it is for, in lower case.
    pub email: String,
    /// Who that is in Slack.
    pub person: PersonId,
    /// "Did you sign in from a new device?"
    pub question: String,
    /// What happened.
    pub details: String,
    /// When that happened.
    pub at: Instant,
    /// How it can be answered; never empty.
    pub actions: Vec<Action>,
    /// When it was sent.
    pub sent_at: Instant,
    /// From when on it counts as unanswered.
    pub escalate_at: Instant,
    /// Tells it from another with the same id.
    pub digest: String,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
    /// The question in Slack, once it stands there.
    pub posted: Option<Posted>,
    /// When the security team was told that there is no answer.
    pub escalated: Option<Instant>,
}

impl Item {
    /// The action of this key.
    #[must_use]
    pub fn action(&self, key: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.key == key)
    }

    /// The action that was taken.
    #[must_use]
    pub fn taken(&self) -> Option<&Action> {
        self.action(&self.answer.as_ref()?.action)
    }
}

/// Under what an item is kept.
pub(super) fn item_key(id: &str) -> String {
    format!("notice:item:{id}")
}

/// What the keys of one person's items begin with. The address itself stands in no key: keys are logged.
pub(super) fn of_prefix(email: &str) -> String {
    format!("notice:of:{}:", short_hash(&email.trim().to_lowercase()))
}

/// Where one of their items is listed: the latest first.
pub(super) fn of_key(email: &str, sent_at: Instant, id: &str) -> String {
    let back = i64::MAX - sent_at.timestamp_micros();
    format!("{}{back:019}:{id}", of_prefix(email))
}

/// Under which key it stands that a call of the door was taken.
pub(super) fn seen_key(call: &str) -> String {
    format!("notice:seen:{}", short_hash(call))
}

/// What the keys begin with that say what is to be forgotten: the oldest first.
pub(super) const OLD: &str = "notice:old:";

pub(super) fn old_key(sent_at: Instant, id: &str) -> String {
    format!("{OLD}{:012}:{id}", sent_at.timestamp().max(0))
}

/// The first half of a hash: enough to tell all apart.
fn short_hash(words: &str) -> String {
    let hash = Sha256::digest(words.as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of something, whole.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_a_person_stands_first_whatever_the_case_of_the_address() {
        let at = |seconds| Instant::from_timestamp(seconds, 0).unwrap();
        let (old, new) = (of_key("ana@acme.example", at(9), "b"), of_key("Ana@acme.example", at(1_000), "a"));
        assert!(new < old);
        assert!(old.starts_with(&of_prefix("ANA@acme.example ")));
        assert!(!old.contains("ana"));
        assert!(old_key(at(9), "b") < old_key(at(1_000), "a"));
    }
}
