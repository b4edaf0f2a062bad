//! Answers and refusals in GitHub's shapes.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// What a family says to a call.
pub(crate) type Outcome = Result<Answer, Refused>;

/// A good answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), headers: Vec::new() }
    }

    /// 201, where the new thing is found.
    pub(crate) fn created(body: Value) -> Self {
        let location = body["url"].as_str().map(|url| ("location", url.to_owned()));
        Self { status: 201, body: Some(body), headers: location.into_iter().collect() }
    }

    /// 201 without saying where.
    pub(crate) fn made(body: Value) -> Self {
        Self { status: 201, body: Some(body), headers: Vec::new() }
    }

    /// 204 without a body.
    pub(crate) fn nothing() -> Self {
        Self { status: 204, body: None, headers: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn fill(self, response: &mut Response) {
        let text = self.body.as_ref().map(Value::to_string);
        self.fill_with(text, response);
    }

    /// As `fill`, with the body as it was written out already.
    pub(super) fn fill_with(self, text: Option<String>, response: &mut Response) {
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        if let Some(text) = text {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            *response.body_mut() = Body::from(text);
        }
    }
}

/// A refusal: `{message, errors?, documentation_url, status}`.
#[derive(Debug)]
pub(crate) struct Refused {
    status: u16,
    message: String,
    errors: Vec<Value>,
    /// A field beside the usual ones.
    extra: Option<Box<(&'static str, Value)>>,
    headers: Vec<(&'static str, String)>,
}

impl Refused {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new(), extra: None, headers: Vec::new() }
    }

    /// Absent, or not visible to this token: nobody can tell the two apart.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(403, message)
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, "Requires authentication")
    }

    /// 422 with one entry of `errors`; `code` is one of missing, missing_field, invalid, already_exists,
    /// unprocessable.
    pub(crate) fn invalid(resource: &str, field: &str, code: &str) -> Self {
        let mut refused = Self::new(422, "Validation Failed");
        refused.errors.push(json!({ "resource": resource, "field": field, "code": code }));
        refused
    }

    /// As [`Refused::invalid`], with a sentence of its own.
    pub(crate) fn coded(message: &str, resource: &str, field: &str, code: &str) -> Self {
        Self { message: message.to_owned(), ..Self::invalid(resource, field, code) }
    }

    /// 422 with one entry of `errors` that has words of its own.
    pub(crate) fn custom(message: &str, resource: &str, field: &str, words: &str) -> Self {
        let mut refused = Self::new(422, message);
        let entry = json!({ "resource": resource, "code": "custom", "field": field, "message": words });
        refused.errors.push(entry);
        refused
    }

    /// As [`Refused::invalid`], with a sentence beside the code.
    pub(crate) fn coded_custom(resource: &str, field: &str, code: &str, words: &str) -> Self {
        let mut refused = Self::new(422, "Validation Failed");
        refused.errors.push(json!({ "message": words, "resource": resource, "field": field, "code": code }));
        refused
    }

    /// 422 whose only error is a sentence.
    pub(crate) fn sentence(words: &str) -> Self {
        let mut refused = Self::new(422, "Validation Failed");
        refused.errors.push(json!(words));
        refused
    }

    /// 422 for an invitation to an organisation that cannot be sent.
    pub(crate) fn invitation(words: &str) -> Self {
        let mut refused = Self::new(422, "Validation Failed");
        let resource = "OrganizationInvitation";
        let entry =
            json!({ "resource": resource, "code": "unprocessable", "field": "data", "message": words });
        refused.errors.push(entry);
        refused
    }

    /// 422 for a member who has no seat.
    pub(crate) fn no_seat(message: &str) -> Self {
        let mut refused = Self::new(422, message);
        refused.errors.push(json!({ "code": "no_seat", "field": "user" }));
        refused
    }

    /// Nobody gets at the repository: by law (451, `dmca`), or since GitHub switched it off (403, `tos`).
    pub(crate) fn blocked(status: u16, reason: &str, at: &str) -> Self {
        let page = if reason == "dmca" { json!("https://github.com/github/dmca") } else { Value::Null };
        let block = json!({ "reason": reason, "created_at": at, "html_url": page });
        Self { extra: Some(Box::new(("block", block))), ..Self::new(status, "Repository access blocked") }
    }

    /// 422 for a body that does not fit the operation at all.
    pub(crate) fn unfit(what: &str) -> Self {
        Self::new(422, format!("Invalid request.\n\n{what}"))
    }

    /// 301 for reading, 307 for writing: what was named has another name now.
    pub(crate) fn moved(reading: bool, to: String) -> Self {
        let mut refused = Self::new(if reading { 301 } else { 307 }, "Moved Permanently");
        refused.headers.push(("location", to.clone()));
        refused.extra = Some(Box::new(("url", json!(to))));
        refused
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Whether it is there, and not for the caller.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.status == 403
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn into_answer(self) -> Answer {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
        });
        if self.status >= 400 {
            body["status"] = json!(self.status.to_string());
        }
        if let Some(extra) = self.extra {
            let (name, value) = *extra;
            body[name] = value;
        }
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        Answer { status: self.status, body: Some(body), headers: self.headers }
    }
}
