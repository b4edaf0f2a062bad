//! Socket Mode: how Slack's events, clicks and slash commands come in.
//!
//! Two or more WebSocket connections are kept open. Slack sends each envelope over any one of them, and
//! wants it acknowledged on the same one within three seconds
//! (<https://docs.slack.dev/apis/events-api/using-socket-mode>); what is not acknowledged is delivered
//! again. So [`Intake::take`] is called for every envelope in a task of its own, and its [`Answer`] says
//! whether the envelope is safe with us. When Slack wants a connection replaced, the replacement is open
//! before the old one is left. What cannot be mended by trying again is an [`Alarm`], not a loop.
//!
//! Delivery is at least once and in no order: the intake removes doubles.

mod backoff;
mod frame;
mod keeper;
mod link;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::value::RawValue;
use tokio::sync::watch;
use url::Url;

pub use status::{Board, Counters, Status, Watcher};

use super::web::{Refused, SlackError, Web};

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something happened: a message, a mention, a person changed.
    Events,
    /// A button, a shortcut, a form, or a question to fill a menu.
    Interactive,
    /// A slash command.
    Slash,
    /// Something that did not exist when this was written. It is acknowledged whatever the intake says.
    Other(String),
}

/// One delivery from Slack.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Slack's id of this delivery. A redelivery has another one.
    pub id: String,
    /// What is inside.
    pub kind: Kind,
    /// The payload exactly as it came. `null` if there was none.
    pub payload: Box<RawValue>,
    /// How often it was delivered before: 0 the first time.
    pub retry_attempt: u32,
    /// Whether the acknowledgement may carry an answer.
    pub wants_answer: bool,
}

/// What to tell Slack about an envelope.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is safe with us, or of no interest: do not send it again.
    Ack,
    /// The same, with an answer (a typeahead's options, a form's errors). The answer is left out if Slack
    /// does not accept one here.
    AckWith(serde_json::Value),
    /// It is not safe with us: say nothing, so that Slack delivers it again.
    Withhold,
}

/// Takes envelopes in.
#[async_trait]
pub trait Intake: Send + Sync + 'static {
    /// Decides about an envelope. Called for many at the same time; Slack waits three seconds.
    async fn take(&self, envelope: Envelope) -> Answer;
}

/// Something that a person must look at, because trying again does not mend it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AlarmKind {
    /// Slack does not accept our app token or our app. Tried again every few minutes.
    AuthRefused {
        /// Slack's word for it, for example `invalid_auth`.
        code: String,
    },
    /// Slack does not accept the bot's token. Raised by who watches the Web API, not by the reader.
    BotRefused(Refused),
    /// Socket Mode was switched off in the app's settings. Tried again every few minutes.
    LinkDisabled,
    /// A frame could not be read.
    Unreadable {
        /// What is wrong, without the content.
        reason: String,
    },
    /// The app has ten connections already; some other process uses the same token.
    TooManyConnections,
    /// Slack cannot be reached for a while. Tried again all the time.
    Unreachable {
        /// What was tried last, for the log.
        log: String,
    },
    /// A command fell again and again on its way and is left for the next start. Raised by the engine.
    Halted {
        /// Its id.
        invocation: String,
        /// Why, for the log.
        log: String,
    },
    /// Something was due and could not be done. Tried again. Raised by the engine.
    NotDoneWhenDue {
        /// The invocation that did not come to a good end.
        invocation: String,
        /// What was due, in words.
        what: String,
        /// Why, for the log.
        log: String,
    },
    /// The audit's chain is not what was put there: somebody reached into the database. Raised by the sealer.
    AuditAltered {
        /// What was found, for the log.
        log: String,
    },
    /// What is written to the audit has not been sealed for a while. Raised by the sealer.
    AuditNotSealed {
        /// Why, for the log.
        log: String,
    },
    /// The head of the audit could not be announced everywhere. Tried again. Raised by the sealer.
    AuditNotAnnounced {
        /// Where and why, for the log.
        log: String,
    },
    /// What is to be said of a notification cannot be said to whom it is for. Tried again. Raised by who sends it.
    NotForwarded {
        /// The notification's id.
        notice: String,
        /// Why, for the log.
        log: String,
    },
    /// A directory of the company cannot be read, or not wholly, again and again. Raised by who reads it.
    DirectoryUnread {
        /// Which.
        directory: String,
        /// Why, for the log.
        log: String,
    },
    /// Of those who worked here by a directory more than half are gone at once, so it is not believed. Raised by who
    /// reads it.
    DirectoryShrunk {
        /// Which.
        directory: String,
        /// Its name on the command line.
        key: &'static str,
        /// How many worked here.
        before: usize,
        /// How many do now.
        now: usize,
    },
    /// Which accounts were linked could not be told to the company's own system, again and again. Raised by who tells
    /// it.
    LinkUntold {
        /// Why, for the log.
        log: String,
    },
    /// Somebody said that it was not they who asked to do something. Raised by the engine.
    Fraud {
        /// The invocation.
        invocation: String,
        /// Whose word it was, as an id in Slack.
        person: String,
        /// What was to be done, in words.
        what: String,
    },
    /// Something that is rare, and that somebody should know of. Raised by the engine.
    Unusual {
        /// What it is, in one word: once for each word and subject in a while.
        kind: &'static str,
        /// Who did it, as an id in Slack.
        person: String,
        /// What happened, as in "@ana *was refused 5 times within 10 minutes*".
        what: String,
        /// For the log.
        log: String,
    },
    /// The store cannot write, so nothing is acknowledged. Raised by the intake, not by the reader.
    StoreDown {
        /// For the log.
        log: String,
    },
}

/// Brings alarms to people. The reader raises one for every occurrence; who implements this says it once.
#[async_trait]
pub trait Alarm: Send + Sync + 'static {
    /// Raises an alarm.
    async fn raise(&self, alarm: AlarmKind);
}

/// How the connections are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketSettings {
    /// Connections open at the same time, 1 to 5: Slack allows ten per app, and while all are being
    /// replaced there are twice as many.
    pub connections: usize,
    /// How long opening a WebSocket may take after its ticket was had.
    pub connect_within: Duration,
    /// How long Slack may take to say hello on it.
    pub hello_within: Duration,
    /// How often we ask the other side for a sign of life.
    pub ping_every: Duration,
    /// After how much silence a connection is taken for dead.
    pub dead_after: Duration,
    /// How long a connection is still read after its replacement is open.
    pub retire_within: Duration,
    /// How many envelopes may be with the intake at the same time. Reading pauses above that.
    pub in_flight: usize,
    /// The bound of the first wait after a failure; it doubles with each.
    pub backoff_first: Duration,
    /// The bound of the longest wait.
    pub backoff_cap: Duration,
    /// How long to wait after what trying again does not mend.
    pub slow_retry: Duration,
    /// A connection that lived this long proves that all is well.
    pub stable_after: Duration,
    /// How long the end waits for envelopes that are with the intake.
    pub drain_within: Duration,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            connections: 2,
            connect_within: Duration::from_secs(10),
            hello_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(4),
            dead_after: Duration::from_secs(12),
            retire_within: Duration::from_secs(15),
            in_flight: 4096,
            backoff_first: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(30),
            slow_retry: Duration::from_secs(300),
            stable_after: Duration::from_secs(10),
            drain_within: Duration::from_secs(5),
        }
    }
}

/// Where connections come from: `apps.connections.open` gives an address that works once.
#[async_trait]
pub(crate) trait Tickets: Send + Sync + 'static {
    /// Asks for the address of one connection.
    async fn ticket(&self) -> Result<Url, SlackError>;
}

#[async_trait]
impl Tickets for Web {
    async fn ticket(&self) -> Result<Url, SlackError> {
        self.open_connection().await.map(|address| address.reveal().clone())
    }
}

/// Reads from Slack until `shutdown` becomes true (or its sender is gone), then stops reading, waits a
/// little for the envelopes that are with the intake, and returns.
///
/// `board` shows from outside how it goes; `seed` spreads the waits between tries.
pub async fn run(
    web: Web,
    intake: Arc<dyn Intake>,
    alarm: Arc<dyn Alarm>,
    settings: SocketSettings,
    board: Board,
    seed: u64,
    shutdown: watch::Receiver<bool>,
) {
    let way_out = web.way_out();
    keeper::keep_all(Arc::new(web), way_out, intake, alarm, settings, board, seed, shutdown).await;
}
