//! What a browser sees: all that is known, as plain text.

use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, header};

use super::Site;

/// Whether a browser asks to look, instead of a program to use the API.
pub(super) fn is_page(parts: &Parts) -> bool {
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    parts.method == Method::GET
        && accept.contains("text/html")
        && !parts.headers.contains_key(header::AUTHORIZATION)
}

pub(super) fn answer(site: &Site) -> Response {
    let state = site.state();
    let mut text = format!("Local Travis CI, as {} sees it.\n", state.user.login);
    text.push_str(match state.user.syncing {
        Some(_) => "A sync with the local GitHub is under way.\n\n",
        None => "No sync is under way.\n\n",
    });
    let mut all: Vec<_> = state.repositories.values().collect();
    all.sort_by(|one, other| one.slug.cmp(&other.slug));
    for one in all {
        text.push_str(&format!("{:9}  {}\n", if one.active { "builds" } else { "is off" }, one.slug));
    }
    text.push_str("\nOther repositories it has not seen yet. Load the page again to see what has changed.\n");
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}
