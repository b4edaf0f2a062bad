//! Who is in a team, and who was invited to it.

use serde_json::{Value, json};

use super::{At, memberships, org_invitations, show, teams};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;
use crate::github::model::{InvitedAs, OrgInvitation, OrgRole, Organisation, Team, TeamRole};

const MEMBERS_READ: &[(&str, &str)] = &[("members", "read")];
const MEMBERS_WRITE: &[(&str, &str)] = &[("members", "write")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "teams", slug, "members"]) => Some(list(call, login, slug)),
        ("GET", ["orgs", login, "teams", slug, "invitations"]) => Some(invitations(call, login, slug)),
        (method, ["orgs", login, "teams", slug, "memberships", person]) => match method {
            "GET" => Some(read(call, login, slug, person)),
            "PUT" => Some(set(call, login, slug, person)),
            "DELETE" => Some(remove(call, login, slug, person)),
            _ => None,
        },
        _ => None,
    }
}

/// Owners of the organisation count as maintainers of every team they are in.
fn role_in_team(organisation: &Organisation, login: &str, role: TeamRole) -> TeamRole {
    if organisation.is_owner(login) { TeamRole::Maintainer } else { role }
}

fn list(call: &mut Call<'_>, login: &str, slug: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let (organisation, team) = teams::seen(call, login, slug)?;
    let wanted = call.query.get("role").map_or("all", String::as_str);
    let people: Vec<&String> = team
        .members
        .iter()
        .filter(|(login, role)| wanted == "all" || wanted == role_in_team(organisation, login, **role).word())
        .map(|(login, _)| login)
        .collect();
    Ok(call.page(&people, |login| show::user_by_login(call, login)))
}

fn invitations(call: &mut Call<'_>, login: &str, slug: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let (organisation, team) = teams::seen(call, login, slug)?;
    let all = organisation.invitations.values();
    let pending: Vec<&OrgInvitation> =
        all.filter(|one| one.is_pending() && one.teams.contains_key(&team.id)).collect();
    Ok(call.page(&pending, |one| org_invitations::shown(call, organisation, one)))
}

/// As member, or as invited.
fn place(organisation: &Organisation, team: &Team, person: &str) -> Option<(TeamRole, &'static str)> {
    if let Some(role) = team.members.get(&person.to_lowercase()) {
        return Some((role_in_team(organisation, person, *role), "active"));
    }
    // Who is in a team within this one counts as its member too.
    let within = |one: &Team| one.parent == Some(team.id) && one.members.contains_key(&person.to_lowercase());
    if organisation.teams.values().any(within) {
        return Some((role_in_team(organisation, person, TeamRole::Member), "active"));
    }
    let invitation = organisation.invitations.values().find(|one| one.waits_for(person))?;
    Some((*invitation.teams.get(&team.id)?, "pending"))
}

fn shown(call: &Call<'_>, login: &str, slug: &str, person: &str) -> Result<Value, Refused> {
    let (organisation, team) = teams::seen(call, login, slug)?;
    let (role, state) = place(organisation, team, person).ok_or_else(Refused::not_found)?;
    let url =
        format!("{}/organizations/{}/team/{}/memberships/{person}", call.api(), organisation.id, team.id);
    Ok(json!({ "url": url, "role": role.word(), "state": state }))
}

fn read(call: &mut Call<'_>, login: &str, slug: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    Ok(Answer::ok(shown(call, login, slug, person)?))
}

/// Organisation and team, for who may say who is in it: owners, and the team's maintainers.
fn managed<'a>(call: &'a Call<'_>, login: &str, slug: &str) -> Result<(&'a Organisation, &'a Team), Refused> {
    let (organisation, team) = teams::seen(call, login, slug)?;
    let maintains = match &call.actor {
        Actor::User { login, .. } => team.members.get(&login.to_lowercase()) == Some(&TeamRole::Maintainer),
        _ => false,
    };
    if !maintains && call.role_in(organisation) != Some(OrgRole::Admin) {
        return Err(Refused::forbidden("You must be an organization owner or team maintainer to do this."));
    }
    if team.synced {
        let message = "This team's membership is managed by an identity provider and cannot be changed here.";
        return Err(Refused::forbidden(message));
    }
    Ok((organisation, team))
}

/// A member of the organisation joins at once; owners can also add strangers, who are invited with it.
fn set(call: &mut Call<'_>, login: &str, slug: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org, write:org")?;
    let (organisation, team) = managed(call, login, slug)?;
    let (login, team) = (organisation.login.clone(), team.id);
    if call.state.organisation(person).is_some() {
        let message = "Cannot add an organization as a member.";
        return Err(Refused::coded(message, "TeamMember", "user", "org"));
    }
    let person = call.state.user(person).ok_or_else(Refused::not_found)?.login.clone();
    let key = person.to_lowercase();
    let role = match call.input()?.text("role")?.as_deref() {
        None | Some("member") => TeamRole::Member,
        Some("maintainer") => TeamRole::Maintainer,
        Some(other) => {
            let what =
                format!("For 'properties/role', {other:?} is not a member of [\"member\", \"maintainer\"].");
            return Err(Refused::unfit(&what));
        }
    };
    let is_member = organisation.role_of(&key).is_some();
    let pending = organisation.invitations.values().find(|one| one.waits_for(&key)).map(|one| one.id);
    if !is_member && call.role_in(organisation) != Some(OrgRole::Admin) {
        return Err(Refused::forbidden("You must be an organization owner to invite new members."));
    }
    let invitation = match (is_member, pending) {
        (true, _) => None,
        (false, Some(id)) => Some(id),
        (false, None) => {
            Some(memberships::invite(call, &login, Some(key.clone()), None, InvitedAs::DirectMember)?)
        }
    };
    if let Some(organisation) = call.state.organisation_mut(&login) {
        if let Some(one) = invitation.and_then(|id| organisation.invitations.get_mut(&id)) {
            one.teams.insert(team, role);
        } else if let Some(team) = organisation.teams.get_mut(&team) {
            team.members.insert(key, role);
        }
    }
    Ok(Answer::ok(shown(call, &login, slug, &person)?))
}

/// Out of the team; the person stays in the organisation. An invitation to both stays one to the organisation.
fn remove(call: &mut Call<'_>, login: &str, slug: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org, write:org")?;
    let (organisation, team) = managed(call, login, slug)?;
    let (login, team) = (organisation.login.clone(), team.id);
    let organisation = call.state.organisation_mut(&login).ok_or_else(Refused::not_found)?;
    let was_in = organisation
        .teams
        .get_mut(&team)
        .is_some_and(|team| team.members.remove(&person.to_lowercase()).is_some());
    let invitations = organisation.invitations.values_mut();
    let was_invited =
        invitations.filter(|one| one.waits_for(person)).any(|one| one.teams.remove(&team).is_some());
    if was_in || was_invited { Ok(Answer::nothing()) } else { Err(Refused::not_found()) }
}
