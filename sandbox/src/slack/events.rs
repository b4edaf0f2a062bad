//! What the app hears, in the shapes of the Events API.
//! Source: <https://docs.slack.dev/reference/events/message> and <https://docs.slack.dev/apis/events-api>.

use hubcommander_sdk::clock::Instant;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::state::State;
use super::world::{Message, Ts, World};

#[derive(Serialize)]
struct Authorization<'a> {
    enterprise_id: Option<()>,
    team_id: &'a str,
    user_id: &'a str,
    is_bot: bool,
    is_enterprise_install: bool,
}

/// What surrounds an event.
#[derive(Serialize)]
struct Callback<'a, E> {
    token: &'a str,
    team_id: &'a str,
    context_team_id: &'a str,
    context_enterprise_id: Option<()>,
    api_app_id: &'a str,
    event: E,
    r#type: &'a str,
    event_id: String,
    event_time: i64,
    authorizations: [Authorization<'a>; 1],
    is_ext_shared_channel: bool,
    event_context: &'a str,
}

/// A message as people type it: the one event whose making must cost little.
#[derive(Serialize)]
struct Said<'a> {
    r#type: &'a str,
    channel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    user: &'a str,
    text: &'a str,
    ts: Ts,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subtype: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<&'a Json>,
    #[serde(skip_serializing_if = "<[Json]>::is_empty")]
    files: &'a [Json],
    #[serde(skip_serializing_if = "str::is_empty")]
    team: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_team: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_team: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_user_id: Option<&'a str>,
    event_ts: Ts,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_type: Option<&'a str>,
}

fn wrap<E: Serialize>(world: &World, shared: bool, number: u64, now: Instant, event: E) -> String {
    let callback = Callback {
        token: "sandbox",
        team_id: &world.team.id,
        context_team_id: &world.team.id,
        context_enterprise_id: None,
        api_app_id: &world.bot.app_id,
        event,
        r#type: "event_callback",
        event_id: format!("Ev{number:010X}"),
        event_time: now.timestamp(),
        authorizations: [Authorization {
            enterprise_id: None,
            team_id: &world.team.id,
            user_id: &world.bot.user_id,
            is_bot: true,
            is_enterprise_install: false,
        }],
        is_ext_shared_channel: shared,
        event_context: "4-sandbox",
    };
    // Strings and numbers only: it cannot fail.
    serde_json::to_string(&callback).unwrap_or_default()
}

/// An event of any shape, outside of shared channels.
pub(super) fn callback(state: &mut State, now: Instant, event: &Json) -> String {
    let number = state.next_number();
    wrap(&state.world, false, number, now, event)
}

/// The events that follow from a message that was just added to `channel`: none if the app is not in it.
pub(super) fn said(state: &mut State, channel: &str, ts: Ts, now: Instant) -> Vec<String> {
    let numbers = [state.next_number(), state.next_number()];
    let world = &state.world;
    let Some(room) = world.channels.get(channel).filter(|room| world.bot_is_in(room)) else {
        return Vec::new();
    };
    let Some(message) = room.message(ts) else { return Vec::new() };
    let stranger = message.team != world.team.id && !message.team.is_empty();
    let home = stranger.then_some(message.team.as_str());
    let root = message.thread_ts.and_then(|root| room.message(root));
    let mut event = Said {
        r#type: "message",
        channel,
        user: &message.user,
        text: &message.text,
        ts,
        thread_ts: message.thread_ts,
        subtype: message.subtype,
        client_msg_id: message.client_msg_id.as_deref(),
        blocks: message.blocks.as_ref(),
        files: &message.files,
        team: &message.team,
        user_team: home,
        source_team: home,
        bot_id: message.bot.as_ref().map(|(bot_id, _)| bot_id.as_str()),
        app_id: message.bot.as_ref().map(|(_, app_id)| app_id.as_str()),
        parent_user_id: root.map(|root| root.user.as_str()),
        event_ts: ts,
        channel_type: Some(room.kind.event_name()),
    };
    let mut out = vec![wrap(world, room.shared, numbers[0], now, &event)];
    if !room.is_im() && mentions(&message.text, &world.bot.user_id) && message.subtype.is_none() {
        event.r#type = "app_mention";
        event.channel_type = None;
        out.push(wrap(world, room.shared, numbers[1], now, &event));
    }
    out
}

fn mentions(text: &str, user: &str) -> bool {
    text.split("<@").skip(1).any(|rest| {
        rest.strip_prefix(user).is_some_and(|after| after.starts_with('>') || after.starts_with('|'))
    })
}

/// A message was changed.
pub(super) fn changed(
    state: &mut State,
    channel: &str,
    previous: &Message,
    ts: Ts,
    now: Instant,
) -> Option<String> {
    let event_ts = state.next_ts(now);
    let room = state.world.channels.get(channel).filter(|room| state.world.bot_is_in(room))?;
    let message = room.message(ts)?;
    let event = json!({
        "type": "message", "subtype": "message_changed", "hidden": true,
        "message": message.api(true), "previous_message": previous.api(true),
        "channel": channel, "ts": event_ts, "event_ts": event_ts, "channel_type": room.kind.event_name(),
    });
    let shared = room.shared;
    let number = state.next_number();
    Some(wrap(&state.world, shared, number, now, &event))
}

/// A message was taken away.
pub(super) fn deleted(state: &mut State, channel: &str, previous: &Message, now: Instant) -> Option<String> {
    let event_ts = state.next_ts(now);
    let room = state.world.channels.get(channel).filter(|room| state.world.bot_is_in(room))?;
    let event = json!({
        "type": "message", "subtype": "message_deleted", "hidden": true, "deleted_ts": previous.ts,
        "previous_message": previous.api(true),
        "channel": channel, "ts": event_ts, "event_ts": event_ts, "channel_type": room.kind.event_name(),
    });
    let shared = room.shared;
    let number = state.next_number();
    Some(wrap(&state.world, shared, number, now, &event))
}
