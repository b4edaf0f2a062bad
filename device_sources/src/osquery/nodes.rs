//! What is kept of the computers that have enrolled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use hubcommander_posture::{Instant, Serial};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

/// What is kept of a node key: its SHA-256. The key itself is told to the computer once and kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    /// The hash of this key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// What came of one query on one computer, the last time it was run there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What it gave; each value is a string.
    pub rows: Vec<Json>,
    /// A status of SQLite: 0 is success; with anything else, or none, the rows say nothing.
    pub status: Option<i64>,
    /// When it was run, in seconds since 1970, UTC. Never later than when we were told.
    pub unix_time: i64,
}

/// A computer that has enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its UUID, in upper case: what its key is bound to.
    pub host: String,
    /// The hash of its key.
    pub key: KeyHash,
    /// What it said of itself when it enrolled: `system_info`, `os_version`, `platform_info`, `osquery_info`.
    pub details: Json,
    /// When it enrolled.
    pub enrolled_at: Instant,
    /// When it last asked us anything, to the minute.
    pub heard_at: Instant,
    /// The last answers, by the name of the query.
    pub results: BTreeMap<String, Answered>,
    /// Whose it is, by e-mail, in lower case; as [`Nodes::assign`] was told, never as the computer says.
    pub owners: BTreeSet<String>,
}

impl Node {
    /// Its serial number, if it told one that identifies.
    #[must_use]
    pub fn serial(&self) -> Option<Serial> {
        serial(&self.details)
    }

    /// The raw record, as [`super::read`] reads it.
    #[must_use]
    pub fn raw(&self) -> Json {
        json!({
            "host_identifier": self.host,
            "host_details": self.details,
            "results": self.results,
            "last_seen": self.heard_at,
            "owners": self.owners,
        })
    }
}

/// The serial number in what a computer said of itself.
pub(super) fn serial(details: &Json) -> Option<Serial> {
    details.pointer("/system_info/hardware_serial").and_then(Json::as_str).and_then(Serial::read)
}

/// The store could not do it. Whoever asked comes again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the computers' store: {0}")]
pub struct NodesError(pub String);

/// Keeps what is known of the computers that have enrolled.
///
/// What must be durable: everything but `heard`. If an enrolment is lost the computer's key is unknown to us, and it
/// enrols again by itself. If results are lost they are unknown until the computer sends them anew, within the hour.
/// If an assignment is lost its owner does not see the computer. `heard` may be written late or not at all.
///
/// Each call is one transaction. Nothing here needs to be quick: a computer asks a few times a minute.
#[async_trait]
pub trait Nodes: Send + Sync + fmt::Debug {
    /// Takes in a computer. One with the same `host` takes the place of the former one, whose key is then unknown;
    /// its results and owners stay, and `node.results` and `node.owners` count for nothing.
    ///
    /// # Errors
    /// As [`NodesError`] says; nothing was changed then.
    async fn enrol(&self, node: Node) -> Result<(), NodesError>;

    /// The computer with this key.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn by_key(&self, key: &KeyHash) -> Result<Option<Node>, NodesError>;

    /// The computer with this UUID, in upper case.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn by_host(&self, host: &str) -> Result<Option<Node>, NodesError>;

    /// The computer that has told this serial number.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn by_serial(&self, serial: &Serial) -> Result<Option<Node>, NodesError>;

    /// All computers, sorted by UUID.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn all(&self) -> Result<Vec<Node>, NodesError>;

    /// Notes that a computer has asked us something. Called at most once a minute for each.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn heard(&self, host: &str, at: Instant) -> Result<(), NodesError>;

    /// Keeps these answers in place of the former ones of the same queries, except where the former one is newer.
    /// An unknown `host` is no error.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn keep(&self, host: &str, answers: BTreeMap<String, Answered>) -> Result<(), NodesError>;

    /// Says whose the computer with this serial number is, in place of whoever it was, also if it enrols only later.
    /// From another source (Jamf, a list from purchasing), never from the computer.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn assign(&self, serial: &Serial, owners: BTreeSet<String>) -> Result<(), NodesError>;

    /// Says whose the computer with this UUID is, in place of whoever it was: for one that has no serial number of its
    /// own. Those of its serial number count besides.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn assign_host(&self, host: &str, owners: BTreeSet<String>) -> Result<(), NodesError>;

    /// Forgets a computer: its key is unknown from now on, and so is whose it was by its UUID; whose its serial number
    /// is stays. Whether there was one.
    ///
    /// # Errors
    /// As [`NodesError`] says.
    async fn forget(&self, host: &str) -> Result<bool, NodesError>;
}

/// Keeps it in memory: for tests, and for whoever can bear that all computers enrol again after a restart.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    nodes: BTreeMap<String, Node>,
    owners: BTreeMap<Serial, BTreeSet<String>>,
    owners_of_host: BTreeMap<String, BTreeSet<String>>,
}

impl Kept {
    fn whole(&self, node: &Node) -> Node {
        let by_serial = node.serial().and_then(|serial| self.owners.get(&serial));
        let owners = by_serial.into_iter().chain(self.owners_of_host.get(&node.host)).flatten().cloned();
        Node { owners: owners.collect(), ..node.clone() }
    }

    fn find(&self, is: impl Fn(&Node) -> bool) -> Option<Node> {
        self.nodes.values().find(|node| is(node)).map(|node| self.whole(node))
    }
}

impl InMemory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Nodes for InMemory {
    async fn enrol(&self, node: Node) -> Result<(), NodesError> {
        let mut kept = self.kept();
        let results = kept.nodes.remove(&node.host).map(|former| former.results).unwrap_or_default();
        kept.nodes.insert(node.host.clone(), Node { results, ..node });
        Ok(())
    }

    async fn by_key(&self, key: &KeyHash) -> Result<Option<Node>, NodesError> {
        Ok(self.kept().find(|node| node.key == *key))
    }

    async fn by_host(&self, host: &str) -> Result<Option<Node>, NodesError> {
        Ok(self.kept().find(|node| node.host == host))
    }

    async fn by_serial(&self, serial: &Serial) -> Result<Option<Node>, NodesError> {
        Ok(self.kept().find(|node| node.serial().as_ref() == Some(serial)))
    }

    async fn all(&self) -> Result<Vec<Node>, NodesError> {
        let kept = self.kept();
        Ok(kept.nodes.values().map(|node| kept.whole(node)).collect())
    }

    async fn heard(&self, host: &str, at: Instant) -> Result<(), NodesError> {
        if let Some(node) = self.kept().nodes.get_mut(host) {
            node.heard_at = node.heard_at.max(at);
        }
        Ok(())
    }

    async fn keep(&self, host: &str, answers: BTreeMap<String, Answered>) -> Result<(), NodesError> {
        let mut kept = self.kept();
        let Some(node) = kept.nodes.get_mut(host) else { return Ok(()) };
        for (name, answer) in answers {
            let newer = node.results.get(&name).is_some_and(|former| former.unix_time > answer.unix_time);
            if !newer {
                node.results.insert(name, answer);
            }
        }
        Ok(())
    }

    async fn assign(&self, serial: &Serial, owners: BTreeSet<String>) -> Result<(), NodesError> {
        self.kept().owners.insert(serial.clone(), lower(&owners));
        Ok(())
    }

    async fn assign_host(&self, host: &str, owners: BTreeSet<String>) -> Result<(), NodesError> {
        self.kept().owners_of_host.insert(host.to_owned(), lower(&owners));
        Ok(())
    }

    async fn forget(&self, host: &str) -> Result<bool, NodesError> {
        let mut kept = self.kept();
        kept.owners_of_host.remove(host);
        Ok(kept.nodes.remove(host).is_some())
    }
}

/// E-mails as they are compared.
fn lower(owners: &BTreeSet<String>) -> BTreeSet<String> {
    owners.iter().map(|email| email.trim().to_lowercase()).collect()
}
