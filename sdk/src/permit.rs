//! The leave to write. A writing client is lent against a [`WritePermit`], and only the holder of the
//! [`PermitIssuer`] can make one: the engine's execute station.

use std::sync::Arc;

/// Makes permits. The engine makes one issuer at start and gives its [`PermitCheck`] to the writing
/// clients; whoever makes another issuer gets permits that no client takes.
#[derive(Debug)]
pub struct PermitIssuer(Arc<()>);

/// Tells whether a permit is genuine.
#[derive(Clone, Debug)]
pub struct PermitCheck(Arc<()>);

/// The leave to carry out one invocation's operations.
#[derive(Debug)]
pub struct WritePermit {
    issuer: Arc<()>,
    invocation: String,
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
        WritePermit { issuer: Arc::clone(&self.0), invocation: invocation.to_owned() }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_of_another_issuer_is_no_permit() {
        let (ours, check) = PermitIssuer::new();
        let (forged, _) = PermitIssuer::new();
        assert!(check.is_genuine(&ours.permit("inv-1")));
        assert!(!check.is_genuine(&forged.permit("inv-1")));
    }
}
