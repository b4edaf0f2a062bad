//! An invocation: one command of one person, from the message to the end. A durable state machine.

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::Args;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::operation::Applied;
use hubcommander_sdk::people::{Conversation, PersonId, Place};
use hubcommander_sdk::plan::{Digest, Plan};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Where an invocation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Written down; nothing has been done yet.
    Received,
    /// Answered without changing anything.
    Answered,
    /// Refused.
    Denied,
    /// There is a plan, not yet gated.
    Planned,
    /// The plan waits for people.
    Waiting,
    /// The plan is being carried out.
    Running,
    /// Carried out in full.
    Done,
    /// Carried out in part.
    Partial,
    /// Nothing of it could be carried out.
    Failed,
    /// Withdrawn before anything was done.
    Cancelled,
    /// Its time ran out before anything was done.
    Expired,
}

impl State {
    /// All states.
    pub const ALL: [Self; 11] = [
        Self::Received,
        Self::Answered,
        Self::Denied,
        Self::Planned,
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Partial,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Received | Self::Planned | Self::Waiting | Self::Running)
    }

    /// The name as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Answered => "answered",
            Self::Denied => "denied",
            Self::Planned => "planned",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The state that is stored under this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// How a command reached the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// `!Command` in a conversation.
    Bang,
    /// After an @mention of the bot.
    Mention,
    /// Without an exclamation mark, in a direct message.
    Direct,
    /// `/hubcommander Command`.
    Slash,
    /// A form that was filled in.
    Form,
    /// A button that stands for a line.
    Button,
    /// Nobody: it was due. What it does was approved when it was put off.
    Due,
    /// `hubcommander exec` on the host, past Slack: two people broke the glass.
    Glass,
}

/// Who breaks the glass besides the person who asks, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// The second person.
    pub with: PersonId,
    /// Why, in the words of who asks.
    pub reason: String,
}

/// Which try it is at something that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueTry {
    /// What was due.
    pub key: String,
    /// How often it has been tried before.
    pub tries: u32,
}

/// Who said what, where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The person. The team is the person's own.
    pub person: PersonId,
    /// The conversation's id.
    pub channel: String,
    /// What kind of conversation it is, as far as the event says.
    pub conversation: Conversation,
    /// Whether people of other companies read along.
    pub shared: bool,
    /// The message's own `ts`; none for a slash command or a form.
    pub ts: Option<String>,
    /// The thread it stands in, if it is a reply.
    pub thread_ts: Option<String>,
    /// How it reached the bot.
    pub via: Via,
    /// The words after the address (`!`, mention, slash command), normalised, with secrets taken out.
    pub text: String,
    /// Where a slash command may be answered: five times within 30 minutes. Holds a secret, so it is not
    /// shown by `Debug`.
    pub response_url: Option<ResponseUrl>,
    /// What was due, if the bot asks itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<DueTry>,
    /// Who else breaks the glass, if it is asked past Slack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glass: Option<BreakGlass>,
    /// The message that the answer takes the place of, if a button asks for it to be brought up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Posted>,
}

/// Slack's address for answering a slash command. Whoever knows it can answer in the bot's name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResponseUrl(pub String);

impl std::fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResponseUrl([REDACTED])")
    }
}

impl Origin {
    /// What the bot asks itself as somebody, in a channel, where nobody has typed anything: what is due under this key.
    #[must_use]
    pub fn by_itself(
        person: PersonId,
        (channel, conversation): (String, Conversation),
        key: &str,
        text: String,
    ) -> Self {
        Self {
            person,
            channel,
            conversation,
            shared: false,
            ts: None,
            thread_ts: None,
            via: Via::Due,
            text,
            response_url: None,
            due: Some(DueTry { key: key.to_owned(), tries: 0 }),
            glass: None,
            replaces: None,
        }
    }

    /// The same place and person, for what is due there later.
    #[must_use]
    pub fn later(&self, key: &str, tries: u32, text: String) -> Self {
        Self {
            person: self.person.clone(),
            channel: self.channel.clone(),
            conversation: self.conversation,
            shared: self.shared,
            ts: None,
            thread_ts: self.place().thread.filter(|_| self.conversation != Conversation::Direct),
            via: Via::Due,
            text,
            response_url: None,
            due: Some(DueTry { key: key.to_owned(), tries }),
            glass: None,
            replaces: None,
        }
    }

    /// Where to answer: in the thread of the message, which the message itself may begin.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            channel: self.channel.clone(),
            conversation: self.conversation,
            shared: self.shared,
            thread: self.thread_ts.clone().or_else(|| self.ts.clone()),
        }
    }
}

/// A message of ours in Slack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The conversation.
    pub channel: String,
    /// The message's `ts`.
    pub ts: String,
}

/// One command of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The id that people quote, such as `inv-7Q4K2`.
    pub id: String,
    /// Counts its changes, from 0. A change names the version it was made on and fails on any other.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// Who said what, where.
    pub origin: Origin,
    /// The command, once parsed.
    pub command: Option<String>,
    /// Its arguments, once parsed.
    pub args: Option<Args>,
    /// What would be or is being done.
    pub plan: Option<Plan>,
    /// The plan's digest.
    pub digest: Option<Digest>,
    /// What the gate asks for and what has been given so far; the gate station's own.
    pub gate: Option<Json>,
    /// The message in the thread that is kept up to date.
    pub posted: Option<Posted>,
    /// What is said at the end. Kept so that it can be said after a crash.
    pub outcome: Option<Message>,
    /// Whether the end has been said.
    pub reported: bool,
    /// When it was received.
    pub received_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// How a step of a plan stands: the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Written before the operation is tried.
    Started,
    /// It went through.
    Done,
    /// It did not go through.
    Failed,
    /// Not tried, since one that it waits for failed.
    Skipped,
}

impl StepState {
    /// Whether it certainly changed nothing.
    #[must_use]
    pub fn left_nothing(self) -> bool {
        matches!(self, Self::Failed | Self::Skipped)
    }
}

/// Why a step did not go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// For the person.
    pub what: Text,
    /// Whether trying the same again can only end the same.
    pub lasting: bool,
}

/// What the journal holds of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The step's name in the plan.
    pub step: String,
    /// How it stands.
    pub state: StepState,
    /// When the first try began. Written before the first try, and never changed after.
    pub started_at: Instant,
    /// How often it was tried.
    pub tries: u32,
    /// What came of it.
    pub applied: Option<Applied>,
    /// Why it failed, or why nobody knows whether it did.
    pub error: Option<StepError>,
}
