//! What can be seen of the connections from outside: readiness, and counters for the metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hubcommander_sdk::clock::{Instant, SharedClock};
use tokio::sync::watch;

/// How the connections stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Connections that have said hello and still live.
    pub live: usize,
    /// When the first hello came: from then on the bot hears. None before.
    pub ready_since: Option<Instant>,
    /// How many connections Slack counted for the app at the newest hello. More than our own means that
    /// another process with the same token takes a share of the events.
    pub slack_counts: Option<u32>,
}

/// What happened since the start. All of them only grow.
#[derive(Debug, Default)]
pub struct Counters {
    /// Envelopes read.
    pub received: AtomicU64,
    /// Envelopes acknowledged, with or without an answer.
    pub acked: AtomicU64,
    /// Envelopes left to be delivered again, because they could not be stored.
    pub withheld: AtomicU64,
    /// Envelopes whose answer could not be sent: the connection was gone, or the handler broke off.
    pub lost: AtomicU64,
    /// Acknowledgements that were ready only after Slack's three seconds.
    pub late: AtomicU64,
    /// Envelopes of a kind we do not know. Acknowledged.
    pub unknown: AtomicU64,
    /// Frames that could not be read.
    pub unreadable: AtomicU64,
    /// Connections opened after the first ones.
    pub reconnects: AtomicU64,
    /// Connections given up because nothing came from the other side any more.
    pub dead: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Seen from outside, by readiness checks and metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// How the connections stand, and every change of it.
    pub status: watch::Receiver<Status>,
    /// What happened so far.
    pub counters: Arc<Counters>,
}

/// The side that writes.
#[derive(Clone, Debug)]
pub struct Board {
    status: Arc<watch::Sender<Status>>,
    pub(super) counters: Arc<Counters>,
    clock: SharedClock,
}

impl Board {
    /// A fresh one.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self { status: Arc::new(watch::channel(Status::default()).0), counters: Arc::default(), clock }
    }

    /// To be looked at.
    #[must_use]
    pub fn watcher(&self) -> Watcher {
        Watcher { status: self.status.subscribe(), counters: Arc::clone(&self.counters) }
    }

    /// A connection said hello. It counts as live until what is returned is dropped.
    pub(super) fn hello(&self, slack_counts: Option<u32>) -> Live {
        self.status.send_modify(|status| {
            status.live += 1;
            status.slack_counts = slack_counts.or(status.slack_counts);
            if status.ready_since.is_none() {
                status.ready_since = Some(self.clock.now());
            }
        });
        Live(Arc::clone(&self.status))
    }
}

/// One live connection.
pub(super) struct Live(Arc<watch::Sender<Status>>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.send_modify(|status| status.live = status.live.saturating_sub(1));
    }
}
