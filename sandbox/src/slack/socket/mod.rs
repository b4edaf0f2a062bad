//! Socket Mode: addresses that open one connection once, envelopes that go to one connection each, and acks.

mod delivery;
mod link;
mod upgrade;

use std::time::Duration;

use tokio::sync::oneshot;

pub(super) use delivery::{Socket, sweep};
pub(super) use link::goodbye;
pub(super) use upgrade::open_link;

/// Names one connection, in the order in which they were opened, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub(super) u64);

/// Which connections are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that are open.
    All,
    /// This one.
    One(LinkId),
}

/// Why the server asks the app to leave a connection.
/// Source: <https://docs.slack.dev/apis/events-api/using-socket-mode>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It will be closed in about 10 s.
    Warning,
    /// It is being closed.
    RefreshRequested,
    /// Socket Mode was turned off; there will be no new one.
    LinkDisabled,
    /// There are too many.
    TooManyWebsockets,
}

impl Leave {
    fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::RefreshRequested => "refresh_requested",
            Self::LinkDisabled => "link_disabled",
            Self::TooManyWebsockets => "too_many_websockets",
        }
    }
}

/// What an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvelopeKind {
    /// An event. Delivered again if it is not acked.
    EventsApi,
    /// A click, a form, a question of a form.
    Interactive,
    /// A slash command.
    SlashCommands,
}

impl EnvelopeKind {
    fn name(self) -> &'static str {
        match self {
            Self::EventsApi => "events_api",
            Self::Interactive => "interactive",
            Self::SlashCommands => "slash_commands",
        }
    }
}

/// What became of the envelopes so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections that were opened.
    pub connections: u64,
    /// Connections that were refused: a used, old or unknown ticket.
    pub refused_connections: u64,
    /// Envelopes that were sent, repetitions too.
    pub delivered: u64,
    /// Envelopes that were acked in time.
    pub acked: u64,
    /// Events that were delivered again.
    pub redelivered: u64,
    /// Events that the app never acked, after all repetitions.
    pub lost: u64,
    /// Acks that came too late, or over another connection, or for nothing known.
    pub stray_acks: u64,
    /// Pongs that came back.
    pub pongs: u64,
    /// What the app did that it should not do.
    pub complaints: Vec<String>,
}

/// An envelope on its way to the app.
pub(super) struct Outgoing {
    pub kind: EnvelopeKind,
    /// Whether the ack may hold an answer.
    pub takes_answer: bool,
    /// Told when it is acked, with the answer.
    pub answer: Option<oneshot::Sender<Acked>>,
}

impl Outgoing {
    pub(super) fn event() -> Self {
        Self { kind: EnvelopeKind::EventsApi, takes_answer: false, answer: None }
    }
}

/// What came with an ack, if anything.
pub(super) type Acked = Option<serde_json::Value>;

/// An envelope that was sent and is not acked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unacked {
    /// Its id.
    pub envelope_id: String,
    /// What it holds.
    pub kind: EnvelopeKind,
    /// How often it was delivered before.
    pub attempt: u8,
    /// Over which connection; `None` while it waits for one.
    pub link: Option<LinkId>,
}

/// Timers need not be finer than this.
const SWEEP_EVERY: Duration = Duration::from_millis(10);
