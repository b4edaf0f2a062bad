//! What people may do with a repository.

use serde_json::json;

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Permission, Repository, User};

const METADATA: &[(&str, &str)] = &[("metadata", "read")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "collaborators"]) => Some(list(call, owner, name)),
        ("GET", ["repos", owner, name, "collaborators", person]) => {
            Some(is_collaborator(call, owner, name, person))
        }
        ("GET", ["repos", owner, name, "collaborators", person, "permission"]) => {
            Some(permission(call, owner, name, person))
        }
        _ => None,
    }
}

/// Only who may push sees who else has access.
fn seen<'a>(call: &'a Call<'_>, owner: &str, name: &str) -> Result<&'a Repository, Refused> {
    let repository = call.repository(owner, name)?;
    if call.level(repository) >= Some(Permission::Push) {
        return Ok(repository);
    }
    Err(Refused::forbidden("Must have push access to view repository collaborators."))
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(METADATA)?;
    let repository = seen(call, owner, name)?;
    let organisation = call.state.organisation(&repository.owner);
    let affiliation = call.query.get("affiliation").map_or("all", String::as_str);
    let least = call.query.get("permission").and_then(|word| Permission::from_word(word));
    let people: Vec<(&User, Permission)> = call
        .state
        .people_with_access(repository)
        .into_iter()
        .filter(|(login, _)| {
            let direct = repository.collaborators.contains_key(*login);
            let member = organisation.is_some_and(|organisation| organisation.role_of(login).is_some());
            match affiliation {
                "direct" => direct,
                "outside" => direct && !member,
                _ => true,
            }
        })
        .filter(|(_, level)| Some(*level) >= least)
        .filter_map(|(login, level)| Some((call.state.user(login)?, level)))
        .collect();
    Ok(call.page(&people, |(user, level)| {
        let mut value = show::user(call, user);
        value["permissions"] = show::permissions(Some(*level));
        value["role_name"] = json!(call.state.role_name_of(repository, &user.login));
        value
    }))
}

fn is_collaborator(call: &mut Call<'_>, owner: &str, name: &str, person: &str) -> Outcome {
    call.needs_identity(METADATA)?;
    let repository = seen(call, owner, name)?;
    let has_account = call.state.user(person).is_some();
    match call.state.level_of(repository, person).filter(|_| has_account) {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Refused::not_found()),
    }
}

fn permission(call: &mut Call<'_>, owner: &str, name: &str, person: &str) -> Outcome {
    call.needs_identity(METADATA)?;
    let repository = seen(call, owner, name)?;
    let user = call.state.user(person).ok_or_else(Refused::not_found)?;
    let public = repository.visibility == crate::github::model::Visibility::Public;
    let level = call.state.level_of(repository, person).or(public.then_some(Permission::Pull));
    let mut shown = show::user(call, user);
    shown["permissions"] = show::permissions(level);
    let role = call.state.role_name_of(repository, person);
    let role = role.as_deref().or(level.map(Permission::role_name));
    shown["role_name"] = json!(role.unwrap_or(""));
    Ok(Answer::ok(json!({
        "permission": level.map_or("none", Permission::coarse),
        "role_name": role.unwrap_or("none"),
        "user": shown,
    })))
}
