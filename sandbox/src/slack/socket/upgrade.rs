//! From a single-use address to a WebSocket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::super::core::Core;
use super::link;
use crate::connection::Connection;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::slack) struct Asked {
    ticket: String,
    app_id: String,
    debug_reconnects: Option<String>,
}

fn upgrades(headers: &HeaderMap) -> bool {
    let says = |name, word: &str| {
        headers
            .get(name)
            .and_then(|value: &header::HeaderValue| value.to_str().ok())
            .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    says(header::UPGRADE, "websocket") && says(header::CONNECTION, "upgrade")
}

/// `GET /link/?ticket=…&app_id=…`
pub(in crate::slack) async fn open_link(
    State(core): State<Arc<Core>>,
    Query(asked): Query<Asked>,
    mut request: Request,
) -> Response {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let (true, Some(key)) = (upgrades(request.headers()), key) else {
        return (StatusCode::UPGRADE_REQUIRED, "this address speaks WebSocket").into_response();
    };
    if asked.app_id != core.app_id || !core.socket.take_ticket(&asked.ticket, core.clock.now()) {
        core.wake();
        return (StatusCode::FORBIDDEN, "this address was used, is too old, or never existed")
            .into_response();
    }
    let connection = request.extensions().get::<Connection>().cloned().unwrap_or_default();
    let upgrade = hyper::upgrade::on(&mut request);
    let debug = asked.debug_reconnects.is_some_and(|value| value == "true");
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => link::serve(core, upgraded, connection, debug).await,
            Err(problem) => tracing::debug!(%problem, "a connection ended before it became a WebSocket"),
        }
    });
    let answer = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_ACCEPT, key)
        .body(Body::empty());
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
