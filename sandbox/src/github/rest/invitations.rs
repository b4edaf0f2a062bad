//! Invitations to repositories: those who sent them list, change and cancel them; the invited accept or
//! decline.

use serde_json::{Value, json};

use super::{At, show, users};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Invitation, Permission, Repository};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "invitations"]) => Some(list(call, owner, name)),
        ("PATCH", ["repos", owner, name, "invitations", id]) => Some(change(call, owner, name, id)),
        ("DELETE", ["repos", owner, name, "invitations", id]) => Some(cancel(call, owner, name, id)),
        ("GET", ["user", "repository_invitations"]) => Some(mine(call)),
        ("PATCH", ["user", "repository_invitations", id]) => Some(accept(call, id)),
        ("DELETE", ["user", "repository_invitations", id]) => Some(decline(call, id)),
        _ => None,
    }
}

pub(super) fn shown(call: &Call<'_>, repository: &Repository, one: &Invitation) -> Value {
    let full_name = repository.full_name();
    json!({
        "id": one.id,
        "node_id": show::node_id("RI", one.id),
        "repository": show::repository(call, repository),
        "invitee": show::user_by_login(call, &one.invitee),
        "inviter": one.inviter.as_deref().map_or(Value::Null, |login| show::user_by_login(call, login)),
        "permissions": one.level.role_name(),
        "created_at": show::time(one.created_at),
        "expired": one.is_expired(call.now),
        "url": format!("{}/user/repository_invitations/{}", call.api(), one.id),
        "html_url": format!("{}/{full_name}/invitations", call.origin),
    })
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "read")])?;
    let repository = call.overseen(owner, name)?;
    let all: Vec<&Invitation> = repository.invitations.values().collect();
    Ok(call.page(&all, |one| shown(call, repository, one)))
}

/// The repository and the invitation, for who may change it.
fn writable(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Result<(u64, u64), Refused> {
    call.needs_identity(&[("administration", "write")])?;
    let repository = call.writable(owner, name)?;
    let id: u64 = id.parse().map_err(|_| Refused::not_found())?;
    let found = call.state.repositories.get(&repository).filter(|one| one.invitations.contains_key(&id));
    found.map(|_| (repository, id)).ok_or_else(Refused::not_found)
}

fn change(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    let (repository, id) = writable(call, owner, name, id)?;
    if let Some(word) = call.input()?.text("permissions")? {
        let level = Permission::ALL.into_iter().find(|one| one.role_name() == word);
        let level = level.ok_or_else(|| {
            Refused::unfit(&format!(
                "For 'properties/permissions', {word:?} is not a member of [\"read\", \"write\", \"maintain\", \
                 \"triage\", \"admin\"]."
            ))
        })?;
        let found = call.state.repositories.get_mut(&repository);
        if let Some(one) = found.and_then(|repository| repository.invitations.get_mut(&id)) {
            one.level = level;
            one.custom_role = None;
        }
    }
    let repository = call.repository(owner, name)?;
    let one = repository.invitations.get(&id).ok_or_else(Refused::not_found)?;
    Ok(Answer::ok(shown(call, repository, one)))
}

fn cancel(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    let (_, id) = writable(call, owner, name, id)?;
    call.state.end_invitation(id);
    Ok(Answer::nothing())
}

fn mine(call: &mut Call<'_>) -> Outcome {
    let login = users::own_login(call)?.to_lowercase();
    let all: Vec<(&Repository, &Invitation)> = call
        .state
        .repositories
        .values()
        .flat_map(|repository| repository.invitations.values().map(move |one| (repository, one)))
        .filter(|(_, one)| one.invitee == login && !one.is_expired(call.now))
        .collect();
    Ok(call.page(&all, |(repository, one)| shown(call, repository, one)))
}

/// The number of an invitation that waits for the caller.
fn own(call: &Call<'_>, id: &str) -> Result<u64, Refused> {
    let login = users::own_login(call)?.to_lowercase();
    let id: u64 = id.parse().map_err(|_| Refused::not_found())?;
    let mut all = call.state.repositories.values().filter_map(|one| one.invitations.get(&id));
    all.find(|one| one.invitee == login).map(|one| one.id).ok_or_else(Refused::not_found)
}

fn accept(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = own(call, id)?;
    if call.state.accept_invitation(id, call.now) { Ok(Answer::nothing()) } else { Err(Refused::not_found()) }
}

fn decline(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = own(call, id)?;
    call.state.end_invitation(id);
    Ok(Answer::nothing())
}
