//! Adding and removing people.

use super::{At, invitations};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;
use crate::github::model::{Grantee, Invitation, Organisation, Permission, Repository};

const ADMINISTRATION: &[(&str, &str)] = &[("administration", "write")];
/// In 24 hours and for one repository; members of the organisation do not count.
const MOST_INVITATIONS: usize = 50;

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("PUT", ["repos", owner, name, "collaborators", person]) => Some(add(call, owner, name, person)),
        ("DELETE", ["repos", owner, name, "collaborators", person]) => {
            Some(remove(call, owner, name, person))
        }
        _ => None,
    }
}

/// What the body asks for: the level, and the name of the role it comes from if the organisation made that.
pub(super) fn level_asked(
    call: &Call<'_>,
    organisation: Option<&Organisation>,
    field: &str,
) -> Result<Option<(Permission, Option<String>)>, Refused> {
    let Some(word) = call.input()?.text(field)? else { return Ok(None) };
    let found = match organisation {
        Some(organisation) => organisation.role_named(&word),
        None => Permission::from_word(&word).map(|level| (level, None)),
    };
    let words = format!("{word} is not a valid permission or custom role name.");
    found.map(Some).ok_or_else(|| Refused::custom("Validation Failed", "Repository", field, &words))
}

/// 204 for who is known here already; all others are invited, which is 201.
fn add(call: &mut Call<'_>, owner: &str, name: &str, person: &str) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    let id = call.writable(owner, name)?;
    let login = call.state.user(person).ok_or_else(Refused::not_found)?.login.clone();
    let repository = call.repository(owner, name)?;
    if repository.owner.eq_ignore_ascii_case(&login) {
        let words = "Repository owner cannot be a collaborator";
        return Err(Refused::custom("Validation Failed", "Repository", "owner", words));
    }
    let organisation = call.state.organisation(&repository.owner);
    let asked = level_asked(call, organisation, "permission")?.unwrap_or((Permission::Push, None));
    let key = login.to_lowercase();
    let is_member = organisation.is_some_and(|one| one.role_of(&key).is_some());
    if let Some(organisation) = organisation.filter(|_| is_member) {
        not_below_the_base(organisation, &login, &asked)?;
    }
    if is_member || repository.collaborators.contains_key(&key) {
        if let Some(repository) = call.state.repositories.get_mut(&id) {
            repository.grant(Grantee::Person(key), asked.0, asked.1.as_deref());
        }
        return Ok(Answer::nothing());
    }
    let may_invite = organisation.is_none_or(|one| {
        one.lets("members_can_invite_outside_collaborators")
            || call.role_in(one) == Some(crate::github::model::OrgRole::Admin)
    });
    if !may_invite {
        let message = "You must be an owner of the organization to invite outside collaborators.";
        return Err(Refused::forbidden(message));
    }
    invite(call, id, key, asked)
}

/// A member has at least what all members have.
fn not_below_the_base(
    organisation: &Organisation,
    login: &str,
    (level, custom): &(Permission, Option<String>),
) -> Result<(), Refused> {
    let least =
        if organisation.is_owner(login) { Some(Permission::Admin) } else { organisation.base_permission };
    if Some(*level) >= least {
        return Ok(());
    }
    let role = custom.as_deref().unwrap_or(level.role_name());
    Err(Refused::new(422, format!("Cannot assign {login} permission of {role}")))
}

/// Asking again changes the invitation that is there.
fn invite(
    call: &mut Call<'_>,
    repository: u64,
    invitee: String,
    asked: (Permission, Option<String>),
) -> Outcome {
    let (level, custom_role) = asked;
    let found = call.state.repositories.get(&repository).ok_or_else(Refused::not_found)?;
    let now = call.now;
    let pending = found.invitations.values().find(|one| one.invitee == invitee && !one.is_expired(now));
    let id = match pending.map(|one| one.id) {
        Some(id) => id,
        None if sent_today(found, call) >= MOST_INVITATIONS => {
            let message =
                "You have exceeded the repository invitation limit. Please retry your request later.";
            return Err(Refused::forbidden(message));
        }
        None => call.state.next_id(),
    };
    let inviter = call.own_name();
    let repository = call.state.repositories.get_mut(&repository).ok_or_else(Refused::not_found)?;
    // One that came to its end makes room for the new one.
    repository.invitations.retain(|_, one| one.invitee != invitee || one.id == id);
    let created_at = repository.invitations.get(&id).map_or(now, |one| one.created_at);
    let invitation = Invitation { id, invitee, inviter, level, custom_role, created_at };
    repository.invitations.insert(id, invitation);
    let owner_and_name = (repository.owner.clone(), repository.name.clone());
    let repository = call.repository(&owner_and_name.0, &owner_and_name.1)?;
    let invitation = repository.invitations.get(&id).ok_or_else(Refused::not_found)?;
    Ok(Answer::made(invitations::shown(call, repository, invitation)))
}

fn sent_today(repository: &Repository, call: &Call<'_>) -> usize {
    let day = chrono::TimeDelta::hours(24);
    repository.invitations.values().filter(|one| one.created_at + day > call.now).count()
}

/// Takes away what was given to the person directly. What an invitation would give is another matter.
fn remove(call: &mut Call<'_>, owner: &str, name: &str, person: &str) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    let itself = matches!(&call.actor, Actor::User { login, .. } if login.eq_ignore_ascii_case(person));
    let repository = call.repository(owner, name)?;
    let id = if itself && !repository.archived { repository.id } else { call.writable(owner, name)? };
    let key = person.to_lowercase();
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    if repository.revoke(&Grantee::Person(key.clone())).is_none() {
        return Err(Refused::not_found());
    }
    let sent_by_them =
        |inviter: &Option<String>| inviter.as_deref().is_some_and(|one| one.eq_ignore_ascii_case(&key));
    repository.invitations.retain(|_, one| !sent_by_them(&one.inviter));
    Ok(Answer::nothing())
}
