//! Asking again, where that may help.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(32);

/// Why something was not done, as far as asking again goes.
pub(crate) trait Trouble {
    /// How long the other side asks us to wait.
    fn wait(&self) -> Option<Duration>;
}

/// Asks, and asks again where `again` says so, with growing pauses, until it would be too late.
pub(crate) async fn patiently<T, E, F>(
    until: Instant,
    mut pause: Duration,
    again: impl Fn(&E) -> bool,
    mut ask: impl FnMut() -> F,
) -> Result<T, E>
where
    E: Trouble,
    F: Future<Output = Result<T, E>>,
{
    loop {
        let trouble = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(trouble) => trouble,
        };
        let wait = trouble.wait().unwrap_or(pause).max(pause);
        if !again(&trouble) || Instant::now() + wait >= until {
            return Err(trouble);
        }
        sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Asks(Option<u64>);

    impl Trouble for Asks {
        fn wait(&self) -> Option<Duration> {
            self.0.map(Duration::from_secs)
        }
    }

    /// How long it took, and how often it was asked.
    async fn asked(within: u64, wait: Option<u64>, again: bool) -> (u64, u32) {
        let (start, mut times) = (Instant::now(), 0);
        let until = start + Duration::from_secs(within);
        let result: Result<(), Asks> = patiently(
            until,
            Duration::from_secs(1),
            |_| again,
            || {
                times += 1;
                async move { Err(Asks(wait)) }
            },
        )
        .await;
        assert_eq!(result, Err(Asks(wait)));
        (start.elapsed().as_secs(), times)
    }

    #[tokio::test(start_paused = true)]
    async fn the_pauses_grow_and_end_before_it_is_too_late() {
        // After 1, 2, 4 and 8 seconds; 16 more would be too late.
        assert_eq!(asked(20, None, true).await, (15, 5));
        // No longer than 32 s each.
        assert_eq!(asked(200, None, true).await, (1 + 2 + 4 + 8 + 16 + 5 * 32, 11));
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_for_patience_gets_it_if_there_is_time() {
        assert_eq!(asked(20, Some(9), true).await, (18, 3));
        assert_eq!(asked(20, Some(60), true).await, (0, 1));
        assert_eq!(asked(20, Some(0), true).await, (15, 5));
        assert_eq!(asked(20, None, false).await, (0, 1));
    }
}
