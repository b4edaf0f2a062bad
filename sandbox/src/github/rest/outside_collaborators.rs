//! People who work on an organisation's repositories without being members.

use super::{At, memberships, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Grantee, Organisation};

const MEMBERS_READ: &[(&str, &str)] = &[("members", "read")];
const MEMBERS_WRITE: &[(&str, &str)] = &[("members", "write")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "outside_collaborators"]) => Some(list(call, login)),
        ("PUT", ["orgs", login, "outside_collaborators", person]) => Some(convert(call, login, person)),
        ("DELETE", ["orgs", login, "outside_collaborators", person]) => Some(remove(call, login, person)),
        _ => None,
    }
}

/// The second factors that `filter` asks for.
pub(super) fn fits_filter(organisation: &Organisation, filter: &str, key: &str) -> bool {
    match filter {
        "2fa_disabled" => organisation.without_second_factor.contains(key),
        "2fa_insecure" => organisation.insecure_second_factor.contains(key),
        _ => true,
    }
}

fn list(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let organisation = call.organisation(login)?;
    if call.role_in(organisation) != Some(crate::github::model::OrgRole::Admin) {
        return Err(Refused::forbidden("Must be an owner of the organization."));
    }
    let filter = call.query.get("filter").map_or("all", String::as_str);
    let mut people: Vec<&String> = call
        .state
        .repositories_of(&organisation.login)
        .flat_map(|repository| repository.collaborators.keys())
        .filter(|login| organisation.role_of(login).is_none() && fits_filter(organisation, filter, login))
        .collect();
    people.sort();
    people.dedup();
    Ok(call.page(&people, |login| show::user_by_login(call, login)))
}

/// A member becomes an outside collaborator: what teams gave stays, given directly.
fn convert(call: &mut Call<'_>, login: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org")?;
    let organisation = call.owned(login)?;
    let (login, key) = (organisation.login.clone(), person.to_lowercase());
    call.state.user(&key).ok_or_else(Refused::not_found)?;
    if organisation.role_of(&key).is_none() {
        let message = format!("{person} is not a member of the {login} organization.");
        return Err(Refused::forbidden(&message));
    }
    if organisation.is_last_owner(&key) {
        return Err(Refused::forbidden("Cannot convert the last owner to an outside collaborator"));
    }
    let later = call.input()?.flag("async")?.unwrap_or(false);
    let levels = memberships::levels_by_team(call, organisation, &key);
    memberships::leave(call, &login, &key);
    for (id, level) in levels {
        if let Some(repository) = call.state.repositories.get_mut(&id) {
            let level = repository.collaborators.get(&key).copied().max(Some(level)).unwrap_or(level);
            repository.grant(Grantee::Person(key.clone()), level, None);
        }
    }
    if later {
        let mut answer = Answer::ok(serde_json::json!({}));
        answer.status = 202;
        return Ok(answer);
    }
    Ok(Answer::nothing())
}

/// Out of every repository of the organisation.
fn remove(call: &mut Call<'_>, login: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org")?;
    let organisation = call.owned(login)?;
    let (login, key) = (organisation.login.clone(), person.to_lowercase());
    if organisation.role_of(&key).is_some() {
        let message = "You cannot specify an organization member to remove as an outside collaborator.";
        return Err(Refused::new(422, message));
    }
    let mut had_access = false;
    for id in memberships::repositories_of(call, &login) {
        if let Some(repository) = call.state.repositories.get_mut(&id) {
            had_access |= repository.revoke(&Grantee::Person(key.clone())).is_some();
        }
    }
    if had_access { Ok(Answer::nothing()) } else { Err(Refused::not_found()) }
}
