//! Signing in at a provider of identities: OpenID Connect, code flow with PKCE, nonce and state.
//!
//! Slack, Google, Okta and Entra are all found by their issuer's discovery document. What counts is the e-mail
//! address, and only if the provider vouches for it and it is of an allowed domain.

mod http;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use hubcommander_outbound::{Patience, Proxies, WayOutError, must_be_private};
use hubcommander_sdk::clock::Instant;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use self::http::Http;
use crate::ports::Person;

/// For how long a discovery document is good enough to send people off by.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// Signatures that count. None of them is made with a secret that we share.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 5] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// How a provider is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it goes by in addresses: letters, digits and `-`.
    pub name: String,
    /// What people call it: `Google`.
    pub title: String,
    /// Its issuer: `https://accounts.google.com`, `https://slack.com`, `https://example.okta.com`,
    /// `https://login.microsoftonline.com/TENANT/v2.0`.
    pub issuer: Url,
    /// What it knows us by.
    pub client_id: String,
    /// What proves that it is us.
    pub client_secret: SecretString,
    /// Domains of e-mail addresses that may come in. At least one.
    pub domains: BTreeSet<String>,
    /// Entra has no `email_verified`; there the optional claim `xms_edov` says whether the address is of a domain
    /// that its owner has proved. Leave it off for all others.
    pub entra: bool,
}

/// Why a provider cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Its address, or TLS.
    #[error("{0}")]
    WayOut(#[from] WayOutError),
    /// Its name cannot stand in an address.
    #[error("the name of a provider is letters, digits and `-`")]
    Name,
    /// Everybody with an account there could come in.
    #[error("say which domains of e-mail addresses may come in")]
    NoDomains,
}

/// Why nobody was signed in. The words are for the log and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIn {
    /// The provider did not answer as it should.
    #[error("the provider did not answer: {0}")]
    Unavailable(String),
    /// What it said does not count.
    #[error("the provider's answer does not count: {0}")]
    Refused(String),
    /// It does not vouch for the e-mail address.
    #[error("the e-mail address is not verified")]
    Unverified,
    /// The e-mail address is of another domain.
    #[error("the e-mail address is of a domain that may not come in")]
    OtherDomain,
}

/// What Entra says besides.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xms_edov: Option<serde_json::Value>,
}

impl AdditionalClaims for Extra {}

type Fields = IdTokenFields<
    Extra,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Rp = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider of identities.
pub struct Provider {
    settings: Settings,
    issuer: IssuerUrl,
    http: Http,
    known: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("name", &self.settings.name).finish_non_exhaustive()
    }
}

impl Provider {
    /// Sets it up. Asks it nothing yet.
    ///
    /// # Errors
    /// As [`SetupError`] says.
    pub fn new(settings: Settings, proxies: &Proxies, patience: Patience) -> Result<Self, SetupError> {
        must_be_private(&settings.issuer)?;
        let plain = settings.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if settings.name.is_empty() || !plain {
            return Err(SetupError::Name);
        }
        if settings.domains.is_empty() {
            return Err(SetupError::NoDomains);
        }
        let http = Http::new(proxies, patience, settings.issuer.scheme() == "https")?;
        // An issuer is compared letter by letter; `Url` puts a slash after a bare host, which no issuer but one
        // with a path of its own has.
        let text = settings.issuer.as_str();
        let text = if settings.issuer.path() == "/" { text.trim_end_matches('/') } else { text };
        let issuer = IssuerUrl::new(text.to_owned()).map_err(|_| SetupError::Name)?;
        Ok(Self { settings, issuer, http, known: Mutex::new(None) })
    }

    /// What it goes by in addresses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.settings.title
    }

    pub(crate) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    async fn discover(
        &self,
        no_older_than: Option<Instant>,
        now: Instant,
    ) -> Result<CoreProviderMetadata, NotIn> {
        let mut known = self.known.lock().await;
        if let (Some(least), Some((at, metadata))) = (no_older_than, &*known)
            && *at >= least
        {
            return Ok(metadata.clone());
        }
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = found.map_err(|error| NotIn::Unavailable(error.to_string()))?;
        *known = Some((now, metadata.clone()));
        Ok(metadata)
    }

    fn client(&self, metadata: CoreProviderMetadata, home: &Url) -> Result<Rp, NotIn> {
        let basic = metadata
            .token_endpoint_auth_methods_supported()
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        let back = home.join("/login/back").map_err(|error| NotIn::Unavailable(error.to_string()))?;
        let id = ClientId::new(self.settings.client_id.clone());
        Ok(Rp::from_provider_metadata(metadata, id, Some(secret))
            .set_auth_type(if basic { AuthType::BasicAuth } else { AuthType::RequestBody })
            .set_redirect_uri(RedirectUrl::from_url(back)))
    }

    /// Where to send somebody who wants to sign in.
    pub(crate) async fn leave(
        &self,
        home: &Url,
        state: &str,
        nonce: &str,
        verifier: &str,
        now: Instant,
    ) -> Result<Url, NotIn> {
        let client = self.client(self.discover(Some(now - FRESH), now).await?, home)?;
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
        let (state, nonce) = (CsrfToken::new(state.to_owned()), Nonce::new(nonce.to_owned()));
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (address, ..) = client
            .authorize_url(flow, move || state, move || nonce)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        must_be_private(&address).map_err(|error| NotIn::Unavailable(error.to_string()))?;
        Ok(address)
    }

    /// Who came back with this code.
    pub(crate) async fn come_back(
        &self,
        home: &Url,
        code: String,
        nonce: &str,
        verifier: String,
        now: Instant,
    ) -> Result<Person, NotIn> {
        // Anew, because keys change.
        let client = self.client(self.discover(None, now).await?, home)?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| NotIn::Unavailable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| NotIn::Refused(error.to_string()))?;
        let token = answer.extra_fields().id_token();
        let token = token.ok_or_else(|| NotIn::Refused("there is no identity token".to_owned()))?;
        let checks = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now);
        let claims = token
            .claims(&checks, &Nonce::new(nonce.to_owned()))
            .map_err(|error| NotIn::Refused(error.to_string()))?;
        self.person(claims)
    }

    fn person(&self, claims: &IdTokenClaims<Extra, CoreGenderClaim>) -> Result<Person, NotIn> {
        let email = claims.email().map(|email| email.as_str().trim().to_lowercase()).unwrap_or_default();
        let vouched = if self.settings.entra {
            let said = claims.additional_claims().xms_edov.as_ref();
            said.is_some_and(|said| *said == true || *said == 1 || *said == "1" || *said == "true")
        } else {
            claims.email_verified() == Some(true)
        };
        if !vouched {
            return Err(NotIn::Unverified);
        }
        let domain = match email.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.contains('@') => domain,
            _ => return Err(NotIn::Unverified),
        };
        if !self.settings.domains.iter().any(|allowed| allowed.to_lowercase() == domain) {
            return Err(NotIn::OtherDomain);
        }
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().trim().to_owned());
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| email.clone());
        Ok(Person { email, name })
    }
}
