//! The page that shows the state.

use axum::response::{IntoResponse, Response};
use http::request::Parts;

use super::Site;

pub(super) fn is_page(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/_page")
}

pub(super) fn answer(_site: &Site, _parts: &Parts) -> Response {
    ().into_response()
}
