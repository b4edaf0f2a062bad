//! A scripted peer: a WebSocket server that does what each test says, and a bot that remembers.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures_util::{SinkExt, StreamExt};
use hubcommander_sdk::clock::SystemClock;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::super::*;
use hubcommander_outbound::{Proxies, WayOut};

/// Generous: only a test that fails waits this long.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("not within {DEADLINE:?}: {what}"))
}

pub(super) enum Order {
    Say(String),
    Binary,
    Close,
    /// Neither read nor write any more, but keep the connection open.
    Freeze,
}

/// One connection, as the peer sees it.
pub(super) struct Conn {
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) heard: mpsc::UnboundedReceiver<Message>,
}

impl Conn {
    pub(super) fn say(&self, value: &Value) {
        self.orders.send(Order::Say(value.to_string())).unwrap();
    }

    pub(super) fn hello(&self) {
        self.say(&json!({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0HUB"}}));
    }

    pub(super) fn event(&self, id: &str) {
        self.say(&json!({
            "envelope_id": id, "type": "events_api", "accepts_response_payload": false,
            "retry_attempt": 0, "retry_reason": "", "payload": {"event_id": id},
        }));
    }

    pub(super) fn disconnect(&self, reason: &str) {
        self.say(&json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "h"}}));
    }

    /// The next text, past the pings. None when the connection is over.
    pub(super) async fn text(&mut self) -> Option<Value> {
        // One bound for all of it: pings alone must not keep a test waiting.
        let hearing = async {
            loop {
                match self.heard.recv().await? {
                    Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                    Message::Close(_) => return None,
                    _ => {}
                }
            }
        };
        soon("a text", hearing).await
    }

    pub(super) async fn acked(&mut self) -> String {
        self.text().await.expect("an ack")["envelope_id"].as_str().unwrap().to_owned()
    }
}

pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) conns: mpsc::UnboundedReceiver<Conn>,
}

impl Peer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, conns) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                tokio::spawn(async move {
                    let (orders, heard) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
                    let ws = tokio_tungstenite::accept_async(stream).await.unwrap();
                    sender.send(Conn { orders: orders.0, heard: heard.1 }).unwrap();
                    serve(ws, orders.1, heard.0).await;
                });
            }
        });
        Self { address, conns }
    }

    pub(super) async fn conn(&mut self) -> Conn {
        soon("a connection", self.conns.recv()).await.unwrap()
    }

    pub(super) fn tickets(&self) -> Arc<Desk> {
        Desk::new(Url::parse(&format!("ws://{}/link/?ticket=secret", self.address)).unwrap())
    }
}

pub(super) async fn serve(
    mut ws: tokio_tungstenite::WebSocketStream<TcpStream>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    heard: mpsc::UnboundedSender<Message>,
) {
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Say(text)) => {
                    if ws.feed(Message::text(text)).await.is_err() { return }
                    // Flushed when the orders run dry, as a busy server would.
                    if orders.is_empty() && ws.flush().await.is_err() { return }
                }
                Some(Order::Binary) => ws.send(Message::binary(vec![1, 2, 3])).await.unwrap(),
                Some(Order::Close) | None => {
                    let _ = ws.close(None).await;
                    return;
                }
                Some(Order::Freeze) => {
                    // Held until the test lets go of the connection.
                    while orders.recv().await.is_some() {}
                    return;
                }
            },
            message = ws.next() => match message {
                Some(Ok(message)) => { let _ = heard.send(message); }
                _ => return,
            },
        }
    }
}

/// Gives tickets, or what a test scripted.
pub(super) struct Desk {
    pub(super) url: Url,
    pub(super) script: Mutex<VecDeque<Result<Url, SlackError>>>,
    pub(super) always: Mutex<Option<SlackError>>,
    pub(super) asked: Mutex<Vec<tokio::time::Instant>>,
    pub(super) someone_asked: Notify,
}

impl Desk {
    pub(super) fn new(url: Url) -> Arc<Self> {
        Arc::new(Self {
            url,
            script: Mutex::default(),
            always: Mutex::default(),
            asked: Mutex::default(),
            someone_asked: Notify::new(),
        })
    }

    pub(super) fn asked(&self) -> Vec<tokio::time::Instant> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Tickets for Desk {
    async fn ticket(&self) -> Result<Url, SlackError> {
        self.asked.lock().unwrap().push(tokio::time::Instant::now());
        self.someone_asked.notify_one();
        if let Some(error) = self.always.lock().unwrap().clone() {
            return Err(error);
        }
        self.script.lock().unwrap().pop_front().unwrap_or_else(|| Ok(self.url.clone()))
    }
}

/// Takes everything in, and answers what a test scripted for an id.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) taken: Mutex<Vec<Envelope>>,
    pub(super) answers: Mutex<HashMap<String, Answer>>,
    pub(super) held: Mutex<HashMap<String, Arc<Notify>>>,
    /// Every envelope yields this often, to be with the intake for a while.
    pub(super) yields: AtomicUsize,
    pub(super) now: AtomicUsize,
    pub(super) most: AtomicUsize,
}

impl Inbox {
    pub(super) fn ids(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|envelope| envelope.id.clone()).collect()
    }

    pub(super) fn answer(&self, id: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(id.to_owned(), answer);
    }

    pub(super) fn hold(&self, id: &str) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        self.held.lock().unwrap().insert(id.to_owned(), Arc::clone(&notify));
        notify
    }
}

#[async_trait]
impl Intake for Inbox {
    async fn take(&self, envelope: Envelope) -> Answer {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let id = envelope.id.clone();
        self.taken.lock().unwrap().push(envelope);
        let held = self.held.lock().unwrap().get(&id).cloned();
        if let Some(held) = held {
            held.notified().await;
        }
        for _ in 0..self.yields.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.answers.lock().unwrap().remove(&id).unwrap_or(Answer::Ack)
    }
}

pub(super) struct Siren(mpsc::UnboundedSender<AlarmKind>);

#[async_trait]
impl Alarm for Siren {
    async fn raise(&self, alarm: AlarmKind) {
        let _ = self.0.send(alarm);
    }
}

pub(super) struct Bot {
    pub(super) inbox: Arc<Inbox>,
    pub(super) alarms: mpsc::UnboundedReceiver<AlarmKind>,
    pub(super) watcher: Watcher,
    pub(super) stop: watch::Sender<bool>,
    pub(super) running: JoinHandle<()>,
}

pub(super) fn quick() -> SocketSettings {
    SocketSettings {
        connections: 1,
        ping_every: Duration::from_millis(100),
        dead_after: Duration::from_secs(10),
        retire_within: Duration::from_millis(300),
        backoff_first: Duration::from_millis(10),
        stable_after: Duration::ZERO,
        slow_retry: Duration::from_secs(300),
        drain_within: Duration::from_secs(5),
        ..SocketSettings::default()
    }
}

impl Bot {
    pub(super) fn start(desk: &Arc<Desk>, settings: SocketSettings) -> Self {
        Self::start_through(desk, settings, Proxies::none())
    }

    pub(super) fn start_through(desk: &Arc<Desk>, settings: SocketSettings, proxies: Proxies) -> Self {
        let inbox = Arc::new(Inbox::default());
        let (siren, alarms) = mpsc::unbounded_channel();
        let board = Board::new(Arc::new(SystemClock));
        let watcher = board.watcher();
        let (stop, shutdown) = watch::channel(false);
        let way_out = WayOut::new(proxies, Duration::from_secs(10), false).unwrap();
        let running = tokio::spawn(keeper::keep_all(
            Arc::clone(desk) as Arc<dyn Tickets>,
            way_out,
            Arc::clone(&inbox) as Arc<dyn Intake>,
            Arc::new(Siren(siren)),
            settings,
            board,
            7,
            shutdown,
        ));
        Self { inbox, alarms, watcher, stop, running }
    }

    pub(super) async fn alarm(&mut self) -> AlarmKind {
        soon("an alarm", self.alarms.recv()).await.unwrap()
    }

    pub(super) async fn live(&mut self, count: usize) {
        soon("so many live connections", self.watcher.status.wait_for(|status| status.live == count))
            .await
            .unwrap();
    }

    pub(super) fn count(&self, counter: impl Fn(&Counters) -> &AtomicU64) -> u64 {
        counter(&self.watcher.counters).load(Ordering::SeqCst)
    }

    pub(super) async fn end(self) {
        self.stop.send_replace(true);
        soon("the end", self.running).await.unwrap();
    }
}
