//! How Travis shows what it knows.

use serde_json::{Value, json};

use super::model::{EnvVar, Organisation, Repository, State, User};

pub(super) fn user(one: &User) -> Value {
    json!({
        "@type": "user",
        "@href": format!("/user/{}", one.id),
        "@representation": "standard",
        "@permissions": { "read": true, "sync": true },
        "id": one.id,
        "login": one.login,
        "name": one.login,
        "vcs_type": "GithubUser",
        "is_syncing": one.syncing.is_some(),
        "synced_at": one.synced_at.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "recently_signed_up": false,
        "ro_mode": false,
    })
}

pub(super) fn repository(one: &Repository) -> Value {
    let (owner, name) = one.slug.split_once('/').unwrap_or_default();
    json!({
        "@type": "repository",
        "@href": format!("/repo/{}", one.id),
        "@representation": "standard",
        "@permissions": {
            "read": true, "activate": one.admin, "deactivate": one.admin, "create_env_var": one.admin,
            "admin": one.admin,
        },
        "id": one.id,
        "name": name,
        "slug": one.slug,
        "description": null,
        "github_id": one.github_id,
        "vcs_id": one.github_id.to_string(),
        "vcs_type": "GithubRepository",
        "active": one.active,
        "private": one.private,
        "owner": { "@type": "organization", "login": owner },
        "owner_name": owner,
        "starred": false,
        "managed_by_installation": true,
        "active_on_org": false,
    })
}

pub(super) fn env_var(one: &EnvVar) -> Value {
    let value = if one.public { json!(one.value) } else { Value::Null };
    json!({
        "@type": "env_var",
        "@representation": "standard",
        "id": one.id,
        "name": one.name,
        "value": value,
        "public": one.public,
        "branch": one.branch,
    })
}

fn organisation(one: &Organisation) -> Value {
    json!({
        "@type": "organization",
        "@href": format!("/org/{}", one.id),
        "@representation": "standard",
        "@permissions": { "read": true, "sync": true, "admin": true },
        "id": one.id,
        "login": one.login,
        "name": one.name,
        "github_id": one.github_id,
        "vcs_id": one.github_id.to_string(),
        "vcs_type": "GithubOrganization",
    })
}

/// One page of the organisations.
pub(super) fn organisations(state: &State, limit: usize, offset: usize) -> Value {
    let count = state.organisations.len();
    let page: Vec<Value> = state.organisations.iter().skip(offset).take(limit).map(organisation).collect();
    let is_last = offset + page.len() >= count;
    json!({
        "@type": "organizations",
        "@href": "/orgs",
        "@representation": "standard",
        "@pagination": {
            "limit": limit, "offset": offset, "count": count, "is_first": offset == 0, "is_last": is_last,
        },
        "organizations": page,
    })
}
