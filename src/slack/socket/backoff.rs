//! How long to wait before trying again.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Exponential with full jitter: each wait is drawn evenly between zero and a bound that doubles up to a
/// cap, so that many clients cut off at once do not come back at once.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    cap: Duration,
    tries: u32,
    dice: StdRng,
}

impl Backoff {
    pub(super) fn new(first: Duration, cap: Duration, seed: u64) -> Self {
        Self { first, cap, tries: 0, dice: StdRng::seed_from_u64(seed) }
    }

    /// The wait before the next try.
    pub(super) fn next(&mut self) -> Duration {
        let bound = self.first.saturating_mul(1 << self.tries.min(20)).min(self.cap);
        self.tries = self.tries.saturating_add(1);
        bound.mul_f64(self.dice.random_range(0.0..=1.0))
    }

    /// A wait around `base`, from three quarters to five quarters of it.
    pub(super) fn around(&mut self, base: Duration) -> Duration {
        base.mul_f64(self.dice.random_range(0.75..=1.25))
    }

    /// All is well again.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_are_spread_out() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30), 7);
        let waits: Vec<_> = (0..200).map(|_| backoff.next()).collect();
        for (tries, wait) in waits.iter().enumerate() {
            let bound = 0.5 * 2f64.powi(i32::try_from(tries).unwrap().min(20));
            assert!(wait.as_secs_f64() <= bound.min(30.0), "try {tries}: {wait:?}");
        }
        let late = &waits[10..];
        assert!(late.iter().any(|wait| wait.as_secs() >= 20) && late.iter().any(|wait| wait.as_secs() < 10));
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(500));
    }

    #[test]
    fn the_same_seed_gives_the_same_waits() {
        let waits = |seed| {
            let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30), seed);
            (0..20).map(|_| backoff.next()).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }
}
