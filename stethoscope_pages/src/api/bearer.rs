//! Who asks, by token; and what is answered where there is no answer (RFC 9457).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde_json::json;

use crate::ports::{Person, Trouble};
use crate::secret::hash;
use crate::site::Pages;

/// Whoever the token belongs to. A cookie does not count here, so no other site can use the API through a browser.
pub(super) struct Bearer(pub(super) Person);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NoToken,
    NotFound,
    Method,
    Broken,
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        tracing::error!(%trouble, "what is behind the API did not answer");
        Self::Broken
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, detail) = match self {
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "No token that counts",
                "Send `Authorization: Bearer TOKEN` with a token that has neither ended nor been revoked. Make one on the page Tokens for programs.",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is no such thing",
                "See /api/v1/openapi.json for what there is.",
            ),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "The API only reads", "Use GET."),
            Self::Broken => (
                StatusCode::SERVICE_UNAVAILABLE,
                "It did not work this time",
                "Something behind the API did not answer. Try again in a minute.",
            ),
        };
        let body =
            json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, body.to_string()).into_response();
        if self == Self::NoToken {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl FromRequestParts<Arc<Pages>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Problem> {
        let line = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = line
            .and_then(|line| line.split_once(' '))
            .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(Problem::NoToken)?;
        let hash = hash(token);
        let now = pages.now();
        let kept = pages.behind.tokens.find(&hash).await?;
        let kept = kept.filter(|kept| now < kept.ends).ok_or(Problem::NoToken)?;
        // Once a minute is exact enough, and spares the store.
        if kept.used.is_none_or(|used| now - used >= TimeDelta::minutes(1)) {
            pages.behind.tokens.used(&hash, now).await?;
        }
        Ok(Self(kept.person))
    }
}
