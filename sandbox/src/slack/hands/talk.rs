//! People talk: messages, replies, edits, deletions, joining and leaving.

use serde_json::json;

use super::super::Slack;
use super::super::core::Change;
use super::super::events;
use super::super::socket::Outgoing;
use super::super::state::State;
use super::super::typed::{Labels, Typed};
use super::super::world::{Edited, Message, Ts, World};
use super::HandError;

/// Whether `user` may write in `channel`.
pub(super) fn may_write(world: &World, user: &str, channel: &str) -> Result<(), HandError> {
    let person = world.people.get(user).ok_or_else(|| HandError::NoSuchPerson(user.to_owned()))?;
    if person.deleted {
        return Err(HandError::Deactivated(user.to_owned()));
    }
    let room = world.channels.get(channel).ok_or_else(|| HandError::NoSuchChannel(channel.to_owned()))?;
    if room.archived || !room.members.contains(user) {
        return Err(HandError::CannotWrite { user: user.to_owned(), channel: channel.to_owned() });
    }
    Ok(())
}

impl Slack {
    /// `user` types `text` into `channel`. Slack makes of it what it makes of typed text: `& < >` become
    /// entities, `@name`, `#channel`, addresses and domains become tokens.
    ///
    /// # Errors
    /// The person or channel is not there, or the person may not write there.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> Result<Ts, HandError> {
        self.type_message(user, channel, None, None, text)
    }

    /// The same as a reply in the thread of `thread`.
    ///
    /// # Errors
    /// As [`Slack::say`], or there is no such message.
    pub fn say_in_thread(&self, user: &str, channel: &str, thread: Ts, text: &str) -> Result<Ts, HandError> {
        self.type_message(user, channel, Some(thread), None, text)
    }

    /// The same, also shown in the channel.
    ///
    /// # Errors
    /// As [`Slack::say_in_thread`].
    pub fn broadcast_in_thread(
        &self,
        user: &str,
        channel: &str,
        thread: Ts,
        text: &str,
    ) -> Result<Ts, HandError> {
        self.type_message(user, channel, Some(thread), Some("thread_broadcast"), text)
    }

    /// A message of a person with a subtype, such as `file_share` or `me_message`.
    ///
    /// # Errors
    /// As [`Slack::say`].
    pub fn say_with_subtype(
        &self,
        user: &str,
        channel: &str,
        subtype: &'static str,
        text: &str,
    ) -> Result<Ts, HandError> {
        self.type_message(user, channel, None, Some(subtype), text)
    }

    /// A message with its text exactly as Slack would store it, for benches and for odd texts: nothing is
    /// looked up, checked or made of it beyond the conversation being there.
    ///
    /// # Errors
    /// There is no such channel.
    pub fn say_raw(&self, user: &str, channel: &str, text: &str) -> Result<Ts, HandError> {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        if !state.world.channels.contains_key(channel) {
            return Err(HandError::NoSuchChannel(channel.to_owned()));
        }
        let team = state.world.people.get(user).map(|person| person.team_id.clone()).unwrap_or_default();
        let message = Message { user: user.to_owned(), team, text: text.to_owned(), ..Message::default() };
        let ts = state.next_ts(now);
        Ok(self.add(state, channel, Message { ts, ..message }))
    }

    /// An old webhook says something: a message with the subtype `bot_message` and no user.
    ///
    /// # Errors
    /// There is no such channel.
    pub fn say_as_webhook(&self, channel: &str, text: &str) -> Result<Ts, HandError> {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        if !state.world.channels.contains_key(channel) {
            return Err(HandError::NoSuchChannel(channel.to_owned()));
        }
        let message = Message {
            ts: state.next_ts(now),
            subtype: Some("bot_message"),
            bot: Some(("B0HOOK".to_owned(), "A0HOOK".to_owned())),
            text: text.to_owned(),
            ..Message::default()
        };
        Ok(self.add(state, channel, message))
    }

    fn type_message(
        &self,
        user: &str,
        channel: &str,
        thread: Option<Ts>,
        subtype: Option<&'static str>,
        text: &str,
    ) -> Result<Ts, HandError> {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        may_write(&state.world, user, channel)?;
        let thread_ts = match thread {
            None => None,
            Some(ts) => {
                let root = state.world.channels.get(channel).and_then(|room| room.message(ts));
                let root = root.ok_or_else(|| HandError::NoSuchMessage(channel.to_owned()))?;
                Some(root.thread_ts.unwrap_or(ts))
            }
        };
        let typed = Typed::read(&state.world, user, text, self.labels());
        let (text, blocks) = (typed.text(), self.core.options.rich_text.then(|| typed.rich_text()));
        let person = state.world.people.get(user);
        let (team, bot) =
            person.map(|person| (person.team_id.clone(), person.bot.clone())).unwrap_or_default();
        let message = Message {
            user: user.to_owned(),
            team,
            client_msg_id: bot
                .is_none()
                .then(|| format!("c0ffee00-0000-4000-8000-{:012x}", state.next_number())),
            bot,
            subtype,
            thread_ts,
            text,
            blocks,
            ts: state.next_ts(now),
            ..Message::default()
        };
        Ok(self.add(state, channel, message))
    }

    fn labels(&self) -> Labels {
        if self.core.options.channel_labels { Labels::Names } else { Labels::Empty }
    }

    /// Adds somebody's message and tells the app.
    fn add(&self, mut state: std::sync::MutexGuard<'_, State>, channel: &str, mut message: Message) -> Ts {
        let ts = message.ts;
        message.revision = state.touch();
        // Nobody has to read what a test itself made somebody say.
        message.read = message.revision;
        if let Some(room) = state.world.channels.get_mut(channel) {
            room.push(message, self.core.options.keep_messages);
        }
        let payloads = events::said(&mut state, channel, ts, self.core.clock.now());
        drop(state);
        for payload in payloads {
            self.core.socket.deliver(&payload, Outgoing::event());
        }
        self.core.announce(|| Change::Message { channel: channel.to_owned(), ts });
        ts
    }

    /// `user` changes an own message.
    ///
    /// # Errors
    /// There is no such message, or it is somebody else's.
    pub fn edit(&self, user: &str, channel: &str, ts: Ts, text: &str) -> Result<(), HandError> {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        may_write(&state.world, user, channel)?;
        let typed = Typed::read(&state.world, user, text, self.labels());
        let (text, blocks) = (typed.text(), self.core.options.rich_text.then(|| typed.rich_text()));
        let (edited_ts, revision) = (state.next_ts(now), state.touch());
        let message = state.world.channels.get_mut(channel).and_then(|room| room.message_mut(ts));
        let message = message.ok_or_else(|| HandError::NoSuchMessage(channel.to_owned()))?;
        if message.user != user {
            return Err(HandError::NotYours);
        }
        let previous = message.clone();
        message.text = text;
        message.blocks = blocks;
        message.edited = Some(Edited { user: user.to_owned(), ts: edited_ts });
        (message.revision, message.read) = (revision, revision);
        let payload = events::changed(&mut state, channel, &previous, ts, now);
        drop(state);
        self.tell_change(payload, channel, ts);
        Ok(())
    }

    /// Slack shows a preview of a link in somebody's message: for the app a `message_changed` that is no
    /// edit.
    ///
    /// # Errors
    /// There is no such message.
    pub fn unfurl(&self, channel: &str, ts: Ts) -> Result<(), HandError> {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        let message = state.world.channels.get_mut(channel).and_then(|room| room.message_mut(ts));
        let message = message.ok_or_else(|| HandError::NoSuchMessage(channel.to_owned()))?;
        let previous = message.clone();
        message.attachments =
            Some(json!([{ "id": 1, "title": "A page", "from_url": "https://acme.example/" }]));
        let payload = events::changed(&mut state, channel, &previous, ts, now);
        drop(state);
        self.tell_change(payload, channel, ts);
        Ok(())
    }

    fn tell_change(&self, payload: Option<String>, channel: &str, ts: Ts) {
        if let Some(payload) = payload {
            self.core.socket.deliver(&payload, Outgoing::event());
        }
        self.core.announce(|| Change::Message { channel: channel.to_owned(), ts });
    }

    /// `user` deletes an own message.
    ///
    /// # Errors
    /// There is no such message, or it is somebody else's.
    pub fn remove(&self, user: &str, channel: &str, ts: Ts) -> Result<(), HandError> {
        let missing = || HandError::NoSuchMessage(channel.to_owned());
        {
            let state = self.core.lock();
            let message = state.world.channels.get(channel).and_then(|room| room.message(ts));
            if message.ok_or_else(missing)?.user != user {
                return Err(HandError::NotYours);
            }
        }
        if self.core.delete(channel, ts, true) { Ok(()) } else { Err(missing()) }
    }

    /// `user` joins `channel`; for the app a message with the subtype `channel_join`.
    ///
    /// # Errors
    /// The person or channel is not there.
    pub fn join(&self, user: &str, channel: &str) -> Result<Ts, HandError> {
        self.come_or_go(user, channel, true)
    }

    /// `user` leaves `channel`; for the app a message with the subtype `channel_leave`.
    ///
    /// # Errors
    /// The person or channel is not there.
    pub fn leave(&self, user: &str, channel: &str) -> Result<Ts, HandError> {
        self.come_or_go(user, channel, false)
    }

    fn come_or_go(&self, user: &str, channel: &str, comes: bool) -> Result<Ts, HandError> {
        let now = self.core.clock.now();
        let mut state = self.core.lock();
        let person = state.world.people.get(user).ok_or_else(|| HandError::NoSuchPerson(user.to_owned()))?;
        let team = person.team_id.clone();
        let ts = state.next_ts(now);
        let room = state.world.channels.get_mut(channel);
        let room = room.ok_or_else(|| HandError::NoSuchChannel(channel.to_owned()))?;
        let (subtype, what) = if comes {
            room.members.insert(user.to_owned());
            ("channel_join", "joined")
        } else {
            room.members.remove(user);
            ("channel_leave", "left")
        };
        let text = format!("<@{user}> has {what} the channel");
        let message =
            Message { ts, user: user.to_owned(), team, subtype: Some(subtype), text, ..Message::default() };
        Ok(self.add(state, channel, message))
    }
}
