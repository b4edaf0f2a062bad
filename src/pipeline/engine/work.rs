//! What is under way, so that whoever stops the program can wait for it.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is under way.
#[derive(Debug, Default)]
pub struct Work {
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Work {
    /// Does this beside everything else.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Boxed: it is large, and would be moved several times on its way into a task.
        self.tasks.spawn(Box::pin(task));
    }

    /// Returns once the program is to stop. Who waits for a person leaves it to the next start then.
    pub(crate) async fn stopping(&self) {
        self.stopping.cancelled().await;
    }

    /// Whether the program is to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Lets what is under way come to its end, as long as that takes no longer than this. Returns how much
    /// is left; it stands in the store, and the next start goes on with it.
    pub async fn finish(&self, within: Duration) -> usize {
        self.stopping.cancel();
        self.tasks.close();
        // Who still runs when the time is over is ended with the program.
        let _ = tokio::time::timeout(within, self.tasks.wait()).await;
        self.tasks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_waits_for_what_ends_and_not_for_what_does_not() {
        let work = Work::default();
        work.spawn(tokio::time::sleep(Duration::from_secs(2)));
        assert_eq!(work.finish(Duration::from_secs(5)).await, 0);

        let work = std::sync::Arc::new(Work::default());
        let waiting = std::sync::Arc::clone(&work);
        work.spawn(async move { waiting.stopping().await });
        work.spawn(std::future::pending());
        assert!(!work.is_stopping());
        assert_eq!(work.finish(Duration::from_secs(5)).await, 1);
        assert!(work.is_stopping());
    }
}
