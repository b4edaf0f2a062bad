//! What the provider answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Form, Query, State as AxumState};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Code, Lie, Site};

type Fields = BTreeMap<String, String>;

/// OAuth's own words for what is wrong (RFC 6749, 5.2).
fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

pub(super) async fn configuration(AxumState(site): AxumState<Arc<Site>>) -> Json<Value> {
    let at = &site.address;
    Json(json!({
        "issuer": at,
        "authorization_endpoint": format!("{at}/authorize"),
        "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile"],
    }))
}

pub(super) async fn keys(AxumState(site): AxumState<Arc<Site>>) -> Json<Value> {
    Json(json!({ "keys": [site.signer.key()] }))
}

/// Where people say who they are. Here they choose.
pub(super) async fn authorize(
    AxumState(site): AxumState<Arc<Site>>,
    Query(mut asked): Query<Fields>,
) -> Response {
    let is = |name: &str, value: &str| asked.get(name).is_some_and(|given| given == value);
    let openid = asked.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one == "openid"));
    let good = is("response_type", "code")
        && is("client_id", &site.client_id)
        && is("code_challenge_method", "S256")
        && openid;
    let back = asked.get("redirect_uri").and_then(|back| Url::parse(back).ok());
    let (true, Some(mut address), Some(challenge)) = (good, back, asked.get("code_challenge").cloned())
    else {
        return refused(StatusCode::BAD_REQUEST, "invalid_request");
    };
    let mut state = site.state();
    let who = asked.remove("as").or_else(|| state.chosen.clone());
    let Some(account) = state.accounts.iter().find(|one| Some(&one.email) == who.as_ref()).cloned() else {
        let emails: Vec<String> = state.accounts.iter().map(|one| one.email.clone()).collect();
        return choices(&emails, &asked);
    };
    state.given += 1;
    let code = format!("code-{}", state.given);
    let given = Code {
        account,
        nonce: asked.get("nonce").cloned(),
        challenge,
        back: asked.get("redirect_uri").cloned().unwrap_or_default(),
        ends: site.clock.now() + TimeDelta::minutes(1),
    };
    state.codes.insert(code.clone(), given);
    address.query_pairs_mut().append_pair("code", &code);
    address.query_pairs_mut().append_pair("state", asked.get("state").map_or("", String::as_str));
    (StatusCode::SEE_OTHER, [(header::LOCATION, address.to_string())]).into_response()
}

/// A page that asks who is at the browser.
fn choices(emails: &[String], asked: &Fields) -> Response {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let hidden: String = asked
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
        })
        .collect();
    let buttons: String = emails
        .iter()
        .map(|email| format!("<p><button name=\"as\" value=\"{0}\">{0}</button></p>", escape(email)))
        .collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><title>Sandbox sign-in</title><h1>Who are you?</h1>\
         <form action=\"/authorize\">{hidden}{buttons}</form></html>"
    ))
    .into_response()
}

/// Gives an identity token for a code, once.
pub(super) async fn token(
    AxumState(site): AxumState<Arc<Site>>,
    headers: HeaderMap,
    Form(asked): Form<Fields>,
) -> Response {
    let expected = STANDARD.encode(format!("{}:{}", site.client_id, site.client_secret));
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&format!("Basic {expected}")) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let field = |name: &str| asked.get(name).map_or("", String::as_str);
    let now = site.clock.now();
    let (code, lie) = {
        let mut state = site.state();
        (state.codes.remove(field("code")), state.lie)
    };
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    let fits = |code: &Code| now < code.ends && code.back == field("redirect_uri") && code.challenge == proof;
    let Some(code) = code.filter(fits) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let ends = if lie == Lie::Expired { now - TimeDelta::hours(1) } else { now + TimeDelta::minutes(5) };
    let mut claims = json!({
        "iss": if lie == Lie::WrongIssuer { "https://elsewhere.example" } else { &site.address },
        "sub": format!("user-{}", code.account.email),
        "aud": if lie == Lie::WrongAudience { "another-client" } else { &site.client_id },
        "iat": now.timestamp(),
        "exp": ends.timestamp(),
        "email": code.account.email,
        "email_verified": code.account.verified,
        "name": code.account.name,
    });
    if let Some(nonce) = code.nonce {
        claims["nonce"] = if lie == Lie::WrongNonce { "another-nonce".into() } else { nonce.into() };
    }
    match site.signer.sign(&claims, lie, &site.client_secret) {
        Ok(id_token) => Json(json!({
            "access_token": "sandbox", "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
        }))
        .into_response(),
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
    }
}
