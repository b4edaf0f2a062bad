//! The page: looked at, and used by its own script.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, StatusCode, header};
use hubcommander_sdk::people::PersonId;
use serde_json::{Value, json};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential, Uuid};

use super::keep::{self, Link, Purpose, Stands, Unkept};
use super::{Ceremony, Passkeys, id_of, lock, name, page};

/// The largest body that a browser sends here.
const LARGEST: usize = 64 * 1024;
/// How many may be between two questions at once. Far more than people have.
const MOST_UNDER_WAY: usize = 1_000;
/// How many passkeys one person may have.
const MOST_PASSKEYS: usize = 10;

/// The pages below `/passkey`.
pub fn router(passkeys: Arc<Passkeys>) -> Router {
    Router::new()
        .route("/passkey/{secret}", get(look))
        .route("/passkey/{secret}/begin", post(begin))
        .route("/passkey/{secret}/finish", post(finish))
        .route("/passkey/{secret}/deny", post(deny))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(passkeys)
}

/// A refusal: the page's script shows its words.
type Refused = (StatusCode, &'static str);

const GONE: Refused = (StatusCode::GONE, "This link is no longer good. Ask again for a new one.");
const NOT_RIGHT: Refused = (StatusCode::FORBIDDEN, "This passkey does not fit. Try again with yours.");
const FROM_ELSEWHERE: Refused = (StatusCode::FORBIDDEN, "This is for the buttons of the page.");

fn broken(error: &Unkept) -> Refused {
    tracing::error!(%error, "passkeys cannot be used");
    (StatusCode::SERVICE_UNAVAILABLE, "This does not work just now. Try again in a minute.")
}

async fn look(State(passkeys): State<Arc<Passkeys>>, Path(secret): Path<String>) -> Response {
    let (status, html, nonce) = match passkeys.open_link(&id_of(&secret)).await {
        Ok(Some(link)) => {
            let nonce = URL_SAFE_NO_PAD.encode((passkeys.random)());
            (StatusCode::OK, page::open(&link, &nonce), nonce)
        }
        Ok(None) => (StatusCode::GONE, page::closed(), String::new()),
        Err(error) => (broken(&error).0, page::broken(), String::new()),
    };
    shown(status, html, &nonce)
}

/// A page, with all that keeps others out of it.
fn shown(status: StatusCode, html: String, nonce: &str) -> Response {
    let own = if nonce.is_empty() { "'none'".to_owned() } else { format!("'nonce-{nonce}'") };
    let policy = format!(
        "default-src 'none'; script-src {own}; style-src {own}; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (HeaderName::from_static("x-robots-tag"), "noindex".to_owned()),
    ];
    (status, headers, Html(html)).into_response()
}

/// No other page in the browser may press these buttons.
fn from_the_page(passkeys: &Passkeys, headers: &HeaderMap) -> Result<(), Refused> {
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let own = passkeys.public_url.origin().ascii_serialization();
    if origin == Some(own.as_str()) { Ok(()) } else { Err(FROM_ELSEWHERE) }
}

async fn usable(passkeys: &Passkeys, id: &str) -> Result<Link, Refused> {
    passkeys.open_link(id).await.map_err(|error| broken(&error))?.ok_or(GONE)
}

async fn begin(
    State(passkeys): State<Arc<Passkeys>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refused> {
    from_the_page(&passkeys, &headers)?;
    let id = id_of(&secret);
    let link = usable(&passkeys, &id).await?;
    let known = keep::passkeys(&*passkeys.keep, &link.person).await.map_err(|error| broken(&error))?;
    let (options, ceremony) = match link.purpose {
        Purpose::Prove { .. } => {
            let (options, state) =
                passkeys.webauthn.start_passkey_authentication(&known).map_err(|_| NOT_RIGHT)?;
            (serde_json::to_value(options), Ceremony::Prove(state))
        }
        Purpose::Enrol { .. } => {
            let others = known.iter().map(|known| known.cred_id().clone()).collect();
            let (options, state) = passkeys
                .webauthn
                .start_passkey_registration(handle(&link.person), &link.called, &link.called, Some(others))
                .map_err(|_| NOT_RIGHT)?;
            (serde_json::to_value(options), Ceremony::Enrol(state))
        }
    };
    let mut under_way = lock(&passkeys.under_way);
    if under_way.len() >= MOST_UNDER_WAY {
        under_way.clear();
    }
    under_way.insert(id, ceremony);
    Ok(Json(options.map_err(|_| NOT_RIGHT)?))
}

/// What a person is known by on their own device: always the same, and nothing that names them.
fn handle(person: &PersonId) -> Uuid {
    let hash = digest(&SHA256, format!("{}/{}", person.team, person.user).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    Uuid::from_bytes(bytes)
}

async fn finish(
    State(passkeys): State<Arc<Passkeys>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    from_the_page(&passkeys, &headers)?;
    let id = id_of(&secret);
    // Each question is good for one answer, right or wrong.
    let ceremony = lock(&passkeys.under_way).remove(&id).ok_or(GONE)?;
    let _turn = passkeys.turn.lock().await;
    let link = usable(&passkeys, &id).await?;
    let keep = &*passkeys.keep;
    let mut known = keep::passkeys(keep, &link.person).await.map_err(|error| broken(&error))?;
    let said = match (ceremony, &link.purpose) {
        (Ceremony::Prove(state), Purpose::Prove { .. }) => {
            let credential: PublicKeyCredential = serde_json::from_slice(&body).map_err(|_| NOT_RIGHT)?;
            let result = passkeys
                .webauthn
                .finish_passkey_authentication(&credential, &state)
                .map_err(|error| refused(&link, &error))?;
            // Taken away meanwhile, or without a PIN or finger.
            let Some(used) = known.iter_mut().find(|known| known.cred_id() == result.cred_id()) else {
                return Err(NOT_RIGHT);
            };
            if !result.user_verified() {
                return Err(NOT_RIGHT);
            }
            let reference = name(used);
            if used.update_credential(&result) == Some(true) {
                keep::keep_passkeys(keep, &link.person, &known).await.map_err(|error| broken(&error))?;
            }
            if !passkeys.end(&id, Stands::Used(reference.clone())).await.map_err(|error| broken(&error))? {
                return Err(GONE);
            }
            let now = passkeys.clock.now();
            passkeys.note(&link.person, &reference, |about| about.used = Some(now)).await;
            "That was you. You can close this page; the answer is where it was asked."
        }
        (Ceremony::Enrol(state), Purpose::Enrol { .. }) => {
            let credential: RegisterPublicKeyCredential =
                serde_json::from_slice(&body).map_err(|_| NOT_RIGHT)?;
            let made = passkeys
                .webauthn
                .finish_passkey_registration(&credential, &state)
                .map_err(|error| refused(&link, &error))?;
            if known.len() >= MOST_PASSKEYS || known.iter().any(|known| known.cred_id() == made.cred_id()) {
                return Err(NOT_RIGHT);
            }
            // The link ends first: what goes wrong after it costs a new link, and not a second passkey.
            if !passkeys.end(&id, Stands::Used(name(&made))).await.map_err(|error| broken(&error))? {
                return Err(GONE);
            }
            let (called, now) = (name(&made), passkeys.clock.now());
            known.push(made);
            keep::keep_passkeys(keep, &link.person, &known).await.map_err(|error| broken(&error))?;
            let mut people = keep::people(keep).await.map_err(|error| broken(&error))?;
            people.insert(link.person.clone());
            keep::keep_people(keep, &people).await.map_err(|error| broken(&error))?;
            lock(&passkeys.people).insert(link.person.clone());
            passkeys.note(&link.person, &called, |about| about.added = Some(now)).await;
            "Your passkey is there. You can close this page."
        }
        _ => return Err(GONE),
    };
    Ok(Json(json!({ "said": said })))
}

fn refused(link: &Link, error: &webauthn_rs::prelude::WebauthnError) -> Refused {
    tracing::warn!(invocation = link.invocation, person = link.person.user, ?error, "a passkey does not fit");
    NOT_RIGHT
}

async fn deny(
    State(passkeys): State<Arc<Passkeys>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    from_the_page(&passkeys, &headers)?;
    let id = id_of(&secret);
    lock(&passkeys.under_way).remove(&id);
    let _turn = passkeys.turn.lock().await;
    if !passkeys.end(&id, Stands::Denied).await.map_err(|error| broken(&error))? {
        return Err(GONE);
    }
    Ok(shown(StatusCode::OK, page::denied(), ""))
}
