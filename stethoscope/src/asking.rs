//! Asks one source, with an end to every wait; a source that keeps failing is left alone for a while, so that
//! nobody waits for it in vain.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hubcommander_posture::{Identifiers, Instant, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};

use crate::settings::Settings;

/// What a source's failures have led to.
#[derive(Debug, Default)]
struct Breaker {
    /// How often it has failed in a row.
    failures: u32,
    /// Until when it is not asked.
    open_until: Option<Instant>,
}

/// A source, and how it has been lately.
pub(crate) struct Asked {
    pub(crate) source: Arc<dyn DeviceSource>,
    breaker: Mutex<Breaker>,
    clock: SharedClock,
    settings: Settings,
}

impl Asked {
    pub(crate) fn new(source: Arc<dyn DeviceSource>, clock: SharedClock, settings: Settings) -> Self {
        Self { source, breaker: Mutex::default(), clock, settings }
    }

    pub(crate) async fn of_owner(&self, email: &str) -> Option<Found> {
        self.within(self.settings.each_within, self.source.of_owner(email)).await
    }

    pub(crate) async fn known_as(&self, identifiers: &[Identifiers]) -> Option<Found> {
        self.within(self.settings.each_within, self.source.known_as(identifiers)).await
    }

    pub(crate) async fn all(&self) -> Option<Found> {
        self.within(self.settings.all_within, self.source.all()).await
    }

    /// Whether a device has reported anew. A source that cannot say has none.
    pub(crate) async fn refresh(&self, records: &[Record]) -> bool {
        self.within(self.settings.anew_within, self.source.refresh(records)).await.unwrap_or(false)
    }

    /// What it answers within this time, unless it has failed so often that it is not asked.
    async fn within<T>(
        &self,
        limit: Duration,
        question: impl Future<Output = Result<T, SourceError>>,
    ) -> Option<T> {
        if self.is_open() {
            return None;
        }
        let source = self.source.name();
        match tokio::time::timeout(limit, question).await {
            Ok(Ok(answer)) => {
                *self.breaker.lock().unwrap_or_else(PoisonError::into_inner) = Breaker::default();
                Some(answer)
            }
            Ok(Err(error)) => {
                if let SourceError::Misconfigured(_) = error {
                    tracing::error!(source, %error, "a source of devices does not let us in");
                } else {
                    tracing::warn!(source, %error, "a source of devices did not answer");
                }
                let wait = match error {
                    SourceError::Unavailable { retry_after, .. } => retry_after,
                    _ => None,
                };
                self.failed(wait);
                None
            }
            Err(_) => {
                tracing::warn!(source, ?limit, "a source of devices did not answer in time");
                self.failed(None);
                None
            }
        }
    }

    fn is_open(&self) -> bool {
        let breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.open_until.is_some_and(|until| self.clock.now() < until)
    }

    /// Once more. It is left alone after some failures in a row, and at once if it asks for that.
    fn failed(&self, retry_after: Option<Duration>) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        breaker.failures = breaker.failures.saturating_add(1);
        let pause = match retry_after {
            Some(wait) => wait.min(self.settings.longest_pause),
            None if breaker.failures >= self.settings.failures => self.settings.pause,
            None => return,
        };
        breaker.open_until = Some(self.clock.now() + pause);
    }
}
