//! Which steps of a running plan wait since the other side wants us to slow down, and until when: so that the
//! person sees that, and not an error.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// A wait that is shorter is not worth a word: our own pace makes many of them.
const WORTH_A_WORD: Duration = Duration::from_secs(5);

/// How often what is said of a long wait is renewed.
const RENEWED: Duration = Duration::from_secs(15);

/// The longest that one step waits all in all. What takes longer is better asked again.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// The steps that wait.
pub(super) struct Waits(watch::Sender<BTreeMap<String, Instant>>);

/// How long one step has waited already.
#[derive(Default)]
pub(super) struct Waited(Duration);

impl Waits {
    pub(super) fn new() -> Self {
        Self(watch::Sender::default())
    }

    /// Waits. Whether that was not too long.
    pub(super) async fn wait(&self, step: &str, wait: Duration, waited: &mut Waited) -> bool {
        if waited.0 + wait > LONGEST {
            return false;
        }
        waited.0 += wait;
        let until = Instant::now() + wait;
        if wait >= WORTH_A_WORD {
            self.0.send_modify(|waits| {
                waits.insert(step.to_owned(), until);
            });
        }
        tokio::time::sleep_until(until).await;
        if wait >= WORTH_A_WORD {
            self.0.send_modify(|waits| {
                waits.remove(step);
            });
        }
        true
    }

    /// How long it is until the last of them goes on.
    pub(super) fn longest(&self) -> Option<Duration> {
        let until = self.0.borrow().values().max().copied()?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    /// Carries on with the work, and tells of each wait that begins, lasts or ends meanwhile.
    pub(super) async fn told<T>(&self, work: impl Future<Output = T>, tell: impl Fn(Option<Duration>)) -> T {
        let mut changes = self.0.subscribe();
        let mut work = std::pin::pin!(work);
        loop {
            let renewed = async {
                match self.longest() {
                    Some(_) => tokio::time::sleep(RENEWED).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = &mut work => return done,
                // The sender lives as long as this.
                _ = changes.changed() => {}
                () = renewed => {}
            }
            tell(self.longest());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_wait_is_told_and_counted_down() {
        let waits = Waits::new();
        let told = Mutex::new(Vec::new());
        let work = async {
            let mut waited = Waited::default();
            assert!(waits.wait("a", secs(2), &mut waited).await, "not worth a word");
            assert!(waits.wait("a", secs(40), &mut waited).await);
        };
        waits.told(work, |left| told.lock().unwrap().push(left.map(|left| left.as_secs()))).await;
        assert_eq!(*told.lock().unwrap(), [Some(40), Some(25), Some(10)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_counts_and_the_end_is_told() {
        let waits = Waits::new();
        let told = Mutex::new(Vec::new());
        let work = async {
            let (mut one, mut two) = (Waited::default(), Waited::default());
            tokio::join!(waits.wait("a", secs(6), &mut one), waits.wait("b", secs(12), &mut two));
            tokio::time::sleep(secs(60)).await;
        };
        waits.told(work, |left| told.lock().unwrap().push(left.map(|left| left.as_secs()))).await;
        assert_eq!(*told.lock().unwrap(), [Some(12), Some(6), None]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let waits = Waits::new();
        let mut waited = Waited::default();
        assert!(!waits.wait("a", secs(3600), &mut waited).await);
        assert!(waits.wait("a", secs(1000), &mut waited).await);
        assert!(!waits.wait("a", secs(1000), &mut waited).await);
    }
}
