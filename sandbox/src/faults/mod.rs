//! Faults on demand, and the memory of what was asked: shared by the local Slack and the local GitHub.
//!
//! ```
//! # use std::time::Duration;
//! # use hubcommander_sandbox::faults::{Faults, Fault, Hold, When};
//! let faults = Faults::default();
//! // The second creation happens, but its answer never arrives.
//! faults.add(When::post("/orgs/*/repos").skip(1), Fault::LostAnswer);
//! // The next deletion is held after its effect, until the test says so.
//! let gate = faults.gate(When::delete("/repos/*"), Hold::AfterEffect);
//! # drop(gate);
//! ```

mod gate;
mod layer;
mod log;
mod rule;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::response::Response;
use http::Method;
use hubcommander_sdk::clock::{SharedClock, SystemClock};
use tokio::sync::watch;

pub use gate::{Gate, HeldRequest, Hold};
pub use log::{Logged, Outcome};
pub use rule::{Fault, FaultId, Refusal, When};

use gate::GateEnd;
use log::Log;
use rule::Rules;

/// How often a request is seen, see [`Faults::on_request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It was read; nothing happened yet.
    BeforeEffect,
    /// Its effect happened; it is not answered yet. Not seen for a request that a fault stopped before.
    AfterEffect,
}

/// One look at one request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Requests are numbered from 1, in the order in which they arrive.
    pub number: u64,
    /// Before or after its effect.
    pub phase: Phase,
    /// Its method.
    pub method: Method,
    /// Its path, without the query.
    pub path: String,
    /// The status of the answer to come, after the effect.
    pub status: Option<u16>,
}

type Watcher = Arc<dyn Fn(&Seen) + Send + Sync>;
pub(crate) type RefusalAnswer = fn(&Refusal) -> Response;
type Inspect = Box<dyn Fn(&http::request::Parts, &[u8]) -> Result<(), String> + Send + Sync>;
type Exempt = fn(&http::request::Parts) -> bool;

struct Inner {
    clock: SharedClock,
    rules: Mutex<Rules>,
    gates: Mutex<Vec<GateEnd>>,
    log: Mutex<Log>,
    logged: watch::Sender<u64>,
    watchers: Mutex<Vec<Watcher>>,
    latency: Mutex<Duration>,
    refusals: OnceLock<RefusalAnswer>,
    exempt: OnceLock<Exempt>,
    inspect: OnceLock<Inspect>,
    odd: Mutex<Vec<String>>,
    in_flight: AtomicUsize,
}

/// What goes wrong at a server, and what it was asked. A clone is the same one.
#[derive(Clone)]
pub struct Faults {
    inner: Arc<Inner>,
}

impl Default for Faults {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("requests", &lock(&self.inner.log).arrived()).finish_non_exhaustive()
    }
}

impl Faults {
    /// No faults. The clock stamps the log.
    pub fn new(clock: SharedClock) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                rules: Mutex::default(),
                gates: Mutex::default(),
                log: Mutex::default(),
                logged: watch::Sender::new(0),
                watchers: Mutex::default(),
                latency: Mutex::default(),
                refusals: OnceLock::new(),
                exempt: OnceLock::new(),
                inspect: OnceLock::new(),
                odd: Mutex::default(),
                in_flight: AtomicUsize::new(0),
            }),
        }
    }

    /// From now on, `fault` befalls the requests that `when` describes.
    pub fn add(&self, when: When, fault: Fault) -> FaultId {
        lock(&self.inner.rules).add(when, fault)
    }

    /// Takes one fault back. Requests it already befell stay befallen.
    pub fn remove(&self, id: FaultId) {
        lock(&self.inner.rules).remove(id);
    }

    /// Takes all faults back. Gates stay.
    pub fn clear(&self) {
        lock(&self.inner.rules).clear();
    }

    /// Holds the requests that `when` describes, at the point `hold` names, until the gate is released, cut
    /// or dropped. A held request lives on when its sender goes away: a real server would carry it out too.
    #[must_use = "dropping the gate releases it"]
    pub fn gate(&self, when: When, hold: Hold) -> Gate {
        let (gate, end) = gate::pair(when, hold);
        let mut gates = lock(&self.inner.gates);
        gates.retain(|gate| !gate.is_open());
        gates.push(end);
        gate
    }

    /// Calls `watcher` with every request, before and after its effect. It must not block.
    pub fn on_request(&self, watcher: impl Fn(&Seen) + Send + Sync + 'static) {
        lock(&self.inner.watchers).push(Arc::new(watcher));
    }

    /// Forgets all watchers of [`Faults::on_request`].
    pub fn forget_watchers(&self) {
        lock(&self.inner.watchers).clear();
    }

    /// From now on every request takes this much longer, half before its effect and half after.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.inner.latency) = latency;
    }

    /// The requests so far, the oldest first: at most the newest [`Logged::KEPT`].
    pub fn log(&self) -> Vec<Logged> {
        lock(&self.inner.log).all()
    }

    /// The newest requests of the log, the oldest of them first.
    pub fn newest(&self, at_most: usize) -> Vec<Logged> {
        lock(&self.inner.log).newest(at_most)
    }

    /// The logged requests that change something: all but GET, HEAD and OPTIONS.
    pub fn writes(&self) -> Vec<Logged> {
        self.log().into_iter().filter(Logged::is_write).collect()
    }

    /// How many requests arrived since the start; [`Faults::clear_log`] does not change it.
    pub fn arrived(&self) -> u64 {
        lock(&self.inner.log).arrived()
    }

    /// Forgets the logged requests; numbering goes on.
    pub fn clear_log(&self) {
        lock(&self.inner.log).clear();
    }

    /// Changes whenever a request arrives or ends.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.logged.subscribe()
    }

    /// Returns when the log satisfies `enough`. It has no deadline: wrap it in a timeout.
    pub async fn logged(&self, mut enough: impl FnMut(&[Logged]) -> bool) {
        let mut changes = self.changes();
        while !enough(&self.log()) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// How this server words a rate limit. Without it: an empty 429. The first call counts.
    pub fn word_refusals(&self, answer: RefusalAnswer) {
        // A second server on the same faults keeps the words of the first.
        let _ = self.inner.refusals.set(answer);
    }

    /// Which requests are none of this: neither logged nor befallen, such as a page that watches the server.
    /// The first call counts.
    pub fn exempt(&self, exempt: Exempt) {
        let _ = self.inner.exempt.set(exempt);
    }

    /// Looks at each request before anything befalls it. One that does not pass is answered 599 with the reason,
    /// and is kept. The first call counts.
    pub fn inspect(
        &self,
        inspect: impl Fn(&http::request::Parts, &[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) {
        let _ = self.inner.inspect.set(Box::new(inspect));
    }

    /// What was wrong with requests that did not pass [`Faults::inspect`]. None should ever be sent.
    pub fn odd(&self) -> Vec<String> {
        lock(&self.inner.odd).clone()
    }

    /// How many requests arrived and are not at their end yet, the hanging ones not counted.
    pub fn in_flight(&self) -> usize {
        self.inner.in_flight.load(Ordering::SeqCst)
    }

    fn tell(&self, seen: &Seen) {
        let watchers = lock(&self.inner.watchers).clone();
        for watcher in watchers {
            watcher(seen);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
