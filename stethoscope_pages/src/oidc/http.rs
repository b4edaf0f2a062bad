//! The one way out to providers of identities.

use std::pin::Pin;

use hubcommander_outbound::{
    Failure, Patience, Proxies, WayOutError, exchange, http_client, must_be_private,
};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// More than any discovery document or set of keys has.
const LONGEST: usize = 1024 * 1024;

/// Why there is no answer. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("{0}")]
    WayOut(#[from] WayOutError),
    #[error("{0}")]
    Failure(#[from] Failure),
    #[error("the request cannot be made: {0}")]
    Request(String),
}

/// The client: no redirects, nothing repeated, nothing unencrypted but to this machine.
pub(super) struct Http(reqwest::Client);

impl Http {
    pub(super) fn new(proxies: &Proxies, patience: Patience, encrypted: bool) -> Result<Self, WayOutError> {
        Ok(Self(http_client(proxies.clone(), patience, encrypted)?))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let (parts, body) = request.into_parts();
        let bad = |error: &dyn std::error::Error| NoAnswer::Request(error.to_string());
        let url = url::Url::parse(&parts.uri.to_string()).map_err(|error| bad(&error))?;
        must_be_private(&url)?;
        let request = self.0.request(parts.method, url).headers(parts.headers).body(body);
        let answer = exchange(request, LONGEST).await?;
        let mut response = http::Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
