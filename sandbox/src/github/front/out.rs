//! The headers of every answer, and answers that say only "unchanged".

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use hubcommander_sdk::clock::Instant;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::call::Version;
use super::limits::{Rate, Resource};
use crate::github::model::hex;

/// What goes around an answer.
pub(super) struct Envelope {
    now: Instant,
    pub(super) request_id: String,
    pub(super) version: Option<Version>,
    pub(super) scopes: Option<String>,
    pub(super) rate: Option<Rate>,
    pub(super) resource: Resource,
    pub(super) accepted_permissions: Option<String>,
    pub(super) accepted_scopes: Option<&'static str>,
}

impl Envelope {
    /// `number` tells requests apart.
    pub(super) fn new(now: Instant, number: u64) -> Self {
        let digest = hex(&Sha256::digest(format!("request {number}"))).to_uppercase();
        let request_id = format!(
            "{}:{}:{number:X}:{}:{:X}",
            &digest[..4],
            &digest[4..10],
            &digest[10..17],
            now.timestamp().max(0)
        );
        Self {
            now,
            request_id,
            version: None,
            scopes: None,
            rate: None,
            resource: Resource::Core,
            accepted_permissions: None,
            accepted_scopes: None,
        }
    }

    pub(super) fn close(self, method: &Method, headers: &HeaderMap, answer: Answer) -> Response {
        self.close_with(method, headers, answer, |_| ())
    }

    /// As `close`; `unchanged` is called when the answer becomes a 304.
    pub(super) fn close_with(
        mut self,
        method: &Method,
        headers: &HeaderMap,
        answer: Answer,
        unchanged: impl FnOnce(&mut Option<Rate>),
    ) -> Response {
        // Written out once: a page of a hundred repositories is half a megabyte.
        let text = answer.body.as_ref().map(Value::to_string);
        let tag = etag(method, &answer, text.as_deref());
        let mut response = Response::new(Body::empty());
        let same = tag.as_deref().is_some_and(|tag| fits(headers, tag));
        if same {
            unchanged(&mut self.rate);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            answer.fill_with(text, &mut response);
        }
        if let Some(tag) = tag {
            put(&mut response, "etag", &tag);
            put(&mut response, "cache-control", "private, max-age=60, s-maxage=60");
            put(&mut response, "vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
        }
        if method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        self.stamp(&mut response);
        response
    }

    fn stamp(&self, response: &mut Response) {
        put(response, "server", "github.com");
        put(response, "date", &self.now.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
        put(response, "x-github-request-id", &self.request_id);
        put(response, "x-github-media-type", "github.v3; format=json");
        put(response, "x-content-type-options", "nosniff");
        if let Some(version) = self.version {
            put(response, "x-github-api-version-selected", version.word());
            if version == Version::First {
                put(response, "deprecation", "Fri, 10 Mar 2028 00:00:00 GMT");
            }
        }
        if let Some(scopes) = &self.scopes {
            put(response, "x-oauth-scopes", scopes);
        }
        if let Some(accepted) = self.accepted_scopes.filter(|_| self.scopes.is_some()) {
            put(response, "x-accepted-oauth-scopes", accepted);
        }
        if let Some(permissions) = &self.accepted_permissions {
            put(response, "x-accepted-github-permissions", permissions);
        }
        if let Some(rate) = self.rate {
            put(response, "x-ratelimit-limit", &rate.limit.to_string());
            put(response, "x-ratelimit-remaining", &rate.remaining().to_string());
            put(response, "x-ratelimit-used", &rate.used.to_string());
            put(response, "x-ratelimit-reset", &rate.reset.timestamp().to_string());
            put(response, "x-ratelimit-resource", self.resource.word());
        }
    }
}

/// GitHub refuses who does not say what it is, before anything else and not as JSON.
pub(super) fn no_user_agent(envelope: Envelope) -> Response {
    let text = "Request forbidden by administrative rules: it needs a User-Agent header.\n";
    let mut response = (StatusCode::FORBIDDEN, text).into_response();
    envelope.stamp(&mut response);
    response
}

fn etag(method: &Method, answer: &Answer, text: Option<&str>) -> Option<String> {
    let reading = matches!(*method, Method::GET | Method::HEAD) && answer.status == 200;
    let text = text.filter(|_| reading)?;
    let mut digest = Context::new(&SHA256);
    digest.update(text.as_bytes());
    // The links to other pages are part of what may have changed.
    for (_, value) in &answer.headers {
        digest.update(value.as_bytes());
    }
    Some(format!("W/\"{}\"", hex(digest.finish().as_ref())))
}

fn fits(headers: &HeaderMap, tag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == "*" || plain(one) == plain(tag))
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
