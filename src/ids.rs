//! Ids that people can read out and quote.

use std::sync::atomic::{AtomicU32, Ordering};

use hubcommander_sdk::clock::SharedClock;

/// Crockford's alphabet: no I, L, O or U, which are misread or misspoken
/// (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Seconds are counted from here, 2025-01-01, so that six digits last until 2059.
const EPOCH: i64 = 1_735_689_600;

/// Makes ids: six digits of time, then four that count up from a random start. So they sort by time, which
/// keeps the store's index small and quick, and one process never makes one twice.
#[derive(Debug)]
pub struct Ids {
    clock: SharedClock,
    next: AtomicU32,
}

impl Ids {
    /// Ids by this clock. Processes that share a store start at different places, by chance.
    #[must_use]
    pub fn new(clock: SharedClock, start: u32) -> Self {
        Self { clock, next: AtomicU32::new(start) }
    }

    /// The next id, such as `inv-1RT4Q02M9X`.
    #[must_use]
    pub fn next(&self) -> String {
        let seconds = self.clock.now().timestamp().saturating_sub(EPOCH).unsigned_abs();
        let count = u64::from(self.next.fetch_add(1, Ordering::Relaxed));
        let mut id = String::with_capacity(14);
        id.push_str("inv-");
        for (number, digits) in [(seconds, 6), (count, 4)] {
            for place in (0..digits).rev() {
                let digit = (number >> (5 * place)) & 31;
                let letter = usize::try_from(digit).ok().and_then(|digit| ALPHABET.get(digit));
                id.push(char::from(letter.copied().unwrap_or(b'0')));
            }
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use hubcommander_sdk::clock::{Clock, Instant};

    use super::*;

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Instant {
            chrono::DateTime::from_timestamp(self.0, 0).unwrap()
        }
    }

    #[test]
    fn ids_are_readable_sort_by_time_and_never_come_twice() {
        let ids = Ids::new(Arc::new(At(EPOCH + 1)), u32::MAX - 10);
        let made: HashSet<String> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10_000);
        assert!(made.iter().all(|id| id.len() == 14 && id.starts_with("inv-000001")));
        assert!(made.iter().all(|id| !id["inv-".len()..].contains(['I', 'L', 'O', 'U'])));
        let later = Ids::new(Arc::new(At(EPOCH + 100_000_000)), 0).next();
        assert_eq!(later, "inv-2ZBR800000");
        assert!(made.iter().all(|id| *id < later));
    }
}
