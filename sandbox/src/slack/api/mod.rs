//! The Web API. Source of methods, fields and error codes: <https://docs.slack.dev/reference/methods>.

mod args;
mod chat;
mod conversations;
mod hooks;
mod people;
mod rates;
mod views;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value as Json, json};

use super::core::Core;
use crate::faults::Refusal;

pub(super) use args::Args;
pub(super) use chat::writable;
pub(super) use hooks::{USES, answer_slash, respond};
pub(super) use rates::Rates;
pub(super) use views::{checked, push_view, update_view};

/// Why a method did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    /// One of Slack's codes.
    Code(String),
    /// The same with an explanation.
    Explained(&'static str, Vec<String>),
    /// Too much was asked; in how many seconds it may be asked again.
    Limited(u64),
}

impl From<&str> for ApiError {
    fn from(code: &str) -> Self {
        Self::Code(code.to_owned())
    }
}

/// What a method answers: an object to which `ok` is added.
pub(super) type Answer = Result<Json, ApiError>;

/// `GET` or `POST /api/METHOD`
pub(super) async fn call(
    State(core): State<Arc<Core>>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let args = match Args::read(&headers, query.as_deref(), &body) {
        Ok(args) => args,
        Err(code) => return respond_with(Err(code.into())),
    };
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let mut response = respond_with(run(&core, &method, bearer, args));
    if bearer == Some(core.options.bot_token.as_str())
        && let Ok(scopes) = HeaderValue::from_str(&core.options.scopes)
    {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    response
}

fn run(core: &Arc<Core>, method: &str, bearer: Option<&str>, mut args: Args) -> Answer {
    refused_on_demand(core, method)?;
    if method == "apps.connections.open" {
        return people::open_connection(core, bearer);
    }
    if method == "api.test" {
        return Ok(json!({}));
    }
    let token = bearer.or_else(|| args.text("token")).ok_or("not_authed")?;
    if token == core.options.app_token {
        return Err("not_allowed_token_type".into());
    }
    if token != core.options.bot_token {
        return Err("invalid_auth".into());
    }
    if let Some(code) = &core.lock().bot_refused {
        return Err(ApiError::Code(code.clone()));
    }
    if core.options.rate_limits {
        let now = core.clock.now();
        let channel = args.text("channel").unwrap_or_default();
        core.lock().rates.take(method, channel, now).map_err(ApiError::Limited)?;
    }
    match method {
        "chat.postMessage" => chat::post_message(core, &mut args),
        "chat.update" => chat::update(core, &mut args),
        "chat.delete" => chat::delete(core, &args),
        "chat.postEphemeral" => chat::post_ephemeral(core, &mut args),
        "reactions.add" => chat::react(core, &args),
        "conversations.open" => conversations::open(core, &args),
        "conversations.info" => conversations::info(core, &args),
        "conversations.list" => conversations::list(core, &args),
        "conversations.members" => conversations::members(core, &args),
        "conversations.history" => conversations::history(core, &args),
        "conversations.replies" => conversations::replies(core, &args),
        "auth.test" => people::auth_test(core),
        "users.info" => people::info(core, &args),
        "users.list" => people::list(core, &args),
        "users.lookupByEmail" => people::lookup(core, &args),
        "usergroups.list" => people::groups(core, &args),
        "usergroups.users.list" => people::group_users(core, &args),
        "team.info" => people::team(core),
        "bots.info" => people::bot(core, &args),
        "views.open" => views::open(core, &mut args),
        "views.push" => views::push(core, &mut args),
        "views.update" => views::update(core, &mut args),
        "views.publish" => views::publish(core, &mut args),
        "files.getUploadURLExternal" => super::files::upload_url(core, &args),
        "files.completeUploadExternal" => super::files::complete(core, &mut args),
        _ => Err("unknown_method".into()),
    }
}

/// Whether a test wants this method to fail.
fn refused_on_demand(core: &Core, method: &str) -> Result<(), ApiError> {
    let mut state = core.lock();
    let Some((code, left)) = state.refusals.get_mut(method) else { return Ok(()) };
    let code = code.clone();
    if *left != u64::MAX {
        *left -= 1;
        if *left == 0 {
            state.refusals.remove(method);
        }
    }
    Err(ApiError::Code(code))
}

fn respond_with(answer: Answer) -> Response {
    let (status, wait, body) = match answer {
        Ok(mut body) => {
            body["ok"] = json!(true);
            (StatusCode::OK, None, body)
        }
        Err(ApiError::Code(code)) => (StatusCode::OK, None, json!({ "ok": false, "error": code })),
        Err(ApiError::Explained(code, messages)) => {
            let body = json!({
                "ok": false, "error": code, "errors": messages, "response_metadata": { "messages": messages },
            });
            (StatusCode::OK, None, body)
        }
        Err(ApiError::Limited(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, Some(seconds), json!({ "ok": false, "error": "ratelimited" }))
        }
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// How Slack words the refusals that come from faults.
pub(super) fn worded(refusal: &Refusal) -> Response {
    match refusal {
        // Slack knows whole seconds only, and no zero.
        Refusal::RateLimited { retry_after } => {
            respond_with(Err(ApiError::Limited(retry_after.as_secs().max(1))))
        }
        _ => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}
