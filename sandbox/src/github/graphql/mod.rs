//! GraphQL: a small part of GitHub's schema, and honest about it. What it does not know is an error, as at
//! GitHub; what a query costs is computed as GitHub computes it.

mod connection;
mod cost;
mod document;
mod fields;
mod resolve;
mod schema;

use serde_json::{Map, Value, json};

use super::front::answer::{Answer, Outcome, Refused};
use super::front::auth::Actor;
use super::front::call::Call;
use super::front::limits::Resource;
use document::{Document, Problem};

/// Answers at `/graphql`, or at `/api/graphql` as GitHub Enterprise Server does; nowhere else.
pub(super) fn answer(call: &mut Call<'_>, segments: &[String]) -> Option<Outcome> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let here = call.prefix.is_empty() && matches!(segments[..], ["graphql"] | ["api", "graphql"]);
    (here && call.method == http::Method::POST).then(|| query(call))
}

/// What GitHub says when the hour's points are gone: no status tells of it.
pub(super) fn used_up() -> Answer {
    let message = "API rate limit exceeded. See the documentation on rate limits.";
    Answer::ok(json!({ "errors": [{ "type": "RATE_LIMITED", "message": message }] }))
}

fn query(call: &mut Call<'_>) -> Outcome {
    match &call.actor {
        Actor::Anonymous => return Err(Refused::new(401, "This endpoint requires you to be authenticated.")),
        Actor::App { .. } => return Err(Refused::unauthenticated()),
        Actor::User { .. } | Actor::Installation { .. } => {}
    }
    let input = call.input()?;
    let Some(text) = input.text("query")? else {
        let message = "A query attribute must be specified and must be a string.";
        return Ok(failed(vec![Problem::new(message)]));
    };
    let variables = match input.raw("variables") {
        Some(Value::Object(given)) => given.clone(),
        _ => Map::new(),
    };
    let operation = input.text("operationName")?;
    let document = match Document::read(&text, operation.as_deref(), &variables) {
        Ok(document) => document,
        Err(problem) => return Ok(failed(vec![problem])),
    };
    let problems = schema::check(call, &document.fields);
    if !problems.is_empty() {
        return Ok(failed(problems));
    }
    let cost = match cost::of(&document.fields) {
        Ok(cost) => cost,
        Err(problem) => return Ok(failed(vec![problem])),
    };
    let mut rate =
        call.rates.iter().find(|(resource, _)| *resource == Resource::GraphQl).map(|(_, rate)| *rate);
    if let Some(rate) = &mut rate {
        rate.used += cost.points - 1;
    }
    let (data, problems) = resolve::run(call, &document.fields, rate, &cost);
    call.extra_cost = cost.points - 1;
    let mut body = json!({ "data": data });
    if !problems.is_empty() {
        body["errors"] = problems.into_iter().map(Problem::into_json).collect();
    }
    Ok(Answer::ok(body))
}

/// Nothing was run.
fn failed(problems: Vec<Problem>) -> Answer {
    Answer::ok(json!({ "errors": problems.into_iter().map(Problem::into_json).collect::<Vec<_>>() }))
}
