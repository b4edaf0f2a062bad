//! Deploy keys of a repository.

use serde_json::{Value, json};

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{DeployKey, Repository, public_key};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "keys"]) => Some(list(call, owner, name)),
        ("POST", ["repos", owner, name, "keys"]) => Some(add(call, owner, name)),
        ("GET", ["repos", owner, name, "keys", id]) => Some(read(call, owner, name, id)),
        ("DELETE", ["repos", owner, name, "keys", id]) => Some(remove(call, owner, name, id)),
        _ => None,
    }
}

fn shown(call: &Call<'_>, repository: &Repository, one: &DeployKey) -> Value {
    json!({
        "id": one.id,
        "key": one.key,
        "url": format!("{}/repos/{}/keys/{}", call.api(), repository.full_name(), one.id),
        "title": one.title,
        "verified": true,
        "created_at": show::time(one.created_at),
        "read_only": one.read_only,
        "added_by": one.added_by,
        "last_used": one.last_used.map(show::time),
        "enabled": allowed(call, repository),
    })
}

/// Organisations can switch deploy keys off; those that are there rest then.
fn allowed(call: &Call<'_>, repository: &Repository) -> bool {
    let organisation = call.state.organisation(&repository.owner);
    organisation.is_none_or(|one| one.lets("deploy_keys_enabled_for_repositories"))
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "read")])?;
    let repository = call.overseen(owner, name)?;
    let all: Vec<&DeployKey> = repository.deploy_keys.values().collect();
    Ok(call.page(&all, |one| shown(call, repository, one)))
}

fn read(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    call.needs_identity(&[("administration", "read")])?;
    let repository = call.overseen(owner, name)?;
    let found = id.parse().ok().and_then(|id: u64| repository.deploy_keys.get(&id));
    Ok(Answer::ok(shown(call, repository, found.ok_or_else(Refused::not_found)?)))
}

/// A key is somebody's once and for all of GitHub: nobody else can add it a second time.
fn add(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "write")])?;
    let id = call.writable(owner, name)?;
    let input = call.input()?;
    let text = input.required_text("key")?;
    let refuse = |words: &str| Err(Refused::custom("Validation Failed", "PublicKey", "key", words));
    let Some((key, comment)) = public_key(&text) else {
        return refuse("key is invalid. You must supply a key in OpenSSH public key format");
    };
    if call.state.repositories.values().any(|one| one.deploy_keys.values().any(|other| other.key == key)) {
        return refuse("key is already in use");
    }
    if !allowed(call, call.repository(owner, name)?) {
        return Err(Refused::sentence("Deploy keys are disabled for this repository"));
    }
    let title = input.text("title")?.filter(|title| !title.trim().is_empty()).or(comment);
    let added = DeployKey {
        id: call.state.next_id(),
        title: title.unwrap_or_default(),
        key,
        read_only: input.flag("read_only")?.unwrap_or(false),
        added_by: call.own_name(),
        created_at: call.now,
        last_used: None,
    };
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    repository.deploy_keys.insert(added.id, added.clone());
    Ok(Answer::created(shown(call, call.repository(owner, name)?, &added)))
}

fn remove(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    call.needs_identity(&[("administration", "write")])?;
    let repository = call.writable(owner, name)?;
    let id: u64 = id.parse().map_err(|_| Refused::not_found())?;
    let repository = call.state.repositories.get_mut(&repository).ok_or_else(Refused::not_found)?;
    match repository.deploy_keys.remove(&id) {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Refused::not_found()),
    }
}
