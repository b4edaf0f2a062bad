//! Waiting for what the app does, and knowing what nobody has looked at.

use std::fmt;
use std::time::Duration;

use super::super::Slack;
use super::super::state::{Ephemeral, View};
use super::super::world::{Channel, Message, Ts};

/// What was waited for did not happen in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Late {
    /// What was waited for.
    pub what: String,
    /// How long.
    pub waited: Duration,
    /// What was said meanwhile, and what is known of the envelopes.
    pub seen: String,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} did not happen within {:?}. What is there:", self.what, self.waited)?;
        f.write_str(&self.seen)
    }
}

impl Slack {
    /// Waits until `look` finds something; it is called again whenever anything changes.
    ///
    /// # Errors
    /// It found nothing within `patience`.
    pub async fn wait_for<T>(
        &self,
        patience: Duration,
        what: &str,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T, Late> {
        let mut changes = self.core.changes();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look(self) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    // It lives as long as this handle.
                    std::future::pending::<()>().await;
                }
            }
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(found) => Ok(found),
            Err(_) => Err(Late { what: what.to_owned(), waited: patience, seen: self.everything() }),
        }
    }

    /// Waits until `holds`.
    ///
    /// # Errors
    /// It did not hold within `patience`.
    pub async fn wait_until(
        &self,
        patience: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Result<(), Late> {
        self.wait_for(patience, "the condition", |slack| holds(slack).then_some(())).await
    }

    /// Waits until everything that was sent is acked.
    ///
    /// # Errors
    /// Something was not acked in time.
    pub async fn all_acked(&self) -> Result<(), Late> {
        self.wait_for(self.patience(), "the last ack", |slack| slack.unacked().is_empty().then_some(())).await
    }

    /// Waits until at least `count` connections are open.
    ///
    /// # Errors
    /// They were not opened in time.
    pub async fn connected(&self, count: usize) -> Result<(), Late> {
        let enough = |slack: &Self| (slack.links().len() >= count).then_some(());
        self.wait_for(self.patience(), "the app's connection", enough).await
    }

    /// The next message of the app, or its newest form, that answers the message `ts`: in its thread, or seen
    /// only by somebody in that channel, or after it in a direct conversation. What is returned counts as
    /// read; the app may change it later, which makes it unread again.
    ///
    /// # Errors
    /// Nothing came in time.
    pub async fn await_reply(&self, channel: &str, ts: Ts) -> Result<Message, Late> {
        self.await_unread("a reply", |place, message| place == channel && answers(message, ts, place)).await
    }

    /// As [`Slack::await_reply`], passing over replies until one, as [`Slack::render`] shows it, is as
    /// wanted. All that was passed over counts as read.
    ///
    /// # Errors
    /// Nothing as wanted came in time.
    pub async fn await_reply_that(
        &self,
        channel: &str,
        ts: Ts,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Message, Late> {
        let look = |slack: &Self| {
            while let Some(message) =
                slack.take_unread(|place, message| place == channel && answers(message, ts, place))
            {
                if wanted(&slack.render(&message)) {
                    return Some(message);
                }
            }
            None
        };
        self.wait_for(self.patience(), "the reply", look).await
    }

    /// The next thing that only `user` sees.
    ///
    /// # Errors
    /// Nothing came in time.
    pub async fn await_ephemeral(&self, user: &str) -> Result<Message, Late> {
        self.await_unread("a message for one person", |_, message| message.only_for.as_deref() == Some(user))
            .await
    }

    /// The next message of the app to `user` directly.
    ///
    /// # Errors
    /// Nothing came in time.
    pub async fn await_dm(&self, user: &str) -> Result<Message, Late> {
        let look = |slack: &Self| {
            let channel = slack.core.lock().world.im_with(user).map(|room| room.id.clone())?;
            slack.take_unread(|place, _| place == channel)
        };
        self.wait_for(self.patience(), "a direct message", look).await
    }

    /// The next message of the app in `channel`, in whichever thread.
    ///
    /// # Errors
    /// Nothing came in time.
    pub async fn await_message(&self, channel: &str) -> Result<Message, Late> {
        self.await_unread("a message", |place, _| place == channel).await
    }

    /// The next form before `user`, or its newest form.
    ///
    /// # Errors
    /// None was opened in time.
    pub async fn await_view(&self, user: &str) -> Result<View, Late> {
        let look = |slack: &Self| {
            let mut state = slack.core.lock();
            let top = state.views.get_mut(user)?.last_mut().filter(|view| view.revision > view.read)?;
            top.read = top.revision;
            Some(top.clone())
        };
        self.wait_for(self.patience(), "a form", look).await
    }

    /// What the app wrote and nobody has read, as plain text, the oldest first. Notices of Slack itself too.
    pub fn unread(&self) -> Vec<String> {
        let messages: Vec<(String, Message)> = {
            let state = self.core.lock();
            let bot = &state.world.bot.bot_id;
            let mut all: Vec<(String, Message)> = state
                .world
                .channels
                .values()
                .flat_map(|room| room.messages().map(|message| (room.id.clone(), message.clone())))
                .chain(state.ephemerals.iter().map(|one| (one.channel.clone(), one.message.clone())))
                .filter(|(_, message)| message.is_by(bot) && message.is_unread())
                .collect();
            all.sort_by_key(|(_, message)| message.revision);
            all
        };
        let mut out: Vec<String> = messages
            .iter()
            .map(|(channel, message)| format!("{channel}: {}", self.render(message)))
            .collect();
        let state = self.core.lock();
        let notices = state.notices.iter().filter(|notice| !notice.read);
        out.extend(notices.map(|notice| format!("notice to {}: {}", notice.user, notice.text)));
        out
    }

    /// For the end of a test: nothing happened that it did not look at.
    ///
    /// # Panics
    /// If the app wrote something that was not read, or Slack itself told somebody something.
    #[track_caller]
    pub fn assert_nothing_unread(&self) {
        let unread = self.unread();
        assert!(unread.is_empty(), "nobody has read:\n{}", unread.join("\n"));
    }

    /// Counts everything up to now as read.
    pub fn mark_all_read(&self) {
        let mut state = self.core.lock();
        let revision = state.revision();
        for message in state.world.channels.values_mut().flat_map(Channel::messages_mut) {
            message.read = revision;
        }
        for one in &mut state.ephemerals {
            one.message.read = revision;
        }
        for view in state.views.values_mut().flatten() {
            view.read = revision;
        }
        for notice in &mut state.notices {
            notice.read = true;
        }
    }

    async fn await_unread(
        &self,
        what: &str,
        wanted: impl Fn(&str, &Message) -> bool,
    ) -> Result<Message, Late> {
        self.wait_for(self.patience(), what, |slack| slack.take_unread(&wanted)).await
    }

    fn patience(&self) -> Duration {
        self.core.options.patience
    }

    /// The oldest unread message of the app that is wanted. It counts as read from then on.
    fn take_unread(&self, wanted: impl Fn(&str, &Message) -> bool) -> Option<Message> {
        let mut state = self.core.lock();
        let bot = state.world.bot.bot_id.clone();
        let state = &mut *state;
        let in_channels = state.world.channels.values_mut().flat_map(|room| {
            let id = room.id.clone();
            room.messages_mut().map(move |message| (id.clone(), message))
        });
        let alone =
            state.ephemerals.iter_mut().map(|Ephemeral { channel, message }| (channel.clone(), message));
        let (_, message) = in_channels
            .chain(alone)
            .filter(|(place, message)| message.is_by(&bot) && message.is_unread() && wanted(place, message))
            .min_by_key(|(_, message)| message.revision)?;
        message.read = message.revision;
        Some(message.clone())
    }

    /// What there is to know when a test fails: bounded.
    fn everything(&self) -> String {
        let channels: Vec<String> = self.core.lock().world.channels.keys().cloned().collect();
        let mut out = String::new();
        for channel in channels {
            let transcript = self.transcript(&channel);
            let lines: Vec<&str> = transcript.lines().collect();
            if !lines.is_empty() {
                let last = lines[lines.len().saturating_sub(40)..].join("\n");
                out.push_str(&format!("-- {channel}\n{last}\n"));
            }
        }
        out.push_str(&format!("-- {:?}\n-- not acked: {:?}\n", self.counters(), self.unacked()));
        out
    }
}

/// Whether a message of the app answers the message `ts`.
fn answers(message: &Message, ts: Ts, channel: &str) -> bool {
    let beside = channel.starts_with('D') || message.only_for.is_some();
    message.thread_ts == Some(ts)
        || message.ts == ts
        || (beside && message.thread_ts.is_none() && message.ts > ts)
}
