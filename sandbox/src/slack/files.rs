//! Uploads: an address to send the bytes to, then where to show them.
//! Source: <https://docs.slack.dev/messaging/working-with-files>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value as Json, json};

use super::api::{Answer, Args};
use super::core::Core;
use super::post::{Content, Draft};

/// A file on its way, or there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// `F…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How long it is said to be, in bytes.
    pub length: usize,
    /// What was sent; `None` until then.
    pub content: Option<Vec<u8>>,
}

pub(super) fn upload_url(core: &Core, args: &Args) -> Answer {
    let name = args.need("filename")?.to_owned();
    let length = args.number("length").filter(|length| *length > 0).ok_or("invalid_arguments")?;
    let mut state = core.lock();
    let id = state.next_id("F");
    let upload = Upload { id: id.clone(), name, length, content: None };
    state.uploads.insert(id.clone(), upload);
    Ok(json!({ "upload_url": format!("{}/upload/{id}", core.base), "file_id": id }))
}

/// `POST /upload/ID`, the bytes as they are or as the one part of a multipart form.
pub(super) async fn upload(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let content = match kind.split_once("boundary=") {
        Some((_, boundary)) if kind.starts_with("multipart/") => {
            match only_part(&body, boundary.trim_matches('"')) {
                Some(part) => part.to_vec(),
                None => return (StatusCode::BAD_REQUEST, "no part").into_response(),
            }
        }
        _ => body.to_vec(),
    };
    let mut state = core.lock();
    let Some(upload) = state.uploads.get_mut(&id) else {
        return (StatusCode::NOT_FOUND, "no such upload").into_response();
    };
    if content.len() != upload.length {
        return (StatusCode::BAD_REQUEST, "not as long as was said").into_response();
    }
    let answer = format!("OK - {}", content.len());
    upload.content = Some(content);
    answer.into_response()
}

/// The content of the first part of a multipart form.
fn only_part<'a>(body: &'a [u8], boundary: &str) -> Option<&'a [u8]> {
    let find = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).position(|window| window == needle);
    let start = find(body, format!("--{boundary}\r\n").as_bytes())?;
    let from = start + find(&body[start..], b"\r\n\r\n")? + 4;
    let end = from + find(&body[from..], format!("\r\n--{boundary}").as_bytes())?;
    Some(&body[from..end])
}

/// Shows files that were sent, in a channel if one is named.
pub(super) fn complete(core: &Core, args: &mut Args) -> Answer {
    let Some(Ok(Json::Array(given))) = args.take_json("files") else {
        return Err("invalid_arguments".into());
    };
    let (files, place) = {
        let state = core.lock();
        let mut files = Vec::new();
        for file in &given {
            let id = file["id"].as_str().unwrap_or_default();
            let upload =
                state.uploads.get(id).filter(|upload| upload.content.is_some()).ok_or("file_not_found")?;
            let title = file["title"].as_str().unwrap_or(&upload.name);
            files.push(json!({
                "id": id, "name": upload.name, "title": title, "size": upload.length, "mode": "hosted",
                "filetype": upload.name.rsplit('.').next().unwrap_or("text"),
                "user": state.world.bot.user_id, "url_private": format!("{}/file/{id}", core.base),
            }));
        }
        let place = match args.text("channel_id") {
            Some(id) => Some(super::api::writable(&state.world, id)?.id.clone()),
            None => None,
        };
        (files, place)
    };
    if let Some(channel) = place {
        let thread = args
            .text("thread_ts")
            .map(str::parse)
            .transpose()
            .map_err(|_| super::api::ApiError::from("invalid_thread_ts"))?;
        let text = args.take_text("initial_comment");
        let content = Content { text, files: files.clone(), ..Content::default() };
        core.post(Draft { channel: &channel, thread, broadcast: false, content });
    }
    Ok(json!({ "files": files }))
}

/// `GET /file/ID`, for those who may: the app, and the page.
pub(super) async fn download(State(core): State<Arc<Core>>, Path(id): Path<String>) -> Response {
    match core.lock().uploads.get(&id).and_then(|upload| upload.content.clone()) {
        Some(content) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], content).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
