//! Who asks, and where.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Refusal;

/// A person in Slack. People are their team and id, never their name or e-mail, which they can change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonId {
    /// The workspace or, for a stranger, their own workspace.
    pub team: String,
    /// The user's id, `U…` or `W…`.
    pub user: String,
}

/// What Slack says a person is to the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A full member.
    Member,
    /// A guest in several channels.
    Guest,
    /// A guest in a single channel.
    SingleChannelGuest,
    /// From another company, over Slack Connect.
    Stranger,
    /// A bot or an app.
    Bot,
    /// No longer active.
    Deactivated,
}

/// A person as Slack describes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who it is.
    pub id: PersonId,
    /// What they are to the workspace.
    pub standing: Standing,
    /// What to call them. For showing only.
    pub name: String,
    /// Their e-mail as Slack has it, if it says.
    pub email: Option<String>,
    /// Their time zone's offset from UTC in seconds, if Slack says.
    pub tz_offset: Option<i32>,
}

/// Tells who somebody is.
#[async_trait]
pub trait WhoIs: Send + Sync {
    /// The person with this Slack id, as Slack describes them now or did a short while ago.
    ///
    /// # Errors
    /// Slack does not know them, or did not answer.
    async fn who_is(&self, user: &str) -> Result<Person, Refusal>;
}

/// Tells who has an address.
#[async_trait]
pub trait FindPeople: WhoIs {
    /// The person whose address in Slack this is, if anybody's.
    ///
    /// # Errors
    /// Slack did not answer.
    async fn with_email(&self, email: &str) -> Result<Option<Person>, Refusal>;
}

/// What kind of conversation a message stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversation {
    /// A channel that all members can find.
    Public,
    /// A channel by invitation.
    Private,
    /// Between one person and the bot.
    Direct,
    /// Between several people.
    Group,
}

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The conversation's id.
    pub channel: String,
    /// What kind of conversation it is.
    pub conversation: Conversation,
    /// Whether people of other companies read along (Slack Connect).
    pub shared: bool,
    /// The thread to answer in: the `ts` of its first message. None where there is no message yet (a slash
    /// command).
    pub thread: Option<String>,
}
