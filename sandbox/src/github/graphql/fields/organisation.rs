//! Organisations, their people and teams, and single sign-on.

use serde_json::{Value, json};

use super::super::connection::Item;
use super::super::document::{Asked, Problem};
use super::super::resolve::Run;
use super::{Found, Thing, person, repository};
use crate::github::front::answer::Refused;
use crate::github::front::auth::Actor;
use crate::github::model::{
    Identity, OrgRole, Organisation, Privacy, Repository, SingleSignOn, Team, TeamRole,
};
use crate::github::rest::show::{node_id, sees_team, time};

const FORBIDDEN: &str = "FORBIDDEN";

fn refused(refused: &Refused, absent: String) -> Problem {
    if refused.is_forbidden() {
        return Problem::of(FORBIDDEN, refused.message()).extensions(json!({ "saml_failure": true }));
    }
    Problem::of("NOT_FOUND", absent)
}

pub(super) fn root<'a>(run: &Run<'a, '_>, asked: &Asked) -> Result<Found<'a>, Problem> {
    let text = |name: &str| asked.text(name).unwrap_or_default();
    match asked.name.as_str() {
        "organization" => {
            let login = text("login");
            let found = run.call.organisation(login).map_err(|why| {
                refused(&why, format!("Could not resolve to an Organization with the login of '{login}'."))
            })?;
            Ok(Found::One(Some(Thing::Organisation(found))))
        }
        "repository" => named(run, text("owner"), text("name"), asked),
        "user" => {
            let login = text("login");
            let message = format!("Could not resolve to a User with the login of '{login}'.");
            let found = person(run, login).ok_or_else(|| Problem::of("NOT_FOUND", message))?;
            Ok(Found::One(Some(found)))
        }
        "viewer" => match &run.call.actor {
            Actor::User { login, .. } => Ok(Found::One(person(run, login))),
            _ => Err(Problem::of(FORBIDDEN, "Resource not accessible by integration")),
        },
        _ => Ok(Found::One(run.rate.map(|_| Thing::RateLimit))),
    }
}

/// A repository by name. A former name leads to it unless that is not wanted.
fn named<'a>(run: &Run<'a, '_>, owner: &str, name: &str, asked: &Asked) -> Result<Found<'a>, Problem> {
    let follow = asked.flag("followRenames").unwrap_or(true);
    let moved = run.call.state.moved(owner, name).filter(|_| follow);
    let (owner, name) = moved.map_or((owner, name), |one| (one.owner.as_str(), one.name.as_str()));
    let found = run.call.repository(owner, name).map_err(|why| {
        refused(&why, format!("Could not resolve to a Repository with the name '{owner}/{name}'."))
    })?;
    Ok(Found::One(Some(Thing::Repository(found))))
}

/// Apps need a permission for what is inside an organisation.
fn may_read(run: &Run<'_, '_>, permission: &str) -> Result<(), Problem> {
    match &run.call.actor {
        Actor::Installation { permissions, .. } if !permissions.contains_key(permission) => {
            Err(Problem::of(FORBIDDEN, "Resource not accessible by integration"))
        }
        _ => Ok(()),
    }
}

pub(super) fn field<'a>(
    run: &Run<'a, '_>,
    one: &'a Organisation,
    asked: &Asked,
) -> Result<Found<'a>, Problem> {
    let owner = run.call.role_in(one) == Some(OrgRole::Admin);
    Ok(Found::Leaf(match asked.name.as_str() {
        "repositories" => return Ok(Found::Many(repositories(run, one, asked))),
        "repository" => return named(run, &one.login, asked.text("name").unwrap_or_default(), asked),
        "membersWithRole" => {
            may_read(run, "members")?;
            return Ok(Found::Many(members(run, one, owner)));
        }
        "pendingMembers" => {
            may_read(run, "members")?;
            let pending = one.members.iter().filter(|(_, place)| place.pending && owner);
            let people = pending.filter_map(|(login, _)| Some(Item::new(person(run, login)?, login)));
            return Ok(Found::Many(people.collect()));
        }
        "teams" => {
            may_read(run, "members")?;
            let of = asked.words("userLogins");
            let theirs = |team: &Team| {
                of.as_ref()
                    .is_none_or(|of| of.iter().any(|one| team.members.contains_key(&one.to_lowercase())))
            };
            let seen = one.teams.values().filter(|team| sees_team(run.call, one, team) && theirs(team));
            let mut teams: Vec<&Team> = seen.collect();
            teams.sort_by(|left, right| left.slug.cmp(&right.slug));
            return Ok(Found::Many(
                teams.into_iter().map(|team| Item::new(Thing::Team(one, team), team.id)).collect(),
            ));
        }
        "team" => {
            may_read(run, "members")?;
            let team = asked.text("slug").and_then(|slug| one.team(slug));
            return Ok(Found::One(
                team.filter(|team| sees_team(run.call, one, team)).map(|team| Thing::Team(one, team)),
            ));
        }
        "samlIdentityProvider" => {
            may_read(run, "members")?;
            let provider = one.single_sign_on.as_ref().filter(|_| owner);
            return Ok(Found::One(provider.map(|provider| Thing::Provider(one, provider))));
        }
        "id" => json!(node_id("O", one.id)),
        "databaseId" => json!(one.id),
        "login" => json!(one.login),
        "name" => json!(one.name),
        "description" => json!(one.description),
        "url" => json!(format!("{}/{}", run.call.origin, one.login)),
        "createdAt" => json!(time(one.created_at)),
        // An App is no viewer who administers anything.
        "viewerCanAdminister" => json!(owner && matches!(run.call.actor, Actor::User { .. })),
        _ if owner => json!(one.second_factor_required),
        _ => Value::Null,
    }))
}

fn repositories<'a>(run: &Run<'a, '_>, one: &'a Organisation, asked: &Asked) -> Vec<Item<'a>> {
    let all_seen = run.call.sees_all_of(one);
    let (archived, visibility) = (asked.flag("isArchived"), asked.text("visibility"));
    let mut all: Vec<&Repository> = run
        .call
        .state
        .repositories_of(&one.login)
        .filter(|one| all_seen || run.call.level(one).is_some())
        .filter(|one| archived.is_none_or(|wanted| one.archived == wanted))
        .filter(|one| visibility.is_none_or(|wanted| one.visibility.word().eq_ignore_ascii_case(wanted)))
        .collect();
    let order = asked.arguments.get("orderBy");
    let word = |name: &str| order.and_then(|order| order[name].as_str());
    match word("field") {
        Some("NAME") => all.sort_by_cached_key(|one| one.name.to_lowercase()),
        Some("UPDATED_AT") => all.sort_by_key(|one| (one.updated_at, one.id)),
        Some("PUSHED_AT") => all.sort_by_key(|one| (one.pushed_at, one.id)),
        _ => all.sort_by_key(|one| (one.created_at, one.id)),
    }
    if word("direction") == Some("DESC") {
        all.reverse();
    }
    all.into_iter().map(|one| Item::new(Thing::Repository(one), one.id)).collect()
}

/// Who is no member sees those who show themselves; only owners see second factors.
fn members<'a>(run: &Run<'a, '_>, one: &'a Organisation, owner: bool) -> Vec<Item<'a>> {
    let inside = run.call.role_in(one).is_some();
    let seen = one.members.iter().filter(|(_, place)| !place.pending && (inside || place.public));
    let item = |(login, place): (&'a String, &crate::github::model::Membership)| {
        let role = if place.role == OrgRole::Admin { "ADMIN" } else { "MEMBER" };
        let factor = owner.then(|| !one.without_second_factor.contains(login));
        let item = Item::new(person(run, login)?, login);
        Some(item.with("role", json!(role)).with("hasTwoFactorEnabled", json!(factor)))
    };
    seen.filter_map(item).collect()
}

pub(super) fn team<'a>(
    run: &Run<'a, '_>,
    organisation: &'a Organisation,
    one: &'a Team,
    asked: &Asked,
) -> Result<Found<'a>, Problem> {
    Ok(Found::Leaf(match asked.name.as_str() {
        "organization" => return Ok(Found::One(Some(Thing::Organisation(organisation)))),
        "parentTeam" => {
            let parent = one.parent.and_then(|id| organisation.teams.get(&id));
            return Ok(Found::One(parent.map(|parent| Thing::Team(organisation, parent))));
        }
        "members" => {
            // GitHub looks for what is asked in logins and names.
            let wanted = asked.text("query").unwrap_or_default().to_lowercase();
            let fits = |login: &str| {
                let name =
                    run.call.state.user(login).and_then(|user| user.name.as_deref()).unwrap_or_default();
                login.contains(&wanted) || name.to_lowercase().contains(&wanted)
            };
            let item = |(login, role): (&'a String, &TeamRole)| {
                let maintains = *role == TeamRole::Maintainer || organisation.is_owner(login);
                let role = if maintains { "MAINTAINER" } else { "MEMBER" };
                Some(Item::new(person(run, login)?, login).with("role", json!(role)))
            };
            return Ok(Found::Many(
                one.members.iter().filter(|(login, _)| fits(login)).filter_map(item).collect(),
            ));
        }
        "repositories" => {
            let all_seen = run.call.sees_all_of(organisation);
            let theirs = run.call.state.repositories_of(&organisation.login).filter_map(|found| {
                let level = run.call.state.team_level(found, &organisation.login, one.id)?;
                let seen = all_seen || run.call.level(found).is_some();
                let item = Item::new(Thing::Repository(found), found.id);
                seen.then(|| item.with("permission", json!(repository::permission(level))))
            });
            return Ok(Found::Many(theirs.collect()));
        }
        "id" => json!(node_id("T", one.id)),
        "databaseId" => json!(one.id),
        "slug" => json!(one.slug),
        "combinedSlug" => json!(format!("{}/{}", organisation.login, one.slug)),
        "name" => json!(one.name),
        "description" => json!(one.description),
        "privacy" => json!(if one.privacy == Privacy::Secret { "SECRET" } else { "VISIBLE" }),
        _ => json!(format!("{}/orgs/{}/teams/{}", run.call.origin, organisation.login, one.slug)),
    }))
}

pub(super) fn provider<'a>(
    organisation: &'a Organisation,
    one: &'a SingleSignOn,
    asked: &Asked,
) -> Found<'a> {
    match asked.name.as_str() {
        "externalIdentities" => {
            let (login, name) = (asked.text("login"), asked.text("userName"));
            let members = asked.flag("membersOnly").unwrap_or(false);
            let own = |one: &Identity| one.login.clone().unwrap_or_default();
            let wanted = one.identities.iter().filter(|identity| {
                login.is_none_or(|login| own(identity).eq_ignore_ascii_case(login))
                    && name.is_none_or(|name| identity.name_id.eq_ignore_ascii_case(name))
                    && (!members || organisation.role_of(&own(identity)).is_some())
            });
            Found::Many(wanted.map(|identity| Item::new(Thing::Identity(identity), &identity.guid)).collect())
        }
        "organization" => Found::One(Some(Thing::Organisation(organisation))),
        "ssoUrl" => Found::leaf(one.url.as_str()),
        _ => Found::leaf(node_id("OIP", organisation.id)),
    }
}

pub(super) fn identity<'a>(run: &Run<'a, '_>, one: &'a Identity, name: &str) -> Found<'a> {
    match name {
        "samlIdentity" => Found::One(Some(Thing::Saml(one))),
        "scimIdentity" => Found::One(one.scim_username.as_ref().map(|_| Thing::Scim(one))),
        "user" => Found::One(one.login.as_deref().and_then(|login| person(run, login))),
        "guid" => Found::leaf(one.guid.as_str()),
        _ => Found::leaf(format!("EI_{}", one.guid)),
    }
}
