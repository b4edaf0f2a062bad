//! `conversations.*`

use serde_json::{Value as Json, json};

use super::super::core::Core;
use super::super::world::{Channel, ChannelKind, Message, Ts, World};
use super::{Answer, ApiError, Args};

/// How many items a page holds when the caller does not say, and at most.
const PAGE: usize = 100;
const MOST: usize = 1_000;

/// A conversation that the app can see.
fn seen<'w>(world: &'w World, args: &Args) -> Result<&'w Channel, ApiError> {
    let id = args.text("channel").ok_or("channel_not_found")?;
    let channel = world.channels.get(id).ok_or("channel_not_found")?;
    let visible = channel.kind == ChannelKind::Public || world.bot_is_in(channel);
    if visible { Ok(channel) } else { Err("channel_not_found".into()) }
}

/// A conversation whose messages the app can read.
fn readable<'w>(world: &'w World, args: &Args) -> Result<&'w Channel, ApiError> {
    let channel = seen(world, args)?;
    if world.bot_is_in(channel) { Ok(channel) } else { Err("not_in_channel".into()) }
}

/// One page of `items`: where it starts is in `cursor`.
pub(super) fn page<T>(args: &Args, items: Vec<T>) -> Result<(Vec<T>, String), ApiError> {
    let start = match args.text("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("from:")
            .and_then(|place| place.parse::<usize>().ok())
            .ok_or("invalid_cursor")?,
    };
    let limit = match args.number("limit") {
        None | Some(0) => PAGE,
        Some(limit) if limit > MOST => return Err("invalid_limit".into()),
        Some(limit) => limit,
    };
    let more = items.len() > start.saturating_add(limit);
    let next = if more { format!("from:{}", start + limit) } else { String::new() };
    Ok((items.into_iter().skip(start).take(limit).collect(), next))
}

pub(super) fn open(core: &Core, args: &Args) -> Answer {
    let mut state = core.lock();
    if let Some(id) = args.text("channel") {
        let channel =
            state.world.channels.get(id).filter(|channel| channel.is_im()).ok_or("channel_not_found")?;
        return Ok(json!({ "no_op": true, "already_open": true, "channel": { "id": channel.id } }));
    }
    let users = args.list("users");
    let users = match users.as_slice() {
        [] => return Err("users_list_not_supplied".into()),
        [user] => user.as_str(),
        // Group conversations are no part of this model.
        _ => return Err("too_many_users".into()),
    };
    let person = state.world.people.get(users).ok_or("user_not_found")?;
    if person.deleted {
        return Err("user_disabled".into());
    }
    if person.is_bot {
        return Err("cannot_dm_bot".into());
    }
    let known = state.world.im_with(users).is_some();
    if !known && args.flag("prevent_creation") {
        return Err("channel_not_found".into());
    }
    let id = state.world.open_im(users);
    let (team, bot) = (&state.world.team.id, &state.world.bot.user_id);
    let shown = match state.world.channels.get(&id) {
        Some(channel) if args.flag("return_im") => channel.api(team, bot),
        _ => json!({ "id": id }),
    };
    Ok(json!({ "no_op": known, "already_open": known, "channel": shown }))
}

pub(super) fn info(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let channel = seen(&state.world, args)?;
    Ok(json!({ "channel": channel.api(&state.world.team.id, &state.world.bot.user_id) }))
}

pub(super) fn list(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let kinds = args.text("types").unwrap_or("public_channel");
    let world = &state.world;
    let wanted = |channel: &&Channel| {
        let kind = match channel.kind {
            ChannelKind::Public => "public_channel",
            ChannelKind::Private => "private_channel",
            ChannelKind::Im => "im",
        };
        kinds.split(',').any(|one| one.trim() == kind)
            && (channel.kind == ChannelKind::Public || world.bot_is_in(channel))
            && !(args.flag("exclude_archived") && channel.archived)
    };
    let all: Vec<Json> = world
        .channels
        .values()
        .filter(wanted)
        .map(|channel| channel.api(&world.team.id, &world.bot.user_id))
        .collect();
    let (channels, next) = page(args, all)?;
    Ok(json!({ "channels": channels, "response_metadata": { "next_cursor": next } }))
}

pub(super) fn members(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let channel = seen(&state.world, args)?;
    let (members, next) = page(args, channel.members.iter().cloned().collect())?;
    Ok(json!({ "members": members, "response_metadata": { "next_cursor": next } }))
}

/// The messages between `oldest` and `latest`, as they may be asked for.
fn between<'m>(args: &Args) -> Result<impl Fn(&&'m Message) -> bool, ApiError> {
    let bound = |key: &str| -> Result<Option<Ts>, ApiError> {
        match args.text(key).filter(|text| *text != "0") {
            None => Ok(None),
            // Callers also send whole seconds.
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{text}.000000").parse().map(Some).map_err(|_| invalid(key))
            }
            Some(text) => text.parse().map(Some).map_err(|_| invalid(key)),
        }
    };
    let (oldest, latest, inclusive) = (bound("oldest")?, bound("latest")?, args.flag("inclusive"));
    Ok(move |message: &&Message| {
        let ts = message.ts;
        oldest.is_none_or(|oldest| ts > oldest || (inclusive && ts == oldest))
            && latest.is_none_or(|latest| ts < latest || (inclusive && ts == latest))
    })
}

fn invalid(key: &str) -> ApiError {
    if key == "oldest" { "invalid_ts_oldest".into() } else { "invalid_ts_latest".into() }
}

pub(super) fn history(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let channel = readable(&state.world, args)?;
    let wanted = between(args)?;
    let in_channel =
        |message: &&Message| message.thread_ts.is_none() || message.subtype == Some("thread_broadcast");
    // The newest first.
    let all: Vec<&Message> = channel.messages().rev().filter(in_channel).filter(wanted).collect();
    answer(args, all)
}

pub(super) fn replies(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let channel = readable(&state.world, args)?;
    let ts: Ts = args.need("ts")?.parse().map_err(|_| ApiError::from("thread_not_found"))?;
    let message = channel.message(ts).ok_or("thread_not_found")?;
    let root = message.thread_ts.unwrap_or(ts);
    let wanted = between(args)?;
    // The first message always comes along.
    let all: Vec<&Message> =
        channel.thread(root).filter(|message| message.ts == root || wanted(message)).collect();
    answer(args, all)
}

fn answer(args: &Args, all: Vec<&Message>) -> Answer {
    let with_metadata = args.flag("include_all_metadata");
    let (messages, next) = page(args, all)?;
    let messages: Vec<Json> = messages.into_iter().map(|message| message.api(with_metadata)).collect();
    Ok(json!({
        "messages": messages,
        "has_more": !next.is_empty(),
        "response_metadata": { "next_cursor": next },
    }))
}
