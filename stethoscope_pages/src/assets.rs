//! The stylesheet, the script and the icon.

use axum::http::header;
use axum::response::IntoResponse;

/// Short enough that a new release is seen within minutes.
const KEEP: &str = "public, max-age=300";

pub(crate) async fn css() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEEP)];
    (headers, include_str!("../assets/stethoscope.css"))
}

pub(crate) async fn js() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, KEEP)];
    (headers, include_str!("../assets/stethoscope.js"))
}

pub(crate) async fn icon() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, KEEP)];
    (headers, include_str!("../assets/icon.svg"))
}
