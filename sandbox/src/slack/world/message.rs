//! A message as Slack keeps it.

use serde_json::{Value as Json, json};

use super::ts::Ts;

/// Who changed a message last, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// Who.
    pub user: String,
    /// When.
    pub ts: Ts,
}

/// An emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Without colons.
    pub name: String,
    /// Who reacted, by id.
    pub users: Vec<String>,
}

/// A message as Slack keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// Its id within the conversation.
    pub ts: Ts,
    /// Who wrote it. Empty for messages of old webhooks.
    pub user: String,
    /// The writer's workspace.
    pub team: String,
    /// The bot and the app that wrote it: `B…` and `A…`.
    pub bot: Option<(String, String)>,
    /// None for what people and modern apps write.
    pub subtype: Option<&'static str>,
    /// The first message of the thread that it is a reply in.
    pub thread_ts: Option<Ts>,
    /// `mrkdwn`, with `& < >` as entities.
    pub text: String,
    /// Block Kit, an array.
    pub blocks: Option<Json>,
    /// `event_type` and `event_payload`.
    pub metadata: Option<Json>,
    /// Whether it was changed, with a mark that people see.
    pub edited: Option<Edited>,
    /// Emojis under it.
    pub reactions: Vec<Reaction>,
    /// Files, as the API shows them.
    pub files: Vec<Json>,
    /// Old-style attachments, an array.
    pub attachments: Option<Json>,
    /// How many replies stand in its thread.
    pub reply_count: usize,
    /// Who replied, by id, each once.
    pub reply_users: Vec<String>,
    /// The newest reply.
    pub latest_reply: Option<Ts>,
    /// Given by the app that a person types in.
    pub client_msg_id: Option<String>,
    /// Who alone sees it.
    pub only_for: Option<String>,
    /// Grows with each change of anything in the workspace; says which of two changes came later.
    pub revision: u64,
    /// The revision up to which a test has read it.
    pub read: u64,
}

impl Message {
    /// Whether a test has not read its newest form.
    pub fn is_unread(&self) -> bool {
        self.revision > self.read
    }

    /// Whether the app with this `B…` wrote it.
    pub fn is_by(&self, bot_id: &str) -> bool {
        self.bot.as_ref().is_some_and(|(id, _)| id == bot_id)
    }

    /// Takes note of a reply in its thread.
    pub(super) fn answered_by(&mut self, reply: &Self) {
        self.reply_count += 1;
        self.latest_reply = Some(reply.ts);
        if !self.reply_users.contains(&reply.user) {
            self.reply_users.push(reply.user.clone());
        }
    }

    /// As the API shows it, and as it stands within events.
    /// Source: <https://docs.slack.dev/reference/events/message>
    pub fn api(&self, with_metadata: bool) -> Json {
        let mut out = json!({
            "type": "message",
            "ts": self.ts,
            "text": self.text,
        });
        let mut set = |key: &str, value: Json| {
            out[key] = value;
        };
        if !self.user.is_empty() {
            set("user", json!(self.user));
        }
        if !self.team.is_empty() {
            set("team", json!(self.team));
        }
        if let Some(subtype) = self.subtype {
            set("subtype", json!(subtype));
        }
        if let Some((bot_id, app_id)) = &self.bot {
            set("bot_id", json!(bot_id));
            set("app_id", json!(app_id));
        }
        if let Some(root) = self.thread_ts {
            set("thread_ts", json!(root));
        } else if self.reply_count > 0 {
            set("thread_ts", json!(self.ts));
            set("reply_count", json!(self.reply_count));
            set("reply_users_count", json!(self.reply_users.len()));
            set("reply_users", json!(self.reply_users));
            set("latest_reply", json!(self.latest_reply));
            set("is_locked", json!(false));
            set("subscribed", json!(true));
        }
        if let Some(blocks) = &self.blocks {
            set("blocks", blocks.clone());
        }
        if let Some(attachments) = &self.attachments {
            set("attachments", attachments.clone());
        }
        if let Some(edited) = &self.edited {
            set("edited", json!({ "user": edited.user, "ts": edited.ts }));
        }
        if let Some(id) = &self.client_msg_id {
            set("client_msg_id", json!(id));
        }
        if !self.files.is_empty() {
            set("files", json!(self.files));
        }
        if !self.reactions.is_empty() {
            let reactions = self.reactions.iter().map(
                |reaction| json!({ "name": reaction.name, "users": reaction.users, "count": reaction.users.len() }),
            );
            set("reactions", reactions.collect());
        }
        if let Some(metadata) = self.metadata.as_ref().filter(|_| with_metadata) {
            set("metadata", metadata.clone());
        }
        out
    }
}
