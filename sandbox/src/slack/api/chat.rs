//! `chat.*` and `reactions.add`.

use serde_json::{Value as Json, json};

use super::super::blocks::{Surface, check, fill_ids};
use super::super::core::{Change, Core};
use super::super::post::{Content, Draft};
use super::super::world::{Channel, ChannelKind, Reaction, Ts, World};
use super::{Answer, ApiError, Args};

/// Longer texts are cut when they are posted.
const MOST_TEXT: usize = 40_000;
/// Longer texts are refused in updates, and in messages that one person sees.
const MOST_SHORT_TEXT: usize = 4_000;

/// What a message is to hold.
pub(in crate::slack) fn content(args: &mut Args) -> Result<Content, ApiError> {
    let mut blocks = match args.take_json("blocks") {
        Some(Ok(blocks)) => Some(blocks).filter(|blocks| blocks.as_array().is_none_or(|all| !all.is_empty())),
        Some(Err(())) => return Err("invalid_blocks_format".into()),
        None => None,
    };
    if let Some(blocks) = &mut blocks {
        let faults = check(blocks, Surface::Message);
        if !faults.is_empty() {
            return Err(ApiError::Explained("invalid_blocks", faults));
        }
        fill_ids(blocks);
    }
    let attachments = match args.take_json("attachments") {
        Some(Ok(Json::Array(all))) if all.len() > 100 => return Err("too_many_attachments".into()),
        Some(Ok(all)) => Some(all).filter(|all| all.as_array().is_some_and(|all| !all.is_empty())),
        Some(Err(())) => return Err("invalid_attachments".into()),
        None => None,
    };
    let metadata = match args.take_json("metadata") {
        Some(Ok(metadata)) if metadata["event_type"].is_string() && metadata["event_payload"].is_object() => {
            Some(metadata)
        }
        Some(_) => return Err("invalid_metadata_format".into()),
        None => None,
    };
    let text = args.take_text("text").or_else(|| args.take_text("markdown_text"));
    if text.as_deref().unwrap_or_default().is_empty() && blocks.is_none() && attachments.is_none() {
        return Err("no_text".into());
    }
    Ok(Content { text, blocks, attachments, metadata, files: Vec::new() })
}

fn cut(text: &mut Option<String>) {
    if let Some(text) = text
        && text.len() > MOST_TEXT
        && let Some((end, _)) = text.char_indices().nth(MOST_TEXT)
    {
        text.truncate(end);
    }
}

fn is_long(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.len() > MOST_SHORT_TEXT && text.chars().count() > MOST_SHORT_TEXT)
}

/// The conversation that is meant, if the app may write there. A person's id stands for the direct
/// conversation with them.
pub(in crate::slack) fn writable<'w>(world: &'w World, id: &str) -> Result<&'w Channel, ApiError> {
    let found = match world.channels.get(id) {
        Some(channel) => Some(channel),
        None if id.starts_with(['U', 'W']) => world.im_with(id),
        None => world.channel_named(id.trim_start_matches('#')).filter(|_| id.starts_with('#')),
    };
    let channel = found.ok_or("channel_not_found")?;
    match (world.bot_is_in(channel), channel.kind) {
        (true, _) if channel.archived => Err("is_archived".into()),
        (true, _) => Ok(channel),
        (false, ChannelKind::Public) => Err("not_in_channel".into()),
        (false, _) => Err("channel_not_found".into()),
    }
}

/// The first message of the thread that is meant: a reply stands for its thread.
fn thread(channel: &Channel, args: &Args) -> Result<Option<Ts>, ApiError> {
    let Some(text) = args.text("thread_ts") else { return Ok(None) };
    let ts = text.parse().map_err(|_| ApiError::from("invalid_thread_ts"))?;
    match channel.message(ts) {
        Some(message) => Ok(Some(message.thread_ts.unwrap_or(ts))),
        None => Err("thread_not_found".into()),
    }
}

pub(super) fn post_message(core: &Core, args: &mut Args) -> Answer {
    let mut content = content(args)?;
    cut(&mut content.text);
    let (channel, thread) = {
        let state = core.lock();
        let channel = writable(&state.world, args.text("channel").ok_or("channel_not_found")?)?;
        (channel.id.clone(), thread(channel, args)?)
    };
    let broadcast = args.flag("reply_broadcast");
    let (ts, message) = core.post(Draft { channel: &channel, thread, broadcast, content });
    Ok(json!({ "channel": channel, "ts": ts, "message": message }))
}

pub(super) fn post_ephemeral(core: &Core, args: &mut Args) -> Answer {
    let content = content(args)?;
    if content.text.as_ref().is_some_and(|text| text.len() > MOST_SHORT_TEXT) {
        return Err("msg_too_long".into());
    }
    let user = args.text("user").ok_or("user_not_in_channel")?;
    let (channel, thread) = {
        let state = core.lock();
        let channel = writable(&state.world, args.text("channel").ok_or("channel_not_found")?)?;
        let active = state.world.people.get(user).is_some_and(|person| !person.deleted);
        if !active || !channel.members.contains(user) {
            return Err("user_not_in_channel".into());
        }
        (channel.id.clone(), thread(channel, args)?)
    };
    let draft = Draft { channel: &channel, thread, broadcast: false, content };
    Ok(json!({ "message_ts": core.post_ephemeral(user, draft) }))
}

/// Checks that the app may change the message that is meant.
fn own(core: &Core, args: &Args, refusal: &'static str) -> Result<(String, Ts), ApiError> {
    let ts: Ts = args.need("ts")?.parse().map_err(|_| ApiError::from("message_not_found"))?;
    let state = core.lock();
    let channel = writable(&state.world, args.text("channel").ok_or("channel_not_found")?)?;
    let message = channel.message(ts).ok_or("message_not_found")?;
    if !message.is_by(&state.world.bot.bot_id) {
        return Err(refusal.into());
    }
    Ok((channel.id.clone(), ts))
}

pub(super) fn update(core: &Core, args: &mut Args) -> Answer {
    let content = content(args)?;
    if is_long(content.text.as_deref()) {
        return Err("msg_too_long".into());
    }
    let (channel, ts) = own(core, args, "cant_update_message")?;
    let text = content.text.clone().unwrap_or_default();
    let message = core.change(&channel, ts, content).ok_or("message_not_found")?;
    Ok(json!({ "channel": channel, "ts": ts, "text": text, "message": message }))
}

pub(super) fn delete(core: &Core, args: &Args) -> Answer {
    let (channel, ts) = own(core, args, "cant_delete_message")?;
    if !core.delete(&channel, ts, core.options.echo_own) {
        return Err("message_not_found".into());
    }
    Ok(json!({ "channel": channel, "ts": ts }))
}

pub(super) fn react(core: &Core, args: &Args) -> Answer {
    let name = args.text("name").ok_or("invalid_name")?.trim_matches(':').to_owned();
    let ts: Ts = args.need("timestamp")?.parse().map_err(|_| ApiError::from("bad_timestamp"))?;
    let mut state = core.lock();
    let channel = writable(&state.world, args.text("channel").ok_or("channel_not_found")?)?.id.clone();
    let bot = state.world.bot.user_id.clone();
    let message = state.world.channels.get_mut(&channel).and_then(|channel| channel.message_mut(ts));
    let message = message.ok_or("message_not_found")?;
    match message.reactions.iter_mut().find(|reaction| reaction.name == name) {
        Some(reaction) if reaction.users.contains(&bot) => return Err("already_reacted".into()),
        Some(reaction) => reaction.users.push(bot),
        None => message.reactions.push(Reaction { name, users: vec![bot] }),
    }
    drop(state);
    core.announce(|| Change::Message { channel, ts });
    Ok(json!({}))
}
