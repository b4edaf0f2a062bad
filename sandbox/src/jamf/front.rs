//! The way in: who asks, for what; and the answers and refusals in Jamf's shapes.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Site;
use super::classic;
use super::model::State;
use super::rsql;
use crate::faults::Refusal;
use crate::local::path_of;

/// Status, Jamf's code, and its words.
pub(super) struct Refused(pub(super) u16, pub(super) &'static str, pub(super) &'static str);

pub(super) const NOT_FOUND: Refused = Refused(404, "NOT_FOUND", "Resource not found");

impl Refused {
    fn response(&self) -> Response {
        let Self(status, code, description) = self;
        let error = json!({ "code": code, "field": null, "description": description, "id": "0" });
        as_json(*status, json!({ "httpStatus": status, "errors": [error] }).to_string())
    }
}

/// What the faults answer in Jamf's words.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    let mut response = Refused(429, "TOO_MANY_REQUESTS", "Too many requests").response();
    if let Refusal::RateLimited { retry_after } = refusal {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().into());
    }
    response
}

fn as_json(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response()
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The layer before has bounded and buffered it.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut state = site.state();
    let now = site.clock.now();
    let path = path_of(&parts.uri);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let versioned = state.versioned_tokens;
    let outcome = match (parts.method.as_str(), path.as_slice()) {
        ("POST", ["api", "v1", "oauth", "token"]) if versioned => token(&mut state, &body, now),
        ("POST", ["api", "oauth", "token"]) => token(&mut state, &body, now),
        ("POST", _) => Err(NOT_FOUND),
        (_, path) => {
            let authorization =
                parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
            if state.takes(token, now) {
                asked(&state, path, &query)
            } else {
                Err(Refused(401, "INVALID_TOKEN", "Unauthorized"))
            }
        }
    };
    match outcome {
        Ok(body) => {
            let mut text = body.to_string();
            if state.breaks_off && !path.contains(&"token") {
                text.truncate(text.len() / 2);
            }
            as_json(200, text)
        }
        Err(refused) => refused.response(),
    }
}

fn token(state: &mut State, body: &[u8], now: hubcommander_sdk::clock::Instant) -> Result<Value, Refused> {
    let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let of = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if of("grant_type") != Some("client_credentials") {
        return Err(Refused(400, "INVALID_GRANT", "unsupported grant type"));
    }
    let known = (Some(state.client.0.as_str()), Some(state.client.1.as_str()));
    if (of("client_id"), of("client_secret")) != known {
        return Err(Refused(401, "INVALID_CLIENT", "unknown client"));
    }
    let token = state.give_token(now);
    Ok(json!({
        "access_token": token, "scope": "api-role:1", "token_type": "Bearer",
        // Jamf says one second less than it is.
        "expires_in": state.token_lasts.as_secs().saturating_sub(1),
    }))
}

fn asked(state: &State, path: &[&str], query: &[(String, String)]) -> Result<Value, Refused> {
    let forbidden = Refused(403, "INVALID_PRIVILEGE", "Forbidden");
    match path {
        ["api", version, "computers-inventory"] => {
            let version = version.strip_prefix('v').and_then(|number| number.parse().ok());
            if !version.is_some_and(|version: u8| state.versions.contains(&version)) {
                return Err(NOT_FOUND);
            }
            if !state.may_read_computers {
                return Err(forbidden);
            }
            list(state, &state.computers, &COMPUTER, query)
        }
        ["api", "v2", "mobile-devices", "detail"] => {
            if !state.may_read_mobile_devices {
                return Err(forbidden);
            }
            list(state, &state.mobile_devices, &MOBILE, query)
        }
        ["JSSResource", rest @ ..] => classic::asked(state, rest),
        _ => Err(NOT_FOUND),
    }
}

/// What is peculiar to a list.
struct Kind {
    id: &'static str,
    /// The sections that can be asked for, each with its key.
    sections: &'static [(&'static str, &'static str)],
    /// The fields that filters may name, each with the place where it stands.
    fields: &'static [(&'static str, &'static str)],
}

const COMPUTER: Kind = Kind {
    id: "id",
    sections: &[
        ("GENERAL", "general"),
        ("DISK_ENCRYPTION", "diskEncryption"),
        ("APPLICATIONS", "applications"),
        ("STORAGE", "storage"),
        ("USER_AND_LOCATION", "userAndLocation"),
        ("SERVICES", "services"),
        ("HARDWARE", "hardware"),
        ("SECURITY", "security"),
        ("OPERATING_SYSTEM", "operatingSystem"),
        ("SOFTWARE_UPDATES", "softwareUpdates"),
        ("EXTENSION_ATTRIBUTES", "extensionAttributes"),
    ],
    fields: &[
        ("id", "/id"),
        ("udid", "/udid"),
        ("general.name", "/general/name"),
        ("userAndLocation.email", "/userAndLocation/email"),
        ("userAndLocation.username", "/userAndLocation/username"),
        ("hardware.serialNumber", "/hardware/serialNumber"),
        ("hardware.macAddress", "/hardware/macAddress"),
        ("security.firewallEnabled", "/security/firewallEnabled"),
        ("operatingSystem.fileVault2Status", "/operatingSystem/fileVault2Status"),
    ],
};

const MOBILE: Kind = Kind {
    id: "mobileDeviceId",
    sections: &[
        ("GENERAL", "general"),
        ("HARDWARE", "hardware"),
        ("USER_AND_LOCATION", "userAndLocation"),
        ("SECURITY", "security"),
        ("NETWORK", "network"),
        ("APPLICATIONS", "applications"),
    ],
    fields: &[
        ("mobileDeviceId", "/mobileDeviceId"),
        ("udid", "/general/udid"),
        ("serialNumber", "/hardware/serialNumber"),
        ("wifiMacAddress", "/hardware/wifiMacAddress"),
        ("emailAddress", "/userAndLocation/emailAddress"),
        ("username", "/userAndLocation/username"),
    ],
};

fn list(state: &State, all: &[Value], kind: &Kind, query: &[(String, String)]) -> Result<Value, Refused> {
    let of = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let number = |name: &str, otherwise: usize| match of(name) {
        Some(text) => text.parse().map_err(|_| Refused(400, "INVALID_FIELD", "not a number")),
        None => Ok(otherwise),
    };
    let (page, size) = (number("page", 0)?, number("page-size", 100)?.clamp(1, 2000));
    let filter = match of("filter") {
        Some(text) => {
            let filter = rsql::parse(text).ok_or(Refused(400, "INVALID_FILTER", "cannot be read"))?;
            let known = |field: &&str| kind.fields.iter().any(|(name, _)| name == field);
            if !filter.fields().iter().all(known) {
                return Err(Refused(400, "INVALID_FIELD", "no such field"));
            }
            Some(filter)
        }
        None => None,
    };
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    for (_, section) in query.iter().filter(|(key, _)| key == "section") {
        if section != "ALL" && !kind.sections.iter().any(|(name, _)| name == section) {
            return Err(Refused(400, "INVALID_FIELD", "no such section"));
        }
        asked.insert(section);
    }
    if asked.is_empty() {
        asked.insert("GENERAL");
    }
    let pointer = |field: &str| {
        let found = kind.fields.iter().find(|(name, _)| *name == field);
        found.map_or_else(String::new, |(_, pointer)| (*pointer).to_owned())
    };
    let passes = |record: &&Value| {
        state.ignores_filters || filter.as_ref().is_none_or(|filter| filter.passes(record, &pointer))
    };
    let mut found: Vec<&Value> = all.iter().filter(passes).collect();
    let id = |record: &Value| record[kind.id].as_str().and_then(|id| id.parse::<u64>().ok());
    found.sort_by_key(|record| id(record));
    let results: Vec<Value> = found
        .iter()
        .skip(page.saturating_mul(size))
        .take(size)
        .map(|record| {
            let mut shown = (*record).clone();
            for (name, key) in kind.sections {
                if !asked.contains("ALL") && !asked.contains(name) {
                    shown[*key] = Value::Null;
                }
            }
            shown
        })
        .collect();
    Ok(json!({ "totalCount": found.len(), "results": results }))
}
