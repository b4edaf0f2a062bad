//! The way in: tokens, then devices.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State as AxumState};
use axum::response::Response;
use chrono::TimeDelta;
use http::header;
use serde_json::{Map, Value, json};

use super::Site;
use super::model::State;
use crate::device_doc::{Device, as_json, asked, refused_for};
use crate::faults::Refusal;

/// What the faults answer in Graph's words.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    let wait = match refusal {
        Refusal::RateLimited { retry_after } => *retry_after,
        Refusal::SecondaryLimit => std::time::Duration::from_secs(1),
    };
    refused_for(429, wait, &error("TooManyRequests"))
}

fn error(code: &str) -> Value {
    json!({ "error": { "code": code, "message": code } })
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The layer before has bounded and buffered it.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let mut state = site.state();
    let now = site.clock.now();
    if let ("POST", [tenant, "oauth2", "v2.0", "token"]) = (parts.method.as_str(), path.as_slice()) {
        let form = String::from_utf8_lossy(&body).into_owned();
        let known = *tenant == state.tenant
            && asked(&form, "grant_type") == "client_credentials"
            && asked(&form, "client_id") == state.client_id
            && asked(&form, "client_secret") == state.client_secret
            && asked(&form, "scope").ends_with("/.default");
        if !known {
            return as_json(401, &json!({ "error": "invalid_client", "error_description": "AADSTS7000215" }));
        }
        state.tokens_given += 1;
        let token = format!("eyJsandbox{:04}", state.tokens_given);
        let lasts = state.token_lasts;
        state.tokens.insert(token.clone(), now + TimeDelta::seconds(lasts));
        return as_json(200, &json!({ "access_token": token, "expires_in": lasts, "token_type": "Bearer" }));
    }
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let until =
        bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| state.tokens.get(token));
    if until.is_none_or(|until| *until <= now) {
        return as_json(401, &error("InvalidAuthenticationToken"));
    }
    let found = match path.as_slice() {
        ["v1.0", "deviceManagement", "managedDevices"] => {
            Some(devices(&site, &state, parts.uri.query().unwrap_or_default()))
        }
        ["v1.0", "deviceManagement", "managedDevices", id, "windowsProtectionState"] => {
            state.protection.get(*id).cloned()
        }
        ["v1.0", "deviceManagement", "managedDevices", id, "deviceCompliancePolicyStates"] => {
            Some(json!({ "value": state.compliance.get(*id).cloned().unwrap_or_else(|| json!([])) }))
        }
        _ => None,
    };
    match found {
        Some(body) => as_json(200, &body),
        None => as_json(404, &error("ResourceNotFound")),
    }
}

fn devices(site: &Site, state: &State, query: &str) -> Value {
    let filter = asked(query, "$filter");
    let clause = filter
        .split_once(" eq ")
        .map(|(field, value)| (field.to_owned(), value.trim_matches('\'').replace("''", "'")));
    let fits = |device: &&Device| match &clause {
        // An empty value, and what cannot be filtered by, is no filter at all.
        Some((field, value)) if !value.is_empty() && state.filters.contains(field) => {
            device.is(&format!("/{field}"), value)
        }
        _ => true,
    };
    let fit: Vec<&Device> = state.devices.iter().filter(fits).collect();
    let from: usize = asked(query, "$skiptoken").parse().unwrap_or(0);
    let select = asked(query, "$select");
    let rows: Vec<Value> =
        fit.iter().skip(from).take(state.page).map(|device| selected(device, &select)).collect();
    let mut body = json!({ "value": rows });
    if from + state.page < fit.len() {
        let next: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("$filter", filter.as_str()), ("$select", select.as_str())])
            .append_pair("$skiptoken", &(from + state.page).to_string())
            .finish();
        let host = state.elsewhere.as_deref().unwrap_or(&site.address);
        body["@odata.nextLink"] = json!(format!("{host}/v1.0/deviceManagement/managedDevices?{next}"));
    }
    body
}

fn selected(device: &Device, select: &str) -> Value {
    let Some(raw) = device.raw.as_object().filter(|_| !select.is_empty()) else { return device.raw.clone() };
    let chosen: Map<String, Value> = raw
        .iter()
        .filter(|(key, _)| select.split(',').any(|wanted| wanted == *key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(chosen)
}
