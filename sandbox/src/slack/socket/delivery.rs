//! Which connection gets which envelope, and what happens until the ack.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use hubcommander_sdk::clock::Instant as WallInstant;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::super::core::Core;
use super::super::options::Options;
use super::{Acked, Counters, EnvelopeKind, LinkId, Outgoing, SWEEP_EVERY, Unacked, Which};
use crate::connection::Connection;

/// How many envelopes wait for a connection; beyond that the oldest are lost.
const MOST_WAITING: usize = 100_000;

/// What is sent over a connection.
pub(super) enum Frame {
    /// An envelope, or word from the server itself.
    Text(Utf8Bytes),
    /// The server closes the connection after this time.
    CloseAfter(Duration),
}

struct Link {
    id: LinkId,
    out: mpsc::UnboundedSender<Frame>,
    connection: Connection,
}

struct Sent {
    kind: EnvelopeKind,
    takes_answer: bool,
    attempt: u8,
    frame: Utf8Bytes,
    payload: Range<usize>,
    link: Option<LinkId>,
    at: Instant,
    answer: Option<oneshot::Sender<Acked>>,
}

type AckWatcher = Box<dyn Fn(Duration) + Send + Sync>;

#[derive(Default)]
struct Inner {
    links: Vec<Link>,
    tickets: HashMap<String, WallInstant>,
    /// Envelopes of a test's own making, and whether they are acked.
    injected: HashMap<String, bool>,
    open: HashMap<u64, Sent>,
    /// All events have the same time to be acked, so the first sent is the first due.
    due: VecDeque<(Instant, u64)>,
    waiting: VecDeque<u64>,
    counters: Counters,
    last_link: u64,
}

/// The server's end of Socket Mode.
pub(in crate::slack) struct Socket {
    inner: Mutex<Inner>,
    chance: Mutex<StdRng>,
    next: AtomicU64,
    redeliver_after: Duration,
    /// Told when something becomes due.
    due: Notify,
    ack_watcher: OnceLock<AckWatcher>,
}

#[derive(Deserialize)]
struct Ack<'a> {
    #[serde(borrow)]
    envelope_id: Cow<'a, str>,
    #[serde(default)]
    payload: Option<Json>,
}

impl Socket {
    pub(in crate::slack) fn new(options: &Options) -> Self {
        Self {
            inner: Mutex::default(),
            chance: Mutex::new(StdRng::seed_from_u64(options.seed)),
            next: AtomicU64::new(1),
            redeliver_after: options.redeliver_after,
            due: Notify::new(),
            ack_watcher: OnceLock::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A ticket for one connection, good until `until`.
    pub(in crate::slack) fn ticket(&self, until: WallInstant) -> String {
        let (high, low) = {
            let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
            (chance.random::<u64>(), chance.random::<u64>())
        };
        let ticket = format!("{high:016x}{low:016x}");
        self.lock().tickets.insert(ticket.clone(), until);
        ticket
    }

    /// Takes a ticket; whether it was good.
    pub(super) fn take_ticket(&self, ticket: &str, now: WallInstant) -> bool {
        let mut inner = self.lock();
        let good = inner.tickets.remove(ticket).is_some_and(|until| now < until);
        if !good {
            inner.counters.refused_connections += 1;
        }
        good
    }

    /// Takes up a new connection: its name, and how many there are now. `None`: there are too many.
    pub(super) fn enter(
        &self,
        out: mpsc::UnboundedSender<Frame>,
        connection: Connection,
        most: usize,
        hello: impl FnOnce(usize) -> Utf8Bytes,
    ) -> Option<LinkId> {
        let mut inner = self.lock();
        if inner.links.len() >= most {
            return None;
        }
        inner.last_link += 1;
        inner.counters.connections += 1;
        let id = LinkId(inner.last_link);
        // Before anything else can be sent over it. It cannot fail: the receiver's owner is the caller.
        let _ = out.send(Frame::Text(hello(inner.links.len() + 1)));
        inner.links.push(Link { id, out, connection });
        let waiting = std::mem::take(&mut inner.waiting);
        for number in waiting {
            self.send(&mut inner, number);
        }
        Some(id)
    }

    /// A connection is gone. What it did not ack becomes due in its time.
    pub(super) fn leave(&self, id: LinkId) {
        self.lock().links.retain(|link| link.id != id);
    }

    /// Sends `payload`, JSON, to one of the connections, or to the next that opens.
    pub(in crate::slack) fn deliver(&self, payload: &str, outgoing: Outgoing) -> u64 {
        self.attempt(payload, outgoing, 0)
    }

    fn attempt(&self, payload: &str, outgoing: Outgoing, attempt: u8) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let Outgoing { kind, takes_answer, answer } = outgoing;
        let (frame, payload) = envelope(number, payload, kind, takes_answer, attempt);
        let sent =
            Sent { kind, takes_answer, attempt, frame, payload, link: None, at: Instant::now(), answer };
        let mut inner = self.lock();
        inner.open.insert(number, sent);
        self.send(&mut inner, number);
        number
    }

    fn send(&self, inner: &mut Inner, number: u64) {
        let Inner { links, open, due, waiting, counters, .. } = inner;
        let Some(sent) = open.get_mut(&number) else { return };
        while !links.is_empty() {
            let choice = match links.len() {
                1 => 0,
                many => self.chance.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..many),
            };
            let Some(link) = links.get(choice) else { break };
            if link.out.send(Frame::Text(sent.frame.clone())).is_err() {
                links.swap_remove(choice);
                continue;
            }
            sent.link = Some(link.id);
            sent.at = Instant::now();
            counters.delivered += 1;
            if sent.attempt > 0 {
                counters.redelivered += 1;
            }
            if sent.kind == EnvelopeKind::EventsApi {
                if due.is_empty() {
                    self.due.notify_one();
                }
                due.push_back((Instant::now() + self.redeliver_after, number));
            }
            return;
        }
        // The real Slack would try again for some minutes. Here it waits, so that no test depends on how
        // long a restart takes. What a person did is given up by whoever waits for its answer.
        waiting.push_back(number);
        if waiting.len() > MOST_WAITING
            && let Some(oldest) = waiting.pop_front()
        {
            open.remove(&oldest);
            counters.lost += 1;
        }
    }

    /// Reads what the app sent over `link`.
    pub(super) fn receive(&self, link: LinkId, text: &str) {
        let ack: Ack<'_> = match serde_json::from_str(text) {
            Ok(ack) => ack,
            Err(problem) => return self.complain(format!("sent something that is no ack: {problem}")),
        };
        let number = number_of(&ack.envelope_id);
        let mut inner = self.lock();
        let known = number.and_then(|number| {
            inner
                .open
                .get(&number)
                .filter(|sent| sent.link == Some(link))
                .map(|sent| (number, sent.takes_answer))
        });
        let Some((number, takes_answer)) = known else {
            match inner.injected.get_mut(ack.envelope_id.as_ref()) {
                Some(acked) => {
                    *acked = true;
                    inner.counters.acked += 1;
                }
                None => inner.counters.stray_acks += 1,
            }
            return;
        };
        inner.counters.acked += 1;
        let sent = inner.open.remove(&number);
        // Some libraries always add an empty one.
        let payload =
            ack.payload.filter(|payload| payload.as_object().is_none_or(|fields| !fields.is_empty()));
        if payload.is_some() && !takes_answer {
            inner.counters.complaints.push("answered in an ack that takes no answer".to_owned());
        }
        drop(inner);
        if let (Some(watcher), Some(sent)) = (self.ack_watcher.get(), &sent) {
            watcher(sent.at.elapsed());
        }
        if let Some(answer) = sent.and_then(|sent| sent.answer) {
            // Who asked may have stopped waiting.
            let _ = answer.send(payload);
        }
    }

    /// Calls `watcher` with each ack, and how long it took. The first watcher stays.
    pub(in crate::slack) fn on_acked(&self, watcher: AckWatcher) {
        // A second one is not wanted anywhere.
        let _ = self.ack_watcher.set(watcher);
    }

    /// Sends text of a test's own making over one of the connections. Whether there was one.
    pub(in crate::slack) fn inject(&self, envelope_id: Option<&str>, text: &str) -> bool {
        let mut inner = self.lock();
        if let Some(id) = envelope_id {
            inner.injected.insert(id.to_owned(), false);
        }
        inner.links.first().is_some_and(|link| link.out.send(Frame::Text(text.into())).is_ok())
    }

    /// Whether an injected envelope was acked.
    pub(in crate::slack) fn injected_is_acked(&self, envelope_id: &str) -> bool {
        self.lock().injected.get(envelope_id).copied().unwrap_or_default()
    }

    pub(super) fn pong(&self) {
        self.lock().counters.pongs += 1;
    }

    pub(super) fn complain(&self, what: String) {
        self.lock().counters.complaints.push(what);
    }

    /// Nobody waits for the answer to this envelope any more.
    pub(in crate::slack) fn give_up(&self, number: u64) {
        self.lock().open.remove(&number);
    }

    pub(in crate::slack) fn counters(&self) -> Counters {
        self.lock().counters.clone()
    }

    pub(in crate::slack) fn unacked(&self) -> Vec<Unacked> {
        let inner = self.lock();
        let mut open: Vec<_> = inner.open.iter().collect();
        open.sort_by_key(|(number, _)| **number);
        open.into_iter()
            .map(|(number, sent)| Unacked {
                envelope_id: id_of(*number),
                kind: sent.kind,
                attempt: sent.attempt,
                link: sent.link,
            })
            .collect()
    }

    pub(in crate::slack) fn links(&self) -> Vec<LinkId> {
        self.lock().links.iter().map(|link| link.id).collect()
    }

    /// The TCP connections behind the links that are meant.
    pub(in crate::slack) fn connections(&self, which: Which) -> Vec<Connection> {
        self.with(which, |link| link.connection.clone())
    }

    /// Sends word of the server's own over the links that are meant, then closes them.
    pub(in crate::slack) fn say_goodbye(&self, which: Which, text: &str, after: Duration) {
        self.with(which, |link| {
            let _ = link.out.send(Frame::Text(text.into()));
            let _ = link.out.send(Frame::CloseAfter(after));
        });
    }

    /// Closes the links that are meant, without a word.
    pub(in crate::slack) fn close(&self, which: Which, after: Duration) {
        self.with(which, |link| {
            let _ = link.out.send(Frame::CloseAfter(after));
        });
    }

    fn with<T>(&self, which: Which, act: impl Fn(&Link) -> T) -> Vec<T> {
        let inner = self.lock();
        let meant = |link: &&Link| match which {
            Which::All => true,
            Which::One(id) => link.id == id,
        };
        inner.links.iter().filter(meant).map(act).collect()
    }

    /// Delivers again what is due. When to look next; `None`: when told.
    fn redeliver(&self) -> (usize, Option<Instant>) {
        let now = Instant::now();
        let mut again = Vec::new();
        let mut lost = 0;
        let mut inner = self.lock();
        while let Some((when, number)) = inner.due.front().copied() {
            if when > now && inner.open.contains_key(&number) {
                break;
            }
            inner.due.pop_front();
            let Some(sent) = inner.open.remove(&number) else { continue };
            if sent.attempt >= Options::REDELIVERIES {
                inner.counters.lost += 1;
                lost += 1;
                continue;
            }
            again.push(sent);
        }
        let next = inner.due.front().map(|(when, _)| *when);
        drop(inner);
        let changed = again.len() + lost;
        for Sent { kind, takes_answer, attempt, frame, payload, answer, .. } in again {
            let outgoing = Outgoing { kind, takes_answer, answer };
            self.attempt(frame.get(payload).unwrap_or_default(), outgoing, attempt + 1);
        }
        (changed, next)
    }
}

/// Delivers again what is due, as long as the server lives.
pub(in crate::slack) async fn sweep(core: Weak<Core>) {
    loop {
        let Some(alive) = core.upgrade() else { return };
        let (changed, next) = alive.socket.redeliver();
        if changed > 0 {
            alive.wake();
        }
        match next {
            Some(when) => {
                drop(alive);
                tokio::time::sleep_until(when.max(Instant::now() + SWEEP_EVERY)).await;
            }
            // Looks up now and then whether the server is still there.
            None => {
                let _ = tokio::time::timeout(Duration::from_secs(1), alive.socket.due.notified()).await;
            }
        }
    }
}

/// Looks like a UUID; the number is its last part.
fn id_of(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (a, b, c, d) = (mixed >> 32, (mixed >> 16) & 0xffff, (mixed >> 4) & 0xfff, mixed & 0xfff);
    format!("{a:08x}-{b:04x}-4{c:03x}-8{d:03x}-{number:012x}")
}

fn number_of(id: &str) -> Option<u64> {
    let number = u64::from_str_radix(id.rsplit('-').next()?, 16).ok()?;
    (id_of(number) == id).then_some(number)
}

/// The envelope as it is sent, and where in it the payload stands.
fn envelope(
    number: u64,
    payload: &str,
    kind: EnvelopeKind,
    takes_answer: bool,
    attempt: u8,
) -> (Utf8Bytes, Range<usize>) {
    let mut out = String::with_capacity(payload.len() + 200);
    out.push_str(r#"{"envelope_id":""#);
    out.push_str(&id_of(number));
    out.push_str(r#"","payload":"#);
    let start = out.len();
    out.push_str(payload);
    let end = out.len();
    out.push_str(r#","type":""#);
    out.push_str(kind.name());
    out.push_str(r#"","accepts_response_payload":"#);
    out.push_str(if takes_answer { "true" } else { "false" });
    if kind == EnvelopeKind::EventsApi {
        let reason = if attempt == 0 { "" } else { "timeout" };
        out.push_str(&format!(r#","retry_attempt":{attempt},"retry_reason":"{reason}""#));
    }
    out.push('}');
    (out.into(), start..end)
}
