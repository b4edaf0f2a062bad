//! Organisations and their teams.

use serde_json::{Value, json};

use super::{node_id, time};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;
use crate::github::model::{OrgRole, Organisation, Permission, Privacy, Team, Visibility};

/// An organisation as it is named in answers.
pub(in crate::github) fn organisation_in_brief(call: &Call<'_>, one: &Organisation) -> Value {
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
pub(in crate::github) fn organisation(call: &Call<'_>, one: &Organisation) -> Value {
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
    value["public_gists"] = json!(0);
    value["followers"] = json!(0);
    value["following"] = json!(0);
    value["created_at"] = json!(time(one.created_at));
    value["updated_at"] = json!(time(one.created_at));
    value["archived_at"] = Value::Null;
    if sees_settings(call, one) {
        let all = call.state.repositories_of(&one.login).count();
        value["total_private_repos"] = json!(all - public);
        value["owned_private_repos"] = json!(all - public);
        value["collaborators"] = json!(0);
        value["billing_email"] = Value::Null;
        value["plan"] = json!({
            "name": if one.enterprise { "enterprise" } else if one.free_plan { "free" } else { "team" },
            "space": 976_562_499, "private_repos": 999_999,
            "filled_seats": one.members.len(), "seats": one.seats.unwrap_or(one.members.len() + 10),
        });
        value["default_repository_permission"] =
            json!(one.base_permission.map_or("none", Permission::role_name));
        let creates = one.members_create_repositories;
        value["members_can_create_repositories"] = json!(creates);
        value["members_allowed_repository_creation_type"] = json!(if creates { "all" } else { "none" });
        value["members_can_create_public_repositories"] = json!(creates);
        value["members_can_create_private_repositories"] = json!(creates);
        value["members_can_create_internal_repositories"] = json!(creates && one.enterprise);
        value["two_factor_requirement_enabled"] = json!(one.second_factor_required);
        value["default_repository_branch"] = json!(one.default_branch);
        for (name, on) in &one.switches {
            value[name] = json!(on);
        }
    }
    value
}

/// An organisation's settings are for its owners, with a token that is for organisations.
fn sees_settings(call: &Call<'_>, one: &Organisation) -> bool {
    let far_enough = match &call.actor {
        Actor::User { scopes, .. } => scopes.contains("admin:org"),
        Actor::Installation { permissions, .. } => permissions.contains_key("organization_administration"),
        Actor::App { .. } | Actor::Anonymous => false,
    };
    far_enough && call.role_in(one) == Some(OrgRole::Admin)
}

/// A team as it is named in answers.
pub(in crate::github) fn team(call: &Call<'_>, organisation: &Organisation, one: &Team) -> Value {
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
        "type": "organization",
        "organization_id": organisation.id,
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
pub(in crate::github) fn team_in_full(call: &Call<'_>, organisation: &Organisation, one: &Team) -> Value {
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
pub(in crate::github) fn sees_team(call: &Call<'_>, organisation: &Organisation, one: &Team) -> bool {
    match (call.role_in(organisation), &call.actor) {
        (Some(OrgRole::Admin), _) => true,
        (Some(OrgRole::Member), Actor::User { login, .. }) => {
            one.privacy == Privacy::Closed || one.members.contains_key(&login.to_lowercase())
        }
        _ => false,
    }
}
