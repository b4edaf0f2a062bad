//! One request, one answer: nothing is repeated, followed or kept here.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hubcommander_outbound::http_client;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::path::Path;
use crate::settings::{Settings, SetupError, check_address};

/// No answer that we ask for is longer.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// What Travis answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The body of an error answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorBody {
    /// Such as `insufficient_access`.
    #[serde(default)]
    pub(crate) error_type: String,
    #[serde(default)]
    pub(crate) error_message: String,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// What an error says of itself; empty if it is none of Travis' own.
    pub(crate) fn error(&self) -> ErrorBody {
        let mut body: ErrorBody = self.json().unwrap_or_default();
        body.error_message = body.error_message.chars().take(300).collect();
        body
    }

    /// How long Travis asks us to wait, if it says.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// For the log.
    pub(crate) fn described(&self, subject: &str) -> String {
        let error = self.error();
        let kind = if error.error_type.is_empty() { "-" } else { &error.error_type };
        format!("{subject}: Travis answered {} {kind} {:?}", self.status.as_u16(), error.error_message)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// It was certainly not sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have been sent, and the answer was lost or late.
    #[error("the answer was lost: {0}")]
    Lost(String),
}

/// Sends requests.
pub(crate) struct Transport {
    client: reqwest::Client,
    base: String,
    authorization: HeaderValue,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        check_address(&settings.api_url)?;
        let encrypted = settings.api_url.scheme() == "https";
        let client = http_client(settings.proxies.clone(), settings.patience, encrypted)
            .map_err(|error| SetupError::Tls(error.to_string()))?;
        let token = settings.token.expose_secret();
        let mut authorization =
            HeaderValue::from_str(&format!("token {token}")).map_err(|_| SetupError::Token)?;
        authorization.set_sensitive(true);
        let base = settings.api_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, base, authorization })
    }

    /// Sends one request, once.
    pub(crate) async fn send(&self, method: Method, path: &Path) -> Result<Answer, Failure> {
        let started = tokio::time::Instant::now();
        let result = self.exchange(method.clone(), path).await;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(answer) => {
                tracing::debug!(%method, %path, status = answer.status.as_u16(), ms, "Travis answered");
            }
            Err(error) => tracing::debug!(%method, %path, ms, %error, "Travis did not answer"),
        }
        result
    }

    async fn exchange(&self, method: Method, path: &Path) -> Result<Answer, Failure> {
        let mut response = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("Travis-API-Version", "3")
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.authorization.clone())
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| Failure::Lost(chain(&error)))? {
            if body.len() + chunk.len() > LONGEST_BODY {
                return Err(Failure::Lost("it is longer than any that we ask for".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// Only a failure to connect, or to make a request at all, proves that nothing was sent.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        Failure::NotSent(chain(error))
    } else {
        Failure::Lost(chain(error))
    }
}

/// An error and its causes in one line. None of them holds a header.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    // A chain of causes is short; the bound is against a circular one.
    for _ in 0..8 {
        let Some(error) = cause else { break };
        let words = error.to_string();
        if !line.contains(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
        cause = error.source();
    }
    line
}

/// An answer, for tests of what is made of it.
#[cfg(test)]
pub(crate) fn answer(status: u16, kind: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "@type": "error", "error_type": kind, "error_message": message });
    Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.to_string().into_bytes(),
    }
}
