//! The JSON API: what one's pages say, for one's own programs. Reads only.

mod bearer;
mod description;
mod shapes;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use hubcommander_stethoscope::Freshness;

use crate::site::Pages;
use bearer::{Bearer, Problem};
use shapes::{Devices, Me, Notification, PracticeShape};

/// Everything under `/api/v1`.
pub(crate) fn router() -> Router<Arc<Pages>> {
    Router::new()
        .route("/me", get(me))
        .route("/devices", get(devices))
        .route("/practices", get(practices))
        .route("/notifications", get(notifications))
        .route("/openapi.json", get(openapi))
        .fallback(|| async { Problem::NotFound })
        .method_not_allowed_fallback(|| async { Problem::Method })
}

async fn me(bearer: Bearer) -> Json<Me> {
    Json(Me { email: bearer.0.email, name: bearer.0.name })
}

async fn devices(State(pages): State<Arc<Pages>>, bearer: Bearer) -> Json<Devices> {
    let look = pages.behind.looks.look(&bearer.0.email, Freshness::Recent).await;
    Json(Devices::of(&look))
}

async fn practices(State(pages): State<Arc<Pages>>, _: Bearer) -> Json<Vec<PracticeShape>> {
    Json(PracticeShape::all(pages.behind.looks.catalogue()))
}

async fn notifications(
    State(pages): State<Arc<Pages>>,
    bearer: Bearer,
) -> Result<Json<Vec<Notification>>, Problem> {
    let all = pages.behind.notices.of(&bearer.0.email).await?;
    Ok(Json(all.into_iter().map(Notification::from).collect()))
}

/// The description of the API. Nothing in it is about anybody, so it needs no token.
async fn openapi(State(pages): State<Arc<Pages>>) -> Json<serde_json::Value> {
    Json(description::document(&pages.origin()))
}
