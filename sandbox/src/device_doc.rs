//! A device as a server of devices holds it: what its API would say of it, to be looked up and changed.

use serde_json::Value;

/// A device: the very record that the API gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// The record.
    pub raw: Value,
}

impl Device {
    /// A device with this record.
    pub fn new(raw: Value) -> Self {
        Self { raw }
    }

    /// Sets what stands under a key, at the top of the record.
    pub fn set(&mut self, key: &str, value: Value) {
        if let Some(raw) = self.raw.as_object_mut() {
            raw.insert(key.to_owned(), value);
        }
    }

    /// Takes away what stands under a key, at the top of the record.
    pub fn unset(&mut self, key: &str) {
        if let Some(raw) = self.raw.as_object_mut() {
            raw.remove(key);
        }
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// As servers look: without case.
    pub(crate) fn is(&self, pointer: &str, text: &str) -> bool {
        !text.is_empty() && self.text(pointer).eq_ignore_ascii_case(text)
    }
}

/// What was asked in the query or in a form: the first of this name, or nothing.
pub(crate) fn asked(encoded: &str, name: &str) -> String {
    url::form_urlencoded::parse(encoded.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// An answer in JSON.
pub(crate) fn as_json(status: u16, body: &Value) -> axum::response::Response {
    use axum::response::IntoResponse as _;
    let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let head = [(http::header::CONTENT_TYPE, "application/json")];
    (status, head, axum::body::Body::from(body.to_string())).into_response()
}

/// The same, with how long to wait.
pub(crate) fn refused_for(status: u16, wait: std::time::Duration, body: &Value) -> axum::response::Response {
    let mut response = as_json(status, body);
    if let Ok(value) = http::HeaderValue::from_str(&wait.as_secs().to_string()) {
        response.headers_mut().insert(http::header::RETRY_AFTER, value);
    }
    response
}
