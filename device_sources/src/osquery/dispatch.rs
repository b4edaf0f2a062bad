//! What computers are asked out of turn: "check again".

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use hubcommander_posture::Instant;
use tokio::sync::watch;

use super::queries::Query;

/// After how long a question that nobody has taken, or answered, is forgotten.
const VALID: TimeDelta = TimeDelta::minutes(10);

/// One question to one computer. Not durable: after a restart whoever wants to know presses the button again.
#[derive(Debug)]
struct Dispatch {
    id: String,
    asked_at: Instant,
    taken: bool,
    answered: watch::Sender<bool>,
}

/// What is asked of whom.
#[derive(Debug, Default)]
pub(super) struct Dispatches(Mutex<HashMap<String, Vec<Dispatch>>>);

impl Dispatches {
    fn open(&self, now: Instant) -> MutexGuard<'_, HashMap<String, Vec<Dispatch>>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, of_host| {
            of_host.retain(|dispatch| dispatch.asked_at + VALID > now);
            !of_host.is_empty()
        });
        open
    }

    /// Asks a computer; joins a question that it has not taken yet. Tells when it has answered.
    pub(super) fn ask(&self, host: &str, id: String, now: Instant) -> watch::Receiver<bool> {
        let mut open = self.open(now);
        let of_host = open.entry(host.to_owned()).or_default();
        if let Some(waiting) = of_host.iter().find(|dispatch| !dispatch.taken) {
            return waiting.answered.subscribe();
        }
        let answered = watch::Sender::new(false);
        let told = answered.subscribe();
        of_host.push(Dispatch { id, asked_at: now, taken: false, answered });
        told
    }

    /// What a computer is to answer now, and is told once; `None` if nothing.
    pub(super) fn take(&self, host: &str, now: Instant) -> Option<String> {
        let mut open = self.open(now);
        let dispatch = open.get_mut(host)?.iter_mut().find(|dispatch| !dispatch.taken)?;
        dispatch.taken = true;
        Some(dispatch.id.clone())
    }

    /// Whether this was asked of this computer and not answered yet.
    pub(super) fn is_asked(&self, host: &str, id: &str, now: Instant) -> bool {
        let open = self.open(now);
        open.get(host)
            .is_some_and(|of_host| of_host.iter().any(|dispatch| dispatch.taken && dispatch.id == id))
    }

    /// The computer has answered. Called when the answer is kept, so that who waits finds it.
    pub(super) fn answered(&self, host: &str, id: &str, now: Instant) {
        let mut open = self.open(now);
        let Some(of_host) = open.get_mut(host) else { return };
        of_host.retain(|dispatch| {
            let this = dispatch.taken && dispatch.id == id;
            if this {
                // Nobody may wait any more.
                let _ = dispatch.answered.send(true);
            }
            !this
        });
    }
}

/// The queries under names that carry the question's id.
pub(super) fn named(id: &str, queries: &[Query]) -> BTreeMap<String, String> {
    queries.iter().map(|query| (format!("{}-{id}", query.name), query.sql.clone())).collect()
}

/// A query's own name, and the question's id.
pub(super) fn parted(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('-')
}
