//! Ids that people can read out and quote.

use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Crockford's alphabet: no I, L, O or U, which are misread or misspoken
/// (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters an id has: 50 bits, so that a million of them hold no pair but once in 2,000 times.
const LENGTH: usize = 10;

/// Makes ids.
#[derive(Debug)]
pub struct Ids(Mutex<StdRng>);

impl Ids {
    /// Ids that come out the same for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// Ids from the system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self(Mutex::new(StdRng::from_os_rng()))
    }

    /// The next id, such as `inv-7Q4K2M9XTB`.
    #[must_use]
    pub fn next(&self) -> String {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut id = String::with_capacity(4 + LENGTH);
        id.push_str("inv-");
        for _ in 0..LENGTH {
            let digit = rng.random_range(0..ALPHABET.len());
            id.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_readable_and_differ() {
        let ids = Ids::seeded(1);
        let (a, b) = (ids.next(), ids.next());
        assert_ne!(a, b);
        assert_eq!(a, Ids::seeded(1).next());
        assert!(
            a.strip_prefix("inv-").is_some_and(|id| id.len() == LENGTH && !id.contains(['I', 'L', 'O', 'U']))
        );
    }
}
