//! The addresses beside the API with which a program is let in by a person: the device flow.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use super::Site;
use super::model::DeviceAnswer;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Whether it is one of these addresses, which GitHub's description of its API does not know.
pub(super) fn is_login(path: &str) -> bool {
    matches!(path, "/login/device/code" | "/login/oauth/access_token")
}

pub(super) fn answer(site: &Site, parts: &Parts, body: &[u8]) -> Option<Response> {
    if parts.method != Method::POST {
        return None;
    }
    let given = Given::read(parts, body);
    let (status, fields) = match parts.uri.path() {
        "/login/device/code" => begin(site, &given),
        "/login/oauth/access_token" => token(site, &given),
        _ => return None,
    };
    Some(written(parts, status, &fields))
}

/// What was sent: as a form, as JSON, or in the address.
struct Given(BTreeMap<String, String>);

impl Given {
    fn read(parts: &Parts, body: &[u8]) -> Self {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let mut all: BTreeMap<String, String> = url::form_urlencoded::parse(query).into_owned().collect();
        match serde_json::from_slice::<Map<String, Value>>(body) {
            Ok(fields) => {
                let texts =
                    fields.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
                all.extend(texts);
            }
            Err(_) => all.extend(url::form_urlencoded::parse(body).into_owned()),
        }
        Self(all)
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

fn begin(site: &Site, given: &Given) -> (StatusCode, Value) {
    let scopes: BTreeSet<String> =
        given.text("scope").split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let now = site.clock.now();
    let mut state = site.state();
    match state.begin_device_flow(given.text("client_id"), scopes, now) {
        Ok(code) => {
            let Some(grant) = state.device_flow.grants.get(&code) else {
                return (StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": "server_error" }));
            };
            let fields = json!({
                "device_code": code,
                "user_code": grant.user_code,
                "verification_uri": format!("{}/login/device", site.origin),
                "expires_in": (grant.expires_at - now).num_seconds(),
                "interval": grant.interval,
            });
            (StatusCode::OK, fields)
        }
        Err("Not Found") => (StatusCode::NOT_FOUND, json!({ "error": "Not Found" })),
        Err(error) => (StatusCode::BAD_REQUEST, told(error)),
    }
}

/// The token for a code that a browser brought
/// (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#2-users-are-redirected-back-to-your-site-by-github>).
fn redeemed(site: &Site, given: &Given) -> (StatusCode, Value) {
    let program = (given.text("client_id"), given.text("client_secret"));
    let proof = (given.text("redirect_uri"), given.text("code_verifier"));
    let redeemed = site.state().redeem_web_code(program, given.text("code"), proof, site.clock.now());
    let fields = match redeemed {
        Ok(token) => json!({ "access_token": token, "token_type": "bearer", "scope": "" }),
        Err(error) => told(error),
    };
    (StatusCode::OK, fields)
}

fn token(site: &Site, given: &Given) -> (StatusCode, Value) {
    if !given.text("code").is_empty() {
        return redeemed(site, given);
    }
    if given.text("grant_type") != GRANT {
        return (StatusCode::OK, told("unsupported_grant_type"));
    }
    let mut state = site.state();
    let answer = state.ask_device_flow(given.text("client_id"), given.text("device_code"), site.clock.now());
    let fields = match answer {
        DeviceAnswer::Token(token, scopes) => {
            let scopes: Vec<String> = scopes.into_iter().collect();
            json!({ "access_token": token, "token_type": "bearer", "scope": scopes.join(",") })
        }
        DeviceAnswer::Error(error, interval) => {
            let mut fields = told(error);
            if let Some(interval) = interval {
                fields["interval"] = json!(interval);
            }
            fields
        }
    };
    // Also what is refused has this status.
    (StatusCode::OK, fields)
}

fn told(error: &str) -> Value {
    json!({
        "error": error,
        "error_description": error.replace('_', " "),
        "error_uri": "https://docs.github.com/developers/apps/authorizing-oauth-apps",
    })
}

/// As a form, unless JSON is asked for.
fn written(parts: &Parts, status: StatusCode, fields: &Value) -> Response {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, text) = if accept.contains("json") {
        ("application/json; charset=utf-8", fields.to_string())
    } else {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in fields.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            form.append_pair(key, &text);
        }
        ("application/x-www-form-urlencoded; charset=utf-8", form.finish())
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
