//! GitHub Apps: who they are, where they are installed, and their tokens.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::auth::{Actor, Hidden};
use crate::github::front::call::Call;
use crate::github::front::input::Input;
use crate::github::model::{Credential, Installation, Repository, hex, long_ago};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["app"]) => Some(app(call)),
        ("GET", ["app", "installations"]) => Some(installations(call)),
        ("GET", ["app", "installations", id]) => Some(installation(call, id)),
        ("GET", ["orgs", login, "installation"]) => Some(installation_of(call, login)),
        ("GET", ["orgs", login, "installations"]) => Some(installed_in(call, login)),
        ("POST", ["app", "installations", id, "access_tokens"]) => Some(create_token(call, id)),
        ("DELETE", ["installation", "token"]) => Some(revoke_token(call)),
        ("GET", ["installation", "repositories"]) => Some(repositories(call)),
        _ => None,
    }
}

/// These calls want the App itself, not one of its tokens.
fn own_app(call: &Call<'_>) -> Result<u64, Refused> {
    match call.actor {
        Actor::App { id } => Ok(id),
        _ => Err(Refused::new(401, "A JSON web token could not be decoded")),
    }
}

fn app(call: &Call<'_>) -> Outcome {
    let id = own_app(call)?;
    let app = call.state.credentials.apps.get(&id).ok_or_else(Refused::not_found)?;
    let count = call.state.credentials.installations.values().filter(|one| one.app == id).count();
    Ok(Answer::ok(json!({
        "id": id, "slug": app.slug, "node_id": show::node_id("A", id), "name": app.slug,
        "description": null, "external_url": call.origin, "html_url": format!("{}/apps/{}", call.origin, app.slug),
        "permissions": app.permissions, "events": [], "installations_count": count,
    })))
}

fn shown(call: &Call<'_>, one: &Installation) -> Value {
    let app = call.state.credentials.apps.get(&one.app);
    let organisation = call.state.organisation(&one.organisation).map(|found| found.id);
    json!({
        "id": one.id,
        "account": show::owner(call, &one.organisation),
        "repository_selection": "all",
        "access_tokens_url": format!("{}/app/installations/{}/access_tokens", call.api(), one.id),
        "repositories_url": format!("{}/installation/repositories", call.api()),
        "app_id": one.app,
        "app_slug": app.map(|app| app.slug.as_str()),
        "target_id": organisation,
        "target_type": "Organization",
        "permissions": app.map(|app| &app.permissions),
        "events": [],
        "html_url": format!("{}/organizations/{}/settings/installations/{}", call.origin, one.organisation, one.id),
        "created_at": show::time(long_ago()),
        "updated_at": show::time(long_ago()),
        "single_file_name": null,
        "suspended_by": null,
        "suspended_at": null,
    })
}

fn installations(call: &Call<'_>) -> Outcome {
    let app = own_app(call)?;
    let own: Vec<&Installation> =
        call.state.credentials.installations.values().filter(|one| one.app == app).collect();
    Ok(call.page(&own, |one| shown(call, one)))
}

fn own_installation<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Installation, Refused> {
    let app = own_app(call)?;
    let found = id.parse().ok().and_then(|id: u64| call.state.credentials.installations.get(&id));
    found.filter(|one| one.app == app).ok_or_else(Refused::not_found)
}

fn installation(call: &Call<'_>, id: &str) -> Outcome {
    Ok(Answer::ok(shown(call, own_installation(call, id)?)))
}

fn installation_of(call: &Call<'_>, login: &str) -> Outcome {
    let app = own_app(call)?;
    let mut all = call.state.credentials.installations.values();
    let found = all.find(|one| one.app == app && one.organisation.eq_ignore_ascii_case(login));
    Ok(Answer::ok(shown(call, found.ok_or_else(Refused::not_found)?)))
}

/// All Apps in an organisation, for its owners.
fn installed_in(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(&[("organization_administration", "read")])?;
    call.needs_scope("admin:org, read:org, admin:read")?;
    let organisation = call.owned(login)?;
    let all = call.state.credentials.installations.values();
    let here: Vec<&Installation> =
        all.filter(|one| one.organisation.eq_ignore_ascii_case(&organisation.login)).collect();
    let mut answer = call.page(&here, |one| shown(call, one));
    answer.body = Some(json!({ "total_count": here.len(), "installations": answer.body }));
    Ok(answer)
}

fn create_token(call: &mut Call<'_>, id: &str) -> Outcome {
    let installation = own_installation(call, id)?.clone();
    let input = call.input()?;
    let permissions = chosen_permissions(call, &installation, &input)?;
    let repositories = chosen_repositories(call, &installation, &input)?;
    let expires_at = call.now + TimeDelta::hours(1);
    let number = call.state.next_id();
    let secret = hex(&Sha256::digest(format!("token {number}")));
    // As long and as opaque as the newest ones of GitHub.
    let token = format!("ghs_{}_sandbox.{secret}{secret}.{secret}-{number}", installation.app);
    let mut body = json!({
        "token": token,
        "expires_at": show::time(expires_at),
        "permissions": permissions,
        "repository_selection": if repositories.is_some() { "selected" } else { "all" },
    });
    if let Some(some) = &repositories {
        let chosen = some.iter().filter_map(|id| call.state.repositories.get(id));
        body["repositories"] = chosen.map(|one| show::repository(call, one)).collect();
    }
    let credential = Credential::Installation {
        installation: installation.id,
        organisation: installation.organisation,
        permissions,
        repositories,
        expires_at,
    };
    let now = call.now;
    let tokens = &mut call.state.credentials.tokens;
    // Old tokens work no more: forget them, so that a long run does not grow.
    tokens.retain(|_, one| !matches!(one, Credential::Installation { expires_at, .. } if *expires_at <= now));
    tokens.insert(token, credential);
    let mut answer = Answer::ok(body);
    answer.status = 201;
    Ok(answer)
}

/// All the App has, or the part of it that was asked for.
fn chosen_permissions(
    call: &Call<'_>,
    installation: &Installation,
    input: &Input,
) -> Result<BTreeMap<String, String>, Refused> {
    let app = call.state.credentials.apps.get(&installation.app).ok_or_else(Refused::not_found)?;
    let Some(asked) = input.words("permissions")? else { return Ok(app.permissions.clone()) };
    for (name, level) in &asked {
        let given = app.permissions.get(name).map(String::as_str);
        if given != Some("write") && given != Some(level) {
            let message = "The permissions requested are not granted to this installation.";
            return Err(Refused::new(422, message));
        }
    }
    Ok(asked.into_iter().collect())
}

fn chosen_repositories(
    call: &Call<'_>,
    installation: &Installation,
    input: &Input,
) -> Result<Option<BTreeSet<u64>>, Refused> {
    let (names, ids) = (input.texts("repositories")?, input.numbers("repository_ids")?);
    if names.is_none() && ids.is_none() {
        return Ok(None);
    }
    let absent = || {
        let message = "There is at least one repository that does not exist or is not accessible to the parent installation.";
        Refused::new(422, message)
    };
    let mut chosen = BTreeSet::new();
    for name in names.unwrap_or_default() {
        chosen.insert(call.state.repository(&installation.organisation, &name).ok_or_else(absent)?.id);
    }
    for id in ids.unwrap_or_default() {
        let found = call.state.repositories.get(&id);
        let ours = found.filter(|one| one.owner.eq_ignore_ascii_case(&installation.organisation));
        chosen.insert(ours.ok_or_else(absent)?.id);
    }
    if chosen.len() > 500 {
        return Err(Refused::new(422, "A token may be limited to 500 repositories at most."));
    }
    Ok(Some(chosen))
}

fn revoke_token(call: &mut Call<'_>) -> Outcome {
    let Actor::Installation { token: Hidden(token), .. } = &call.actor else {
        return Err(Refused::unauthenticated());
    };
    call.state.credentials.tokens.remove(token);
    Ok(Answer::nothing())
}

fn repositories(call: &Call<'_>) -> Outcome {
    let Actor::Installation { organisation, .. } = &call.actor else {
        return Err(Refused::forbidden("You must authenticate with an installation access token."));
    };
    let own: Vec<&Repository> = call
        .state
        .repositories_of(organisation)
        .filter(|one| call.level(one) == Some(crate::github::model::Permission::Admin))
        .collect();
    let mut answer = call.page(&own, |one| show::repository(call, one));
    answer.body = Some(json!({ "total_count": own.len(), "repositories": answer.body }));
    Ok(answer)
}
