//! Who belongs to an organisation.

use super::outside_collaborators::fits_filter;
use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::OrgRole;

const MEMBERS_READ: &[(&str, &str)] = &[("members", "read")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "members"]) => Some(list(call, login)),
        ("GET", ["orgs", login, "members", person]) => Some(is_member(call, login, person)),
        ("GET", ["orgs", login, "public_members", person]) => Some(is_public_member(call, login, person)),
        _ => None,
    }
}

/// Members see all; others only those who show their membership.
fn list(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs(MEMBERS_READ)?;
    let organisation = call.organisation(login)?;
    let own_role = call.role_in(organisation);
    let filter = call.query.get("filter").map_or("all", String::as_str);
    if matches!(filter, "2fa_disabled" | "2fa_insecure") && own_role != Some(OrgRole::Admin) {
        return Err(Refused::new(422, "Only owners can use this filter."));
    }
    let role = call.query.get("role").map_or("all", String::as_str);
    let people: Vec<&String> = organisation
        .members
        .iter()
        .filter(|(_, place)| !place.pending && (place.public || own_role.is_some()))
        .filter(|(_, place)| role == "all" || role == place.role.word())
        .filter(|(login, _)| fits_filter(organisation, filter, login))
        .map(|(login, _)| login)
        .collect();
    Ok(call.page(&people, |login| show::user_by_login(call, login)))
}

fn is_member(call: &mut Call<'_>, login: &str, person: &str) -> Outcome {
    call.needs(MEMBERS_READ)?;
    let organisation = call.organisation(login)?;
    if call.role_in(organisation).is_none() {
        // Who is no member is sent to the public list.
        let mut answer = Answer::nothing();
        answer.status = 302;
        let to = format!("{}/orgs/{}/public_members/{person}", call.api(), organisation.login);
        return Ok(answer.header("location", to));
    }
    match organisation.role_of(person) {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Refused::not_found()),
    }
}

fn is_public_member(call: &mut Call<'_>, login: &str, person: &str) -> Outcome {
    let organisation = call.organisation(login)?;
    let place = organisation.members.get(&person.to_lowercase());
    match place.filter(|place| place.public && !place.pending) {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Refused::not_found()),
    }
}
