//! `POST /api/notifications`: one item, signed as Standard Webhooks says. No answer holds anything of the item.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use hubcommander_sdk::clock::SharedClock;
use serde_json::{Value, json};

use super::draft::{Draft, Wrong};
use super::sender::{NotTaken, Sender};
use super::sign::{Forged, Headers, Signer};

/// The largest call, in bytes.
pub const LARGEST: usize = 64 * 1024;

/// The path.
pub const PATH: &str = "/api/notifications";

#[derive(Clone)]
struct Door {
    signer: Signer,
    sender: Sender,
    clock: SharedClock,
}

/// What serves it.
pub fn router(signer: Signer, sender: Sender, clock: SharedClock) -> Router {
    Router::new().route(PATH, post(taken)).with_state(Door { signer, sender, clock })
}

async fn taken(State(door): State<Door>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "A call may have 64 KiB.", &[]);
    };
    let call = match door.verified(&parts.headers, &body) {
        Ok(call) => call,
        Err(forged) => {
            tracing::warn!(%forged, "a call with a notification was refused");
            return refused(StatusCode::UNAUTHORIZED, &forged.to_string(), &[]);
        }
    };
    let sent = match Draft::read_one(&body) {
        Ok(draft) => door.sender.send(vec![draft], Some(&call)).await,
        Err(wrong) => Err(NotTaken::Wrong(wrong)),
    };
    match sent {
        Ok(taken) => {
            let id = taken.first().map(|taken| taken.id.clone());
            said(StatusCode::ACCEPTED, json!({ "id": id }))
        }
        Err(NotTaken::Wrong(wrong)) => refused(StatusCode::BAD_REQUEST, "The item is not taken.", &wrong),
        Err(NotTaken::Conflict(wrong)) => refused(StatusCode::CONFLICT, "The item is not taken.", &wrong),
        Err(NotTaken::Later(log)) => {
            tracing::error!(log, "a notification could not be taken");
            let mut answer =
                refused(StatusCode::SERVICE_UNAVAILABLE, "This does not work now. Send it again.", &[]);
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("30"));
            answer
        }
    }
}

impl Door {
    /// The id of a call that is signed.
    fn verified(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, Forged> {
        let header = |name: &str| {
            let mut all = headers.get_all(name).iter();
            // One that is there twice could be read in two ways.
            let only = all.next().filter(|_| all.next().is_none());
            only.and_then(|value| value.to_str().ok()).ok_or(Forged::Headers)
        };
        let headers = Headers {
            id: header("webhook-id")?,
            timestamp: header("webhook-timestamp")?,
            signature: header("webhook-signature")?,
        };
        self.signer.verify(headers, body, self.clock.now().timestamp())?;
        Ok(headers.id.to_owned())
    }
}

fn refused(status: StatusCode, error: &str, problems: &[Wrong]) -> Response {
    let mut body = json!({ "error": error });
    if !problems.is_empty() {
        body["problems"] = json!(problems);
    }
    said(status, body)
}

fn said(status: StatusCode, body: Value) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
