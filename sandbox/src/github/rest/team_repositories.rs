//! What teams may do with repositories.

use serde_json::{Value, json};

use super::{At, show, teams};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Grantee, Permission, Repository, Team};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "teams", slug, "repos"]) => Some(list(call, login, slug)),
        (method, ["orgs", login, "teams", slug, "repos", owner, name]) => match method {
            "GET" => Some(read(call, login, slug, (owner, name))),
            "PUT" => Some(grant(call, login, slug, (owner, name))),
            "DELETE" => Some(revoke(call, login, slug, (owner, name))),
            _ => None,
        },
        ("GET", ["repos", owner, name, "teams"]) => Some(teams_of(call, owner, name)),
        _ => None,
    }
}

fn with_level(call: &Call<'_>, repository: &Repository, team: &Team, level: Permission) -> Value {
    let mut value = show::repository(call, repository);
    value["permissions"] = show::permissions(Some(level));
    value["role_name"] = json!(role_name(repository, team, level));
    value
}

/// The role that the organisation made itself, if the level is from that; else the level's own.
fn role_name(repository: &Repository, team: &Team, level: Permission) -> String {
    let given = repository.teams.get(&team.id) == Some(&level);
    let role = repository.role_given(&Grantee::Team(team.id)).filter(|_| given);
    role.unwrap_or_else(|| level.role_name().to_owned())
}

fn list(call: &mut Call<'_>, login: &str, slug: &str) -> Outcome {
    call.needs_identity(&[("members", "read"), ("metadata", "read")])?;
    let (organisation, team) = teams::seen(call, login, slug)?;
    let repositories: Vec<(&Repository, Permission)> = call
        .state
        .repositories_of(&organisation.login)
        .filter(|one| call.level(one).is_some())
        .filter_map(|one| Some((one, call.state.team_level(one, &organisation.login, team.id)?)))
        .collect();
    Ok(call.page(&repositories, |(one, level)| with_level(call, one, team, *level)))
}

/// 204 when the team has access; with the media type for repositories, what it may do.
fn read(call: &mut Call<'_>, login: &str, slug: &str, (owner, name): (&str, &str)) -> Outcome {
    call.needs_identity(&[("members", "read"), ("metadata", "read")])?;
    let (organisation, team) = teams::seen(call, login, slug)?;
    let repository = call.repository(owner, name)?;
    let level = call.state.team_level(repository, &organisation.login, team.id);
    let level = level.filter(|_| repository.owner.eq_ignore_ascii_case(&organisation.login));
    let level = level.ok_or_else(Refused::not_found)?;
    if call.accepts("application/vnd.github.v3.repository+json") {
        return Ok(Answer::ok(with_level(call, repository, team, level)));
    }
    Ok(Answer::nothing())
}

fn grant(call: &mut Call<'_>, login: &str, slug: &str, (owner, name): (&str, &str)) -> Outcome {
    call.needs_identity(&[("administration", "write"), ("members", "read")])?;
    let (organisation, team) = teams::seen(call, login, slug)?;
    let (team_id, default) = (team.id, team.permission);
    let of_this_organisation = organisation.login.eq_ignore_ascii_case(owner);
    call.repository(owner, name)?;
    if !of_this_organisation {
        let words = "The repository must belong to the organization of the team.";
        return Err(Refused::custom("Validation Failed", "TeamMember", "repository", words));
    }
    let id = call.writable(owner, name)?;
    let (level, custom) = match call.input()?.text("permission")? {
        None => (default, None),
        Some(word) => match call.organisation(login)?.role_named(&word) {
            Some(found) => found,
            None => return Err(Refused::invalid("TeamRepository", "permission", "invalid")),
        },
    };
    if let Some(repository) = call.state.repositories.get_mut(&id) {
        repository.grant(Grantee::Team(team_id), level, custom.as_deref());
    }
    Ok(Answer::nothing())
}

/// 404 when there is nothing to take away.
fn revoke(call: &mut Call<'_>, login: &str, slug: &str, (owner, name): (&str, &str)) -> Outcome {
    call.needs_identity(&[("administration", "write"), ("members", "read")])?;
    let team = teams::seen(call, login, slug)?.1.id;
    let id = call.writable(owner, name)?;
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    match repository.revoke(&Grantee::Team(team)) {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Refused::not_found()),
    }
}

fn teams_of(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(&[("administration", "read")])?;
    let repository = call.repository(owner, name)?;
    if call.level(repository) < Some(Permission::Push) {
        return Err(Refused::not_found());
    }
    let Some(organisation) = call.state.organisation(&repository.owner) else {
        return Ok(call.page(&[] as &[Value], Value::clone));
    };
    let shown: Vec<(&Team, Permission)> = organisation
        .teams
        .values()
        .filter(|team| show::sees_team(call, organisation, team))
        .filter_map(|team| Some((team, call.state.team_level(repository, &organisation.login, team.id)?)))
        .collect();
    Ok(call.page(&shown, |(team, level)| {
        let mut value = show::team(call, organisation, team);
        value["permission"] = match repository.custom_roles.get(&Grantee::Team(team.id)) {
            Some(custom) => json!(custom),
            None => json!(level.word()),
        };
        value["permissions"] = show::permissions(Some(*level));
        value
    }))
}
