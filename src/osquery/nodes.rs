//! What the store remembers of the computers that have enrolled.
//!
//! All of it is held in memory too, so that a computer that asks a few times a minute costs no reading. What must be
//! durable is written first. `hubcommander devices` writes into the same store from another process and leaves a mark
//! there; whoever finds another mark than the one known reads everything anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_device_sources::osquery::{Answered, InMemory, KeyHash, Node, Nodes, NodesError};
use hubcommander_posture::{Instant, Serial};
use hubcommander_sdk::clock::SharedClock;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio::time;

use crate::store::{Shelf, Store, StoreError};

/// By UUID: who the computer is, and the hash of its key. It has enrolled if this is there.
const NODE: &str = "osquery:node:";
/// By UUID: when it last asked us anything, to ten minutes.
const HEARD: &str = "osquery:heard:";
/// By UUID: its last answers.
const RESULTS: &str = "osquery:results:";
/// By serial number: whose it is.
const OWNERS: &str = "osquery:owners:";
/// By UUID: whose it is, where there is no serial number.
const HOST_OWNERS: &str = "osquery:host-owners:";
/// By who writes: a mark that changes when a computer has enrolled, was assigned or forgotten. Two kinds of writers, so
/// that none overwrites the other's.
const MARK: &str = "osquery:mark:";

/// How long a key counts as known without a look at the mark.
const LOOK: Duration = Duration::from_secs(5);
/// How often it is written down that a computer was heard.
const HEARD_EVERY: TimeDelta = TimeDelta::minutes(10);

/// A computer, as it is stored.
#[derive(Serialize, Deserialize)]
struct NodeRow {
    /// In hexadecimal digits.
    key: String,
    details: Json,
    enrolled_at: Instant,
}

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The bot, as computers tell it.
    Bot,
    /// Whoever runs it, on the command line.
    Host,
}

/// What is known, and how it was marked when it was read.
#[derive(Clone)]
struct Known {
    nodes: Arc<InMemory>,
    marks: BTreeMap<String, Json>,
    looked: time::Instant,
}

/// The computers that the store remembers.
pub struct Remembered {
    shelf: Shelf,
    clock: SharedClock,
    writer: Writer,
    /// Nothing before it is first asked for.
    known: RwLock<Option<Known>>,
    /// When it was last written down that a computer was heard.
    heard: Mutex<HashMap<String, Instant>>,
    /// One after the other writes, or reads everything.
    turn: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

fn unkept(error: &StoreError) -> NodesError {
    NodesError(error.to_string())
}

impl Remembered {
    /// What the store of `shelf` remembers, once it is open.
    #[must_use]
    pub fn new(shelf: Shelf, clock: SharedClock, writer: Writer) -> Self {
        let turn = tokio::sync::Mutex::new(());
        Self { shelf, clock, writer, known: RwLock::default(), heard: Mutex::default(), turn }
    }

    fn store(&self) -> Result<&Arc<dyn Store>, NodesError> {
        self.shelf.get().map_err(|error| unkept(&error))
    }

    async fn write(&self, key: &str, value: Option<Json>) -> Result<(), NodesError> {
        self.store()?.remember(key, value).await.map_err(|error| unkept(&error))
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    /// What is known, as it was so long ago at the most.
    async fn within(&self, age: Duration) -> Result<Arc<InMemory>, NodesError> {
        let recent = |known: &Known| known.looked.elapsed() < age;
        if let Some(known) = self.known().filter(recent) {
            return Ok(known.nodes);
        }
        let turn = self.turn.lock().await;
        if let Some(known) = self.known().filter(recent) {
            return Ok(known.nodes);
        }
        self.look(&turn).await
    }

    /// What is known now. Whoever calls it has the turn.
    async fn look(&self, _turn: &tokio::sync::MutexGuard<'_, ()>) -> Result<Arc<InMemory>, NodesError> {
        // Before what it marks, so that what changes meanwhile is found the next time.
        let marks = self.under(MARK).await?;
        let looked = time::Instant::now();
        let former = self.known();
        let nodes = match &former {
            Some(known) if known.marks == marks => Arc::clone(&known.nodes),
            former => self.read(former.as_ref()).await?,
        };
        self.set(Known { nodes: Arc::clone(&nodes), marks, looked });
        Ok(nodes)
    }

    /// All that is stored, with what is known of `former` and written down late.
    async fn read(&self, former: Option<&Known>) -> Result<Arc<InMemory>, NodesError> {
        let nodes = InMemory::default();
        let mut heard: BTreeMap<String, Instant> = self.under(HEARD).await?;
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) =
            heard.iter().map(|(host, at)| (host.clone(), *at)).collect();
        if let Some(former) = former {
            for node in former.nodes.all().await? {
                heard.insert(node.host, node.heard_at);
            }
        }
        let mut results: BTreeMap<String, BTreeMap<String, Answered>> = self.under(RESULTS).await?;
        for (host, row) in self.under::<NodeRow>(NODE).await? {
            let Some(key) = hash(&row.key) else {
                tracing::warn!(host, "what is stored of a computer cannot be read; it enrols anew");
                continue;
            };
            let heard_at = heard.get(&host).copied().unwrap_or(row.enrolled_at).max(row.enrolled_at);
            let (details, enrolled_at) = (row.details, row.enrolled_at);
            let (own, owners) = (results.remove(&host).unwrap_or_default(), BTreeSet::new());
            let node = Node {
                host: host.clone(),
                key,
                details,
                enrolled_at,
                heard_at,
                results: BTreeMap::new(),
                owners,
            };
            nodes.enrol(node).await?;
            nodes.keep(&host, own).await?;
        }
        for (serial, owners) in self.under(OWNERS).await? {
            if let Some(serial) = Serial::read(&serial) {
                nodes.assign(&serial, owners).await?;
            }
        }
        for (host, owners) in self.under(HOST_OWNERS).await? {
            nodes.assign_host(&host, owners).await?;
        }
        Ok(Arc::new(nodes))
    }

    /// What is kept under keys that begin so, by the rest of the key. What cannot be read is left out.
    async fn under<T: DeserializeOwned>(&self, prefix: &str) -> Result<BTreeMap<String, T>, NodesError> {
        let rows = self.store()?.remembered_under(prefix, u32::MAX).await.map_err(|error| unkept(&error))?;
        let read = |(rest, value)| match serde_json::from_value(value) {
            Ok(value) => Some((rest, value)),
            Err(error) => {
                tracing::warn!(prefix, rest, %error, "what is stored of a computer cannot be read");
                None
            }
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Tells other processes that something has changed. This one knows it already.
    async fn mark(&self) -> Result<(), NodesError> {
        let now = self.clock.now();
        let (mark, by) = (json!([now, std::process::id()]), format!("{:?}", self.writer).to_lowercase());
        self.write(&format!("{MARK}{by}"), Some(mark.clone())).await?;
        if let Some(mut known) = self.known() {
            known.marks.insert(by, mark);
            self.set(known);
        }
        Ok(())
    }

    /// Writes whose something is; nobody's is not there.
    async fn write_owners(&self, key: String, owners: &BTreeSet<String>) -> Result<(), NodesError> {
        self.write(&key, (!owners.is_empty()).then(|| json!(owners))).await
    }
}

fn hash(digits: &str) -> Option<KeyHash> {
    let mut bytes = [0_u8; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(KeyHash(bytes))
}

#[async_trait]
impl Nodes for Remembered {
    async fn enrol(&self, node: Node) -> Result<(), NodesError> {
        let turn = self.turn.lock().await;
        let nodes = self.look(&turn).await?;
        if nodes.by_host(&node.host).await?.is_none() {
            // What a computer that was forgotten has sent meanwhile is not this one's.
            self.write(&format!("{RESULTS}{}", node.host), None).await?;
            self.write(&format!("{HEARD}{}", node.host), None).await?;
        }
        let key = node.key.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let row = NodeRow { key, details: node.details.clone(), enrolled_at: node.enrolled_at };
        self.write(&format!("{NODE}{}", node.host), Some(json!(row))).await?;
        nodes.enrol(node).await?;
        self.mark().await
    }

    async fn by_key(&self, key: &KeyHash) -> Result<Option<Node>, NodesError> {
        let known = self.within(LOOK).await?.by_key(key).await?;
        if known.is_some() {
            return Ok(known);
        }
        // It may have enrolled with another process just now.
        self.within(Duration::ZERO).await?.by_key(key).await
    }

    async fn by_host(&self, host: &str) -> Result<Option<Node>, NodesError> {
        self.within(Duration::ZERO).await?.by_host(host).await
    }

    async fn by_serial(&self, serial: &Serial) -> Result<Option<Node>, NodesError> {
        self.within(Duration::ZERO).await?.by_serial(serial).await
    }

    async fn all(&self) -> Result<Vec<Node>, NodesError> {
        self.within(Duration::ZERO).await?.all().await
    }

    async fn heard(&self, host: &str, at: Instant) -> Result<(), NodesError> {
        self.within(LOOK).await?.heard(host, at).await?;
        let due = {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let due = heard.get(host).is_none_or(|written| at - *written >= HEARD_EVERY);
            if due {
                heard.insert(host.to_owned(), at);
            }
            due
        };
        if due { self.write(&format!("{HEARD}{host}"), Some(json!(at))).await } else { Ok(()) }
    }

    async fn keep(&self, host: &str, answers: BTreeMap<String, Answered>) -> Result<(), NodesError> {
        let turn = self.turn.lock().await;
        let nodes = self.look(&turn).await?;
        nodes.keep(host, answers).await?;
        let Some(node) = nodes.by_host(host).await? else { return Ok(()) };
        self.write(&format!("{RESULTS}{host}"), Some(json!(node.results))).await
    }

    async fn assign(&self, serial: &Serial, owners: BTreeSet<String>) -> Result<(), NodesError> {
        let turn = self.turn.lock().await;
        let nodes = self.look(&turn).await?;
        self.write_owners(format!("{OWNERS}{}", serial.as_str()), &owners).await?;
        nodes.assign(serial, owners).await?;
        self.mark().await
    }

    async fn assign_host(&self, host: &str, owners: BTreeSet<String>) -> Result<(), NodesError> {
        let turn = self.turn.lock().await;
        let nodes = self.look(&turn).await?;
        self.write_owners(format!("{HOST_OWNERS}{host}"), &owners).await?;
        nodes.assign_host(host, owners).await?;
        self.mark().await
    }

    async fn forget(&self, host: &str) -> Result<bool, NodesError> {
        let turn = self.turn.lock().await;
        let nodes = self.look(&turn).await?;
        let known = nodes.by_host(host).await?.is_some();
        // First what says that it has enrolled: its key is unknown from then on, whatever else happens.
        for prefix in [NODE, HOST_OWNERS, RESULTS, HEARD] {
            self.write(&format!("{prefix}{host}"), None).await?;
        }
        nodes.forget(host).await?;
        self.mark().await?;
        Ok(known)
    }
}
