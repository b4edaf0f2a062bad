//! Secrets that the pages make: for cookies, links, forms and tokens.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _, TryRngCore as _};
use secrecy::{ExposeSecret as _, SecretString};

use crate::ports::Hash;

/// Makes secrets.
pub struct Secrets(Mutex<StdRng>);

/// The machine gives no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine gives no randomness")]
pub struct NoRandomness;

impl Secrets {
    /// Seeded by the machine.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn new() -> Result<Self, NoRandomness> {
        let mut seed = [0; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut seed).map_err(|_| NoRandomness)?;
        Ok(Self::seeded(seed))
    }

    /// From a given seed, for tests: whoever knows it knows every secret.
    #[must_use]
    pub fn seeded(seed: [u8; 32]) -> Self {
        Self(Mutex::new(StdRng::from_seed(seed)))
    }

    /// 256 random bits in letters that need no escaping anywhere.
    pub(crate) fn make(&self) -> SecretString {
        let mut bytes = [0; 32];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// A short id that is no secret.
    pub(crate) fn id(&self) -> String {
        let mut bytes = [0; 9];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// What is stored in place of a secret. 256 random bits need no salt and no slow hash.
pub(crate) fn hash(secret: &str) -> Hash {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    Hash(bytes)
}

/// What a form of this session must hold. It follows from the cookie's secret, so nothing more is stored.
pub(crate) fn form_token(session: &SecretString) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"form").as_ref())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let secrets = Secrets::seeded([7; 32]);
        let (one, other) = (secrets.make(), secrets.make());
        assert_eq!(one.expose_secret().len(), 43);
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_ne!(form_token(&one), form_token(&other));
        assert!(same("a", "a") && !same("a", "b") && !same("a", "aa") && !same("", "a"));
    }
}
