//! One request, one answer: nothing is repeated, followed or kept here.

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method};
use hubcommander_outbound::{Answer, Failure, exchange, http_client};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::path::Path;
use crate::settings::{Settings, SetupError, check_address};

/// No answer that we ask for is longer.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// The body of an error answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorBody {
    /// Such as `insufficient_access`.
    #[serde(default)]
    pub(crate) error_type: String,
    #[serde(default)]
    pub(crate) error_message: String,
}

impl ErrorBody {
    /// What an error says of itself; empty if it is none of Travis' own.
    pub(crate) fn of(answer: &Answer) -> Self {
        let mut body: Self = answer.json().unwrap_or_default();
        body.error_message = body.error_message.chars().take(300).collect();
        body
    }
}

/// For the log.
pub(crate) fn described(answer: &Answer, subject: &str) -> String {
    let error = ErrorBody::of(answer);
    let kind = if error.error_type.is_empty() { "-" } else { &error.error_type };
    format!("{subject}: Travis answered {} {kind} {:?}", answer.status.as_u16(), error.error_message)
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
        let request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .header("Travis-API-Version", "3")
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.authorization.clone());
        exchange(request, LONGEST_BODY).await
    }
}

/// An answer, for tests of what is made of it.
#[cfg(test)]
pub(crate) fn answer(status: u16, kind: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "@type": "error", "error_type": kind, "error_message": message });
    Answer {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers: http::HeaderMap::new(),
        body: body.to_string().into_bytes(),
    }
}
