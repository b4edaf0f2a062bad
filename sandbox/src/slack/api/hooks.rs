//! `response_url`: five answers within half an hour to what somebody did, also where the app is no member.
//! Source: <https://docs.slack.dev/interactivity/handling-user-interaction>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value as Json, json};

use super::super::core::Core;
use super::super::post::Draft;
use super::super::state::Hook;
use super::chat::content;
use super::{ApiError, Args};

/// How often one may be used.
pub(in crate::slack) const USES: u8 = 5;

/// `POST /hook/ID`
pub(in crate::slack) async fn respond(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let args = match Args::read(&headers, None, &body) {
        Ok(args) => args,
        Err(code) => return refusal(StatusCode::BAD_REQUEST, code),
    };
    let now = core.clock.now();
    let taken = match core.lock().hooks.get_mut(&id) {
        Some(hook) if now >= hook.until => Err("expired_url"),
        Some(hook) if hook.uses == 0 => Err("used_url"),
        Some(hook) => {
            hook.uses -= 1;
            Ok(hook.clone())
        }
        None => Err("no_such_url"),
    };
    let hook = match taken {
        Ok(hook) => hook,
        Err(code) => return refusal(StatusCode::NOT_FOUND, code),
    };
    match answer(&core, &hook, args) {
        Ok(()) => "ok".into_response(),
        Err(ApiError::Code(code)) => refusal(StatusCode::BAD_REQUEST, &code),
        Err(ApiError::Explained(code, messages)) => {
            let body = json!({ "ok": false, "error": code, "response_metadata": { "messages": messages } });
            (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
        }
        Err(ApiError::Limited(_)) => refusal(StatusCode::TOO_MANY_REQUESTS, "ratelimited"),
    }
}

fn refusal(status: StatusCode, code: &str) -> Response {
    (status, axum::Json(json!({ "ok": false, "error": code }))).into_response()
}

/// Does what an answer asks for.
fn answer(core: &Core, hook: &Hook, mut args: Args) -> Result<(), ApiError> {
    let Hook { user, channel, message, thread, .. } = hook;
    let replace = args.flag("replace_original");
    if args.flag("delete_original") {
        return match message {
            Some((ts, true)) if core.delete_ephemeral(user, channel, *ts) => Ok(()),
            Some((ts, false)) if core.delete(channel, *ts, core.options.echo_own) => Ok(()),
            _ => Err("message_not_found".into()),
        };
    }
    let content = content(&mut args)?;
    match message {
        Some((ts, true)) if replace => {
            if core.change_ephemeral(user, channel, *ts, content) {
                Ok(())
            } else {
                Err("message_not_found".into())
            }
        }
        Some((ts, false)) if replace => {
            core.change(channel, *ts, content).map(|_| ()).ok_or_else(|| "message_not_found".into())
        }
        _ => {
            let thread = args
                .text("thread_ts")
                .map(str::parse)
                .transpose()
                .map_err(|_| ApiError::from("invalid_thread_ts"))?
                .or(*thread);
            let draft = Draft { channel, thread, broadcast: false, content };
            if args.text("response_type") == Some("in_channel") {
                core.post(draft);
            } else {
                core.post_ephemeral(user, draft);
            }
            Ok(())
        }
    }
}

/// Does what came with the ack of a slash command.
pub(in crate::slack) fn answer_slash(core: &Core, hook: &Hook, payload: Json) -> Result<(), ApiError> {
    answer(core, hook, Args::from_json(payload))
}
