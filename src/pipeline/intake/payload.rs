//! What Slack sends, as far as the bot reads it. Every field that could be missing may be missing.
//! Source: <https://docs.slack.dev/reference/events/message> and
//! <https://docs.slack.dev/reference/interaction-payloads>.

use std::borrow::Cow;

use hubcommander_sdk::people::Conversation;
use serde::Deserialize;
use serde_json::Value as Json;

/// The outer part of an event.
#[derive(Debug, Deserialize)]
pub struct EventPayload<'a> {
    /// The workspace it was sent for.
    #[serde(borrow, default)]
    pub team_id: Option<Cow<'a, str>>,
    /// The event's own id, the same when it is sent again.
    #[serde(borrow, default)]
    pub event_id: Option<Cow<'a, str>>,
    /// Whether people of other companies read along.
    #[serde(default)]
    pub is_ext_shared_channel: bool,
    /// What happened. Missing in `app_rate_limited`.
    #[serde(borrow, default)]
    pub event: Option<Event<'a>>,
    /// `event_callback` or `app_rate_limited`.
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Cow<'a, str>>,
}

/// What happened.
#[derive(Debug, Deserialize)]
pub struct Event<'a> {
    /// `message`, `app_mention`, …
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    /// None for what people type, besides `thread_broadcast` and `file_share`.
    #[serde(borrow, default)]
    pub subtype: Option<Cow<'a, str>>,
    /// Who, as an id. An object in some other events, which the bot does not read.
    #[serde(default)]
    pub user: Option<Json>,
    /// Set for what apps post.
    #[serde(borrow, default)]
    pub bot_id: Option<Cow<'a, str>>,
    /// The words, with `& < >` as entities.
    #[serde(borrow, default)]
    pub text: Option<Cow<'a, str>>,
    /// Which part of the app was opened: `home` or `messages`.
    #[serde(borrow, default)]
    pub tab: Option<Cow<'a, str>>,
    /// The message's id within its conversation.
    #[serde(borrow, default)]
    pub ts: Option<Cow<'a, str>>,
    /// The thread it stands in.
    #[serde(borrow, default)]
    pub thread_ts: Option<Cow<'a, str>>,
    /// The conversation. An object in some other events.
    #[serde(default)]
    pub channel: Option<Json>,
    /// `channel`, `group`, `im` or `mpim`.
    #[serde(borrow, default)]
    pub channel_type: Option<Cow<'a, str>>,
    /// Not for people's eyes.
    #[serde(default)]
    pub hidden: bool,
    /// The person's own workspace.
    #[serde(borrow, default)]
    pub user_team: Option<Cow<'a, str>>,
    /// The same, in older payloads.
    #[serde(borrow, default)]
    pub team: Option<Cow<'a, str>>,
}

impl Event<'_> {
    /// What kind of conversation it is, from its type or, for mentions, from its id.
    #[must_use]
    pub fn conversation(&self, channel: &str) -> Conversation {
        match self.channel_type.as_deref() {
            Some("im") => Conversation::Direct,
            Some("mpim") => Conversation::Group,
            Some("group") => Conversation::Private,
            Some(_) => Conversation::Public,
            None if channel.starts_with('D') => Conversation::Direct,
            None if channel.starts_with('G') => Conversation::Private,
            None => Conversation::Public,
        }
    }
}

/// A slash command.
#[derive(Debug, Deserialize)]
pub struct SlashPayload {
    /// The person's workspace.
    pub team_id: String,
    /// Who.
    pub user_id: String,
    /// Where.
    pub channel_id: String,
    /// What follows the command.
    #[serde(default)]
    pub text: String,
    /// Where to answer.
    #[serde(default)]
    pub response_url: Option<String>,
}

/// A click, a form that was sent, or a question that a form asks while it is filled in.
#[derive(Debug, Deserialize)]
pub struct Interaction {
    /// `block_actions`, `view_submission`, `view_closed`, `block_suggestion`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Who.
    pub user: User,
    /// Opens a form, within three seconds.
    #[serde(default)]
    pub trigger_id: Option<String>,
    /// Where the message with the button stands.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// The message with the button.
    #[serde(default)]
    pub container: Option<Container>,
    /// What was pressed.
    #[serde(default)]
    pub actions: Vec<Pressed>,
    /// The form.
    #[serde(default)]
    pub view: Option<View>,
    /// The field that asks.
    #[serde(default)]
    pub action_id: Option<String>,
    /// What was typed into it.
    #[serde(default)]
    pub value: Option<String>,
}

impl Interaction {
    /// Whether it happened on the app's own page.
    #[must_use]
    pub fn is_at_home(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.kind == "home")
    }
}

/// A person, in an interaction.
#[derive(Debug, Deserialize)]
pub struct User {
    /// Who.
    pub id: String,
    /// The person's own workspace.
    #[serde(default)]
    pub team_id: Option<String>,
}

/// A conversation, in an interaction.
#[derive(Debug, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: String,
}

/// What holds a button.
#[derive(Debug, Deserialize)]
pub struct Container {
    /// The thread that its message stands in.
    #[serde(default)]
    pub thread_ts: Option<String>,
    /// The message itself.
    #[serde(default)]
    pub message_ts: Option<String>,
    /// Whether only one person sees it.
    #[serde(default)]
    pub is_ephemeral: bool,
}

/// A button that was pressed.
#[derive(Debug, Deserialize)]
pub struct Pressed {
    /// Which action.
    pub action_id: String,
    /// What it is about.
    #[serde(default)]
    pub value: Option<String>,
}

/// A form.
#[derive(Debug, Deserialize)]
pub struct View {
    /// Its id: one for each time it is opened.
    pub id: String,
    /// `modal` or `home`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Which form.
    #[serde(default)]
    pub callback_id: String,
    /// What we gave along when it was opened.
    #[serde(default)]
    pub private_metadata: String,
    /// What was filled in.
    #[serde(default)]
    pub state: Option<ViewState>,
}

/// What was filled in, by block and action.
#[derive(Debug, Default, Deserialize)]
pub struct ViewState {
    /// By block, then by action.
    #[serde(default)]
    pub values: serde_json::Map<String, Json>,
}
