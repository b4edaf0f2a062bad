//! A point where requests are held until a test lets them go.

use http::Method;
use tokio::sync::{Mutex, mpsc, watch};

use super::rule::When;

/// Where a gate holds a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Before anything happened.
    BeforeEffect,
    /// After the effect, before the answer.
    AfterEffect,
}

/// A request that a gate holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRequest {
    /// Its number, as in the log.
    pub number: u64,
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GateState {
    Holding,
    Released,
    Cut,
}

/// Holds requests, see [`super::Faults::gate`]. Dropping it releases them.
#[derive(Debug)]
pub struct Gate {
    state: watch::Sender<GateState>,
    held: Mutex<mpsc::UnboundedReceiver<HeldRequest>>,
}

impl Gate {
    /// Waits for the next request to be held: the first call returns the first one. It has no deadline:
    /// wrap it in a timeout. `None` never happens while the server's [`super::Faults`] live.
    pub async fn held(&self) -> Option<HeldRequest> {
        self.held.lock().await.recv().await
    }

    /// Lets the held requests go on, and holds no more.
    pub fn release(&self) {
        self.end(GateState::Released);
    }

    /// Cuts the connections of the held requests (before the effect: it never happens), and holds no more.
    pub fn cut(&self) {
        self.end(GateState::Cut);
    }

    fn end(&self, to: GateState) {
        self.state.send_if_modified(|state| {
            let holding = *state == GateState::Holding;
            if holding {
                *state = to;
            }
            holding
        });
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.release();
    }
}

/// The server's end of a gate.
#[derive(Debug)]
pub(super) struct GateEnd {
    when: When,
    hold: Hold,
    state: watch::Receiver<GateState>,
    announce: mpsc::UnboundedSender<HeldRequest>,
}

pub(super) fn pair(when: When, hold: Hold) -> (Gate, GateEnd) {
    let (state, seen_state) = watch::channel(GateState::Holding);
    let (announce, held) = mpsc::unbounded_channel();
    (Gate { state, held: Mutex::new(held) }, GateEnd { when, hold, state: seen_state, announce })
}

/// One request's stay at one gate.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) hold: Hold,
    state: watch::Receiver<GateState>,
    announce: mpsc::UnboundedSender<HeldRequest>,
}

impl GateEnd {
    pub(super) fn is_open(&self) -> bool {
        *self.state.borrow() != GateState::Holding
    }

    /// Counts one request: where it has to stop, if it is meant.
    pub(super) fn takes(&mut self, method: &Method, path: &str, body: &[u8]) -> Option<Stop> {
        (!self.is_open() && self.when.takes(method, path, body)).then(|| Stop {
            hold: self.hold,
            state: self.state.clone(),
            announce: self.announce.clone(),
        })
    }
}

impl Stop {
    /// Waits until the gate ends: whether the request may go on.
    pub(super) async fn wait(mut self, request: HeldRequest) -> bool {
        // Nobody listens any more: then the gate is released too.
        let _ = self.announce.send(request);
        match self.state.wait_for(|state| *state != GateState::Holding).await {
            Ok(state) => *state == GateState::Released,
            Err(_) => true,
        }
    }
}
