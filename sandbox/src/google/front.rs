//! The way in: tokens against a signed assertion, then the lists.

use std::sync::Arc;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::body::to_bytes;
use axum::extract::{Request, State as AxumState};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::header;
use serde_json::{Value, json};

use super::Site;
use super::model::{ISSUER, State};
use crate::device_doc::{Device, as_json, asked, refused_for};
use crate::faults::Refusal;

/// What the faults answer in Google's words.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::RateLimited { retry_after } => {
            refused_for(429, *retry_after, &error(429, "RESOURCE_EXHAUSTED", "rateLimitExceeded"))
        }
        Refusal::SecondaryLimit => as_json(403, &error(403, "PERMISSION_DENIED", "userRateLimitExceeded")),
    }
}

fn error(code: u16, status: &str, reason: &str) -> Value {
    json!({ "error": { "code": code, "status": status, "message": reason,
        "errors": [{ "domain": "global", "reason": reason, "message": reason }] } })
}

fn refuse(code: u16, status: &str, reason: &str) -> Response {
    as_json(code, &error(code, status, reason))
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The layer before has bounded and buffered it.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let mut state = site.state();
    if let ("POST", ["token"]) = (parts.method.as_str(), path.as_slice()) {
        return match token(&site, &mut state, &String::from_utf8_lossy(&body)) {
            Ok(body) => as_json(200, &body),
            Err(code) => as_json(400, &json!({ "error": code, "error_description": "refused" })),
        };
    }
    let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        bearer.and_then(|value| value.strip_prefix("Bearer ")).and_then(|token| state.tokens.get(token));
    let Some((_, scopes)) = token.filter(|(until, _)| site.clock.now() < *until) else {
        return refuse(401, "UNAUTHENTICATED", "authError");
    };
    let query = parts.uri.query().unwrap_or_default();
    let allowed = |scope: &str| scopes.contains(scope);
    let denied = || refuse(403, "PERMISSION_DENIED", "forbidden");
    match path.as_slice() {
        [
            "admin",
            "directory",
            "v1",
            "customer",
            "my_customer",
            "devices",
            kind @ ("mobile" | "chromeos"),
        ] => {
            if !allowed(&format!("directory.device.{kind}")) {
                return denied();
            }
            let (all, key, most) = match *kind {
                "mobile" => (&state.mobile, "mobiledevices", 100),
                _ => (&state.chromeos, "chromeosdevices", 300),
            };
            let clause = asked(query, "query");
            page(&state, all, &clause, query, (key, "maxResults", most, most))
        }
        ["v1", "devices", ..] if !allowed("cloud-identity.devices") => denied(),
        ["v1", "devices"] => {
            page(&state, &state.devices, &asked(query, "filter"), query, ("devices", "pageSize", 100, 20))
        }
        ["v1", "devices", id, "deviceUsers"] => {
            let of = format!("devices/{id}/");
            let users: Vec<Device> = state
                .device_users
                .iter()
                .filter(|user| *id == "-" || user.text("/name").starts_with(&of))
                .cloned()
                .collect();
            page(&state, &users, &asked(query, "filter"), query, ("deviceUsers", "pageSize", 20, 5))
        }
        ["v1", "devices", id] => {
            match state.devices.iter().find(|one| one.is("/name", &format!("devices/{id}"))) {
                Some(device) => as_json(200, &device.raw),
                None => refuse(404, "NOT_FOUND", "notFound"),
            }
        }
        _ => refuse(404, "NOT_FOUND", "notFound"),
    }
}

/// Whether a device fits a clause, which is a match: what is asked may be the beginning of it.
fn fits(device: &Device, clause: &str) -> bool {
    let Some((field, value)) = clause.split_once(':') else { return clause.is_empty() };
    let value = value.trim_end_matches('*').to_lowercase();
    let texts: Vec<&str> = match field {
        "email" => {
            let listed = device.raw["email"].as_array().into_iter().flatten().filter_map(Value::as_str);
            listed.chain([device.text("/userEmail")]).collect()
        }
        "recent_user" => device.raw["recentUsers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|user| user["email"].as_str())
            .collect(),
        "serial" | "id" => vec![device.text("/serialNumber")],
        _ => Vec::new(),
    };
    texts.iter().any(|text| text.to_lowercase().starts_with(&value))
}

fn page(
    state: &State,
    all: &[Device],
    clause: &str,
    query: &str,
    (key, size, most, default): (&str, &str, usize, usize),
) -> Response {
    let fit: Vec<&Device> = all.iter().filter(|device| state.careless || fits(device, clause)).collect();
    let size = asked(query, size).parse().unwrap_or(default).clamp(1, most);
    let from: usize =
        asked(query, "pageToken").strip_prefix("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let rows: Vec<&Value> = fit.iter().skip(from).take(size).map(|device| &device.raw).collect();
    let mut body = json!({});
    if !rows.is_empty() {
        body[key] = json!(rows);
    }
    if from + size < fit.len() {
        body["nextPageToken"] = json!(format!("from{}", from + size));
    }
    as_json(200, &body)
}

/// Gives a token, if the assertion is signed and in order; else the code of the refusal.
fn token(site: &Site, state: &mut State, form: &str) -> Result<Value, &'static str> {
    if asked(form, "grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
        return Err("unsupported_grant_type");
    }
    let assertion = asked(form, "assertion");
    let (signed, signature) = assertion.rsplit_once('.').ok_or("invalid_grant")?;
    let (head, claims) = signed.split_once('.').ok_or("invalid_grant")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "invalid_grant")?;
    let json =
        |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (head, claims) = json(head).zip(json(claims)).ok_or("invalid_grant")?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &state.public_key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| "invalid_grant")?;
    let now = site.clock.now();
    let (issued, ends) = (claims["iat"].as_i64().unwrap_or(0), claims["exp"].as_i64().unwrap_or(0));
    let in_time = issued <= now.timestamp() + 60 && now.timestamp() < ends && ends <= issued + 3600;
    let ours = head["alg"] == "RS256"
        && claims["iss"] == ISSUER
        && claims["aud"] == format!("{}/token", site.address);
    if !in_time || !ours {
        return Err("invalid_grant");
    }
    let scopes = claims["scope"].as_str().unwrap_or_default();
    let admin = claims["sub"].as_str().unwrap_or_default();
    let delegated = scopes.split(' ').all(|scope| state.scopes.iter().any(|known| known == scope));
    if !delegated || !state.admins.iter().any(|known| known == admin) {
        return Err("unauthorized_client");
    }
    state.tokens_given += 1;
    let token = format!("ya29.sandbox{:04}", state.tokens_given);
    state.tokens.insert(token.clone(), (now + TimeDelta::seconds(state.token_lasts), scopes.to_owned()));
    Ok(json!({ "access_token": token, "expires_in": state.token_lasts, "token_type": "Bearer" }))
}
