//! Edits of messages, coalesced: the newest wins, and the last one is never lost.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubcommander_sdk::message::Message;
use serde::Serialize;
use slack_morphism::blocks::SlackBlock;
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use super::call::{Nature, Who};
use super::error::SlackError;
use super::messages::{Metadata, Nothing, simpler};
use super::method::Method;
use super::{Tag, Web};
use crate::slack::render::{Look, render};

/// Between two edits of one message.
const BETWEEN: Duration = Duration::from_secs(1);

/// What a message is to say.
pub(super) struct Body {
    pub(super) message: Message,
    pub(super) tag: Tag,
}

/// Who waits for an edit to be through.
type Asker = oneshot::Sender<Result<(), SlackError>>;

/// The edits under way, by channel and `ts`. While an entry is there, a task takes care of it.
#[derive(Default)]
pub(super) struct Edits {
    waiting: Mutex<HashMap<(String, String), Waiting>>,
    idle: Notify,
}

#[derive(Default)]
struct Waiting {
    newest: Option<Body>,
    askers: Vec<Asker>,
}

impl Edits {
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct Update<'a> {
    channel: &'a str,
    ts: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<&'a [SlackBlock]>,
    metadata: Metadata<'a>,
}

impl Web {
    pub(super) async fn edit(&self, channel: &str, ts: &str, body: Body) -> Result<(), SlackError> {
        let (asker, answer) = oneshot::channel();
        let key = (channel.to_owned(), ts.to_owned());
        let first = {
            let mut waiting = self.inner.edits.lock();
            let first = !waiting.contains_key(&key);
            let entry = waiting.entry(key.clone()).or_default();
            entry.newest = Some(body);
            entry.askers.push(asker);
            first
        };
        if first {
            let web = self.clone();
            tokio::spawn(async move { web.work_off(key).await });
        }
        answer
            .await
            .unwrap_or_else(|_| Err(SlackError::Unclear { log: "chat.update: broken off".to_owned() }))
    }

    /// Sends the newest of one message's edits until there is none.
    async fn work_off(&self, key: (String, String)) {
        loop {
            // The method's pace first, so that what is taken after the wait is the newest.
            self.inner.pacer.ready(Method::Update, None).await;
            let Some((body, askers)) = self.take(&key) else { break };
            let result = self.send_edit(&key, &body).await;
            for asker in askers {
                // Who no longer waits does not mind.
                let _ = asker.send(result.clone());
            }
            if self.inner.pacer.on() {
                sleep(BETWEEN).await;
            }
            if self.finished(&key) {
                break;
            }
        }
        self.inner.edits.idle.notify_waiters();
    }

    fn take(&self, key: &(String, String)) -> Option<(Body, Vec<Asker>)> {
        let mut waiting = self.inner.edits.lock();
        let entry = waiting.get_mut(key)?;
        let body = entry.newest.take()?;
        Some((body, std::mem::take(&mut entry.askers)))
    }

    /// Forgets the message if nothing more waits. Under the lock that adds: nothing slips in between.
    fn finished(&self, key: &(String, String)) -> bool {
        let mut waiting = self.inner.edits.lock();
        let done = waiting.get(key).is_none_or(|entry| entry.newest.is_none());
        if done {
            waiting.remove(key);
        }
        done
    }

    async fn send_edit(&self, (channel, ts): &(String, String), body: &Body) -> Result<(), SlackError> {
        let mut look = Look::Whole;
        loop {
            let rendered = render(&body.message, look);
            let update = Update {
                channel,
                ts,
                text: &rendered.text,
                blocks: rendered.blocks.as_deref(),
                metadata: Metadata::new(&body.tag),
            };
            let call = || self.send::<_, Nothing>(Method::Update, Who::Bot, &update);
            let sent = self.again_at_once(Method::Update, None, Nature::Repeats, call).await;
            match simpler(look, &rendered, &sent) {
                Some(next) => look = next,
                None => return sent.map(|_| ()),
            }
        }
    }

    /// Waits until no edit is under way, so that none is lost at the end. Returns whether that came about
    /// within the bound.
    pub async fn drain(&self, within: Duration) -> bool {
        let draining = async {
            loop {
                let idle = self.inner.edits.idle.notified();
                tokio::pin!(idle);
                idle.as_mut().enable();
                if self.inner.edits.lock().is_empty() {
                    return;
                }
                idle.await;
            }
        };
        timeout(within, draining).await.is_ok()
    }
}
