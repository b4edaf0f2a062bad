//! One call of a method, and calling again where that is safe.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use slack_morphism::{ClientResult, SlackApiToken};
use tokio::time::{Instant, sleep, timeout};

use super::error::{SlackError, sort};
use super::method::Method;
use super::{Inner, Web};

/// Tries of a call that had no effect, or that may have it twice.
const TRIES: u32 = 3;
/// Waits that Slack may ask for within one call.
const RATIONS: u32 = 20;

/// What an unclear outcome of a call allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// It changes nothing: call again, and an unclear outcome is merely no answer.
    Reads,
    /// The second time changes nothing more: call again.
    Repeats,
    /// A second time would be one too many: report it.
    Once,
}

/// Which token a method wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Bot,
    App,
}

impl Inner {
    fn token(&self, who: Who) -> &SlackApiToken {
        match who {
            Who::Bot => &self.bot,
            Who::App => &self.app,
        }
    }

    async fn within<T>(
        &self,
        method: Method,
        who: Who,
        bound: Duration,
        calling: impl Future<Output = ClientResult<T>>,
    ) -> Result<T, SlackError> {
        let answer = match timeout(bound, calling).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(sort(method.name(), error)),
            Err(_) => {
                Err(SlackError::Unclear { log: format!("{}: no answer within {bound:?}", method.name()) })
            }
        };
        if who == Who::Bot {
            self.token.note(method, &answer);
        }
        answer
    }
}

impl Web {
    /// Calls a method once with a JSON body.
    pub(super) async fn send<B, R>(&self, method: Method, who: Who, body: &B) -> Result<R, SlackError>
    where
        B: Serialize + Send + Sync,
        R: DeserializeOwned + Send,
    {
        self.send_within(method, who, body, self.inner.answer_within).await
    }

    /// The same with another bound.
    pub(super) async fn send_within<B, R>(
        &self,
        method: Method,
        who: Who,
        body: &B,
        bound: Duration,
    ) -> Result<R, SlackError>
    where
        B: Serialize + Send + Sync,
        R: DeserializeOwned + Send,
    {
        let session = self.inner.client.open_session(self.inner.token(who));
        let calling = session.http_session_api.http_post(method.name(), body, None);
        self.inner.within(method, who, bound, calling).await
    }

    /// Calls a reading method, again if need be. Slack takes no JSON for these.
    pub(super) async fn read<R>(
        &self,
        method: Method,
        parameters: &[(&str, Option<String>)],
    ) -> Result<R, SlackError>
    where
        R: DeserializeOwned + Send,
    {
        let parameters = parameters.to_vec();
        self.again(method, None, Nature::Reads, || async {
            let session = self.inner.client.open_session(&self.inner.bot);
            let calling = session.http_session_api.http_get(method.name(), &parameters, None);
            self.inner.within(method, Who::Bot, self.inner.answer_within, calling).await
        })
        .await
    }

    /// Calls at the method's pace, waits where Slack asks to, and calls again where that is safe.
    pub(super) async fn again<T, F>(
        &self,
        method: Method,
        channel: Option<&str>,
        nature: Nature,
        call: impl FnMut() -> F,
    ) -> Result<T, SlackError>
    where
        F: Future<Output = Result<T, SlackError>>,
    {
        self.inner.pacer.ready(method, channel).await;
        self.again_at_once(method, channel, nature, call).await
    }

    /// The same for who has waited for the pace already.
    pub(super) async fn again_at_once<T, F>(
        &self,
        method: Method,
        channel: Option<&str>,
        nature: Nature,
        mut call: impl FnMut() -> F,
    ) -> Result<T, SlackError>
    where
        F: Future<Output = Result<T, SlackError>>,
    {
        let pacer = &self.inner.pacer;
        let give_up = Instant::now() + self.inner.patience;
        let (mut tries, mut rations) = (1, 0);
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match &error {
                SlackError::RateLimited { after, .. } => {
                    pacer.pause(method, channel, *after);
                    rations += 1;
                    if rations > RATIONS || Instant::now() + *after > give_up {
                        return Err(error);
                    }
                }
                SlackError::Unavailable { .. } if tries < TRIES => {
                    sleep(pause_after(tries)).await;
                    tries += 1;
                }
                SlackError::Unclear { .. } if nature != Nature::Once && tries < TRIES => {
                    sleep(pause_after(tries)).await;
                    tries += 1;
                }
                SlackError::Unclear { log } if nature == Nature::Reads => {
                    return Err(SlackError::Unavailable { log: log.clone() });
                }
                _ => return Err(error),
            }
            pacer.ready(method, channel).await;
        }
    }
}

/// 200 ms, then 800 ms.
fn pause_after(tries: u32) -> Duration {
    Duration::from_millis(50) * 4u32.pow(tries.min(5))
}
