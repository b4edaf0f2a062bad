//! One request, one answer: nothing is repeated, followed or kept here.
//!
//! Octocrab carries the request, over a service of ours: its own default client knows no proxy, repeats
//! writes, and follows redirects on DELETE. It gets no credentials; each request brings its own.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, IF_NONE_MATCH, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hubcommander_outbound::WayOut;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use serde_json::Value as Json;
use url::Url;

use crate::answer::Answer;
use crate::path::Path;
use crate::settings::{Settings, SetupError, Timeouts, check_address};

/// The usual media type.
pub(crate) const JSON: &str = "application/vnd.github+json";
/// Asks for the repository itself where the answer would have no body.
pub(crate) const REPOSITORY: &str = "application/vnd.github.v3.repository+json";

const API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");
/// No answer that we ask for is longer.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: Path,
    pub(crate) body: Option<Json>,
    pub(crate) accept: &'static str,
    pub(crate) if_none_match: Option<HeaderValue>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// It was certainly not sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have been sent, and the answer was lost.
    #[error("the answer was lost: {0}")]
    Lost(String),
    /// It was sent, and there was no answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
}

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Transport {
    crab: Octocrab,
    base: String,
    /// What stands before `/graphql`.
    graphql: String,
    version: HeaderValue,
    timeouts: Timeouts,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        check_address(&settings.api_url)?;
        // Octocrab starts a task of its own.
        tokio::runtime::Handle::try_current().map_err(|_| SetupError::NoRuntime)?;
        let encrypted = settings.api_url.scheme() == "https";
        let way_out = WayOut::new(settings.proxies.clone(), settings.timeouts.connect, encrypted)
            .map_err(|error| SetupError::Tls(error.to_string()))?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            // A connection that the other side has closed meanwhile makes a write unclear, so none grows old.
            .pool_idle_timeout(Duration::from_secs(30))
            .build(way_out);
        let Ok(crab) = OctocrabBuilder::new_empty().with_service(client).with_auth(AuthState::None).build();
        let base = settings.api_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            crab,
            graphql: above_graphql(&base).to_owned(),
            base,
            version: api_version(&settings.api_url),
            timeouts: settings.timeouts,
        })
    }

    /// Sends one request, once.
    pub(crate) async fn send(&self, call: &Call, authorization: &HeaderValue) -> Result<Answer, SendError> {
        let started = tokio::time::Instant::now();
        let sent = tokio::time::timeout(self.timeouts.request, self.exchange(call, authorization)).await;
        let result = sent.unwrap_or(Err(SendError::Timeout(self.timeouts.request)));
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(answer) => tracing::debug!(
                method = %call.method, path = %call.path, status = answer.status.as_u16(), ms,
                request_id = answer.request_id(), "GitHub answered"
            ),
            Err(error) => {
                tracing::debug!(method = %call.method, path = %call.path, ms, %error, "GitHub did not answer");
            }
        }
        result
    }

    async fn exchange(&self, call: &Call, authorization: &HeaderValue) -> Result<Answer, SendError> {
        let not_sent = |error: &dyn std::error::Error| SendError::NotSent(chain(error));
        let base = if call.path.is_graphql() { &self.graphql } else { &self.base };
        let uri: Uri = format!("{base}{}", call.path).parse().map_err(|error| not_sent(&error))?;
        let builder = Request::builder().method(call.method.clone()).uri(uri);
        let mut request =
            self.crab.build_request(builder, call.body.as_ref()).map_err(|error| not_sent(&error))?;
        let headers = request.headers_mut();
        // Octocrab has put in an older version; `insert` replaces it.
        headers.insert(API_VERSION, self.version.clone());
        headers.insert(ACCEPT, HeaderValue::from_static(call.accept));
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("hubcommander/", env!("CARGO_PKG_VERSION"))),
        );
        headers.insert(AUTHORIZATION, authorization.clone());
        if let Some(etag) = &call.if_none_match {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        let response = self.crab.execute(request).await.map_err(|error| classify(&error))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_BODY)
            .collect()
            .await
            .map_err(|error| SendError::Lost(chain(error.as_ref())))?
            .to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

/// A GitHub Enterprise Server may be older than the newest version and refuses one it does not know;
/// github.com knows it (2026-03-10 tells refusals for legal reasons apart, as 451).
fn api_version(api_url: &Url) -> HeaderValue {
    let enterprise_server = api_url.path().trim_end_matches('/').ends_with("/api/v3");
    HeaderValue::from_static(if enterprise_server { "2022-11-28" } else { "2026-03-10" })
}

/// `https://HOST/api` where REST is at `https://HOST/api/v3` (GitHub Enterprise Server); else the same
/// (<https://docs.github.com/en/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint>).
fn above_graphql(base: &str) -> &str {
    base.strip_suffix("/v3").filter(|above| above.ends_with("/api")).unwrap_or(base)
}

/// Only a failure to connect proves that nothing was sent.
fn classify(error: &octocrab::Error) -> SendError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    // A chain of causes is short; the bound is against a circular one.
    for _ in 0..16 {
        let Some(error) = cause else { break };
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()) {
            return SendError::NotSent(chain(error));
        }
        cause = error.source();
    }
    SendError::Lost(chain(error))
}

/// An error and its causes in one line. None of them holds a header.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = first_line(error);
    let mut cause = error.source();
    for _ in 0..8 {
        let Some(error) = cause else { break };
        let words = first_line(error);
        if !line.contains(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
        cause = error.source();
    }
    line
}

/// Octocrab appends a stack trace to some of its errors.
fn first_line(error: &dyn std::error::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Credentials;

    /// On github.com, on a GitHub Enterprise Server, and on GHE.com.
    #[tokio::test]
    async fn each_github_is_asked_at_its_own_address_in_a_version_that_it_knows() {
        let at = |url: &str| {
            let settings = Settings::new(url.parse().unwrap(), Credentials::Token("ghp_x".into()));
            let transport = Transport::new(&settings).unwrap();
            let version = transport.version.to_str().unwrap().to_owned();
            format!("{}{} {version}", transport.base, Path::fixed("user"))
        };
        assert_eq!(at("https://api.github.com"), "https://api.github.com/user 2026-03-10");
        assert_eq!(at("https://ghes.example/api/v3/"), "https://ghes.example/api/v3/user 2022-11-28");
        assert_eq!(at("https://api.acme.ghe.com"), "https://api.acme.ghe.com/user 2026-03-10");
    }

    #[test]
    fn graphql_stands_beside_rest() {
        for (rest, graphql) in [
            ("https://api.github.com", "https://api.github.com"),
            ("https://ghes.example/api/v3", "https://ghes.example/api"),
            ("https://api.acme.ghe.com", "https://api.acme.ghe.com"),
            ("http://127.0.0.1:7/v3", "http://127.0.0.1:7/v3"),
        ] {
            assert_eq!(above_graphql(rest), graphql);
        }
    }
}

/// An empty body, for tests of what is made of answers.
#[cfg(test)]
pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    Answer {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers: map,
        body: bytes::Bytes::copy_from_slice(body.as_bytes()),
    }
}
