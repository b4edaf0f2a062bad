//! The pages on the way to GitHub and back.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{Back, OnTheWeb};

const COOKIE: &str = "hubcommander-link";

/// The pages below `/link/github`.
pub fn router(web: Arc<OnTheWeb>) -> Router {
    Router::new()
        .route("/link/github/back", get(back))
        .route("/link/github/{secret}", get(look).post(leave))
        .with_state(web)
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem;color:#1f2328;background:#fff}
button{font:inherit;padding:.5rem 1rem;border:0;border-radius:.4rem;background:#1f6feb;color:#fff;cursor:pointer}
button:focus-visible{outline:3px solid #54aeff;outline-offset:2px}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}</style></head>
<body><main><h1>{{ title }}</h1>{% for line in lines %}<p>{{ line }}</p>{% endfor %}
{% if button %}<form method="post"><button>Go to GitHub</button></form>{% endif %}</main></body></html>"#
)]
struct Page {
    title: String,
    lines: Vec<String>,
    button: bool,
}

fn shown(status: StatusCode, title: &str, lines: &[&str], button: bool) -> Response {
    let lines = lines.iter().map(|&line| line.to_owned()).collect();
    let page = Page { title: title.to_owned(), lines, button };
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            // The form leads on to GitHub, whatever it is called.
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https: http:; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    (status, headers, Html(html)).into_response()
}

fn gone() -> Response {
    let lines = ["Links work once, for a quarter of an hour. Ask for a new one in Slack: !LinkGitHub"];
    shown(StatusCode::GONE, "This link is no longer good", &lines, false)
}

async fn look(State(web): State<Arc<OnTheWeb>>, Path(secret): Path<String>) -> Response {
    let Some(name) = web.whose(&secret) else { return gone() };
    let lines = [
        format!("Your account at GitHub will be linked to {name} in Slack."),
        "If that is not you, close this page: somebody else wants your account to be taken for theirs."
            .to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    shown(StatusCode::OK, "Show which account is yours", &lines, true)
}

/// A press on the button; a preview of the link does not use it up.
async fn leave(State(web): State<Arc<OnTheWeb>>, Path(secret): Path<String>, headers: HeaderMap) -> Response {
    let own = web.public_url.origin().ascii_serialization();
    if headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()).is_some_and(|origin| origin != own) {
        let lines = ["Open the link from Slack, and press the button there."];
        return shown(StatusCode::FORBIDDEN, "This is for the button of the page", &lines, false);
    }
    let Some((address, cookie)) = web.leave(&secret) else { return gone() };
    let secure = if web.public_url.scheme() == "https" { "; Secure" } else { "" };
    // Lax: it comes along when GitHub leads back.
    let cookie = format!(
        "{COOKIE}={}; Path=/link/github; Max-Age=900; HttpOnly; SameSite=Lax{secure}",
        cookie.expose_secret()
    );
    let (Ok(address), Ok(mut cookie)) =
        (HeaderValue::from_str(address.as_str()), HeaderValue::from_str(&cookie))
    else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    cookie.set_sensitive(true);
    let headers = [
        (header::LOCATION, address),
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[derive(Deserialize)]
struct Brought {
    #[serde(default)]
    state: String,
    code: Option<String>,
}

async fn back(
    State(web): State<Arc<OnTheWeb>>,
    Query(brought): Query<Brought>,
    headers: HeaderMap,
) -> Response {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let cookie = pairs.into_iter().find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned());
    let cookie = cookie.unwrap_or_default();
    match web.return_of(&brought.state, &cookie, brought.code.as_deref()).await {
        Back::Shown(login) => {
            let line = format!("GitHub says that you are {login}. What comes next is said in Slack.");
            shown(StatusCode::OK, "That is all", &[&line, "You can close this page."], false)
        }
        Back::Failed(refusal) => {
            let (what, todo) = (refusal.what.words(), refusal.todo.words());
            shown(StatusCode::BAD_REQUEST, "Nothing was linked", &[&what, &todo], false)
        }
        Back::Unknown => gone(),
    }
}
