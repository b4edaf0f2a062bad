//! How the device flow asks: two addresses of the site, and one of the API.

use async_trait::async_trait;
use http::header::{ACCEPT, CONTENT_TYPE};
use hubcommander_outbound::{Failure, Patience, exchange, http_client};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;

use super::trouble::DeviceError;
use crate::settings::{Settings, SetupError};

/// No answer that is asked for is longer.
const LONGEST: usize = 64 * 1024;

/// What was answered. It has no `Debug`: there may be a token in it.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// Whether GitHub has trouble of its own, or asks us to slow down: that may pass.
    pub(super) fn is_trouble(&self) -> bool {
        self.status >= 500 || self.status == 429
    }
}

#[async_trait]
pub(super) trait Ask: Send + Sync {
    /// Sends a form to the site.
    async fn post(&self, path: &'static str, form: &[(&str, &str)]) -> Result<Reply, DeviceError>;

    /// Reads whose a token is.
    async fn user(&self, token: &SecretString) -> Result<Reply, DeviceError>;
}

/// Over the network.
pub(super) struct Wire {
    client: reqwest::Client,
    site: String,
    api: String,
}

impl Wire {
    pub(super) fn new(settings: &Settings, site: String) -> Result<Self, SetupError> {
        let patience = Patience { connect: settings.timeouts.connect, request: settings.timeouts.request };
        let encrypted = settings.api_url.scheme() == "https";
        let client = http_client(settings.proxies.clone(), patience, encrypted)
            .map_err(|error| SetupError::Tls(error.to_string()))?;
        Ok(Self { client, site, api: settings.api_url.as_str().trim_end_matches('/').to_owned() })
    }
}

async fn answered(request: reqwest::RequestBuilder) -> Result<Reply, DeviceError> {
    match exchange(request, LONGEST).await {
        Ok(answer) => Ok(Reply { status: answer.status.as_u16(), body: answer.body }),
        Err(error @ (Failure::NotSent(_) | Failure::Lost(_))) => {
            Err(DeviceError::unreachable(&error.to_string()))
        }
    }
}

#[async_trait]
impl Ask for Wire {
    async fn post(&self, path: &'static str, form: &[(&str, &str)]) -> Result<Reply, DeviceError> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .client
            .post(format!("{}{path}", self.site))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        answered(request).await
    }

    async fn user(&self, token: &SecretString) -> Result<Reply, DeviceError> {
        let request = self
            .client
            .get(format!("{}/user", self.api))
            .header(ACCEPT, crate::transport::JSON)
            .bearer_auth(token.expose_secret());
        answered(request).await
    }
}
