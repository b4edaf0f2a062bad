//! `views.*`

use serde_json::{Value as Json, json};

use super::super::blocks::{check_view, fill_ids, initial_state};
use super::super::core::{Change, Core};
use super::super::state::{State, View};
use super::{Answer, ApiError, Args};

/// How many views may lie on top of each other.
const MOST_VIEWS: usize = 3;

/// The view that was sent, checked.
fn given(args: &mut Args) -> Result<Json, ApiError> {
    match args.take_json("view") {
        Some(Ok(view)) => checked(view),
        _ => Err("invalid_arguments".into()),
    }
}

/// A view with its block ids filled in, or what is wrong with it.
pub(in crate::slack) fn checked(mut view: Json) -> Result<Json, ApiError> {
    let faults = check_view(&view);
    if !faults.is_empty() {
        return Err(ApiError::Explained("invalid_arguments", faults));
    }
    fill_ids(&mut view["blocks"]);
    Ok(view)
}

/// Takes a trigger, once, as long as it lives: who, and in which view.
fn take_trigger(core: &Core, state: &mut State, args: &Args) -> Result<(String, Option<String>), ApiError> {
    let id = args.text("trigger_id").ok_or("invalid_trigger_id")?;
    let trigger = state.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
    // A used one is kept as one that is too old.
    let until = std::mem::replace(&mut trigger.until, chrono::DateTime::UNIX_EPOCH);
    if core.clock.now() >= until {
        return Err(if until == chrono::DateTime::UNIX_EPOCH {
            "exchanged_trigger_id".into()
        } else {
            "expired_trigger_id".into()
        });
    }
    Ok((trigger.user.clone(), trigger.view.clone()))
}

/// A new view for `user`, not yet anywhere.
fn new_view(state: &mut State, user: &str, body: Json, below: Option<&View>) -> View {
    let id = state.next_id("V");
    View {
        hash: format!("{}.hash", state.next_number()),
        user: user.to_owned(),
        root_id: below.map_or_else(|| id.clone(), |below| below.root_id.clone()),
        previous_id: below.map(|below| below.id.clone()),
        errors: Default::default(),
        revision: state.touch(),
        read: 0,
        body,
        id,
    }
}

fn shown(core: &Core, state: &State, view: &View) -> Answer {
    let _ = core;
    Ok(json!({ "view": view.api(&state.world, &Json::Object(initial_state(view.blocks()))) }))
}

fn modals(user: &str) -> Change {
    Change::Modals { user: user.to_owned() }
}

pub(super) fn open(core: &Core, args: &mut Args) -> Answer {
    let body = given(args)?;
    let mut state = core.lock();
    let (user, _) = take_trigger(core, &mut state, args)?;
    let view = new_view(&mut state, &user, body, None);
    let answer = shown(core, &state, &view);
    state.views.insert(user.clone(), vec![view]);
    drop(state);
    core.announce(|| modals(&user));
    answer
}

pub(super) fn push(core: &Core, args: &mut Args) -> Answer {
    let body = given(args)?;
    let mut state = core.lock();
    let (user, below) = take_trigger(core, &mut state, args)?;
    if below.is_none() {
        return Err("not_found".into());
    }
    let pushed = push_view(&mut state, &user, body)?;
    let answer = shown(core, &state, &pushed);
    drop(state);
    core.announce(|| modals(&user));
    answer
}

/// Puts a view on top of what `user` sees.
pub(in crate::slack) fn push_view(state: &mut State, user: &str, body: Json) -> Result<View, ApiError> {
    let stack = state.views.get(user).map_or(&[][..], Vec::as_slice);
    let Some(top) = stack.last().cloned() else { return Err("not_found".into()) };
    if stack.len() >= MOST_VIEWS {
        return Err("push_limit_reached".into());
    }
    let view = new_view(state, user, body, Some(&top));
    state.views.entry(user.to_owned()).or_default().push(view.clone());
    Ok(view)
}

pub(super) fn update(core: &Core, args: &mut Args) -> Answer {
    let body = given(args)?;
    let mut state = core.lock();
    let by_external = |state: &State, external: &str| {
        state
            .views
            .values()
            .flatten()
            .find(|view| view.text("external_id") == external)
            .map(|view| view.id.clone())
    };
    let id = match (args.text("view_id"), args.text("external_id")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(external)) => by_external(&state, external).ok_or("not_found")?,
        (None, None) => return Err("invalid_arguments".into()),
    };
    let current = state.view(&id).ok_or("not_found")?;
    if args.text("hash").is_some_and(|hash| hash != current.hash) {
        return Err("hash_conflict".into());
    }
    let user = current.user.clone();
    let view = update_view(&mut state, &id, body).ok_or("not_found")?;
    let answer = shown(core, &state, &view);
    drop(state);
    core.announce(|| modals(&user));
    answer
}

/// Replaces what a view shows.
pub(in crate::slack) fn update_view(state: &mut State, id: &str, body: Json) -> Option<View> {
    let (number, revision) = (state.next_number(), state.touch());
    let view = state.view_mut(id)?;
    view.body = body;
    view.hash = format!("{number}.hash");
    view.errors.clear();
    view.revision = revision;
    Some(view.clone())
}

pub(super) fn publish(core: &Core, args: &mut Args) -> Answer {
    let body = given(args)?;
    let user = args.need("user_id")?.to_owned();
    let mut state = core.lock();
    if !state.world.people.contains_key(&user) {
        return Err("not_found".into());
    }
    let view = new_view(&mut state, &user, body.clone(), None);
    state.homes.insert(user.clone(), body);
    let answer = shown(core, &state, &view);
    drop(state);
    core.wake();
    answer
}
