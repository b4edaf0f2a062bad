//! What people do and see in the workspace, for tests, benches and the page.

mod act;
mod form;
mod look;
mod payload;
mod setting;
mod talk;
mod wait;

use std::time::Duration;

pub use act::Choice;
pub(super) use act::Place;
pub use form::Submitted;
pub use wait::Late;

/// Why a person could not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandError {
    /// There is nobody with this id.
    #[error("there is no person {0}")]
    NoSuchPerson(String),
    /// There is no conversation with this id.
    #[error("there is no channel {0}")]
    NoSuchChannel(String),
    /// The person is no longer active.
    #[error("{0} is deactivated")]
    Deactivated(String),
    /// The person is not in the conversation, or nobody can write there any more.
    #[error("{user} cannot write in {channel}")]
    CannotWrite {
        /// Who.
        user: String,
        /// Where.
        channel: String,
    },
    /// The person sees no message with this id there.
    #[error("no such message is seen in {0}")]
    NoSuchMessage(String),
    /// Somebody else wrote it.
    #[error("the message is somebody else's")]
    NotYours,
    /// There is nothing with this action to press or fill in, or it does not offer the value.
    #[error("there is no {0} to press or fill in")]
    NoSuchElement(String),
    /// The person has no such form before them, or not on top.
    #[error("no form {0} is open on top")]
    NoSuchView(String),
    /// The form holds something that Slack does not let anybody send.
    #[error("the form cannot be sent: {0}")]
    NotFilledIn(String),
    /// No app has registered this slash command, or this person cannot use it.
    #[error("{0} is not a command here")]
    NoSuchCommand(String),
    /// The app did not ack in time, or is not connected. The person got a notice.
    #[error("the app did not answer")]
    NotAnswered,
    /// The app's answer was refused by Slack. The person got a notice.
    #[error("the app's answer was refused: {0}")]
    AnswerRefused(String),
}

/// How long a `response_url` lives.
const HOOK_LIFE: Duration = Duration::from_secs(30 * 60);
