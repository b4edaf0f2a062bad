//! The roles that an organisation has beyond GitHub's own five.

use serde_json::{Value, json};

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{CustomRole, Organisation, Permission};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "custom-repository-roles"]) => Some(for_repositories(call, login)),
        ("GET", ["orgs", login, "custom-repository-roles", id]) => {
            Some(for_repositories_one(call, login, id))
        }
        ("GET", ["orgs", login, "organization-roles"]) => Some(for_all(call, login)),
        _ => None,
    }
}

fn shown(call: &Call<'_>, organisation: &Organisation, one: &CustomRole) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "base_role": one.base.role_name(),
        "permissions": one.permissions,
        "organization": show::owner(call, &organisation.login),
        "created_at": show::time(one.created_at),
        "updated_at": show::time(one.created_at),
    })
}

fn seen<'a>(call: &'a mut Call<'_>, login: &str) -> Result<&'a Organisation, Refused> {
    call.needs_identity(&[("organization_custom_roles", "read")])?;
    call.needs_scope("admin:org, repo")?;
    call.owned(login)
}

fn for_repositories(call: &mut Call<'_>, login: &str) -> Outcome {
    seen(call, login)?;
    let organisation = call.owned(login)?;
    let roles: Vec<Value> =
        organisation.custom_roles.values().map(|one| shown(call, organisation, one)).collect();
    Ok(Answer::ok(json!({ "total_count": roles.len(), "custom_roles": roles })))
}

fn for_repositories_one(call: &mut Call<'_>, login: &str, id: &str) -> Outcome {
    seen(call, login)?;
    let organisation = call.owned(login)?;
    let found = id.parse().ok().and_then(|id: u64| organisation.custom_roles.get(&id));
    Ok(Answer::ok(shown(call, organisation, found.ok_or_else(Refused::not_found)?)))
}

/// Those that GitHub itself gives to every organisation.
fn for_all(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(&[("organization_custom_org_roles", "read")])?;
    call.needs_scope("admin:org")?;
    let organisation = call.owned(login)?;
    let at = show::time(organisation.created_at);
    let roles: Vec<Value> = Permission::ALL
        .into_iter()
        .zip(8132_u64..)
        .map(|(level, id)| {
            let role = level.role_name();
            json!({
                "id": id,
                "name": format!("all_repo_{role}"),
                "description": format!("Grants {role} access to all repositories in the organization."),
                "base_role": role,
                "source": "Predefined",
                "permissions": [],
                "organization": null,
                "created_at": at,
                "updated_at": at,
            })
        })
        .collect();
    Ok(Answer::ok(json!({ "total_count": roles.len(), "roles": roles })))
}
