//! What goes wrong, as RFC 7644 3.12 words it.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::KeepTrouble;

/// `schemas` of an error.
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A refusal, as RFC 7644 3.12 words it. Its detail quotes names of attributes and never their values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// RFC 7644 table 9.
    pub scim_type: Option<&'static str>,
    /// For people.
    pub detail: String,
}

impl ScimError {
    /// A refusal of this status without more.
    pub(super) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    fn typed(status: u16, scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { status, scim_type: Some(scim_type), detail: detail.into() }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "There is no such resource.")
    }

    pub(super) fn syntax(detail: impl Into<String>) -> Self {
        Self::typed(400, "invalidSyntax", detail)
    }

    pub(super) fn value(detail: impl Into<String>) -> Self {
        Self::typed(400, "invalidValue", detail)
    }

    pub(super) fn filter(detail: impl Into<String>) -> Self {
        Self::typed(400, "invalidFilter", detail)
    }

    pub(super) fn path(detail: impl Into<String>) -> Self {
        Self::typed(400, "invalidPath", detail)
    }

    pub(super) fn no_target(detail: impl Into<String>) -> Self {
        Self::typed(400, "noTarget", detail)
    }

    pub(super) fn mutability(detail: impl Into<String>) -> Self {
        Self::typed(400, "mutability", detail)
    }

    pub(super) fn taken(attribute: &str) -> Self {
        Self::typed(409, "uniqueness", format!("Another resource has this {attribute}."))
    }
}

impl From<KeepTrouble> for ScimError {
    fn from(error: KeepTrouble) -> Self {
        match error {
            KeepTrouble::Taken(attribute) => Self::taken(attribute),
            KeepTrouble::Newer => Self::new(412, "The resource has changed meanwhile."),
            KeepTrouble::Gone => Self::not_found(),
            KeepTrouble::Broken(why) => {
                tracing::error!("the directory cannot be kept: {why}");
                Self::new(500, "This could not be kept. Send it again later.")
            }
        }
    }
}

impl IntoResponse for ScimError {
    fn into_response(self) -> Response {
        let mut body =
            json!({ "schemas": [ERROR], "status": self.status.to_string(), "detail": self.detail });
        if let Some(kind) = self.scim_type {
            body["scimType"] = json!(kind);
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"scim\""));
        }
        response
    }
}
