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

/// The leave to carry out one invocation's operations.
pub struct WritePermit {
    issuer: Arc<()>,
    invocation: String,
    over: Mutex<BTreeMap<&'static str, Then>>,
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
        WritePermit { issuer: Arc::clone(&self.0), invocation: invocation.to_owned(), over: Mutex::default() }
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

    /// What a client does when the work is over: give back what it was lent for it. The first that each client
    /// says counts.
    pub fn when_over(&self, client: &'static str, then: impl FnOnce() + Send + 'static) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.entry(client).or_insert_with(|| Box::new(then));
    }
}

impl Drop for WritePermit {
    fn drop(&mut self) {
        let over = std::mem::take(self.over.get_mut().unwrap_or_else(PoisonError::into_inner));
        for then in over.into_values() {
            then();
        }
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
        assert!(heard.lock().unwrap().is_empty());
        drop(permit);
        assert_eq!(*heard.lock().unwrap(), [1, 2]);
    }

    #[test]
    fn a_permit_of_another_issuer_is_no_permit() {
        let (ours, check) = PermitIssuer::new();
        let (forged, _) = PermitIssuer::new();
        assert!(check.is_genuine(&ours.permit("inv-1")));
        assert!(!check.is_genuine(&forged.permit("inv-1")));
    }
}
