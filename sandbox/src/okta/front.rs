//! The way in: who asks, for what; and the answers and refusals in Okta's shapes.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::Site;
use super::model::{Outcome, Push, State, User};
use crate::faults::Refusal;
use crate::local::path_of;

/// Status, Okta's code, and its words.
struct Refused(u16, &'static str, String);

fn not_found(what: &str) -> Refused {
    Refused(404, "E0000007", format!("Not found: Resource not found: {what}"))
}

impl Refused {
    fn response(&self) -> Response {
        let Self(status, code, summary) = self;
        let body = json!({
            "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaeSANDBOX", "errorCauses": [],
        });
        as_json(*status, &body)
    }
}

/// What the faults answer in Okta's words. Okta says when, instead of how long.
pub(super) fn refusal(_: &Refusal) -> Response {
    Refused(429, "E0000047", "API call exceeded rate limit due to too many requests.".to_owned()).response()
}

fn as_json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], Body::from(body.to_string())).into_response()
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The layer before has bounded and buffered it.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut state = site.state();
    let token = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if token != Some(&format!("SSWS {}", state.api_token)) {
        return Refused(401, "E0000011", "Invalid token provided".to_owned()).response();
    }
    let path = path_of(&parts.uri);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let outcome = match (parts.method.as_str(), path.as_slice()) {
        ("GET", ["api", "v1", "users", "me"]) => Ok((
            200,
            json!({ "id": "00uBOT", "status": "ACTIVE", "profile": { "login": "bot@acme.example" } }),
        )),
        ("GET", ["api", "v1", "users", which]) => state
            .user(which)
            .map(|user| (200, shown(user)))
            .ok_or_else(|| not_found(&format!("{which} (User)"))),
        ("GET", ["api", "v1", "users", which, "factors"]) => {
            state.user(which).map(|user| (200, factors(user))).ok_or_else(|| not_found("user"))
        }
        ("POST", ["api", "v1", "users", which, "factors", factor, "verify"]) => {
            verify(&site, &mut state, which, factor, &body)
        }
        ("GET", ["api", "v1", "users", which, "factors", factor, "transactions", transaction]) => {
            status(&site, &state, which, factor, transaction)
        }
        _ => Err(not_found("endpoint")),
    };
    match outcome {
        Ok((status, body)) => as_json(status, &body),
        Err(refused) => refused.response(),
    }
}

fn shown(user: &User) -> Value {
    json!({ "id": user.id, "status": user.status, "profile": { "login": user.login, "email": user.email } })
}

fn factors(user: &User) -> Value {
    let mut all = vec![json!({
        "id": "smsSANDBOX", "factorType": "sms", "provider": "OKTA", "vendorName": "OKTA", "status": "ACTIVE",
    })];
    all.extend(user.factor.as_ref().map(|factor| {
        json!({
            "id": factor.id, "factorType": "push", "provider": "OKTA", "vendorName": "OKTA", "status": factor.status,
        })
    }));
    Value::Array(all)
}

fn verify(
    site: &Site,
    state: &mut State,
    which: &str,
    factor: &str,
    body: &[u8],
) -> Result<(u16, Value), Refused> {
    let user = state.user(which).cloned().ok_or_else(|| not_found("user"))?;
    if !user.factor.as_ref().is_some_and(|known| known.id == factor && known.status == "ACTIVE") {
        return Err(not_found("factor"));
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let numbers = asked["useNumberMatchingChallenge"] == json!(true);
    let push = state.push(&user, numbers, site.clock.now());
    let number = push.number.filter(|_| state.tells_number);
    // It is always told to wait at first, however fast somebody answers.
    Ok((201, stands(site, &user, factor, &push, Outcome::Waiting, number)))
}

fn status(
    site: &Site,
    state: &State,
    which: &str,
    factor: &str,
    transaction: &str,
) -> Result<(u16, Value), Refused> {
    let user = state.user(which).ok_or_else(|| not_found("user"))?;
    let push = state.pushes.iter().find(|push| push.transaction == transaction && push.user == user.id);
    let push = push.ok_or_else(|| not_found("transaction"))?;
    Ok((200, stands(site, user, factor, push, push.outcome, push.number)))
}

fn stands(
    site: &Site,
    user: &User,
    factor: &str,
    push: &Push,
    outcome: Outcome,
    number: Option<u32>,
) -> Value {
    let mut body = json!({ "factorResult": outcome.word() });
    if outcome == Outcome::Waiting {
        let address = format!(
            "{}/api/v1/users/{}/factors/{factor}/transactions/{}",
            site.address, user.id, push.transaction
        );
        body["_links"] = json!({ "poll": { "href": address, "hints": { "allow": ["GET"] } } });
        if let Some(number) = number {
            body["_embedded"] = json!({ "challenge": { "correctAnswer": number } });
        }
    }
    body
}
