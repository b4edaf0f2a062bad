//! What was asked, for assertions and for the state page.

use std::collections::VecDeque;

use http::Method;
use hubcommander_sdk::clock::Instant;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Not yet: it is being worked on, or held.
    Open,
    /// With this status.
    Answered(u16),
    /// Its effect happened with this status, which was never sent.
    AnswerLost(u16),
    /// Its connection was cut before any effect.
    Dropped,
    /// It is never answered.
    Hanging,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Requests are numbered from 1, in the order in which they arrive.
    pub number: u64,
    /// When it arrived.
    pub at: Instant,
    /// Its method.
    pub method: Method,
    /// Its path as sent, without the query.
    pub path: String,
    /// Its query as sent, empty without one.
    pub query: String,
    /// Its body as text, if it is a write: at most [`Logged::BODY_KEPT`] bytes. It may hold secrets that were
    /// sent: never print it outside a test.
    pub body: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Logged {
    /// How many requests are remembered, if their bodies together have at most [`Logged::BODIES_KEPT`] bytes.
    pub const KEPT: usize = 20_000;
    /// How many bytes of bodies are remembered: a server that runs for days does not grow.
    pub const BODIES_KEPT: usize = 16 * 1024 * 1024;
    /// How many bytes of a body are remembered.
    pub const BODY_KEPT: usize = 64 * 1024;

    /// Whether its method is one that changes something. What is sent to GraphQL changes nothing: the local
    /// GitHub answers only queries there.
    pub fn is_write(&self) -> bool {
        let reads = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        !reads && !self.path.ends_with("/graphql")
    }

    /// Its status, if it was answered.
    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Answered(status) => Some(status),
            _ => None,
        }
    }

    /// `POST /orgs/acme/repos`, for comparing in tests.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Numbers are consecutive, so that an entry is found by its distance from the oldest.
#[derive(Debug, Default)]
pub(super) struct Log {
    arrived: u64,
    body_bytes: usize,
    entries: VecDeque<Logged>,
}

impl Log {
    /// Takes one request in, and gives it its number.
    pub(super) fn arrive(&mut self, mut entry: Logged) -> u64 {
        self.arrived += 1;
        entry.number = self.arrived;
        self.body_bytes += body_bytes(&entry);
        self.entries.push_back(entry);
        while self.entries.len() > Logged::KEPT || self.body_bytes > Logged::BODIES_KEPT {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.body_bytes -= body_bytes(&oldest);
        }
        self.arrived
    }

    /// Notes how it ended, if it is still remembered.
    pub(super) fn end(&mut self, number: u64, outcome: Outcome) {
        let Some(oldest) = self.entries.front().map(|entry| entry.number) else { return };
        let place = number.checked_sub(oldest).and_then(|distance| usize::try_from(distance).ok());
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            entry.outcome = outcome;
        }
    }

    pub(super) fn all(&self) -> Vec<Logged> {
        self.newest(self.entries.len())
    }

    pub(super) fn newest(&self, at_most: usize) -> Vec<Logged> {
        let older = self.entries.len().saturating_sub(at_most);
        self.entries.iter().skip(older).cloned().collect()
    }

    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.body_bytes = 0;
    }
}

fn body_bytes(entry: &Logged) -> usize {
    entry.body.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(body: usize) -> Logged {
        Logged {
            number: 0,
            at: Instant::default(),
            method: Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            body: Some("x".repeat(body)),
            outcome: Outcome::Open,
        }
    }

    #[test]
    fn the_log_is_bounded_in_number_and_in_bytes() {
        let mut log = Log::default();
        for _ in 0..Logged::KEPT + 5 {
            log.arrive(entry(1));
        }
        assert_eq!((log.all().len(), log.all()[0].number), (Logged::KEPT, 6));
        let half = Logged::BODIES_KEPT / 2;
        let numbers: Vec<u64> = (0..3).map(|_| log.arrive(entry(half))).collect();
        let kept: Vec<u64> = log.all().iter().map(|one| one.number).collect();
        assert_eq!(kept, numbers[1..]);
        log.end(numbers[0], Outcome::Dropped);
        log.end(numbers[2], Outcome::Dropped);
        let outcomes: Vec<Outcome> = log.all().iter().map(|one| one.outcome).collect();
        assert_eq!(outcomes, [Outcome::Open, Outcome::Dropped]);
    }
}
