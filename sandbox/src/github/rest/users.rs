//! People, and oneself.

use serde_json::json;

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;
use crate::github::model::Organisation;

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["user"]) => Some(myself(call)),
        ("GET", ["user", "orgs"]) => Some(my_organisations(call)),
        // Not what is one's own, such as `/user/repos`.
        ("GET", ["user", id]) => id.parse().ok().map(|id| by_id(call, id)),
        ("GET", ["users", login]) => Some(other(call, login)),
        ("GET", ["users", login, "orgs"]) => Some(organisations_of(call, login)),
        _ => None,
    }
}

/// The login of the person who asks.
pub(super) fn own_login(call: &Call<'_>) -> Result<String, Refused> {
    match &call.actor {
        Actor::User { login, .. } => Ok(login.clone()),
        Actor::Installation { .. } => Err(Refused::forbidden("Resource not accessible by integration")),
        Actor::Anonymous | Actor::App { .. } => Err(Refused::unauthenticated()),
    }
}

fn myself(call: &Call<'_>) -> Outcome {
    let login = own_login(call)?;
    let user = call.state.user(&login).ok_or_else(Refused::not_found)?;
    let mut value = show::profile(call, user);
    let private = call.state.repositories_of(&login).count();
    value["total_private_repos"] = json!(private);
    value["two_factor_authentication"] = json!(true);
    Ok(Answer::ok(value))
}

fn my_organisations(call: &Call<'_>) -> Outcome {
    let login = own_login(call)?;
    let mine: Vec<&Organisation> =
        call.state.organisations.values().filter(|one| one.role_of(&login).is_some()).collect();
    Ok(call.page(&mine, |one| show::organisation_in_brief(call, one)))
}

fn organisations_of(call: &Call<'_>, login: &str) -> Outcome {
    call.state.user(login).ok_or_else(Refused::not_found)?;
    let key = login.to_lowercase();
    let shown: Vec<&Organisation> = call
        .state
        .organisations
        .values()
        .filter(|one| one.members.get(&key).is_some_and(|place| place.public && !place.pending))
        .collect();
    Ok(call.page(&shown, |one| show::organisation_in_brief(call, one)))
}

/// Who has this number, whatever they are called by now.
fn by_id(call: &Call<'_>, id: u64) -> Outcome {
    let found = call.state.users.values().find(|one| one.id == id).ok_or_else(Refused::not_found)?;
    Ok(Answer::ok(show::profile(call, found)))
}

/// Organisations answer here too: on GitHub both are accounts.
fn other(call: &Call<'_>, login: &str) -> Outcome {
    if let Some(user) = call.state.user(login) {
        return Ok(Answer::ok(show::profile(call, user)));
    }
    let organisation = call.organisation(login)?;
    Ok(Answer::ok(show::owner(call, &organisation.login)))
}
