//! `auth.test`, `apps.connections.open`, `users.*`, `usergroups.*`, `team.info`, `bots.info`

use serde_json::{Value as Json, json};

use super::super::core::Core;
use super::super::world::Person;
use super::conversations::page;
use super::{Answer, Args};

/// The app token must be in the header.
pub(super) fn open_connection(core: &Core, bearer: Option<&str>) -> Answer {
    let token = bearer.ok_or("not_authed")?;
    if token == core.options.bot_token {
        return Err("not_allowed_token_type".into());
    }
    if token != core.options.app_token {
        return Err("invalid_auth".into());
    }
    if core.options.rate_limits {
        let now = core.clock.now();
        core.lock().rates.take("apps.connections.open", "", now).map_err(super::ApiError::Limited)?;
    }
    let life = chrono::TimeDelta::from_std(core.options.ticket_life).unwrap_or(chrono::TimeDelta::MAX);
    let ticket = core.socket.ticket(core.clock.now() + life);
    let host = core.base.trim_start_matches("http://");
    Ok(json!({ "url": format!("ws://{host}/link/?ticket={ticket}&app_id={}", core.app_id) }))
}

pub(super) fn auth_test(core: &Core) -> Answer {
    let state = core.lock();
    let world = &state.world;
    let mut answer = json!({
        "url": format!("https://{}.slack.com/", world.team.domain),
        "team": world.team.name,
        "user": world.bot.name,
        "team_id": world.team.id,
        "user_id": world.bot.user_id,
        "bot_id": world.bot.bot_id,
        "is_enterprise_install": false,
    });
    if let Some(enterprise) = &world.team.enterprise {
        answer["enterprise_id"] = json!(enterprise);
    }
    Ok(answer)
}

pub(super) fn info(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let person = args.text("user").and_then(|id| state.world.people.get(id)).ok_or("user_not_found")?;
    Ok(json!({ "user": person.api() }))
}

pub(super) fn list(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let all = state.world.people.values().map(Person::api).collect();
    let (members, next) = page(args, all)?;
    Ok(json!({ "members": members, "response_metadata": { "next_cursor": next } }))
}

pub(super) fn lookup(core: &Core, args: &Args) -> Answer {
    let email = args.text("email").ok_or("users_not_found")?;
    let state = core.lock();
    let found = state.world.people.values().find(|person| {
        !person.deleted && person.email.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(email))
    });
    Ok(json!({ "user": found.ok_or("users_not_found")?.api() }))
}

pub(super) fn groups(core: &Core, args: &Args) -> Answer {
    let with_users = args.flag("include_users");
    let state = core.lock();
    let world = &state.world;
    let show = |group: &super::super::world::UserGroup| {
        let mut out = json!({
            "id": group.id, "team_id": world.team.id, "is_usergroup": true, "name": group.name,
            "description": "", "handle": group.handle, "is_external": false, "date_create": 1_700_000_000,
            "date_update": 1_700_000_000, "date_delete": 0, "auto_type": null, "created_by": "U0SAM",
            "updated_by": "U0SAM", "deleted_by": null, "prefs": { "channels": [], "groups": [] },
            "user_count": group.users.len(),
        });
        if with_users {
            out["users"] = json!(group.users);
        }
        out
    };
    let groups: Vec<Json> = world.usergroups.iter().map(show).collect();
    Ok(json!({ "usergroups": groups }))
}

pub(super) fn group_users(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let id = args.text("usergroup").ok_or("no_such_subteam")?;
    let group = state.world.usergroups.iter().find(|group| group.id == id).ok_or("no_such_subteam")?;
    Ok(json!({ "users": group.users }))
}

pub(super) fn team(core: &Core) -> Answer {
    let state = core.lock();
    let team = &state.world.team;
    Ok(json!({ "team": {
        "id": team.id, "name": team.name, "domain": team.domain, "email_domain": "acme.example",
        "icon": { "image_default": true },
    } }))
}

pub(super) fn bot(core: &Core, args: &Args) -> Answer {
    let state = core.lock();
    let id = args.text("bot").ok_or("bot_not_found")?;
    let known = |person: &&Person| person.bot.as_ref().is_some_and(|(bot_id, _)| bot_id == id);
    let person = state.world.people.values().find(known).ok_or("bot_not_found")?;
    let app_id = person.bot.as_ref().map(|(_, app_id)| app_id);
    Ok(json!({ "bot": {
        "id": id, "deleted": person.deleted, "name": person.name, "updated": 1_700_000_000, "app_id": app_id,
        "user_id": person.id, "icons": {},
    } }))
}
