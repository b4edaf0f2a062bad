//! The page that looks like a small Slack: its files, and the JSON and stream behind it.

mod shown;

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json as AxumJson, Router};
use futures_util::{Stream, StreamExt, stream};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tokio::sync::broadcast;

use super::Slack;
use super::core::Core;
use super::hands::{HandError, Place, Submitted};
use super::world::Ts;

/// The page's files: scripts by the browser's own modules, nothing is built.
const FILES: [(&str, &str); 17] = [
    ("page.css", include_str!("page/page.css")),
    ("blocks.css", include_str!("page/blocks.css")),
    ("blocks.js", include_str!("page/blocks.js")),
    ("composer.js", include_str!("page/composer.js")),
    ("dom.js", include_str!("page/dom.js")),
    ("elements.js", include_str!("page/elements.js")),
    ("emoji.js", include_str!("page/emoji.js")),
    ("messages.js", include_str!("page/messages.js")),
    ("modal.js", include_str!("page/modal.js")),
    ("mrkdwn.js", include_str!("page/mrkdwn.js")),
    ("page.js", include_str!("page/page.js")),
    ("panes.js", include_str!("page/panes.js")),
    ("pick.js", include_str!("page/pick.js")),
    ("richtext.js", include_str!("page/richtext.js")),
    ("server.js", include_str!("page/server.js")),
    ("sidebar.js", include_str!("page/sidebar.js")),
    ("store.js", include_str!("page/store.js")),
];

pub(super) fn router(core: &Arc<Core>) -> Router {
    Router::new()
        .route("/", get(|| async { Html(include_str!("page/index.html")) }))
        .route("/page/static/{file}", get(file))
        .route("/page/state", get(everything))
        .route("/page/stream", get(changes))
        .route("/page/say", post(say))
        .route("/page/edit", post(edit))
        .route("/page/click", post(click))
        .route("/page/modal/submit", post(submit))
        .route("/page/modal/close", post(close))
        .route("/page/modal/action", post(act))
        .route("/page/suggest", post(suggest))
        .layer(from_fn(local_only))
        .with_state(Arc::clone(core))
}

/// Other sites' pages cannot get here under a name of their own that leads to this machine.
async fn local_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        return next.run(request).await;
    }
    StatusCode::FORBIDDEN.into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    let Some((_, content)) = FILES.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = if name.ends_with(".css") { "text/css" } else { "text/javascript" };
    (
        [
            (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
            (header::CACHE_CONTROL, "no-cache".to_owned()),
        ],
        *content,
    )
        .into_response()
}

#[derive(Deserialize)]
struct Viewer {
    r#as: String,
}

async fn everything(State(core): State<Arc<Core>>, Query(viewer): Query<Viewer>) -> Response {
    let state = core.lock();
    if !shown::may_be(&state, &viewer.r#as) {
        return refusal("There is nobody like that to be here.");
    }
    AxumJson(shown::everything(&state, &viewer.r#as, core.options.github_page.as_deref())).into_response()
}

/// Server-sent events: what changed, as far as the viewer sees it.
async fn changes(
    State(core): State<Arc<Core>>,
    Query(viewer): Query<Viewer>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receiver = core.page_changes();
    let events = stream::unfold((core, viewer.r#as, receiver), |(core, viewer, mut receiver)| async move {
        loop {
            let change = match receiver.recv().await {
                Ok(change) => change,
                // The page comes back and reads everything.
                Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => {
                    return None;
                }
            };
            let data = shown::change(&core.lock(), &viewer, &change);
            if let Some(data) = data {
                let event = Event::default().event("change").data(data.to_string());
                return Some((Ok(event), (core, viewer, receiver)));
            }
        }
    });
    // Something at once: hyper sends the headers with the first frame, and the page waits for them.
    let hello = stream::once(async { Ok(Event::default().comment("here")) });
    Sse::new(hello.chain(events)).keep_alive(KeepAlive::default())
}

/// What the page sends. What is left over says what was pressed or chosen.
#[derive(Deserialize)]
struct Asked {
    r#as: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    ts: String,
    #[serde(default)]
    thread_ts: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    view_id: Option<String>,
    #[serde(default)]
    block_id: String,
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    state: Option<Json>,
    #[serde(flatten)]
    rest: Map<String, Json>,
}

impl Asked {
    fn ts(&self) -> Result<Ts, HandError> {
        self.ts.parse().map_err(|_| HandError::NoSuchMessage(self.channel.clone()))
    }

    fn place(&self) -> Result<Place<'_>, HandError> {
        match &self.view_id {
            Some(id) => Ok(Place::View { id }),
            None => Ok(Place::Message { channel: &self.channel, ts: self.ts()? }),
        }
    }

    /// What was chosen, in Slack's own form.
    fn input(&self) -> Json {
        let mut input = Json::Object(self.rest.clone());
        if input.get("type").is_none() {
            input["type"] = json!("button");
        }
        input
    }
}

fn refusal(why: &str) -> Response {
    AxumJson(json!({ "ok": false, "error": why })).into_response()
}

fn answer(result: Result<Json, HandError>) -> Response {
    match result {
        Ok(mut body) => {
            body["ok"] = json!(true);
            AxumJson(body).into_response()
        }
        Err(problem) => {
            let words = problem.to_string();
            let mut letters = words.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            refusal(&format!("{first}{}.", letters.as_str()))
        }
    }
}

async fn say(State(core): State<Arc<Core>>, AxumJson(asked): AxumJson<Asked>) -> Response {
    let slack = Slack::inside(&core);
    let (user, channel, text) = (&asked.r#as, &asked.channel, asked.text.as_str());
    if text.trim().is_empty() {
        return refusal("There is nothing to send.");
    }
    if text.starts_with('/') {
        return answer(slack.slash(user, channel, text).await.map(|()| json!({ "ts": null })));
    }
    let said = match asked.thread_ts.as_deref().map(str::parse) {
        None => slack.say(user, channel, text),
        Some(Ok(thread)) => slack.say_in_thread(user, channel, thread, text),
        Some(Err(_)) => Err(HandError::NoSuchMessage(channel.clone())),
    };
    answer(said.map(|ts| json!({ "ts": ts })))
}

async fn edit(State(core): State<Arc<Core>>, AxumJson(asked): AxumJson<Asked>) -> Response {
    let slack = Slack::inside(&core);
    let edited = asked.ts().and_then(|ts| slack.edit(&asked.r#as, &asked.channel, ts, &asked.text));
    answer(edited.map(|()| json!({})))
}

async fn click(State(core): State<Arc<Core>>, AxumJson(mut asked): AxumJson<Asked>) -> Response {
    asked.view_id = None;
    act(State(core), AxumJson(asked)).await
}

async fn act(State(core): State<Arc<Core>>, AxumJson(asked): AxumJson<Asked>) -> Response {
    let place = match asked.place() {
        Ok(place) => place,
        Err(problem) => return answer(Err(problem)),
    };
    let (block, action, input) = (asked.block_id.as_str(), asked.action_id.as_str(), asked.input());
    let slack = Slack::inside(&core);
    let done = slack.act(&asked.r#as, place, block, action, &input, asked.state.as_ref()).await;
    answer(done.map(|()| json!({})))
}

async fn submit(State(core): State<Arc<Core>>, AxumJson(asked): AxumJson<Asked>) -> Response {
    let values = asked.state.clone().unwrap_or_else(|| json!({}));
    let sent =
        Slack::inside(&core).submit(&asked.r#as, asked.view_id.as_deref().unwrap_or_default(), &values).await;
    answer(sent.map(|sent| match sent {
        Submitted::Errors(errors) => json!({ "errors": errors }),
        _ => json!({}),
    }))
}

async fn close(State(core): State<Arc<Core>>, AxumJson(asked): AxumJson<Asked>) -> Response {
    let view = asked.view_id.as_deref().unwrap_or_default();
    answer(Slack::inside(&core).close_view(&asked.r#as, view).await.map(|()| json!({})))
}

async fn suggest(State(core): State<Arc<Core>>, AxumJson(asked): AxumJson<Asked>) -> Response {
    let place = match asked.place() {
        Ok(place) => place,
        Err(problem) => return answer(Err(problem)),
    };
    let typed = asked.rest.get("value").and_then(Json::as_str).unwrap_or_default();
    let slack = Slack::inside(&core);
    let found = slack.suggestions(&asked.r#as, place, &asked.block_id, &asked.action_id, typed).await;
    answer(found.map(|choices| {
        let options: Vec<Json> = choices
            .into_iter()
            .map(|choice| {
                json!({ "text": { "type": "plain_text", "text": choice.text }, "value": choice.value })
            })
            .collect();
        json!({ "options": options })
    }))
}
