//! osquery: we are the server that the agents of computers enrol with, ask what to look at, and tell what they saw.
//!
//! [`Osquery::router`] is what agents talk to, [`serve`] runs it on a port of its own, and the source itself answers
//! from what [`Nodes`] keeps. What agents do follows osquery's own documentation and code
//! (<https://osquery.readthedocs.io/en/stable/deployment/remote/>,
//! <https://github.com/osquery/osquery/tree/master/plugins/remote/enroll>); how to roll it out is in docs/osquery.md.
//!
//! A computer says itself who it is. So whose it is never comes from it, and one that claims what another has claimed
//! is not let in. Whoever is root on a computer can still have it say what they like of itself.

mod body;
mod dispatch;
mod door;
mod listen;
mod nodes;
mod queries;
mod read;
mod settings;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use chrono::TimeDelta;
use hubcommander_posture::{Identifiers, Problem, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::found::is_one_of;
pub use listen::{Identity, ListenError, Serving, serve};
pub use nodes::{Answered, InMemory, KeyHash, Node, Nodes, NodesError};
pub use queries::{Family, Query};
pub use read::read;
pub use settings::{Paths, SHORTEST_SECRET, Settings, Setup, SetupError};

/// Its name in config.toml.
pub const NAME: &str = "osquery";

/// What the router and the source share.
struct Site {
    settings: Settings,
    nodes: Arc<dyn Nodes>,
    clock: SharedClock,
    chance: Mutex<StdRng>,
    dispatches: dispatch::Dispatches,
    /// How many bodies are held in memory at once.
    bodies: tokio::sync::Semaphore,
    /// One enrolment after the other, so that two never claim the same.
    enrolling: tokio::sync::Mutex<()>,
}

impl Site {
    /// 256 bits of chance, in hexadecimal digits.
    fn random(&self) -> String {
        let mut bytes = [0_u8; 32];
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What this computer is asked.
    fn queries(&self, node: &Node) -> Vec<Query> {
        queries::queries(family(node), &self.settings.software)
    }
}

/// The family of a computer's system, as it said when it enrolled.
fn family(node: &Node) -> Option<Family> {
    node.details.get("os_version").and_then(Family::of)
}

/// The server of the agents, and the source of what they told.
#[derive(Clone)]
pub struct Osquery(Arc<Site>);

impl fmt::Debug for Osquery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Osquery").finish_non_exhaustive()
    }
}

impl Osquery {
    /// Sets it up. `seed` is what node keys are made of: 256 bits from the operating system, never the same twice.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(
        settings: Settings,
        nodes: Arc<dyn Nodes>,
        clock: SharedClock,
        seed: [u8; 32],
    ) -> Result<Self, SetupError> {
        settings.check()?;
        Ok(Self(Arc::new(Site {
            settings,
            nodes,
            clock,
            chance: Mutex::new(StdRng::from_seed(seed)),
            dispatches: dispatch::Dispatches::default(),
            bodies: tokio::sync::Semaphore::new(16),
            enrolling: tokio::sync::Mutex::new(()),
        })))
    }

    /// What agents talk to.
    pub fn router(&self) -> Router {
        door::router(Arc::clone(&self.0))
    }

    /// The computer's record, with its owners by the settings and by [`Nodes::assign`].
    fn record(&self, mut node: Node, found: &mut Found) {
        if let Some(owners) = node.serial().and_then(|serial| self.0.settings.owners.get(&serial)) {
            node.owners.extend(owners.iter().map(|email| email.trim().to_lowercase()));
        }
        match read(&node.raw(), NAME, Some(self.0.clock.now())) {
            Ok(record) => found.records.push(record),
            Err(error) => {
                let (id, what) = (error.id, error.what);
                found.problems.push(Problem { source: NAME.to_owned(), id, what });
            }
        }
    }

    async fn everything(&self) -> Result<Found, SourceError> {
        let mut found = Found::default();
        for node in self.0.nodes.all().await.map_err(unavailable)? {
            self.record(node, &mut found);
        }
        Ok(found)
    }
}

fn unavailable(error: NodesError) -> SourceError {
    SourceError::Unavailable { why: error.to_string(), retry_after: None }
}

#[async_trait]
impl DeviceSource for Osquery {
    fn name(&self) -> &str {
        NAME
    }

    fn title(&self) -> &str {
        "osquery"
    }

    /// Only computers whose owner was assigned; what a computer says of its users counts for nothing.
    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        let email = email.trim().to_lowercase();
        let mut found = self.everything().await?;
        found.records.retain(|record| !email.is_empty() && record.owners.contains(&email));
        // A problem names no owner, so it is nobody's.
        found.problems.clear();
        Ok(found)
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let mut found = self.everything().await?;
        found.records.retain(|record| is_one_of(record, identifiers));
        found.problems.clear();
        Ok(found)
    }

    async fn all(&self) -> Result<Found, SourceError> {
        self.everything().await
    }

    /// Asks these computers when they next come, and has them come back quickly for a while. One that is off does not
    /// answer; what it answers later is kept all the same.
    async fn refresh(&self, records: &[Record]) -> Result<bool, SourceError> {
        let site = &self.0;
        let now = site.clock.now();
        let hosts: BTreeSet<&str> =
            records.iter().filter(|record| record.source == NAME).map(|record| record.id.as_str()).collect();
        let mut asked: Vec<watch::Receiver<bool>> = Vec::new();
        for host in hosts {
            let Some(node) = site.nodes.by_host(host).await.map_err(unavailable)? else { continue };
            // Whoever has not come for an hour does not come within seconds.
            let answers = asked_anew(site, &node, now);
            if now - node.heard_at <= TimeDelta::hours(1) {
                asked.push(answers);
            }
        }
        // All of them at once; each within the same time.
        let waiting = asked.iter_mut().map(|answered| answered.wait_for(|answered| *answered));
        let mut reported = false;
        let until = tokio::time::Instant::now() + site.settings.refresh_within;
        for answer in waiting {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            reported |= matches!(timeout(left.max(Duration::from_millis(1)), answer).await, Ok(Ok(_)));
        }
        Ok(reported)
    }

    async fn probe(&self) -> Result<String, SourceError> {
        let nodes = self.0.nodes.all().await.map_err(unavailable)?;
        let day = self.0.clock.now() - TimeDelta::days(1);
        let lately = nodes.iter().filter(|node| node.heard_at >= day).count();
        Ok(format!("{} enrolled, {lately} heard within a day", counted(nodes.len())))
    }
}

fn counted(computers: usize) -> String {
    match computers {
        0 => "no computer has".to_owned(),
        1 => "1 computer has".to_owned(),
        many => format!("{many} computers have"),
    }
}

fn asked_anew(site: &Site, node: &Node, now: hubcommander_posture::Instant) -> watch::Receiver<bool> {
    site.dispatches.ask(&node.host, site.random(), now)
}
