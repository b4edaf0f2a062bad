//! The list of addresses, and the limits.

use serde_json::{Map, Value, json};

use super::At;
use crate::github::front::answer::{Answer, Outcome};
use crate::github::front::call::{Call, Version};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", []) => Some(Ok(addresses(call))),
        ("GET", ["rate_limit"]) => Some(Ok(limits(call))),
        _ => None,
    }
}

fn addresses(call: &Call<'_>) -> Answer {
    let api = call.api();
    Answer::ok(json!({
        "current_user_url": format!("{api}/user"),
        "organization_url": format!("{api}/orgs/{{org}}"),
        "organization_repositories_url": format!("{api}/orgs/{{org}}/repos{{?type,page,per_page,sort}}"),
        "organization_teams_url": format!("{api}/orgs/{{org}}/teams"),
        "rate_limit_url": format!("{api}/rate_limit"),
        "repository_url": format!("{api}/repos/{{owner}}/{{repo}}"),
        "user_url": format!("{api}/users/{{user}}"),
    }))
}

fn limits(call: &Call<'_>) -> Answer {
    let shown = call.rates.iter().map(|(resource, rate)| {
        let rate = json!({
            "limit": rate.limit, "used": rate.used, "remaining": rate.remaining(),
            "reset": rate.reset.timestamp(), "resource": resource.word(),
        });
        (resource.word().to_owned(), rate)
    });
    let mut resources: Map<String, Value> = shown.collect();
    if resources.is_empty() {
        resources.insert("core".to_owned(), Value::Null);
    }
    let core = resources["core"].clone();
    let mut body = json!({ "resources": resources });
    if call.version == Version::First {
        body["rate"] = core;
    }
    Answer::ok(body)
}
