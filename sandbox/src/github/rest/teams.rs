//! Teams and their members.

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Organisation, Team};

const MEMBERS_READ: &[(&str, &str)] = &[("members", "read")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login, "teams"]) => Some(list(call, login)),
        ("GET", ["orgs", login, "teams", slug]) => Some(read(call, login, slug)),
        ("GET", ["orgs", login, "teams", slug, "teams"]) => Some(within(call, login, slug)),
        _ => None,
    }
}

/// A team that the caller can see, with its organisation.
pub(super) fn seen<'a>(
    call: &'a Call<'_>,
    login: &str,
    slug: &str,
) -> Result<(&'a Organisation, &'a Team), Refused> {
    let organisation = call.organisation(login)?;
    let team = organisation.team(slug).filter(|team| show::sees_team(call, organisation, team));
    Ok((organisation, team.ok_or_else(Refused::not_found)?))
}

fn list(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let organisation = call.organisation(login)?;
    if call.role_in(organisation).is_none() {
        return Err(Refused::not_found());
    }
    let mut teams: Vec<&Team> =
        organisation.teams.values().filter(|team| show::sees_team(call, organisation, team)).collect();
    teams.sort_by(|one, other| one.slug.cmp(&other.slug));
    Ok(call.page(&teams, |team| show::team(call, organisation, team)))
}

fn read(call: &mut Call<'_>, login: &str, slug: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let (organisation, team) = seen(call, login, slug)?;
    Ok(Answer::ok(show::team_in_full(call, organisation, team)))
}

fn within(call: &mut Call<'_>, login: &str, slug: &str) -> Outcome {
    call.needs_identity(MEMBERS_READ)?;
    let (organisation, team) = seen(call, login, slug)?;
    let teams: Vec<&Team> = organisation
        .teams
        .values()
        .filter(|one| one.parent == Some(team.id) && show::sees_team(call, organisation, one))
        .collect();
    Ok(call.page(&teams, |team| show::team(call, organisation, team)))
}
