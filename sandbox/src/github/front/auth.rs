//! Who asks.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use hubcommander_sdk::clock::Instant;
use serde_json::Value;

use super::answer::Refused;
use crate::github::model::{App, Credential, State};

/// Who asks, as far as it was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Nobody in particular.
    Anonymous,
    /// A person or bot with a personal access token.
    User { login: String, scopes: BTreeSet<String> },
    /// An App, by its own key.
    App { id: u64 },
    /// An App in one organisation.
    Installation {
        id: u64,
        organisation: String,
        permissions: BTreeMap<String, String>,
        repositories: Option<BTreeSet<u64>>,
        /// The token itself, so that it can revoke itself. Never shown.
        token: Hidden,
    },
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Actor {
    /// The scopes of a personal access token, as a header shows them.
    pub(super) fn scopes(&self) -> Option<String> {
        match self {
            Self::User { scopes, .. } => {
                Some(scopes.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            _ => None,
        }
    }

    /// Whose limits its requests count against.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::User { login, .. } => format!("user {}", login.to_lowercase()),
            Self::App { id } => format!("app {id}"),
            Self::Installation { id, .. } => format!("installation {id}"),
        }
    }
}

fn bad_credentials() -> Refused {
    Refused::new(401, "Bad credentials")
}

/// Reads the `Authorization` header: none is anonymous, a wrong one is refused.
pub(super) fn identify(state: &State, headers: &HeaderMap, now: Instant) -> Result<Actor, Refused> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Actor::Anonymous) };
    let text = value.to_str().map_err(|_| bad_credentials())?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(bad_credentials)?;
    let token = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => rest.trim().to_owned(),
        "basic" => basic_password(rest).ok_or_else(bad_credentials)?,
        _ => return Err(bad_credentials()),
    };
    match state.credentials.tokens.get(&token) {
        Some(Credential::Personal { login, scopes }) => {
            Ok(Actor::User { login: login.clone(), scopes: scopes.clone() })
        }
        Some(Credential::Installation { expires_at, .. }) if *expires_at <= now => Err(bad_credentials()),
        Some(Credential::Installation { installation, organisation, permissions, repositories, .. }) => {
            Ok(Actor::Installation {
                id: *installation,
                organisation: organisation.clone(),
                permissions: permissions.clone(),
                repositories: repositories.clone(),
                token: Hidden(token),
            })
        }
        None if token.matches('.').count() == 2 => app_by_jwt(state, &token, now),
        None => Err(bad_credentials()),
    }
}

/// GitHub takes a token as the password of Basic, with any name; some clients send it as the name.
fn basic_password(encoded: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some(if password.is_empty() { name } else { password }.to_owned())
}

fn app_by_jwt(state: &State, token: &str, now: Instant) -> Result<Actor, Refused> {
    let undecodable = || Refused::new(401, "A JSON web token could not be decoded");
    let parts: Vec<&str> = token.split('.').collect();
    let [head, claims, signature] = parts[..] else { return Err(undecodable()) };
    let (Some(head), Some(claims)) = (json_part(head), json_part(claims)) else { return Err(undecodable()) };
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| undecodable())?;
    if head["alg"] != "RS256" || signature.is_empty() {
        return Err(undecodable());
    }
    let issuer = match &claims["iss"] {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    let app = issuer.and_then(|id| state.credentials.apps.get(&id));
    let app = app.ok_or_else(|| Refused::new(401, "'Issuer' claim ('iss') must be an Integer"))?;
    let seconds = now.timestamp();
    let (issued, expires) = (claims["iat"].as_i64(), claims["exp"].as_i64());
    // GitHub tolerates a minute between the clocks.
    if issued.is_none_or(|issued| issued > seconds + 60) {
        let message = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
        return Err(Refused::new(401, message));
    }
    if expires.is_none_or(|expires| expires <= seconds || expires > seconds + 660) {
        let message = if expires.is_some_and(|expires| expires > seconds) {
            "'Expiration time' claim ('exp') is too far in the future"
        } else {
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
        };
        return Err(Refused::new(401, message));
    }
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    if is_signed(app, signed.as_bytes(), &signature) {
        Ok(Actor::App { id: app.id })
    } else {
        Err(undecodable())
    }
}

fn json_part(encoded: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

fn is_signed(app: &App, message: &[u8], signature: &[u8]) -> bool {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    let Some(key) = &app.public_key else { return true };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature).is_ok()
}
