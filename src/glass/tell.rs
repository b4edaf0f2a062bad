//! Loud: what the alarm channel and the places of the audit are told, now or as soon as it can be.

use chrono::TimeDelta;
use hubcommander_sdk::message::Message;
use tokio::time::timeout;

use super::host::{Host, SLACK_ANSWERS};
use crate::audit;
use crate::builtins::glass as said;
use crate::invocation::Invocation;
use crate::pipeline::record::Record;
use crate::slack::web::Tag;
use crate::store::{Booking, Due};

/// How long the bot waits before it tells the alarm channel what we could not: we try first.
const TOLD_BY_US_WITHIN: TimeDelta = TimeDelta::seconds(30);

impl Host<'_> {
    /// That the alarm channel is to be told, unless we have done so by then.
    pub(super) fn due(&self, record: &Record) -> Due {
        let known = record.invocation();
        said::due(&known.id, &known.origin, self.clock.now() + TOLD_BY_US_WITHIN)
    }

    /// Tells the alarm channel that the glass was broken, if Slack takes it. Gives the message's `ts`. Where it does
    /// not, it stands in the store as something due, and the bot tells it.
    pub(super) async fn tell(&self, known: &Invocation) -> Option<String> {
        let message = said::told(known)?;
        let ts = self.post(known, None, &message, "glass").await?;
        let booking = Booking { dropped: vec![said::key(&known.id)], ..Booking::default() };
        if let Err(error) = self.store.book(&booking).await {
            tracing::warn!(%error, "that the alarm channel was told could not be noted; it will be told again");
        }
        Some(ts)
    }

    /// Tells the alarm channel how it ended, in the thread of what it was told before.
    pub(super) async fn tell_end(&self, known: &Invocation, told: Option<String>, end: &Message) -> bool {
        match told {
            None => self.tell(known).await.is_some(),
            Some(thread) => {
                if self.post(known, Some(&thread), end, "glass-end").await.is_some() {
                    return true;
                }
                let due = said::due(&known.id, &known.origin, self.clock.now());
                let booking = Booking { due: vec![due], ..Booking::default() };
                if let Err(error) = self.store.book(&booking).await {
                    tracing::error!(%error, "that the end is to be told could not be noted");
                }
                false
            }
        }
    }

    async fn post(
        &self,
        known: &Invocation,
        thread: Option<&str>,
        message: &Message,
        part: &str,
    ) -> Option<String> {
        let tag = Tag { invocation: known.id.clone(), part: part.to_owned() };
        let posted = self.slack.post(&self.alarm_channel, thread, message, &tag);
        match timeout(SLACK_ANSWERS, posted).await {
            Ok(Ok(ts)) => Some(ts),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the alarm channel could not be told");
                None
            }
            Err(_) => {
                tracing::warn!("the alarm channel could not be told in time");
                None
            }
        }
    }

    /// Announces the head of the record at its places, now that the glass was broken.
    pub(super) async fn announce(&self, settings: &audit::Settings, slack: Option<audit::Slack>) {
        match timeout(SLACK_ANSWERS * 2, audit::announce_now(settings, slack, &*self.store)).await {
            Ok(Ok(Some((announcement, wrong)))) => {
                self.terminal.say(&format!("The record's head, to keep elsewhere: {announcement}"));
                for wrong in wrong {
                    tracing::warn!(error = %wrong, "the head was not announced at one place");
                }
            }
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the head could not be announced"),
            Err(_) => tracing::warn!("the head could not be announced in time"),
        }
    }
}
