//! The classic protection of a branch.

use serde_json::{Value, json};

use super::{At, protection_input, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Actors, Protection, Repository, Reviews, Visibility};

const READ: &[(&str, &str)] = &[("administration", "read")];
const WRITE: &[(&str, &str)] = &[("administration", "write")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    let (method, ["repos", owner, name, "branches", rest @ ..]) = at else { return None };
    let place = |branch: &[&str]| Place { owner, name, branch: branch.join("/") };
    match (method, rest) {
        ("GET", [branch @ .., "protection"]) if !branch.is_empty() => Some(read(call, &place(branch))),
        ("PUT", [branch @ .., "protection"]) if !branch.is_empty() => Some(set(call, &place(branch))),
        ("DELETE", [branch @ .., "protection"]) if !branch.is_empty() => Some(remove(call, &place(branch))),
        (method, [branch @ .., "protection", "required_signatures"]) if !branch.is_empty() => {
            part(call, method, &place(branch), "required_signatures", |one| &mut one.signatures)
        }
        (method, [branch @ .., "protection", "enforce_admins"]) if !branch.is_empty() => {
            part(call, method, &place(branch), "enforce_admins", |one| &mut one.enforce_admins)
        }
        _ => None,
    }
}

/// The branch that is meant.
struct Place<'a> {
    owner: &'a str,
    name: &'a str,
    branch: String,
}

fn not_protected() -> Refused {
    Refused::new(404, "Branch not protected")
}

/// The protection, for who administers the repository; to others GitHub says that nothing is there.
fn found<'a>(call: &'a Call<'_>, place: &Place<'_>) -> Result<(&'a Repository, &'a Protection), Refused> {
    let repository = call.overseen(place.owner, place.name)?;
    paid_for(call, repository)?;
    match repository.protections.get(&place.branch) {
        Some(protection) => Ok((repository, protection)),
        None if repository.branches.contains_key(&place.branch) => Err(not_protected()),
        None => Err(Refused::new(404, "Branch not found")),
    }
}

/// Who pays nothing has rules for public repositories only.
pub(super) fn paid_for(call: &Call<'_>, repository: &Repository) -> Result<(), Refused> {
    let free = call.state.organisation(&repository.owner).is_some_and(|one| one.free_plan);
    if free && repository.visibility != Visibility::Public {
        let message = "Upgrade to GitHub Pro or make this repository public to enable this feature.";
        return Err(Refused::forbidden(message));
    }
    Ok(())
}

fn read(call: &mut Call<'_>, place: &Place<'_>) -> Outcome {
    call.needs_identity(READ)?;
    let (repository, protection) = found(call, place)?;
    Ok(Answer::ok(shown(call, repository, &place.branch, protection)))
}

/// Everything anew: what is not said is off.
fn set(call: &mut Call<'_>, place: &Place<'_>) -> Outcome {
    call.needs_identity(WRITE)?;
    let id = call.writable(place.owner, place.name)?;
    let repository = call.repository(place.owner, place.name)?;
    paid_for(call, repository)?;
    if !repository.branches.contains_key(&place.branch) {
        return Err(Refused::new(404, "Branch not found"));
    }
    let before = repository.protections.get(&place.branch);
    let protection = protection_input::protection(call, repository, before)?;
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    repository.protections.insert(place.branch.clone(), protection);
    let (repository, protection) = found(call, place)?;
    Ok(Answer::ok(shown(call, repository, &place.branch, protection)))
}

fn remove(call: &mut Call<'_>, place: &Place<'_>) -> Outcome {
    call.needs_identity(WRITE)?;
    let id = call.writable(place.owner, place.name)?;
    found(call, place)?;
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    repository.protections.remove(&place.branch);
    Ok(Answer::nothing())
}

/// A part that is switched at an address of its own: read, on by POST, off by DELETE.
fn part(
    call: &mut Call<'_>,
    method: &str,
    place: &Place<'_>,
    name: &str,
    switch: fn(&mut Protection) -> &mut bool,
) -> Option<Outcome> {
    let on = match method {
        "GET" => None,
        "POST" => Some(true),
        "DELETE" => Some(false),
        _ => return None,
    };
    Some(switched(call, place, name, switch, on))
}

fn switched(
    call: &mut Call<'_>,
    place: &Place<'_>,
    name: &str,
    switch: fn(&mut Protection) -> &mut bool,
    on: Option<bool>,
) -> Outcome {
    call.needs_identity(if on.is_some() { WRITE } else { READ })?;
    let (repository, _) = found(call, place)?;
    let (id, url) = (repository.id, address(call, repository, &place.branch));
    if on.is_some() {
        call.writable(place.owner, place.name)?;
    }
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    let protection = repository.protections.get_mut(&place.branch).ok_or_else(not_protected)?;
    let state = switch(protection);
    *state = on.unwrap_or(*state);
    match on {
        Some(false) => Ok(Answer::nothing()),
        _ => Ok(Answer::ok(json!({ "url": format!("{url}/{name}"), "enabled": *state }))),
    }
}

fn address(call: &Call<'_>, repository: &Repository, branch: &str) -> String {
    format!("{}/repos/{}/branches/{branch}/protection", call.api(), repository.full_name())
}

fn shown(call: &Call<'_>, repository: &Repository, branch: &str, one: &Protection) -> Value {
    let url = address(call, repository, branch);
    let mut value = json!({
        "url": url,
        "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": one.signatures },
        "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": one.enforce_admins },
        "required_linear_history": { "enabled": one.linear_history },
        "allow_force_pushes": { "enabled": one.force_pushes },
        "allow_deletions": { "enabled": one.deletions },
        "block_creations": { "enabled": one.block_creations },
        "required_conversation_resolution": { "enabled": one.conversations },
        "lock_branch": { "enabled": one.locked },
        "allow_fork_syncing": { "enabled": one.fork_syncing },
    });
    if let Some(checks) = &one.checks {
        let each = checks.checks.iter();
        let url = format!("{url}/required_status_checks");
        value["required_status_checks"] = json!({
            "url": url,
            "strict": checks.strict,
            "contexts": each.clone().map(|one| &one.context).collect::<Vec<_>>(),
            "contexts_url": format!("{url}/contexts"),
            "checks": each.map(|one| json!({ "context": one.context, "app_id": one.app })).collect::<Vec<_>>(),
        });
    }
    if let Some(reviews) = &one.reviews {
        value["required_pull_request_reviews"] = reviews_shown(call, repository, &url, reviews);
    }
    if let Some(restrictions) = &one.restrictions {
        value["restrictions"] = actors(call, repository, Some(&format!("{url}/restrictions")), restrictions);
    }
    value
}

fn reviews_shown(call: &Call<'_>, repository: &Repository, url: &str, one: &Reviews) -> Value {
    let mut value = json!({
        "url": format!("{url}/required_pull_request_reviews"),
        "dismiss_stale_reviews": one.dismiss_stale,
        "require_code_owner_reviews": one.code_owners,
        "required_approving_review_count": one.approvals,
        "require_last_push_approval": one.last_push,
    });
    if let Some(who) = &one.dismissal {
        let url = format!("{url}/dismissal_restrictions");
        value["dismissal_restrictions"] = actors(call, repository, Some(&url), who);
    }
    if let Some(who) = &one.bypass {
        value["bypass_pull_request_allowances"] = actors(call, repository, None, who);
    }
    value
}

fn actors(call: &Call<'_>, repository: &Repository, url: Option<&str>, who: &Actors) -> Value {
    let organisation = call.state.organisation(&repository.owner);
    let teams = organisation.into_iter().flat_map(|organisation| {
        let teams = who.teams.iter().filter_map(|id| organisation.teams.get(id));
        teams.map(move |team| show::team(call, organisation, team))
    });
    let apps = who.apps.iter().filter_map(|id| call.state.credentials.apps.get(id)).map(|app| {
        json!({
            "id": app.id, "slug": app.slug, "node_id": show::node_id("A", app.id), "name": app.slug,
            "owner": show::owner(call, &repository.owner), "description": null, "external_url": call.origin,
            "html_url": format!("{}/apps/{}", call.origin, app.slug), "permissions": app.permissions,
            "created_at": show::time(repository.created_at), "updated_at": show::time(repository.created_at),
            "events": [],
        })
    });
    let mut value = json!({
        "users": who.users.iter().map(|login| show::user_by_login(call, login)).collect::<Vec<_>>(),
        "teams": teams.collect::<Vec<_>>(),
        "apps": apps.collect::<Vec<_>>(),
    });
    if let Some(url) = url {
        value["url"] = json!(url);
        for kind in ["users", "teams", "apps"] {
            value[format!("{kind}_url")] = json!(format!("{url}/{kind}"));
        }
    }
    value
}
