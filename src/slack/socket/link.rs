//! One WebSocket connection: reading, acknowledging, heartbeats, and its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use url::Url;

use super::frame::{self, Frame, Reason};
use super::status::{Board, Counters, Live};
use super::{Alarm, AlarmKind, Answer, Envelope, Intake, Kind, SocketSettings};
use hubcommander_outbound::{WayOut, Wire};

type Ws = WebSocketStream<TokioIo<Wire>>;

/// Slack's patience with an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(3);
/// Acknowledgements written before they are flushed together.
const BATCH: usize = 256;

/// What every connection shares.
pub(super) struct Shared {
    pub(super) intake: Arc<dyn Intake>,
    pub(super) alarm: Arc<dyn Alarm>,
    pub(super) settings: SocketSettings,
    pub(super) board: Board,
    pub(super) in_flight: Arc<Semaphore>,
}

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The other side closed it, as it may.
    Closed,
    /// It broke.
    Broken(String),
    /// Nothing came from the other side any more.
    Dead,
    /// Its replacement took over.
    Retired,
    /// We stop.
    Shutdown,
}

/// How a connection stands, for its keeper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) hello: bool,
    pub(super) leaving: Option<Reason>,
    pub(super) over: Option<Ending>,
}

/// What the keeper holds of a connection.
pub(super) struct Link {
    pub(super) stand: watch::Receiver<Stand>,
    retire: watch::Sender<bool>,
}

impl Link {
    /// The replacement is open: read on until the other side closes or the bound is reached.
    pub(super) fn retire(&self) {
        self.retire.send_replace(true);
    }
}

/// Opens a WebSocket. The address holds a ticket: it is in no error.
pub(super) async fn open(url: &Url, mut way_out: WayOut, within: Duration) -> Result<Ws, String> {
    let config = WebSocketConfig::default()
        .read_buffer_size(64 << 10)
        .write_buffer_size(64 << 10)
        .max_message_size(Some(16 << 20))
        .max_frame_size(Some(16 << 20));
    let opening = async {
        let wire = way_out.open(url).await.map_err(|error| describe(&*error))?;
        let shake = tokio_tungstenite::client_async_with_config(url.as_str(), wire, Some(config));
        match shake.await {
            Ok((ws, _)) => Ok(ws),
            Err(WsError::Http(response)) => Err(format!("handshake refused with {}", response.status())),
            Err(WsError::Url(_)) => Err("handshake: unusable address".to_owned()),
            Err(error) => Err(format!("handshake: {error}")),
        }
    };
    timeout(within, opening).await.unwrap_or_else(|_| Err(format!("no WebSocket within {within:?}")))
}

fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut out = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        out.push_str(": ");
        out.push_str(&cause.to_string());
        source = cause.source();
    }
    out
}

/// Starts to read a connection. The future is its whole life, to be spawned by the keeper.
pub(super) fn start(
    ws: Ws,
    shared: Arc<Shared>,
    shutdown: watch::Receiver<bool>,
) -> (Link, impl Future<Output = ()> + Send + 'static) {
    let (stand, seen) = watch::channel(Stand::default());
    let (retire, retired) = watch::channel(false);
    let life = async move {
        let (sink, stream) = ws.split();
        let (acks, queue) = mpsc::channel(shared.settings.in_flight.max(1));
        let counters = Arc::clone(&shared.board.counters);
        let writer = tokio::spawn(write(sink, queue, shared.settings.clone(), counters));
        let mut reader = Reader { shared: Arc::clone(&shared), acks, stand: &stand, live: None };
        let ending = reader.read(stream, &writer, retired, shutdown).await;
        // From here on it does not count as live, and only what is with the intake is still answered.
        drop(reader);
        stand.send_modify(|stand| stand.over = Some(ending.clone()));
        finish(writer, &ending, shared.settings.drain_within).await;
        tracing::debug!(?ending, "a connection to Slack is over");
    };
    (Link { stand: seen, retire }, life)
}

/// Lets the writer send what is still being answered, where there is somebody left to send it to.
async fn finish(mut writer: JoinHandle<()>, ending: &Ending, within: Duration) {
    let worth = matches!(ending, Ending::Retired | Ending::Shutdown);
    if !worth || timeout(within, &mut writer).await.is_err() {
        writer.abort();
    }
}

struct Reader<'a> {
    shared: Arc<Shared>,
    acks: mpsc::Sender<String>,
    stand: &'a watch::Sender<Stand>,
    live: Option<Live>,
}

impl Reader<'_> {
    async fn read(
        &mut self,
        mut stream: SplitStream<Ws>,
        writer: &JoinHandle<()>,
        mut retired: watch::Receiver<bool>,
        mut shutdown: watch::Receiver<bool>,
    ) -> Ending {
        let settings = &self.shared.settings.clone();
        // Fine enough to notice a dead peer within a twelfth of the bound.
        let mut check = tokio::time::interval((settings.dead_after / 12).max(Duration::from_millis(1)));
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut leave_at: Option<Instant> = None;
        let mut retirement = false;
        // Made once, not for every frame.
        let stopped = async { shutdown.wait_for(|stop| *stop).await.map(|_| ()) };
        let retiring = async { retired.changed().await.is_ok() };
        tokio::pin!(stopped, retiring);
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => return Ending::Shutdown,
                meant = &mut retiring, if !retirement => {
                    retirement = true;
                    if meant {
                        leave_at = Some(Instant::now() + settings.retire_within);
                    }
                }
                now = check.tick() => {
                    if leave_at.is_some_and(|at| now >= at) {
                        return Ending::Retired;
                    }
                    if now.duration_since(heard) >= settings.dead_after || writer.is_finished() {
                        Counters::add(&self.shared.board.counters.dead);
                        return Ending::Dead;
                    }
                }
                next = stream.next() => {
                    heard = Instant::now();
                    match next {
                        Some(Ok(Message::Text(text))) => {
                            if self.take(text.as_str()).await {
                                // Reading was paused: the silence was ours.
                                heard = Instant::now();
                            }
                        }
                        Some(Ok(Message::Binary(bytes))) => {
                            self.unreadable(format!("{} bytes of binary", bytes.len()), None);
                        }
                        Some(Ok(Message::Close(_))) | None => return Ending::Closed,
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return self.broken(&error),
                    }
                }
            }
        }
    }

    fn broken(&self, error: &WsError) -> Ending {
        match error {
            WsError::ConnectionClosed | WsError::AlreadyClosed => Ending::Closed,
            WsError::Utf8(_) | WsError::Capacity(_) => {
                self.unreadable(format!("a frame broke the connection: {error}"), None);
                Ending::Broken(error.to_string())
            }
            error => Ending::Broken(error.to_string()),
        }
    }

    /// Handles a text frame. Returns whether reading was paused because too much is with the intake.
    async fn take(&mut self, text: &str) -> bool {
        match frame::read(text) {
            Frame::Envelope(envelope) => {
                let counters = &self.shared.board.counters;
                Counters::add(&counters.received);
                if let Kind::Other(kind) = &envelope.kind {
                    Counters::add(&counters.unknown);
                    tracing::warn!(kind, envelope = envelope.id, "an envelope of an unknown kind");
                }
                let (permit, paused) = match Arc::clone(&self.shared.in_flight).try_acquire_owned() {
                    Ok(permit) => (Some(permit), false),
                    // The semaphore is never closed; without a permit the envelope is taken all the same.
                    Err(_) => (Arc::clone(&self.shared.in_flight).acquire_owned().await.ok(), true),
                };
                tokio::spawn(answer(Arc::clone(&self.shared), envelope, self.acks.clone(), permit));
                paused
            }
            Frame::Hello { connections } => {
                if self.live.is_none() {
                    self.live = Some(self.shared.board.hello(connections));
                }
                self.stand.send_modify(|stand| stand.hello = true);
                false
            }
            Frame::Disconnect(reason) => {
                tracing::debug!(?reason, "Slack ends a connection");
                self.stand.send_modify(|stand| stand.leaving = stand.leaving.take().or(Some(reason)));
                false
            }
            Frame::Stray(kind) => {
                Counters::add(&self.shared.board.counters.unknown);
                tracing::warn!(kind, "a frame of an unknown kind");
                false
            }
            Frame::Unreadable { reason, id } => {
                self.unreadable(reason, id);
                false
            }
        }
    }

    /// Raises the alarm, and only then acknowledges: what is not even JSON can never be read, and would
    /// come back just the same. Without an id there is nothing to acknowledge.
    fn unreadable(&self, reason: String, id: Option<String>) {
        Counters::add(&self.shared.board.counters.unreadable);
        tracing::error!(reason, envelope = id, "a frame from Slack cannot be read");
        let alarm = Arc::clone(&self.shared.alarm);
        let acks = self.acks.clone();
        tokio::spawn(async move {
            alarm.raise(AlarmKind::Unreadable { reason }).await;
            if let Some(id) = id {
                let _ = acks.send(frame::ack(&id, None)).await;
            }
        });
    }
}

/// Counts an envelope as lost unless it was settled: also when the intake panics.
struct Unsettled<'a>(Option<&'a Counters>);

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if let Some(counters) = self.0 {
            Counters::add(&counters.lost);
        }
    }
}

/// The life of one envelope.
async fn answer(
    shared: Arc<Shared>,
    envelope: Envelope,
    acks: mpsc::Sender<String>,
    permit: Option<OwnedSemaphorePermit>,
) {
    let counters = &shared.board.counters;
    let mut unsettled = Unsettled(Some(counters));
    let began = Instant::now();
    let (id, wants_answer) = (envelope.id.clone(), envelope.wants_answer);
    let known = !matches!(envelope.kind, Kind::Other(_));
    let text = match shared.intake.take(envelope).await {
        Answer::AckWith(answer) if wants_answer => frame::ack(&id, Some(&answer)),
        Answer::AckWith(_) => {
            tracing::warn!(envelope = id, "an answer that Slack does not accept here was left out");
            frame::ack(&id, None)
        }
        Answer::Withhold if known => {
            unsettled.0 = None;
            Counters::add(&counters.withheld);
            return;
        }
        Answer::Ack | Answer::Withhold => frame::ack(&id, None),
    };
    if began.elapsed() > PATIENCE {
        Counters::add(&counters.late);
        tracing::warn!(envelope = id, took = ?began.elapsed(), "acknowledged late");
    }
    // The writer counts what it has sent. If it is gone, Slack delivers again over another connection.
    if acks.send(text).await.is_ok() {
        unsettled.0 = None;
    }
    drop(permit);
}

/// Writes acknowledgements, many to a flush, and pings.
async fn write(
    mut sink: SplitSink<Ws, Message>,
    mut queue: mpsc::Receiver<String>,
    settings: SocketSettings,
    counters: Arc<Counters>,
) {
    let mut ping = tokio::time::interval(settings.ping_every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let wrote = tokio::select! {
            count = queue.recv_many(&mut batch, BATCH) => {
                if count == 0 {
                    break;
                }
                // What was written together is acknowledged together: those who are ready hand in theirs.
                tokio::task::yield_now().await;
                while batch.len() < BATCH
                    && let Ok(text) = queue.try_recv()
                {
                    batch.push(text);
                }
                let count = batch.len();
                let writing = async {
                    for text in batch.drain(..) {
                        sink.feed(Message::text(text)).await?;
                    }
                    sink.flush().await
                };
                let wrote = matches!(timeout(settings.dead_after, writing).await, Ok(Ok(())));
                let sum = if wrote { &counters.acked } else { &counters.lost };
                sum.fetch_add(count as u64, Ordering::Relaxed);
                wrote
            }
            _ = ping.tick() => {
                let writing = sink.send(Message::Ping(Bytes::new()));
                matches!(timeout(settings.dead_after, writing).await, Ok(Ok(())))
            }
        };
        if !wrote {
            return;
        }
    }
    // A farewell, without waiting for the other side's: it may never come.
    let _ = timeout(Duration::from_secs(1), sink.send(Message::Close(None))).await;
}
