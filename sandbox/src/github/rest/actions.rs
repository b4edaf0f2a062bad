//! Whether Actions run, and which: for a repository and for an organisation.

use serde_json::{Map, Value, json};

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::front::input::Input;
use crate::github::model::{ActionsWhere, AllowedActions, Organisation, Repository};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "actions", "permissions"]) => Some(read(call, owner, name)),
        ("PUT", ["repos", owner, name, "actions", "permissions"]) => Some(set(call, owner, name)),
        ("GET", ["orgs", login, "actions", "permissions"]) => Some(read_all(call, login)),
        ("PUT", ["orgs", login, "actions", "permissions"]) => Some(set_all(call, login)),
        ("GET", ["orgs", login, "actions", "permissions", "repositories"]) => Some(selected(call, login)),
        ("PUT", ["orgs", login, "actions", "permissions", "repositories", id]) => {
            Some(select(call, login, id, true))
        }
        ("DELETE", ["orgs", login, "actions", "permissions", "repositories", id]) => {
            Some(select(call, login, id, false))
        }
        _ => None,
    }
}

fn allowed_asked(input: &Input) -> Result<Option<AllowedActions>, Refused> {
    let Some(word) = input.text("allowed_actions")? else { return Ok(None) };
    let what = format!(
        "For 'properties/allowed_actions', {word:?} is not a member of [\"all\", \"local_only\", \"selected\"]."
    );
    AllowedActions::from_word(&word).map(Some).ok_or_else(|| Refused::unfit(&what))
}

/// Whether the organisation lets Actions run here at all.
fn possible(call: &Call<'_>, repository: &Repository) -> bool {
    let organisation = call.state.organisation(&repository.owner);
    organisation.is_none_or(|one| match one.actions.place {
        ActionsWhere::All => true,
        ActionsWhere::Nowhere => false,
        ActionsWhere::Selected => one.actions.selected.contains(&repository.id),
    })
}

fn read(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "read")])?;
    let repository = call.overseen(owner, name)?;
    let enabled = repository.actions.enabled && possible(call, repository);
    let mut value = Map::new();
    value.insert("enabled".to_owned(), json!(enabled));
    // The rest is said only where something may run.
    if enabled {
        let allowed = repository.actions.allowed;
        value.insert("allowed_actions".to_owned(), json!(allowed.word()));
        value.insert("sha_pinning_required".to_owned(), json!(repository.actions.sha_pinning));
        if allowed == AllowedActions::Selected {
            let base = format!("{}/repos/{}/actions/permissions", call.api(), repository.full_name());
            value.insert("selected_actions_url".to_owned(), json!(format!("{base}/selected-actions")));
        }
    }
    Ok(Answer::ok(Value::Object(value)))
}

/// 409 where the organisation says something else.
fn set(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "write")])?;
    let id = call.writable(owner, name)?;
    let input = call.input()?;
    let enabled = input.flag("enabled")?;
    let enabled = enabled.ok_or_else(|| Refused::unfit("\"enabled\" wasn't supplied."))?;
    let allowed = allowed_asked(&input)?;
    let pinning = input.flag("sha_pinning_required")?;
    let repository = call.repository(owner, name)?;
    if enabled && !possible(call, repository) {
        return Err(Refused::new(409, "Actions is disabled for this repository by its organization."));
    }
    let above = call.state.organisation(&repository.owner).map(|one| one.actions.allowed).unwrap_or_default();
    if above != AllowedActions::All && allowed.is_some_and(|asked| asked != above) {
        return Err(Refused::new(409, "The organization's policy on allowed actions cannot be overridden."));
    }
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    repository.actions.enabled = enabled;
    if let Some(allowed) = allowed {
        repository.actions.allowed = allowed;
    }
    if let Some(pinning) = pinning {
        repository.actions.sha_pinning = pinning;
    }
    Ok(Answer::nothing())
}

fn governed<'a>(call: &'a mut Call<'_>, login: &str, level: &str) -> Result<&'a Organisation, Refused> {
    call.needs_identity(&[("organization_administration", level)])?;
    call.needs_scope("admin:org")?;
    call.owned(login)
}

fn read_all(call: &mut Call<'_>, login: &str) -> Outcome {
    governed(call, login, "read")?;
    let organisation = call.owned(login)?;
    let (actions, api) = (&organisation.actions, call.api());
    let base = format!("{api}/organizations/{}/actions/permissions", organisation.id);
    let mut value = json!({ "enabled_repositories": actions.place.word() });
    if actions.place != ActionsWhere::Nowhere {
        value["allowed_actions"] = json!(actions.allowed.word());
        value["sha_pinning_required"] = json!(actions.sha_pinning);
    }
    if actions.place == ActionsWhere::Selected {
        value["selected_repositories_url"] = json!(format!("{base}/repositories"));
    }
    if actions.allowed == AllowedActions::Selected {
        value["selected_actions_url"] = json!(format!("{base}/selected-actions"));
    }
    Ok(Answer::ok(value))
}

fn set_all(call: &mut Call<'_>, login: &str) -> Outcome {
    governed(call, login, "write")?;
    let input = call.input()?;
    let word = input.required_text("enabled_repositories")?;
    let place = ActionsWhere::from_word(&word).ok_or_else(|| {
        Refused::unfit(&format!(
            "For 'properties/enabled_repositories', {word:?} is not a member of [\"all\", \"none\", \"selected\"]."
        ))
    })?;
    let (allowed, pinning) = (allowed_asked(&input)?, input.flag("sha_pinning_required")?);
    let organisation = call.state.organisation_mut(login).ok_or_else(Refused::not_found)?;
    organisation.actions.place = place;
    if let Some(allowed) = allowed {
        organisation.actions.allowed = allowed;
    }
    if let Some(pinning) = pinning {
        organisation.actions.sha_pinning = pinning;
    }
    Ok(Answer::nothing())
}

fn selected(call: &mut Call<'_>, login: &str) -> Outcome {
    governed(call, login, "read")?;
    let organisation = call.owned(login)?;
    if organisation.actions.place != ActionsWhere::Selected {
        return Err(not_selected());
    }
    let ids = organisation.actions.selected.iter();
    let all: Vec<&Repository> = ids.filter_map(|id| call.state.repositories.get(id)).collect();
    let mut answer = call.page(&all, |one| show::repository(call, one));
    answer.body = Some(json!({ "total_count": all.len(), "repositories": answer.body }));
    Ok(answer)
}

fn not_selected() -> Refused {
    Refused::new(409, "The organization's policy is not set to selected repositories.")
}

fn select(call: &mut Call<'_>, login: &str, id: &str, on: bool) -> Outcome {
    let organisation = governed(call, login, "write")?;
    if organisation.actions.place != ActionsWhere::Selected {
        return Err(not_selected());
    }
    let id: u64 = id.parse().map_err(|_| Refused::not_found())?;
    let found = call.state.repositories.get(&id).filter(|one| one.owner.eq_ignore_ascii_case(login));
    found.ok_or_else(Refused::not_found)?;
    let organisation = call.state.organisation_mut(login).ok_or_else(Refused::not_found)?;
    if on {
        organisation.actions.selected.insert(id);
    } else {
        organisation.actions.selected.remove(&id);
    }
    Ok(Answer::nothing())
}
