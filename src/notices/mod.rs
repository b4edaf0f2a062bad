//! Questions of the security team to a person, such as "was this you?".
//!
//! The way through it: [`Draft`] is an item as it was sent, read and checked; [`Sender`] finds whom it is for and
//! hands it to the [`Desk`], which keeps items and answers. All that has to go out stands beside them in the store, as
//! [`letters`] in the order of their time, written in the same transaction as what they tell of: the question to the
//! person, the word to the security channel, the call of the webhook. [`PostOffice`] takes them out one by one. Who
//! answers does so by the command `!Answer` or on the web; both end in [`Desk::answer`].
//!
//! Items come by the bot's web server ([`door`]), by the command line, and by a [`folder`].

pub mod door;
pub mod folder;

mod desk;
mod draft;
mod hook;
mod item;
mod letters;
mod pages;
mod post;
mod sender;
mod words;

use std::path::PathBuf;

use chrono::TimeDelta;
use secrecy::SecretString;
use url::Url;

pub use hubcommander_outbound::signature as sign;

pub use desk::{Desk, Outcome, Taken, Who};
pub use draft::{Draft, Wrong};
pub use hook::{Hook, HookError};
pub use item::{Action, Answer, Item, Way};
pub use post::PostOffice;
pub use sender::{NotTaken, Sender};
pub use words::{answered, answered_headline, consequence};

/// The kind of the operation that keeps an answer.
pub const ANSWER: &str = "notice.answer";

/// How the security team is told what came of its questions, and how long they are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What senders sign with over HTTP; any of them counts. Empty: nothing is taken there.
    pub secrets: Vec<SecretString>,
    /// The channel that hears of grave answers and of questions without one.
    pub channel: Option<String>,
    /// How long a question may stay without an answer, if its sender does not say.
    pub escalate_after: TimeDelta,
    /// How long items and answers are kept.
    pub keep: TimeDelta,
    /// The folder that items are taken from.
    pub folder: Option<PathBuf>,
    /// Where answers are forwarded to.
    pub webhook: Option<Webhook>,
}

/// Where answers are forwarded to.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its address.
    pub url: Url,
    /// What the calls are signed with.
    pub secret: SecretString,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            channel: None,
            escalate_after: TimeDelta::days(1),
            keep: TimeDelta::days(90),
            folder: None,
            webhook: None,
        }
    }
}

impl Settings {
    /// Every secret in it, to be kept out of the log.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.secrets.iter().chain(self.webhook.as_ref().map(|webhook| &webhook.secret))
    }
}
