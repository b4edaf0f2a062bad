//! How many commands a second the store takes: each one `receive` and one `change`, two audit entries, on
//! SQLite in a temporary folder, durable.
//!
//! Then the same with the sealer beside it, which chains and signs the entries as they come.
//!
//! `cargo bench --bench store [-- PAIRS [WINDOW]]`. No framework: one number is all there is to see.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a measurement, not the product")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hubcommander::audit;
use hubcommander::invocation::{Origin, Posted, State, Via};
use hubcommander::slack::socket::{Alarm, AlarmKind};
use hubcommander::store::{AuditEntry, Change, NewInvocation, Store};
use hubcommander_audit::SigningKey;
use hubcommander_sdk::clock::SystemClock;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::{Conversation, PersonId};
use serde_json::json;
use tokio::sync::watch;

fn received(number: u64) -> NewInvocation {
    NewInvocation {
        id: format!("inv-{number:07}"),
        keys: vec![format!("event:Ev{number:09}"), format!("message:C0DEV:1700000000.{number:06}")],
        origin: Origin {
            person: PersonId { team: "T0ACME".into(), user: "U0ANA".into() },
            channel: "C0DEV".into(),
            conversation: Conversation::Public,
            shared: false,
            ts: Some(format!("1700000000.{number:06}")),
            thread_ts: None,
            via: Via::Bang,
            text: "Repeat the quick brown fox jumps over the lazy dog".into(),
            response_url: None,
            due: None,
            glass: None,
            replaces: None,
        },
        at: chrono::Utc::now(),
        due: None,
    }
}

fn answered(id: &str) -> Change {
    let at = chrono::Utc::now();
    Change {
        id: id.to_owned(),
        version: 0,
        state: Some(State::Answered),
        command: Some("Repeat".into()),
        posted: Some(Posted { channel: "C0DEV".into(), ts: "1700000001.000200".into() }),
        outcome: Some(Message::new("the quick brown fox jumps over the lazy dog")),
        reported: Some(true),
        audit: vec![AuditEntry {
            at,
            invocation: Some(id.to_owned()),
            event: "answered".into(),
            body: json!({ "command": "Repeat" }),
        }],
        at: Some(at),
        ..Change::default()
    }
}

/// Nothing is wrong.
struct Quiet;

#[async_trait::async_trait]
impl Alarm for Quiet {
    async fn raise(&self, alarm: AlarmKind) {
        println!("{alarm:?}");
    }
}

/// Seals what is written to this store, until the sender says so.
fn seal(store: &Arc<dyn Store>) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    let key = SigningKey::from_seed(&[1; 32]).unwrap();
    let settings = audit::Settings { key: Some(Arc::new(key)), ..audit::Settings::default() };
    let store = Arc::clone(store);
    let around = audit::Surroundings {
        store,
        clock: Arc::new(SystemClock),
        alarm: Arc::new(Quiet),
        slack: None,
        seed: [1; 32],
    };
    let (stop, stopped) = watch::channel(false);
    (stop, tokio::spawn(audit::run(settings, around, stopped)))
}

async fn measure(store: Arc<dyn Store>, pairs: u64, window: usize) -> f64 {
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let cpu = cpu_seconds();
    let workers: Vec<_> = (0..window)
        .map(|_| {
            let (store, next) = (Arc::clone(&store), Arc::clone(&next));
            tokio::spawn(async move {
                let mut slowest = std::time::Duration::ZERO;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pairs {
                        return slowest;
                    }
                    let new = received(number);
                    let id = new.id.clone();
                    let asked = Instant::now();
                    store.receive(new).await.unwrap();
                    slowest = slowest.max(asked.elapsed());
                    store.change(&answered(&id)).await.unwrap();
                }
            })
        })
        .collect();
    let mut slowest = std::time::Duration::ZERO;
    for worker in workers {
        slowest = slowest.max(worker.await.unwrap());
    }
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let count = pairs as f64;
    println!(
        "{pairs} receive+change pairs, window {window}: {:.0} pairs/s, {:.1} us of processor each, \
         slowest receive {:.1} ms, {} resident",
        count / wall,
        cpu / count * 1e6,
        slowest.as_secs_f64() * 1e3,
        resident(),
    );
    count / wall
}

/// Processor time of this process, user and system, in seconds (Linux; zero elsewhere).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

/// Memory that this process holds (Linux).
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "? kB".to_owned(), |size| size.trim().to_owned())
}

fn main() {
    // `cargo bench` adds `--bench`; `cargo test --benches` adds nothing and gets a short run.
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let full = std::env::args().any(|arg| arg == "--bench");
    let pairs = numbers.first().copied().unwrap_or(if full { 100_000 } else { 500 });
    let window = numbers.get(1).map_or(50, |window| usize::try_from(*window).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let url = std::env::var("HUBCOMMANDER_BENCH_STORE")
        .unwrap_or_else(|_| format!("sqlite://{}", folder.path().join("bench.db").display()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = hubcommander::store::open(&url).await.unwrap();
        let alone = measure(store, pairs, window).await;
        // A server keeps what was written; there the sealed run is one of its own.
        if !url.starts_with("sqlite:") {
            return;
        }
        let url = format!("sqlite://{}", folder.path().join("sealed.db").display());
        let store = hubcommander::store::open(&url).await.unwrap();
        let (stop, sealing) = seal(&store);
        let sealed = measure(Arc::clone(&store), pairs, window).await;
        let begun = Instant::now();
        stop.send_replace(true);
        sealing.await.unwrap();
        let state = store.sealing().await.unwrap();
        println!(
            "with the sealer beside it: {:.3} of the rate without; all {} entries sealed {:.0} ms after the last",
            sealed / alone,
            state.last.map_or(0, |seal| seal.last),
            begun.elapsed().as_secs_f64() * 1e3,
        );
    });
}
