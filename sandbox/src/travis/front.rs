//! The way in: who asks, for what; and the answers and refusals in Travis' shapes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::model::{EnvVar, Repository, State};
use super::{Site, page, show};
use crate::faults::Refusal;

/// A refusal: `{@type: error, error_type, error_message, …}`.
struct Refused {
    status: u16,
    body: Value,
}

/// A good answer, or a refusal.
type Outcome = Result<(u16, Value), Refused>;

impl Refused {
    fn new(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({ "@type": "error", "error_type": kind, "error_message": message });
        Self { status, body }
    }

    /// Absent, or not for this account: nobody can tell the two apart.
    fn not_found(what: &str) -> Self {
        let message = format!("{what} not found (or insufficient access)");
        Self::new(404, "not_found", &message).about(what)
    }

    fn login_required() -> Self {
        Self::new(403, "login_required", "login required")
    }

    fn insufficient_access(permission: &str) -> Self {
        let message = format!("operation requires {permission} access to repository");
        let mut refused = Self::new(403, "insufficient_access", &message).about("repository");
        refused.body["permission"] = json!(permission);
        refused
    }

    fn about(mut self, what: &str) -> Self {
        if what != "resource" {
            self.body["resource_type"] = json!(what);
        }
        self
    }
}

/// What the faults answer in Travis' words.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    let body = Refused::new(429, "request_limit_reached", "request limit reached for resource").body;
    let mut response = as_json(429, &body);
    if let Refusal::RateLimited { retry_after } = refusal
        && let Ok(seconds) = HeaderValue::from_str(&retry_after.as_secs().to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

fn as_json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], Body::from(body.to_string())).into_response()
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if page::is_page(&parts) {
        return page::answer(&site);
    }
    // The layer before has bounded and buffered it.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return as_json(400, &Refused::new(400, "wrong_params", "wrong parameters").body);
    };
    // Without a version it is another, older API, which knows nothing of all this.
    if parts.headers.get("travis-api-version").is_none_or(|version| version != "3") {
        return (StatusCode::NOT_FOUND, "file not found").into_response();
    }
    let mut state = site.state();
    let call = Call { method: parts.method.as_str(), query: query(&parts.uri), body: &body };
    let outcome = logged_in(&state, &parts.headers)
        .and_then(|logged_in| route(&call, &mut state, &site, parts.uri.path(), logged_in));
    match outcome {
        Ok((status, body)) => as_json(status, &body),
        Err(refused) => as_json(refused.status, &refused.body),
    }
}

struct Call<'a> {
    method: &'a str,
    query: BTreeMap<String, String>,
    body: &'a [u8],
}

fn query(uri: &Uri) -> BTreeMap<String, String> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

/// Whether the account asks. A wrong token is refused, none is nobody in particular.
fn logged_in(state: &State, headers: &HeaderMap) -> Result<bool, Refused> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(false) };
    let given = value.to_str().ok().and_then(|value| value.strip_prefix("token "));
    match given {
        Some(token) if token == state.token => Ok(true),
        _ => Err(Refused::new(403, "wrong_credentials", "access denied")),
    }
}

fn route(call: &Call<'_>, state: &mut State, site: &Site, path: &str, logged_in: bool) -> Outcome {
    // An `owner/name` is one part of the path, with its slash encoded.
    let segments: Vec<String> = path
        .split('/')
        .skip(1)
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let at: Vec<&str> = segments.iter().map(String::as_str).collect();
    if !logged_in {
        return Err(match (call.method, at.as_slice()) {
            ("GET", ["repo", _]) => Refused::not_found("repository"),
            _ => Refused::login_required(),
        });
    }
    match (call.method, at.as_slice()) {
        ("GET", ["user"]) => Ok((200, show::user(&state.user))),
        ("GET", ["user", id]) => own(state, id).map(|()| (200, show::user(&state.user))),
        ("POST", ["user", id, "sync"]) => sync(state, site, id),
        ("GET", ["orgs"]) => organisations(call, state),
        ("GET", ["repo", which]) => Ok((200, show::repository(known(state, which)?))),
        ("POST", ["repo", which, "activate"]) => switch(state, which, true),
        ("POST", ["repo", which, "deactivate"]) => switch(state, which, false),
        ("GET", ["repo", which, "env_vars"]) => env_vars(state, which),
        ("POST", ["repo", which, "env_vars"]) => add_env_var(call, state, which),
        _ => Err(Refused::not_found("resource")),
    }
}

fn own(state: &State, id: &str) -> Result<(), Refused> {
    if id == state.user.id.to_string() { Ok(()) } else { Err(Refused::not_found("user")) }
}

fn sync(state: &mut State, site: &Site, id: &str) -> Outcome {
    own(state, id)?;
    if state.user.syncing.is_some() {
        return Err(Refused::new(409, "already_syncing", "sync already in progress"));
    }
    state.begin_sync(site.clock.now());
    Ok((200, show::user(&state.user)))
}

fn organisations(call: &Call<'_>, state: &State) -> Outcome {
    let number = |name: &str, usual: usize| match call.query.get(name) {
        None => Ok(usual),
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Refused::new(400, "wrong_params", &format!("{name} must be an integer"))),
    };
    let (limit, offset) = (number("limit", 100)?, number("offset", 0)?);
    Ok((200, show::organisations(state, limit.clamp(1, 100), offset)))
}

fn known<'s>(state: &'s State, which: &str) -> Result<&'s Repository, Refused> {
    state.repository(which).ok_or_else(|| Refused::not_found("repository"))
}

fn switch(state: &mut State, which: &str, on: bool) -> Outcome {
    let repository = state.repository_mut(which).ok_or_else(|| Refused::not_found("repository"))?;
    if !repository.admin {
        return Err(Refused::insufficient_access(if on { "activate" } else { "deactivate" }));
    }
    if on && !repository.has_key {
        let message = "request cannot be completed because the repo ssh key is still pending to be created. please \
                       retry in a bit, or try syncing the repository if this condition does not resolve";
        return Err(Refused::new(409, "repo_ssh_key_missing", message));
    }
    repository.active = on;
    Ok((200, show::repository(repository)))
}

fn env_vars(state: &State, which: &str) -> Outcome {
    let repository = known(state, which)?;
    let all: Vec<Value> = repository.env_vars.iter().map(show::env_var).collect();
    Ok((200, json!({ "@type": "env_vars", "@representation": "standard", "env_vars": all })))
}

/// The fields may be given as `env_var.name` or within `env_var`.
fn add_env_var(call: &Call<'_>, state: &mut State, which: &str) -> Outcome {
    let input: Map<String, Value> = serde_json::from_slice(call.body)
        .map_err(|_| Refused::new(400, "wrong_params", "wrong parameters"))?;
    let field = |name: &str| {
        let within = input.get("env_var").and_then(|within| within.get(name));
        input.get(&format!("env_var.{name}")).or(within).cloned().unwrap_or_default()
    };
    let text = |name: &str| field(name).as_str().map(str::to_owned);
    let id = format!("00000000-0000-4000-8000-{:012}", state.next_id());
    let repository = state.repository_mut(which).ok_or_else(|| Refused::not_found("repository"))?;
    if !repository.admin {
        return Err(Refused::insufficient_access("create_env_var"));
    }
    let Some(name) = text("name").filter(|name| !name.is_empty()) else {
        return Err(Refused::new(400, "wrong_params", "wrong parameters"));
    };
    let branch = text("branch");
    if repository.env_vars.iter().any(|one| one.name == name && one.branch == branch) {
        return Err(Refused::new(409, "duplicate_resource", "resource already exists"));
    }
    let public = field("public").as_bool().unwrap_or(false);
    let made = EnvVar { id, name, value: text("value").unwrap_or_default(), public, branch };
    let shown = show::env_var(&made);
    repository.env_vars.push(made);
    Ok((201, shown))
}
