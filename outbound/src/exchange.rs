//! One request to the other side, one answer: nothing is repeated, followed or kept here.

use std::error::Error;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{Patience, Proxies, WayOutError, http_client, must_be_private};

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// What stands beside it.
    pub headers: HeaderMap,
    /// All of it.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// It is none, or of another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// How long the other side asks us to wait, if it says.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It was certainly not sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have been sent, and the answer was lost or late.
    #[error("the answer was lost: {0}")]
    Lost(String),
}

/// Why an address cannot be one that secrets are sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It would carry secrets in the clear, or TLS cannot be set up.
    #[error("{0}")]
    WayOut(#[from] WayOutError),
    /// It has more in it than a host.
    #[error("there is more in it than `https://HOST`")]
    NotAHost,
}

/// A client for this address, which must be that of a host and nothing more.
///
/// # Errors
/// As [`AddressError`] says.
pub fn client_for(url: &Url, proxies: &Proxies, patience: Patience) -> Result<reqwest::Client, AddressError> {
    must_be_private(url)?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path().trim_end_matches('/').is_empty()
        && url.has_host();
    if !bare {
        return Err(AddressError::NotAHost);
    }
    Ok(http_client(proxies.clone(), patience, url.scheme() == "https")?)
}

/// Sends one request, once. An answer of more than `longest` bytes counts as lost.
///
/// # Errors
/// As [`Failure`] says.
pub async fn exchange(request: reqwest::RequestBuilder, longest: usize) -> Result<Answer, Failure> {
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Failure::Lost(chain(&error)))? {
        if body.len() + chunk.len() > longest {
            return Err(Failure::Lost("it is longer than any that we ask for".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

/// Only a failure to connect, or to make a request at all, proves that nothing was sent.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        Failure::NotSent(chain(error))
    } else {
        Failure::Lost(chain(error))
    }
}

/// An error and its causes in one line, without the address, whose query may name a person.
fn chain(error: &reqwest::Error) -> String {
    let mut line = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "no answer in time".to_owned(),
        (false, true) => "no connection".to_owned(),
        (false, false) => "broken off".to_owned(),
    };
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
