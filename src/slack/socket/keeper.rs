//! Keeps the connections open: tickets, replacements before the break, waits after failures.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::backoff::Backoff;
use super::frame::Reason;
use super::link::{self, Ending, Link, Shared, Stand};
use super::status::{Board, Counters};
use super::{Alarm, AlarmKind, Intake, SocketSettings, Tickets};
use crate::slack::web::SlackError;
use hubcommander_outbound::WayOut;

/// Failures in a row after which people are told.
const FAILURES_BEFORE_ALARM: u32 = 5;

/// Keeps all connections until the end.
#[allow(clippy::too_many_arguments, reason = "the one place where everything comes together")]
pub(super) async fn keep_all(
    tickets: Arc<dyn Tickets>,
    way_out: WayOut,
    intake: Arc<dyn Intake>,
    alarm: Arc<dyn Alarm>,
    settings: SocketSettings,
    board: Board,
    seed: u64,
    shutdown: watch::Receiver<bool>,
) {
    let connections = settings.connections.clamp(1, 5);
    let in_flight = Arc::new(Semaphore::new(settings.in_flight.clamp(1, Semaphore::MAX_PERMITS)));
    let gate = Arc::new(Mutex::new(None));
    let shared = Arc::new(Shared { intake, alarm, settings, board, in_flight });
    let keepers = (0..connections).map(|place| {
        let settings = &shared.settings;
        let backoff =
            Backoff::new(settings.backoff_first, settings.backoff_cap, seed.wrapping_add(place as u64));
        let keeper = Keeper {
            tickets: Arc::clone(&tickets),
            way_out: way_out.clone(),
            shared: Arc::clone(&shared),
            gate: Arc::clone(&gate),
            backoff,
            failures: 0,
            lives: JoinSet::new(),
        };
        keeper.keep(shutdown.clone())
    });
    join_all(keepers).await;
}

/// Why no connection could be opened, and what follows.
enum Failure {
    /// Try again soon.
    Passing(String),
    /// Trying again soon does not mend it. The gate is closed for a while.
    Lasting,
}

/// Keeps one connection, with its replacements.
struct Keeper {
    tickets: Arc<dyn Tickets>,
    way_out: WayOut,
    shared: Arc<Shared>,
    /// Until when nobody asks for a ticket. Held while asking, so that the keepers take turns: tickets are
    /// scarce, and one refusal counts for all.
    gate: Arc<Mutex<Option<Instant>>>,
    backoff: Backoff,
    failures: u32,
    lives: JoinSet<()>,
}

impl Keeper {
    async fn keep(mut self, mut shutdown: watch::Receiver<bool>) {
        let mut stop = shutdown.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.keep_open(&mut shutdown) => {}
        }
        // Each connection sees the end by itself and drains within its bound; one whose reading is paused
        // does not, and is cut off.
        let bound = self.shared.settings.drain_within + Duration::from_secs(1);
        let _ = timeout(bound, async { while self.lives.join_next().await.is_some() {} }).await;
        self.lives.shutdown().await;
    }

    async fn keep_open(&mut self, shutdown: &mut watch::Receiver<bool>) {
        let mut old: Option<Link> = None;
        let mut opened_before = false;
        loop {
            while self.lives.try_join_next().is_some() {}
            let mut link = match self.open(shutdown).await {
                Ok(link) => link,
                Err(Failure::Lasting) => continue,
                Err(Failure::Passing(log)) => {
                    self.failed(log).await;
                    continue;
                }
            };
            if let Some(old) = old.take() {
                old.retire();
            }
            if std::mem::replace(&mut opened_before, true) {
                Counters::add(&self.shared.board.counters.reconnects);
            }
            self.failures = 0;
            let born = Instant::now();
            // An error means that the connection's task is gone: over as well.
            let stand = link
                .stand
                .wait_for(|stand| stand.leaving.is_some() || stand.over.is_some())
                .await
                .map_or_else(|_| Stand::default(), |stand| stand.clone());
            let stable = born.elapsed() >= self.shared.settings.stable_after;
            if stable {
                self.backoff.reset();
            }
            match stand.leaving {
                Some(Reason::LinkDisabled) => {
                    self.raise(AlarmKind::LinkDisabled);
                    self.close_gate().await;
                    old = Some(link);
                }
                Some(Reason::TooManyWebsockets) => {
                    self.raise(AlarmKind::TooManyConnections);
                    old = Some(link);
                    sleep(self.backoff.next()).await;
                }
                Some(Reason::Warning | Reason::Refresh | Reason::Other(_)) => {
                    old = Some(link);
                    if !stable {
                        sleep(self.backoff.next()).await;
                    }
                }
                None => {
                    let ending = stand.over.unwrap_or(Ending::Closed);
                    tracing::warn!(?ending, "a connection to Slack was lost");
                    sleep(self.backoff.next()).await;
                }
            }
        }
    }

    async fn failed(&mut self, log: String) {
        self.failures = self.failures.saturating_add(1);
        let wait = self.backoff.next();
        tracing::warn!(log, ?wait, "no connection to Slack");
        if self.failures.is_multiple_of(FAILURES_BEFORE_ALARM) {
            self.raise(AlarmKind::Unreachable { log });
        }
        sleep(wait).await;
    }

    /// Asks for a ticket, connects, and waits for the hello.
    async fn open(&mut self, shutdown: &watch::Receiver<bool>) -> Result<Link, Failure> {
        let url = self.ticket().await?;
        let settings = &self.shared.settings;
        let ws = link::open(&url, self.way_out.clone(), settings.connect_within)
            .await
            .map_err(Failure::Passing)?;
        let (mut link, life) = link::start(ws, Arc::clone(&self.shared), shutdown.clone());
        self.lives.spawn(life);
        let heard = async {
            let heard = |stand: &Stand| stand.hello || stand.leaving.is_some() || stand.over.is_some();
            link.stand.wait_for(heard).await.map(|stand| stand.clone())
        };
        let stand = match timeout(settings.hello_within, heard).await {
            Ok(Ok(stand)) => stand,
            Ok(Err(_)) => return Err(Failure::Passing("the connection broke off".to_owned())),
            Err(_) => {
                link.retire();
                return Err(Failure::Passing(format!("no hello within {:?}", settings.hello_within)));
            }
        };
        match (stand.hello, stand.leaving, stand.over) {
            (true, ..) | (_, Some(Reason::LinkDisabled | Reason::TooManyWebsockets), _) => Ok(link),
            (false, leaving, over) => {
                link.retire();
                Err(Failure::Passing(format!("no hello, but {leaving:?} {over:?}")))
            }
        }
    }

    async fn ticket(&mut self) -> Result<url::Url, Failure> {
        let gate = Arc::clone(&self.gate);
        let mut gate = loop {
            let gate = gate.lock().await;
            match *gate {
                Some(until) if until > Instant::now() => {
                    drop(gate);
                    sleep_until(until).await;
                }
                _ => break gate,
            }
        };
        let code = match self.tickets.ticket().await {
            Ok(url) => return Ok(url),
            Err(SlackError::RateLimited { after, .. }) => {
                tracing::warn!(?after, "Slack rations connections");
                *gate = Some(Instant::now() + after);
                return Err(Failure::Lasting);
            }
            Err(SlackError::Refused { code, .. }) => code,
            Err(error @ (SlackError::Unclear { .. } | SlackError::Unavailable { .. })) => {
                return Err(Failure::Passing(error.to_string()));
            }
        };
        // A proxy's error page is not Slack's word about us: it may pass.
        if code.starts_with("http_") {
            return Err(Failure::Passing(format!("apps.connections.open: {code}")));
        }
        *gate = Some(Instant::now() + self.backoff.around(self.shared.settings.slow_retry));
        drop(gate);
        tracing::error!(code, "Slack refuses the app token");
        self.raise(alarm_for(code));
        Err(Failure::Lasting)
    }

    /// In a task of its own: bringing an alarm to people may take long, and the connection must not wait.
    fn raise(&self, kind: AlarmKind) {
        let alarm = Arc::clone(&self.shared.alarm);
        tokio::spawn(async move { alarm.raise(kind).await });
    }

    /// Nobody asks for a ticket for some minutes.
    async fn close_gate(&mut self) {
        let until = Instant::now() + self.backoff.around(self.shared.settings.slow_retry);
        *self.gate.lock().await = Some(until);
    }
}

fn alarm_for(code: String) -> AlarmKind {
    match code.as_str() {
        "link_disabled" | "socket_mode_disabled" => AlarmKind::LinkDisabled,
        "too_many_websockets" => AlarmKind::TooManyConnections,
        _ => AlarmKind::AuthRefused { code },
    }
}
