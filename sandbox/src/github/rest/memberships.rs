//! Who becomes a member of an organisation, in which role, and who is one no longer.

use serde_json::{Value, json};

use super::{At, show, users};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{
    Grantee, InvitedAs, Membership, OrgInvitation, OrgRole, Organisation, Permission,
};

const MEMBERS_READ: &[(&str, &str)] = &[("members", "read")];
const MEMBERS_WRITE: &[(&str, &str)] = &[("members", "write")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "memberships", person]) => Some(read(call, login, person)),
        ("PUT", ["orgs", login, "memberships", person]) => Some(set(call, login, person)),
        ("DELETE", ["orgs", login, "memberships", person]) => Some(remove(call, login, person, true)),
        ("DELETE", ["orgs", login, "members", person]) => Some(remove(call, login, person, false)),
        ("GET", ["user", "memberships", "orgs"]) => Some(mine(call)),
        ("GET", ["user", "memberships", "orgs", login]) => Some(my_own(call, login)),
        ("PATCH", ["user", "memberships", "orgs", login]) => Some(accept(call, login)),
        _ => None,
    }
}

fn shown(call: &Call<'_>, organisation: &Organisation, person: &str, place: &Membership) -> Value {
    let api = call.api();
    json!({
        "url": format!("{api}/orgs/{}/memberships/{person}", organisation.login),
        "state": if place.pending { "pending" } else { "active" },
        "role": place.role.word(),
        "direct_membership": true,
        "organization_url": format!("{api}/orgs/{}", organisation.login),
        "user": show::user_by_login(call, person),
        "organization": show::organisation_in_brief(call, organisation),
    })
}

fn found(call: &Call<'_>, login: &str, person: &str) -> Outcome {
    let organisation = call.organisation(login)?;
    let place = organisation.members.get(&person.to_lowercase()).ok_or_else(Refused::not_found)?;
    Ok(Answer::ok(shown(call, organisation, person, place)))
}

fn read(call: &mut Call<'_>, login: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let organisation = call.organisation(login)?;
    if call.role_in(organisation).is_none() {
        return Err(Refused::forbidden("You must be a member of the organization to see this."));
    }
    found(call, login, person)
}

/// A member gets another role; a stranger is invited, and pending until they accept.
fn set(call: &mut Call<'_>, login: &str, person: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org, write:org")?;
    let organisation = call.owned(login)?;
    let login = organisation.login.clone();
    let person = call.state.user(person).ok_or_else(Refused::not_found)?.login.clone();
    let role = match call.input()?.text("role")?.as_deref() {
        None | Some("member") => OrgRole::Member,
        Some("admin") => OrgRole::Admin,
        Some(other) => {
            let what =
                format!("For 'properties/role', {other:?} is not a member of [\"admin\", \"member\"].");
            return Err(Refused::unfit(&what));
        }
    };
    let key = person.to_lowercase();
    let organisation = call.organisation(&login)?;
    if role == OrgRole::Member && organisation.is_last_owner(&key) {
        return Err(Refused::forbidden("You can't demote the last owner of an organization."));
    }
    if !organisation.members.contains_key(&key) {
        let role = if role == OrgRole::Admin { InvitedAs::Admin } else { InvitedAs::DirectMember };
        invite(call, &login, Some(key), None, role)?;
    } else if let Some(organisation) = call.state.organisation_mut(&login) {
        if let Some(place) = organisation.members.get_mut(&key) {
            place.role = role;
        }
        for one in organisation.invitations.values_mut().filter(|one| one.waits_for(&key)) {
            one.role = if role == OrgRole::Admin { InvitedAs::Admin } else { InvitedAs::DirectMember };
        }
    }
    found(call, &login, &person)
}

/// Sends an invitation, unless too many were sent within a day; its number.
pub(super) fn invite(
    call: &mut Call<'_>,
    organisation: &str,
    login: Option<String>,
    email: Option<String>,
    role: InvitedAs,
) -> Result<u64, Refused> {
    let found = call.organisation(organisation)?;
    let day = chrono::TimeDelta::hours(24);
    if found.managed_users {
        return Err(Refused::not_found());
    }
    if found.seats.is_some_and(|seats| found.members.len() >= seats) {
        let message = "You must purchase at least one more seat to add this user as a member.";
        return Err(Refused::no_seat(message));
    }
    let today = found.sent.iter().filter(|at| **at + day > call.now).count();
    // Young organisations that pay nothing may send fewer.
    let young = found.created_at + chrono::TimeDelta::days(30) > call.now;
    if today >= if young && found.free_plan { 50 } else { 500 } {
        return Err(Refused::invitation("Over invitation rate limit"));
    }
    let invitation = OrgInvitation {
        id: call.state.next_id(),
        login,
        email,
        role,
        inviter: call.own_name(),
        teams: std::collections::BTreeMap::new(),
        created_at: call.now,
        failed: None,
    };
    let id = invitation.id;
    call.state.invite(organisation, invitation);
    Ok(id)
}

/// Takes away the membership, also of teams, and what the person was given directly. `pending`: whether an
/// invitation is cancelled too.
fn remove(call: &mut Call<'_>, login: &str, person: &str, pending: bool) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org, write:org")?;
    let organisation = call.owned(login)?;
    let key = person.to_lowercase();
    let place = *organisation.members.get(&key).ok_or_else(Refused::not_found)?;
    let login = organisation.login.clone();
    if place.pending {
        let invitation = organisation.invitations.values().find(|one| one.waits_for(&key)).map(|one| one.id);
        return match invitation.filter(|_| pending) {
            Some(id) => {
                call.state.cancel_membership(&login, id);
                Ok(Answer::nothing())
            }
            None => Err(Refused::not_found()),
        };
    }
    if organisation.is_last_owner(&key) {
        return Err(Refused::forbidden("You can't remove the last owner of an organization."));
    }
    leave(call, &login, &key);
    for id in repositories_of(call, &login) {
        if let Some(repository) = call.state.repositories.get_mut(&id) {
            repository.revoke(&Grantee::Person(key.clone()));
        }
    }
    Ok(Answer::nothing())
}

/// Out of the organisation and its teams; what was given directly stays.
pub(super) fn leave(call: &mut Call<'_>, organisation: &str, key: &str) {
    if let Some(organisation) = call.state.organisation_mut(organisation) {
        organisation.members.remove(key);
        for team in organisation.teams.values_mut() {
            team.members.remove(key);
        }
    }
}

pub(super) fn repositories_of(call: &Call<'_>, organisation: &str) -> Vec<u64> {
    call.state.repositories_of(organisation).map(|one| one.id).collect()
}

/// The most that teams gave this person, for each repository.
pub(super) fn levels_by_team(
    call: &Call<'_>,
    organisation: &Organisation,
    key: &str,
) -> Vec<(u64, Permission)> {
    let theirs: Vec<u64> = organisation
        .teams
        .values()
        .filter(|team| team.members.contains_key(key))
        .map(|team| team.id)
        .collect();
    let all = call.state.repositories_of(&organisation.login);
    let level =
        |one| theirs.iter().filter_map(|team| call.state.team_level(one, &organisation.login, *team)).max();
    all.filter_map(|one| Some((one.id, level(one)?))).collect()
}

fn mine(call: &mut Call<'_>) -> Outcome {
    let login = users::own_login(call)?;
    let key = login.to_lowercase();
    let wanted = call.query.get("state").cloned();
    let all: Vec<(&Organisation, &Membership)> = call
        .state
        .organisations
        .values()
        .filter_map(|one| Some((one, one.members.get(&key)?)))
        .filter(|(_, place)| match wanted.as_deref() {
            Some("active") => !place.pending,
            Some("pending") => place.pending,
            _ => true,
        })
        .collect();
    Ok(call.page(&all, |(organisation, place)| shown(call, organisation, &login, place)))
}

fn my_own(call: &mut Call<'_>, login: &str) -> Outcome {
    let own = users::own_login(call)?;
    found(call, login, &own)
}

fn accept(call: &mut Call<'_>, login: &str) -> Outcome {
    let own = users::own_login(call)?;
    if call.input()?.required_text("state")? != "active" {
        return Err(Refused::unfit("For 'properties/state', it is not a member of [\"active\"]."));
    }
    let organisation = call.organisation(login)?;
    let place = organisation.members.get(&own.to_lowercase()).ok_or_else(Refused::not_found)?;
    let lacks_factor = organisation.without_second_factor.contains(&own.to_lowercase());
    if place.pending && organisation.second_factor_required && lacks_factor {
        let message = "You must have two-factor authentication enabled to accept this invitation.";
        return Err(Refused::forbidden(message));
    }
    call.state.accept_membership(login, &own);
    found(call, login, &own)
}
