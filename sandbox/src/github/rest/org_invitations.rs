//! Invitations to an organisation: list, send, cancel, and those that came to nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{At, memberships, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{InvitedAs, OrgInvitation, Organisation, Team, TeamRole};

const MEMBERS_READ: &[(&str, &str)] = &[("members", "read")];
const MEMBERS_WRITE: &[(&str, &str)] = &[("members", "write")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "invitations"]) => Some(list(call, login, true)),
        ("GET", ["orgs", login, "failed_invitations"]) => Some(list(call, login, false)),
        ("POST", ["orgs", login, "invitations"]) => Some(send(call, login)),
        ("DELETE", ["orgs", login, "invitations", id]) => Some(cancel(call, login, id)),
        ("GET", ["orgs", login, "invitations", id, "teams"]) => Some(teams(call, login, id)),
        _ => None,
    }
}

pub(super) fn shown(call: &Call<'_>, organisation: &Organisation, one: &OrgInvitation) -> Value {
    let login = one.login.as_deref();
    let written = login.map(|login| call.state.user(login).map_or(login, |user| &user.login));
    let (failed_at, failed_reason) = one.failed.as_ref().map(|(at, why)| (show::time(*at), why)).unzip();
    json!({
        "id": one.id,
        "node_id": show::node_id("OI", one.id),
        "login": written,
        "email": one.email,
        "role": one.role.word(),
        "created_at": show::time(one.created_at),
        "failed_at": failed_at,
        "failed_reason": failed_reason,
        "inviter": one.inviter.as_deref().map_or(Value::Null, |login| show::user_by_login(call, login)),
        "team_count": one.teams.len(),
        "invitation_teams_url": format!("{}/organizations/{}/invitations/{}/teams", call.api(), organisation.id, one.id),
        "invitation_source": "member",
    })
}

/// The organisation, for who owns it. Where the company makes its members' accounts itself, there are no
/// invitations.
fn inviting<'a>(call: &'a Call<'_>, login: &str) -> Result<&'a Organisation, Refused> {
    let organisation = call.owned(login)?;
    if organisation.managed_users { Err(Refused::not_found()) } else { Ok(organisation) }
}

fn list(call: &mut Call<'_>, login: &str, pending: bool) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    call.needs_scope("admin:org")?;
    let organisation = inviting(call, login)?;
    let role = call.query.get("role").map_or("all", String::as_str);
    let all: Vec<&OrgInvitation> = organisation
        .invitations
        .values()
        .filter(|one| one.is_pending() == pending)
        .filter(|one| role == "all" || role == one.role.word())
        .collect();
    Ok(call.page(&all, |one| shown(call, organisation, one)))
}

/// To an account by its number, or to an address.
fn send(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org")?;
    let organisation = inviting(call, login)?;
    let login = organisation.login.clone();
    let input = call.input()?;
    let role = match input.text("role")? {
        None => InvitedAs::DirectMember,
        Some(word) => InvitedAs::from_word(&word).ok_or_else(|| {
            Refused::unfit(&format!(
                "For 'properties/role', {word:?} is not a member of [\"admin\", \"direct_member\", \
                 \"billing_manager\", \"reinstate\"]."
            ))
        })?,
    };
    let teams: Vec<u64> = input.numbers("team_ids")?.unwrap_or_default();
    if teams.iter().any(|id| !organisation.teams.contains_key(id)) {
        return Err(Refused::invalid("OrganizationInvitation", "team_ids", "invalid"));
    }
    let (person, email) = invitee(call, organisation, input.number("invitee_id")?, input.text("email")?)?;
    let id = memberships::invite(call, &login, person, email, role)?;
    if let Some(one) = call.state.organisation_mut(&login).and_then(|one| one.invitations.get_mut(&id)) {
        one.teams = teams.into_iter().map(|id| (id, TeamRole::Member)).collect::<BTreeMap<_, _>>();
    }
    let organisation = call.organisation(&login)?;
    let one = organisation.invitations.get(&id).ok_or_else(Refused::not_found)?;
    Ok(Answer::made(shown(call, organisation, one)))
}

/// Who is meant: the account in lower case, or the address. Refused for who belongs to it already.
fn invitee(
    call: &Call<'_>,
    organisation: &Organisation,
    id: Option<u64>,
    email: Option<String>,
) -> Result<(Option<String>, Option<String>), Refused> {
    let refuse = |words: &str| Err(Refused::invitation(words));
    match (id, email) {
        (Some(id), _) => {
            let mut users = call.state.users.iter();
            let (key, _) = users
                .find(|(_, user)| user.id == id)
                .ok_or_else(|| Refused::invalid("OrganizationInvitation", "invitee_id", "invalid"))?;
            match organisation.members.get(key) {
                Some(place) if !place.pending => refuse("Invitee is already a part of this organization"),
                Some(_) => refuse("Invitee has already been invited to this organization"),
                None => Ok((Some(key.clone()), None)),
            }
        }
        (None, Some(email)) if email.contains('@') && !email.contains(char::is_whitespace) => {
            let known =
                call.state.users.iter().find(|(_, user)| user.email.as_deref() == Some(email.as_str()));
            let is_member = known.is_some_and(|(key, _)| organisation.role_of(key).is_some());
            let invited = organisation.invitations.values().any(|one| {
                one.is_pending() && one.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&email))
            });
            if is_member {
                return refuse("A user with this email address is already a part of this organization");
            }
            if invited {
                return refuse(
                    "A user with this email address has already been invited to this organization",
                );
            }
            Ok((None, Some(email)))
        }
        (None, Some(_)) => Err(Refused::invalid("OrganizationInvitation", "email", "invalid")),
        (None, None) => refuse("You must provide either an invitee_id or an email"),
    }
}

fn cancel(call: &mut Call<'_>, login: &str, id: &str) -> Outcome {
    call.needs_identity(MEMBERS_WRITE)?;
    call.needs_scope("admin:org")?;
    let login = inviting(call, login)?.login.clone();
    let id: u64 = id.parse().map_err(|_| Refused::not_found())?;
    if call.state.cancel_membership(&login, id) { Ok(Answer::nothing()) } else { Err(Refused::not_found()) }
}

fn teams(call: &mut Call<'_>, login: &str, id: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let organisation = inviting(call, login)?;
    let found = id.parse().ok().and_then(|id: u64| organisation.invitations.get(&id));
    let invitation = found.ok_or_else(Refused::not_found)?;
    let teams: Vec<&Team> = invitation.teams.keys().filter_map(|id| organisation.teams.get(id)).collect();
    Ok(call.page(&teams, |team| show::team(call, organisation, team)))
}
