//! Organisations and the lists of their repositories.

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome};
use crate::github::front::call::Call;
use crate::github::model::{Repository, Visibility};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["orgs", login]) => Some(read(call, login)),
        ("GET", ["orgs", login, "repos"]) => Some(repositories(call, login)),
        _ => None,
    }
}

fn read(call: &Call<'_>, login: &str) -> Outcome {
    let organisation = call.organisation(login)?;
    Ok(Answer::ok(show::organisation(call, organisation)))
}

fn repositories(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs(&[("metadata", "read")])?;
    let organisation = call.organisation(login)?;
    let kind = call.query.get("type").map_or("all", String::as_str);
    let all_seen = call.sees_all_of(organisation);
    let mut shown: Vec<&Repository> = call
        .state
        .repositories_of(&organisation.login)
        .filter(|one| all_seen || call.level(one).is_some())
        .filter(|one| match kind {
            "public" => one.visibility == Visibility::Public,
            "private" => one.visibility == Visibility::Private,
            "internal" => one.visibility == Visibility::Internal,
            "forks" => false,
            "member" => call.given_level(one).is_some(),
            // All but forks, of which there are none here.
            _ => true,
        })
        .collect();
    sort(call, &mut shown);
    Ok(call.page(&shown, |one| show::repository(call, one)))
}

/// As `sort` and `direction` say; the newest first when they say nothing.
fn sort(call: &Call<'_>, shown: &mut [&Repository]) {
    let key = call.query.get("sort").map_or("created", String::as_str);
    match key {
        "full_name" => shown.sort_by_cached_key(|one| one.name.to_lowercase()),
        "updated" => shown.sort_by_key(|one| (one.updated_at, one.id)),
        "pushed" => shown.sort_by_key(|one| (one.pushed_at, one.id)),
        _ => shown.sort_by_key(|one| (one.created_at, one.id)),
    }
    let descending = match call.query.get("direction").map(String::as_str) {
        Some("asc") => false,
        Some("desc") => true,
        _ => key != "full_name",
    };
    if descending {
        shown.reverse();
    }
}
