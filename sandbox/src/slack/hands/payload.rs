//! The payloads of interactions.
//! Source: <https://docs.slack.dev/reference/interaction-payloads>

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use serde_json::{Value as Json, json};

use super::super::core::Core;
use super::super::state::{Hook, State};
use super::super::world::{Message, Ts, World};
use super::{HOOK_LIFE, HandError};

/// What every interaction says.
pub(super) fn base(world: &World, user: &str, kind: &str) -> Json {
    let person = world.people.get(user);
    let name = person.map_or(user, |person| person.name.as_str());
    let team = person.map_or(world.team.id.as_str(), |person| person.team_id.as_str());
    json!({
        "type": kind,
        "user": { "id": user, "username": name, "name": name, "team_id": team },
        "api_app_id": world.bot.app_id,
        "token": "sandbox",
        "team": { "id": world.team.id, "domain": world.team.domain },
        "enterprise": null,
        "is_enterprise_install": false,
    })
}

/// A new trigger for `user`.
pub(super) fn trigger(core: &Core, state: &mut State, user: &str, view: Option<&str>) -> String {
    let now = core.clock.now();
    let life = TimeDelta::from_std(core.options.trigger_life).unwrap_or(TimeDelta::MAX);
    state.trigger(user, now, now + life, view)
}

/// A new address to answer at, and what it leads to.
pub(super) fn hook(
    core: &Core,
    state: &mut State,
    user: &str,
    channel: &str,
    message: Option<&Message>,
) -> (String, Hook) {
    let now: Instant = core.clock.now();
    let hook = Hook {
        user: user.to_owned(),
        channel: channel.to_owned(),
        message: message.map(|message| (message.ts, message.only_for.is_some())),
        thread: message.and_then(|message| message.thread_ts),
        uses: super::super::api::USES,
        until: now + TimeDelta::from_std(HOOK_LIFE).unwrap_or(TimeDelta::MAX),
    };
    state.hooks.retain(|_, old| old.until > now);
    let id = state.next_id("hook-");
    state.hooks.insert(id.clone(), hook.clone());
    (format!("{}/hook/{id}", core.base), hook)
}

/// Adds what there is to say of the message with the element: the container, the channel, the message
/// itself unless only one person sees it, and where to answer.
pub(super) fn about_message(
    core: &Core,
    state: &mut State,
    payload: &mut Json,
    user: &str,
    channel: &str,
    ts: Ts,
) -> Result<(), HandError> {
    let message = state.visible(user, channel, ts).cloned();
    let message = message.ok_or_else(|| HandError::NoSuchMessage(channel.to_owned()))?;
    let ephemeral = message.only_for.is_some();
    let mut container = json!({
        "type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": ephemeral,
    });
    if let Some(thread) = message.thread_ts {
        container["thread_ts"] = json!(thread);
    }
    payload["container"] = container;
    let name = state.world.channels.get(channel).map_or("", |room| room.payload_name()).to_owned();
    payload["channel"] = json!({ "id": channel, "name": name });
    if !ephemeral {
        payload["message"] = message.api(true);
    }
    let (url, _) = hook(core, state, user, channel, Some(&message));
    payload["response_url"] = json!(url);
    Ok(())
}
