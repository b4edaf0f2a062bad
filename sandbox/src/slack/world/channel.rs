//! Conversations: channels, private channels and direct ones.

use std::collections::{BTreeSet, VecDeque};

use serde_json::{Value as Json, json};

use super::message::Message;
use super::ts::Ts;

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    /// All members can find it.
    Public,
    /// By invitation.
    Private,
    /// Between one person and the bot.
    Im,
}

impl ChannelKind {
    /// `channel_type` in events.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Public => "channel",
            Self::Private => "group",
            Self::Im => "im",
        }
    }
}

/// A conversation.
#[derive(Clone, Debug)]
pub struct Channel {
    /// `C…` or `D…`.
    pub id: String,
    /// Its name without `#`; empty for direct conversations.
    pub name: String,
    /// What kind it is.
    pub kind: ChannelKind,
    /// What it is about.
    pub topic: String,
    /// Who is in it, by id.
    pub members: BTreeSet<String>,
    /// Nobody can write any more.
    pub archived: bool,
    /// People of other companies read along (Slack Connect).
    pub shared: bool,
    /// In a direct conversation, the person.
    pub im_with: Option<String>,
    /// What was said, the oldest first.
    messages: VecDeque<Message>,
}

impl Channel {
    /// A channel.
    pub fn new(kind: ChannelKind, id: &str, name: &str, topic: &str, members: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            kind,
            topic: topic.to_owned(),
            members: members.iter().map(|&id| id.to_owned()).collect(),
            archived: false,
            shared: false,
            im_with: None,
            messages: VecDeque::new(),
        }
    }

    /// A direct conversation between `user` and `bot`.
    pub fn im(id: &str, user: &str, bot: &str) -> Self {
        Self { im_with: Some(user.to_owned()), ..Self::new(ChannelKind::Im, id, "", "", &[user, bot]) }
    }

    /// The same, shared with other companies.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Whether it is a direct conversation.
    pub fn is_im(&self) -> bool {
        self.kind == ChannelKind::Im
    }

    /// What was said, the oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.messages.iter()
    }

    /// The message with this id.
    pub fn message(&self, ts: Ts) -> Option<&Message> {
        self.place(ts).and_then(|place| self.messages.get(place))
    }

    /// The message with this id, to change it.
    pub fn message_mut(&mut self, ts: Ts) -> Option<&mut Message> {
        self.place(ts).and_then(|place| self.messages.get_mut(place))
    }

    /// The first message of a thread, and its replies: the oldest first.
    pub fn thread(&self, root: Ts) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.ts == root || message.thread_ts == Some(root))
    }

    /// Adds the newest message, and forgets the oldest beyond `keep`.
    pub fn push(&mut self, message: Message, keep: usize) {
        if let Some(root) = message.thread_ts
            && let Some(root) = self.message_mut(root)
        {
            root.answered_by(&message);
        }
        self.messages.push_back(message);
        while self.messages.len() > keep {
            self.messages.pop_front();
        }
    }

    /// Takes a message away.
    pub fn remove(&mut self, ts: Ts) -> Option<Message> {
        let place = self.place(ts)?;
        let message = self.messages.remove(place)?;
        if let Some(root) = message.thread_ts.and_then(|root| self.message_mut(root)) {
            root.reply_count = root.reply_count.saturating_sub(1);
        }
        Some(message)
    }

    /// Changes all messages, for example to mark them.
    pub fn messages_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.messages.iter_mut()
    }

    /// Time stamps only grow, so a message is found by halving.
    fn place(&self, ts: Ts) -> Option<usize> {
        self.messages.binary_search_by_key(&ts, |message| message.ts).ok()
    }

    /// The name in interaction payloads, where the real one is hidden for private conversations.
    pub fn payload_name(&self) -> &str {
        match self.kind {
            ChannelKind::Public => &self.name,
            ChannelKind::Private => "privategroup",
            ChannelKind::Im => "directmessage",
        }
    }

    /// As in the answer of `conversations.info`, seen by `bot`.
    /// Source: <https://docs.slack.dev/reference/objects/conversation-object>
    pub fn api(&self, team: &str, bot: &str) -> Json {
        if let Some(user) = &self.im_with {
            return json!({
                "id": self.id, "created": 1_700_000_000, "is_archived": false, "is_im": true,
                "is_org_shared": false, "context_team_id": team, "user": user, "is_open": true, "priority": 0,
            });
        }
        json!({
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": true,
            "is_group": false,
            "is_im": false,
            "is_mpim": false,
            "is_private": self.kind == ChannelKind::Private,
            "created": 1_700_000_000,
            "creator": "U0SAM",
            "is_archived": self.archived,
            "is_general": self.name == "general",
            "unlinked": 0,
            "is_shared": self.shared,
            "is_ext_shared": self.shared,
            "is_org_shared": false,
            "is_pending_ext_shared": false,
            "context_team_id": team,
            "is_member": self.members.contains(bot),
            "num_members": self.members.len(),
            "topic": { "value": self.topic, "creator": "U0SAM", "last_set": 1_700_000_000 },
            "purpose": { "value": "", "creator": "", "last_set": 0 },
            "previous_names": [],
        })
    }
}
