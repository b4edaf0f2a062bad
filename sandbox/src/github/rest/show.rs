//! How accounts, organisations, teams and repositories look in JSON.

use hubcommander_sdk::clock::Instant;
use serde_json::{Map, Value, json};

use crate::github::front::auth::Actor;
use crate::github::front::call::{Call, Version};
use crate::github::model::{OrgRole, Organisation, Permission, Privacy, Repository, Team, User, Visibility};

/// `2026-11-24T02:16:40Z`.
pub(super) fn time(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// GitHub's other name for a thing: opaque, and another one for each kind.
pub(super) fn node_id(kind: &str, id: u64) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id.to_be_bytes());
    format!("{kind}_kg{encoded}")
}

/// pull, triage, push, maintain, admin, each yes or no.
pub(super) fn permissions(level: Option<Permission>) -> Value {
    let entries = Permission::ALL.into_iter().map(|one| (one.word().to_owned(), json!(level >= Some(one))));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// A person as others are named in answers.
pub(super) fn user(call: &Call<'_>, user: &User) -> Value {
    let (api, login) = (call.api(), &user.login);
    json!({
        "login": login,
        "id": user.id,
        "node_id": node_id("U", user.id),
        "avatar_url": format!("{}/_page/avatar/{login}", call.origin),
        "gravatar_id": "",
        "url": format!("{api}/users/{login}"),
        "html_url": format!("{}/{login}", call.origin),
        "repos_url": format!("{api}/users/{login}/repos"),
        "organizations_url": format!("{api}/users/{login}/orgs"),
        "events_url": format!("{api}/users/{login}/events{{/privacy}}"),
        "type": "User",
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// As [`user`], by login; null for who has no account.
pub(super) fn user_by_login(call: &Call<'_>, login: &str) -> Value {
    call.state.user(login).map_or(Value::Null, |found| user(call, found))
}

/// A person's own page.
pub(super) fn profile(call: &Call<'_>, person: &User) -> Value {
    let mut value = user(call, person);
    value["name"] = json!(person.name);
    value["company"] = Value::Null;
    value["blog"] = json!("");
    value["location"] = Value::Null;
    value["email"] = json!(person.email);
    value["bio"] = Value::Null;
    value["public_repos"] = json!(
        call.state.repositories_of(&person.login).filter(|one| one.visibility == Visibility::Public).count()
    );
    value["followers"] = json!(0);
    value["following"] = json!(0);
    value["created_at"] = json!(time(person.created_at));
    value["updated_at"] = json!(time(person.created_at));
    value
}

/// An organisation as it is named in answers.
pub(super) fn organisation_in_brief(call: &Call<'_>, one: &Organisation) -> Value {
    let (api, login) = (call.api(), &one.login);
    json!({
        "login": login,
        "id": one.id,
        "node_id": node_id("O", one.id),
        "url": format!("{api}/orgs/{login}"),
        "repos_url": format!("{api}/orgs/{login}/repos"),
        "events_url": format!("{api}/orgs/{login}/events"),
        "hooks_url": format!("{api}/orgs/{login}/hooks"),
        "issues_url": format!("{api}/orgs/{login}/issues"),
        "members_url": format!("{api}/orgs/{login}/members{{/member}}"),
        "public_members_url": format!("{api}/orgs/{login}/public_members{{/member}}"),
        "avatar_url": format!("{}/_page/avatar/{login}", call.origin),
        "description": one.description,
    })
}

/// An organisation with all that the caller may know of it.
pub(super) fn organisation(call: &Call<'_>, one: &Organisation) -> Value {
    let mut value = organisation_in_brief(call, one);
    let public =
        call.state.repositories_of(&one.login).filter(|one| one.visibility == Visibility::Public).count();
    value["name"] = json!(one.name);
    value["html_url"] = json!(format!("{}/{}", call.origin, one.login));
    value["type"] = json!("Organization");
    value["is_verified"] = json!(false);
    value["has_organization_projects"] = json!(true);
    value["has_repository_projects"] = json!(true);
    value["public_repos"] = json!(public);
    value["followers"] = json!(0);
    value["following"] = json!(0);
    value["created_at"] = json!(time(one.created_at));
    value["updated_at"] = json!(time(one.created_at));
    if call.role_in(one) == Some(OrgRole::Admin) {
        let all = call.state.repositories_of(&one.login).count();
        value["total_private_repos"] = json!(all - public);
        value["owned_private_repos"] = json!(all - public);
        value["default_repository_permission"] =
            json!(one.base_permission.map_or("none", Permission::role_name));
        value["members_can_create_repositories"] = json!(one.members_create_repositories);
        value["members_can_create_public_repositories"] = json!(one.members_create_repositories);
        value["members_can_create_private_repositories"] = json!(one.members_create_repositories);
        value["members_can_create_internal_repositories"] =
            json!(one.members_create_repositories && one.enterprise);
        value["two_factor_requirement_enabled"] = json!(false);
        value["default_repository_branch"] = json!(one.default_branch);
    }
    value
}

/// The owner of a repository.
pub(super) fn owner(call: &Call<'_>, login: &str) -> Value {
    match call.state.organisation(login) {
        Some(one) => {
            let (api, login) = (call.api(), &one.login);
            json!({
                "login": login, "id": one.id, "node_id": node_id("O", one.id),
                "avatar_url": format!("{}/_page/avatar/{login}", call.origin), "gravatar_id": "",
                "url": format!("{api}/users/{login}"), "html_url": format!("{}/{login}", call.origin),
                "repos_url": format!("{api}/users/{login}/repos"),
                "type": "Organization", "user_view_type": "public", "site_admin": false,
            })
        }
        None => user_by_login(call, login),
    }
}

/// A team as it is named in answers.
pub(super) fn team(call: &Call<'_>, organisation: &Organisation, one: &Team) -> Value {
    let mut value = team_without_parent(call, organisation, one);
    let parent = one.parent.and_then(|id| organisation.teams.get(&id));
    value["parent"] = parent.map_or(Value::Null, |parent| team_without_parent(call, organisation, parent));
    value
}

fn team_without_parent(call: &Call<'_>, organisation: &Organisation, one: &Team) -> Value {
    let api = call.api();
    let url = format!("{api}/organizations/{}/team/{}", organisation.id, one.id);
    json!({
        "id": one.id,
        "node_id": node_id("T", one.id),
        "name": one.name,
        "slug": one.slug,
        "description": one.description,
        "privacy": one.privacy.word(),
        "notification_setting": "notifications_enabled",
        "permission": one.permission.word(),
        "url": url,
        "html_url": format!("{}/orgs/{}/teams/{}", call.origin, organisation.login, one.slug),
        "members_url": format!("{url}/members{{/member}}"),
        "repositories_url": format!("{url}/repos"),
    })
}

/// A team's own answer.
pub(super) fn team_in_full(call: &Call<'_>, organisation: &Organisation, one: &Team) -> Value {
    let mut value = team(call, organisation, one);
    let repositories = call
        .state
        .repositories_of(&organisation.login)
        .filter(|repository| repository.teams.contains_key(&one.id));
    value["repos_count"] = json!(repositories.count());
    value["members_count"] = json!(one.members.len());
    value["created_at"] = json!(time(organisation.created_at));
    value["updated_at"] = json!(time(organisation.created_at));
    value["organization"] = self::organisation(call, organisation);
    value
}

/// Whether the caller sees a team: all members do, secret ones only their members and the owners.
pub(super) fn sees_team(call: &Call<'_>, organisation: &Organisation, one: &Team) -> bool {
    match (call.role_in(organisation), &call.actor) {
        (Some(OrgRole::Admin), _) => true,
        (Some(OrgRole::Member), Actor::User { login, .. }) => {
            one.privacy == Privacy::Closed || one.members.contains_key(&login.to_lowercase())
        }
        _ => false,
    }
}

/// A repository as lists show it.
pub(super) fn repository(call: &Call<'_>, one: &Repository) -> Value {
    let full_name = one.full_name();
    let (api, html) = (call.api(), format!("{}/{full_name}", call.origin));
    let url = format!("{api}/repos/{full_name}");
    let host = call.origin.trim_start_matches("http://");
    let mut value = json!({
        "id": one.id,
        "node_id": node_id("R", one.id),
        "name": one.name,
        "full_name": full_name,
        "private": one.visibility != Visibility::Public,
        "owner": owner(call, &one.owner),
        "html_url": html,
        "description": one.description,
        "fork": false,
        "url": url,
        "branches_url": format!("{url}/branches{{/branch}}"),
        "collaborators_url": format!("{url}/collaborators{{/collaborator}}"),
        "contents_url": format!("{url}/contents/{{+path}}"),
        "hooks_url": format!("{url}/hooks"),
        "keys_url": format!("{url}/keys{{/key_id}}"),
        "pulls_url": format!("{url}/pulls{{/number}}"),
        "teams_url": format!("{url}/teams"),
        "clone_url": format!("{html}.git"),
        "git_url": format!("git://{host}/{full_name}.git"),
        "ssh_url": format!("git@{host}:{full_name}.git"),
        "homepage": one.homepage,
        "language": null,
        "license": null,
        "size": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "open_issues_count": 0,
        "archived": one.archived,
        "disabled": false,
        "is_template": one.is_template,
        "topics": one.topics,
        "visibility": one.visibility.word(),
        "default_branch": one.default_branch,
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "pushed_at": time(one.pushed_at),
        "permissions": permissions(call.level(one)),
    });
    for (name, on) in &one.switches {
        value[name] = json!(on);
    }
    if call.version == Version::First {
        value["has_downloads"] = json!(true);
    } else if let Some(fields) = value.as_object_mut() {
        fields.remove("use_squash_pr_title_as_default");
    }
    if call.actor == Actor::Anonymous
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove("permissions");
    }
    value
}

/// A repository's own answer.
pub(super) fn repository_in_full(call: &Call<'_>, one: &Repository) -> Value {
    let mut value = repository(call, one);
    if call.state.organisation(&one.owner).is_some() {
        value["organization"] = owner(call, &one.owner);
    }
    if let Some(template) = one.template.and_then(|id| call.state.repositories.get(&id)) {
        let seen = call.level(template).is_some();
        value["template_repository"] = if seen { repository(call, template) } else { Value::Null };
    }
    value["network_count"] = json!(0);
    value["subscribers_count"] = json!(0);
    value
}
