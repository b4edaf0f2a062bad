//! The leave to write. A writing client is lent against a [`WritePermit`], and only the holder of the
//! [`PermitIssuer`] can make one: the engine's execute station.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes permits. The engine makes one issuer at start and gives its [`PermitCheck`] to the writing
/// clients; whoever makes another issuer gets permits that no client takes.
#[derive(Debug)]
pub struct PermitIssuer(Arc<()>);

/// Tells whether a permit is genuine.
#[derive(Clone, Debug)]
pub struct PermitCheck(Arc<()>);

/// What a client does when the work is over.
type Then = Box<dyn FnOnce() + Send>;

/// What happens when the last part of a permit is gone.
#[derive(Default)]
struct Over(Mutex<BTreeMap<&'static str, Then>>);

impl Drop for Over {
    fn drop(&mut self) {
        let over = std::mem::take(self.0.get_mut().unwrap_or_else(PoisonError::into_inner));
        for then in over.into_values() {
            then();
        }
    }
}

/// How many requests are noted of one part, and how many characters of each.
const NOTED: (usize, usize) = (50, 100);

/// The leave to carry out one invocation's operations.
pub struct WritePermit {
    issuer: Arc<()>,
    invocation: String,
    over: Arc<Over>,
    requests: Mutex<Vec<String>>,
}

impl fmt::Debug for WritePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WritePermit").field("invocation", &self.invocation).finish_non_exhaustive()
    }
}

impl PermitIssuer {
    /// A new issuer and what its permits are checked with.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "an issuer is made on purpose, once")]
    pub fn new() -> (Self, PermitCheck) {
        let secret = Arc::new(());
        (Self(Arc::clone(&secret)), PermitCheck(secret))
    }

    /// A permit for one invocation.
    #[must_use]
    pub fn permit(&self, invocation: &str) -> WritePermit {
        WritePermit {
            issuer: Arc::clone(&self.0),
            invocation: invocation.to_owned(),
            over: Arc::default(),
            requests: Mutex::default(),
        }
    }
}

impl PermitCheck {
    /// Whether the permit comes from the issuer that this check was made with.
    #[must_use]
    pub fn is_genuine(&self, permit: &WritePermit) -> bool {
        Arc::ptr_eq(&self.0, &permit.issuer)
    }
}

impl WritePermit {
    /// The invocation it was made for.
    #[must_use]
    pub fn invocation(&self) -> &str {
        &self.invocation
    }

    /// The same leave for one of the operations, which notes its own requests. The work is over when all parts are.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            issuer: Arc::clone(&self.issuer),
            invocation: self.invocation.clone(),
            over: Arc::clone(&self.over),
            requests: Mutex::default(),
        }
    }

    /// Notes by which id the other side knows a request that was sent under this permit. For the audit.
    pub fn note_request(&self, id: &str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < NOTED.0 {
            requests.push(id.chars().take(NOTED.1).collect());
        }
    }

    /// The ids that were noted, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a client does when the work is over: give back what it was lent for it. The first that each client
    /// says counts.
    pub fn when_over(&self, client: &'static str, then: impl FnOnce() + Send + 'static) {
        let mut over = self.over.0.lock().unwrap_or_else(PoisonError::into_inner);
        over.entry(client).or_insert_with(|| Box::new(then));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_the_work_is_over_each_client_hears_it_once() {
        let (issuer, _) = PermitIssuer::new();
        let permit = issuer.permit("inv-1");
        let heard = Arc::new(Mutex::new(Vec::new()));
        for (client, word) in [("a", 1), ("b", 2), ("a", 3)] {
            let heard = Arc::clone(&heard);
            permit.when_over(client, move || heard.lock().unwrap().push(word));
        }
        let part = permit.part();
        drop(permit);
        assert!(heard.lock().unwrap().is_empty(), "a part of it is still at work");
        drop(part);
        assert_eq!(*heard.lock().unwrap(), [1, 2]);
    }

    #[test]
    fn each_part_notes_its_own_requests() {
        let (issuer, check) = PermitIssuer::new();
        let permit = issuer.permit("inv-1");
        let (one, other) = (permit.part(), permit.part());
        assert!(check.is_genuine(&one));
        one.note_request("AB:1");
        one.note_request(&"x".repeat(500));
        assert_eq!(one.requests(), ["AB:1".to_owned(), "x".repeat(100)]);
        assert!(other.requests().is_empty() && permit.requests().is_empty());
        (0..100).for_each(|_| other.note_request("CD:2"));
        assert_eq!(other.requests().len(), 50);
    }

    #[test]
    fn a_permit_of_another_issuer_is_no_permit() {
        let (ours, check) = PermitIssuer::new();
        let (forged, _) = PermitIssuer::new();
        assert!(check.is_genuine(&ours.permit("inv-1")));
        assert!(!check.is_genuine(&forged.permit("inv-1")));
    }
}
