//! The workspace as one person sees it, in the form that the page reads.

use serde_json::{Map, Value as Json, json};

use super::super::core::Change;
use super::super::state::{State, View};
use super::super::world::{Channel, ChannelKind, Message};

/// Whether the page lets one be this person.
pub(super) fn may_be(state: &State, user: &str) -> bool {
    state.world.people.get(user).is_some_and(|person| !person.role.name.is_empty())
}

/// Everything that `viewer` sees.
pub(super) fn everything(state: &State, viewer: &str, github_page: Option<&str>) -> Json {
    let world = &state.world;
    let people: Vec<Json> = world
        .people
        .values()
        .filter(|person| !person.role.name.is_empty())
        .map(|person| {
            json!({
                "id": person.id, "name": person.name, "real_name": person.real_name,
                "role": person.role.name, "hint": person.role.hint,
            })
        })
        .collect();
    let names: Map<String, Json> =
        world.people.iter().map(|(id, person)| (id.clone(), json!(person.name))).collect();
    let rooms = || world.channels.values().filter(|room| room.members.contains(viewer));
    let channels: Vec<Json> = rooms().map(|room| channel(state, room)).collect();
    let messages: Map<String, Json> =
        rooms().map(|room| (room.id.clone(), Json::Array(messages(state, room, viewer)))).collect();
    json!({
        "ok": true,
        "me": viewer,
        "workspace": { "id": world.team.id, "name": world.team.name },
        "bot": { "id": world.bot.user_id, "name": world.bot.name },
        "people": people,
        "names": names,
        "channels": channels,
        "messages": messages,
        "modals": modals(state, viewer),
        "github_page": github_page,
    })
}

fn channel(state: &State, room: &Channel) -> Json {
    let (kind, name) = match room.kind {
        ChannelKind::Public => ("public", room.name.as_str()),
        ChannelKind::Private => ("private", room.name.as_str()),
        ChannelKind::Im => ("im", state.world.bot.name.as_str()),
    };
    json!({
        "id": room.id, "name": name, "kind": kind, "shared": room.shared, "can_post": !room.archived,
        "topic": room.topic,
    })
}

fn messages(state: &State, room: &Channel, viewer: &str) -> Vec<Json> {
    let own = state
        .ephemerals
        .iter()
        .filter(|one| one.channel == room.id && one.message.only_for.as_deref() == Some(viewer))
        .map(|one| &one.message);
    let mut all: Vec<&Message> = room.messages().chain(own).collect();
    all.sort_by_key(|message| message.ts);
    all.into_iter().map(message).collect()
}

fn message(message: &Message) -> Json {
    let reactions: Vec<Json> = message
        .reactions
        .iter()
        .map(|reaction| json!({ "name": reaction.name, "count": reaction.users.len() }))
        .collect();
    json!({
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "bot": message.bot.is_some(),
        "subtype": message.subtype,
        "text": message.text,
        "blocks": message.blocks,
        "edited": message.edited.is_some(),
        "ephemeral": message.only_for.is_some(),
        "reactions": reactions,
        "files": message.files,
        "reply_count": message.reply_count,
    })
}

fn modals(state: &State, viewer: &str) -> Vec<Json> {
    state.views.get(viewer).into_iter().flatten().map(view).collect()
}

fn view(view: &View) -> Json {
    let mut out = view.body.clone();
    out["id"] = json!(view.id);
    out["hash"] = json!(view.hash);
    out["errors"] = if view.errors.is_empty() { Json::Null } else { json!(view.errors) };
    out
}

/// A change as `viewer` sees it; `None` if it is none of theirs.
pub(super) fn change(state: &State, viewer: &str, change: &Change) -> Option<Json> {
    let sees =
        |channel: &str| state.world.channels.get(channel).is_some_and(|room| room.members.contains(viewer));
    match change {
        Change::Message { channel, ts } if sees(channel) => {
            let found = state.visible(viewer, channel, *ts);
            found.map(|found| json!({ "channel": channel, "message": message(found) }))
        }
        Change::Deleted { channel, ts } if sees(channel) => {
            Some(json!({ "channel": channel, "deleted": ts }))
        }
        Change::EphemeralDeleted { user, channel, ts } if user == viewer => {
            Some(json!({ "channel": channel, "deleted": ts }))
        }
        Change::Modals { user } if user == viewer => Some(json!({ "modals": modals(state, viewer) })),
        Change::Notice { user, text } if user == viewer => Some(json!({ "notice": text })),
        _ => None,
    }
}
