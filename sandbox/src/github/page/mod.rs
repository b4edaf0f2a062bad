//! The page that shows the state: at `/` for a browser, and at the address of each repository, team and
//! account, so that every `html_url` leads somewhere. Plain HTML from the server; a small script refreshes it.

mod accounts;
mod device;
mod hands;
mod inside;
mod markup;
mod overview;
mod repository;
mod requests;

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures_util::stream;
use http::request::Parts;
use http::{Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use tokio::sync::watch;

use super::Site;
use markup::Page;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors http://127.0.0.1:* http://localhost:*";

/// Whether a browser asks to look, instead of a program to use the API.
pub(super) fn is_page(parts: &Parts) -> bool {
    let reading = matches!(parts.method, Method::GET | Method::HEAD);
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wants_html = accept.contains("text/html") && !parts.headers.contains_key(header::AUTHORIZATION);
    let own = parts.uri.path().starts_with("/_page/");
    (reading && (wants_html || own)) || (parts.method == Method::POST && own)
}

pub(super) fn answer(site: &Site, parts: &Parts, body: &[u8]) -> Response {
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if parts.method == Method::POST {
        return hands::act(site, parts, body, &segments);
    }
    match segments[..] {
        ["_page", "style.css"] => asset("text/css; charset=utf-8", STYLE.to_owned()),
        ["_page", "script.js"] => asset("text/javascript; charset=utf-8", SCRIPT.to_owned()),
        ["_page", "avatar", login] => asset("image/svg+xml", accounts::avatar(login)),
        ["_page", "stream"] => changes(site.faults.changes()),
        [] => html(StatusCode::OK, &overview::page(site)),
        ["login", "device"] => html(StatusCode::OK, &device::page(site)),
        ["login", "device", "thanks"] => html(StatusCode::OK, &device::thanks()),
        [login] => found(accounts::page(site, login, page_asked(parts))),
        ["orgs", login, "teams", slug] => found(accounts::team_page(site, login, slug)),
        [owner, name, ..] => match current_address(site, owner, name) {
            Some(address) => Redirect::temporary(&address).into_response(),
            None => found(repository::page(site, owner, name)),
        },
    }
}

/// The `page` of a long list, from one.
fn page_asked(parts: &Parts) -> usize {
    let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let asked = pairs.filter(|(key, _)| key == "page").find_map(|(_, value)| value.parse().ok());
    asked.filter(|page| *page > 0).unwrap_or(1)
}

/// Where a repository went that had this name once.
fn current_address(site: &Site, owner: &str, name: &str) -> Option<String> {
    Some(format!("/{}", site.state().moved(owner, name)?.full_name()))
}

fn found(page: Option<Page>) -> Response {
    match page {
        Some(page) => html(StatusCode::OK, &page),
        None => html(StatusCode::NOT_FOUND, &overview::nothing_here()),
    }
}

fn html(status: StatusCode, page: &Page) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, page.whole()).into_response()
}

fn asset(kind: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// Server-sent events: one for every change, several at once as one.
fn changes(changes: watch::Receiver<u64>) -> Response {
    let events = stream::unfold((changes, true), |(mut changes, first)| async move {
        if first {
            return Some((
                Ok::<_, std::convert::Infallible>(Bytes::from("retry: 1000\n\n")),
                (changes, false),
            ));
        }
        let event = match tokio::time::timeout(Duration::from_secs(15), changes.changed()).await {
            Ok(Ok(())) => {
                tokio::time::sleep(Duration::from_millis(120)).await;
                let number = *changes.borrow_and_update();
                format!("event: change\ndata: {number}\n\n")
            }
            Ok(Err(_)) => return None,
            // Nothing happened: a comment keeps the connection known to be alive.
            Err(_) => ":\n\n".to_owned(),
        };
        Some((Ok(Bytes::from(event)), (changes, false)))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(events)).into_response()
}
