//! Messages of the app: posted, changed and deleted, whichever way they come in.

use serde_json::Value as Json;

use super::core::{Change, Core};
use super::events;
use super::socket::Outgoing;
use super::world::{Edited, Message, Ts};

/// What a message of the app holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub text: Option<String>,
    pub blocks: Option<Json>,
    pub attachments: Option<Json>,
    pub metadata: Option<Json>,
    pub files: Vec<Json>,
}

/// A message that the app wants to post. Channel and thread are known to be there.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub channel: &'a str,
    pub thread: Option<Ts>,
    pub broadcast: bool,
    pub content: Content,
}

impl Core {
    /// The app's message, without an id.
    fn message(&self, world: &super::world::World, content: Content, thread: Option<Ts>) -> Message {
        Message {
            user: world.bot.user_id.clone(),
            team: world.team.id.clone(),
            bot: Some((world.bot.bot_id.clone(), world.bot.app_id.clone())),
            thread_ts: thread,
            text: content.text.unwrap_or_default(),
            blocks: content.blocks,
            attachments: content.attachments,
            metadata: content.metadata,
            files: content.files,
            ..Message::default()
        }
    }

    /// Posts a message of the app. Its id, and the message as the API shows it.
    pub(super) fn post(&self, draft: Draft<'_>) -> (Ts, Json) {
        let now = self.clock.now();
        let watched = self.is_watched();
        let mut state = self.lock();
        let mut message = self.message(&state.world, draft.content, draft.thread);
        if draft.broadcast && draft.thread.is_some() {
            message.subtype = Some("thread_broadcast");
        }
        let ts = state.next_ts(now);
        message.ts = ts;
        message.revision = state.touch();
        let shown = message.api(true);
        let copy = watched.then(|| message.clone());
        let keep = self.options.keep_messages;
        if let Some(channel) = state.world.channels.get_mut(draft.channel) {
            channel.push(message, keep);
        }
        let echo =
            if self.options.echo_own { events::said(&mut state, draft.channel, ts, now) } else { Vec::new() };
        drop(state);
        for payload in echo {
            self.socket.deliver(&payload, Outgoing::event());
        }
        if let Some(message) = copy {
            self.tell_posted(draft.channel, &message);
        }
        self.announce(|| Change::Message { channel: draft.channel.to_owned(), ts });
        (ts, shown)
    }

    /// Posts a message that only `user` sees.
    pub(super) fn post_ephemeral(&self, user: &str, draft: Draft<'_>) -> Ts {
        let now = self.clock.now();
        let mut state = self.lock();
        let mut message = self.message(&state.world, draft.content, draft.thread);
        let ts = state.next_ts(now);
        message.ts = ts;
        message.revision = state.touch();
        message.only_for = Some(user.to_owned());
        let copy = self.is_watched().then(|| message.clone());
        state.add_ephemeral(draft.channel, message, self.options.keep_messages);
        drop(state);
        if let Some(message) = copy {
            self.tell_posted(draft.channel, &message);
        }
        self.announce(|| Change::Message { channel: draft.channel.to_owned(), ts });
        ts
    }

    /// Changes a message of the app that is known to be there. Text alone takes the blocks away, and leaves
    /// a mark that people see.
    pub(super) fn change(&self, channel: &str, ts: Ts, content: Content) -> Option<Json> {
        let now = self.clock.now();
        let watched = self.is_watched();
        let mut state = self.lock();
        let revision = state.touch();
        let edited_ts = state.next_ts(now);
        let message = state.world.channels.get_mut(channel)?.message_mut(ts)?;
        let previous = message.clone();
        let text_only = content.blocks.is_none() && content.attachments.is_none();
        if text_only {
            message.edited = Some(Edited { user: message.user.clone(), ts: edited_ts });
        }
        message.text = content.text.unwrap_or_default();
        message.blocks = content.blocks;
        message.attachments = content.attachments;
        if content.metadata.is_some() {
            message.metadata = content.metadata;
        }
        message.revision = revision;
        let shown = message.api(true);
        let copy = watched.then(|| message.clone());
        let echo =
            self.options.echo_own.then(|| events::changed(&mut state, channel, &previous, ts, now)).flatten();
        drop(state);
        if let Some(payload) = echo {
            self.socket.deliver(&payload, Outgoing::event());
        }
        if let Some(message) = copy {
            self.tell_posted(channel, &message);
        }
        self.announce(|| Change::Message { channel: channel.to_owned(), ts });
        Some(shown)
    }

    /// Changes a message that only `user` sees. Whether it was there.
    pub(super) fn change_ephemeral(&self, user: &str, channel: &str, ts: Ts, content: Content) -> bool {
        let mut state = self.lock();
        let revision = state.touch();
        let Some(message) = state.ephemeral_mut(user, channel, ts) else { return false };
        message.text = content.text.unwrap_or_default();
        message.blocks = content.blocks;
        message.attachments = content.attachments;
        message.revision = revision;
        drop(state);
        self.announce(|| Change::Message { channel: channel.to_owned(), ts });
        true
    }

    /// Takes a message away, whoever wrote it. Whether it was there.
    pub(super) fn delete(&self, channel: &str, ts: Ts, tell: bool) -> bool {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(previous) = state.world.channels.get_mut(channel).and_then(|room| room.remove(ts)) else {
            return false;
        };
        state.touch();
        let echo = tell.then(|| events::deleted(&mut state, channel, &previous, now)).flatten();
        drop(state);
        if let Some(payload) = echo {
            self.socket.deliver(&payload, Outgoing::event());
        }
        self.announce(|| Change::Deleted { channel: channel.to_owned(), ts });
        true
    }

    /// Takes a message away that only `user` sees. Whether it was there.
    pub(super) fn delete_ephemeral(&self, user: &str, channel: &str, ts: Ts) -> bool {
        let gone = self.lock().remove_ephemeral(user, channel, ts);
        if gone {
            let (user, channel) = (user.to_owned(), channel.to_owned());
            self.announce(|| Change::EphemeralDeleted { user, channel, ts });
        }
        gone
    }
}
