//! The same proof where there is no device flow: the person is led to GitHub in their browser, and comes back with a
//! code (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#web-application-flow>).
//!
//! This one needs the client's secret. The code is tied to who began by PKCE (RFC 7636), where GitHub knows it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::asking::{Ask, Wire};
use super::trouble::{DeviceError, refused};
use super::{Proven, Refusal, Token, good, is_client_id, site, whose};
use crate::settings::{Settings, SetupError};

/// Leads people to GitHub and learns who they are when they come back. Cheap to clone.
#[derive(Clone)]
pub struct WebFlow {
    ask: Arc<dyn Ask>,
    client_id: String,
    client_secret: SecretString,
    page: Url,
}

impl fmt::Debug for WebFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebFlow").field("page", &self.page.as_str()).finish_non_exhaustive()
    }
}

impl WebFlow {
    /// Sets it up for the GitHub of these settings, whose credentials it does not use. Asks GitHub nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(
        settings: &Settings,
        client_id: &str,
        client_secret: SecretString,
    ) -> Result<Self, SetupError> {
        crate::settings::check_address(&settings.api_url)?;
        if !is_client_id(client_id) {
            return Err(SetupError::ClientId);
        }
        let site = site(&settings.api_url)?;
        let page = format!("{site}/login/oauth/authorize");
        let page = page.parse().map_err(|_| SetupError::Address(page))?;
        let ask = Arc::new(Wire::new(settings, site)?);
        Ok(Self { ask, client_id: client_id.to_owned(), client_secret, page })
    }

    /// Where the browser is led. `state` comes back with the code, `back` is where to, and `verifier` is known to us
    /// alone until the code is handed in.
    #[must_use]
    pub fn address(&self, state: &str, verifier: &SecretString, back: &Url) -> Url {
        let challenge = Sha256::digest(verifier.expose_secret().as_bytes());
        let mut page = self.page.clone();
        page.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", back.as_str())
            .append_pair("state", state)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256")
            .append_pair("allow_signup", "false");
        page
    }

    /// Hands in the code that the browser came back with, and learns whose account it is.
    ///
    /// # Errors
    /// As [`super::DeviceErrorKind`] says.
    pub async fn proven(
        &self,
        code: &SecretString,
        verifier: &SecretString,
        back: &Url,
    ) -> Result<Proven, DeviceError> {
        let fields = [
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
            ("code", code.expose_secret()),
            ("redirect_uri", back.as_str()),
            ("code_verifier", verifier.expose_secret()),
        ];
        let reply = self.ask.post("/login/oauth/access_token", &fields).await?;
        if let Ok(Refusal { error, .. }) = reply.json::<Refusal>() {
            return Err(refused(&error));
        }
        let token: Token = good(&reply)?;
        whose(&*self.ask, &token.access_token).await
    }
}
