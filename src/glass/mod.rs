//! Breaking the glass: one command on the host, for the day when Slack is down, with the passkeys of two people.
//!
//! It goes the way of any command, through the same stations, and its invocation is a row like any other: parse, ask,
//! prepare, gate, execute, journal, audit. What stands here takes the engine's place in that, with a terminal where
//! Slack would be. `docs/break-glass.md` says what it takes.

mod ask;
mod carry;
mod host;
mod page;
mod prove;
mod tell;

use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;

use crate::app::AppError;
use crate::store::StoreError;

pub use host::{dry_run, exec};

/// What is asked on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The command as it would be typed in Slack.
    pub line: String,
    /// The id in Slack of who asks.
    pub by: String,
    /// The id in Slack of the second person.
    pub with: String,
    /// Why.
    pub reason: String,
}

/// Where the people are told what stands.
pub trait Terminal: Send + Sync {
    /// Says this, on lines of its own.
    fn say(&self, words: &str);
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It only read, or only showed the plan.
    Answered,
    /// It was done.
    Done,
    /// Nothing was done.
    Nothing,
    /// A part was done, or nobody knows how far it went.
    Partly,
}

/// The end, and what is said of it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// How.
    pub how: How,
    /// In words.
    pub message: Message,
}

impl Ending {
    fn nothing(message: Message) -> Self {
        Self { how: How::Nothing, message }
    }
}

/// Why it did not come to an end.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It is not done, as this says.
    #[error("{}", .0.log.as_deref().unwrap_or("refused"))]
    Refused(Refusal),
    /// The bot cannot be put together.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { id, .. } => Self::Refused(
                Refusal::new(
                    "Somebody else goes on with it: the bot, or another `hubcommander exec`.",
                    "Look in the alarm channel how it ends, or run `hubcommander exec` again.",
                )
                .logged(format!("{id} was changed by somebody else")),
            ),
            error => Self::App(error.into()),
        }
    }
}
