//! The service account: its key signs for a token that stands in for an administrator
//! (<https://developers.google.com/identity/protocols/oauth2/service-account>, RFC 7523).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hubcommander_sdk::clock::SharedClock;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use url::Url;

use super::settings::{Settings, SetupError};
use crate::rest::{Api, Grant, Issued, Persistence, Refusal, Trouble};

/// For how long a token is asked; Google gives no longer one.
const SECONDS: i64 = 3600;

/// The kind of the grant (RFC 7523, 2.1).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: SecretString,
    #[serde(default)]
    private_key_id: Option<String>,
    token_uri: String,
}

/// What signs.
pub(super) struct ServiceAccount {
    api: Api,
    key: RsaKeyPair,
    key_id: Option<String>,
    issuer: String,
    subject: String,
    scopes: String,
    token_uri: Url,
    clock: SharedClock,
}

impl ServiceAccount {
    pub(super) fn new(settings: &Settings, scopes: String, clock: SharedClock) -> Result<Self, SetupError> {
        // What is wrong with the file is not quoted: it is all secret.
        let file: KeyFile = serde_json::from_str(settings.key.expose_secret())
            .map_err(|_| SetupError::Key("it is not the JSON key of a service account"))?;
        let key = private_key(file.private_key.expose_secret())?;
        let token_uri =
            Url::parse(&file.token_uri).map_err(|_| SetupError::Key("its `token_uri` is no address"))?;
        let mut host = token_uri.clone();
        host.set_path("");
        host.set_query(None);
        let persistence = Persistence { within: settings.within, pause: settings.pause };
        let way = (&settings.proxies, settings.patience);
        let api = Api::new("Google", &host, way, persistence, refusal)
            .map_err(|error| SetupError::Address("key.token_uri", error))?;
        Ok(Self {
            api,
            key,
            key_id: file.private_key_id,
            issuer: file.client_email,
            subject: settings.subject.trim().to_owned(),
            scopes,
            token_uri,
            clock,
        })
    }

    /// That we are who we are, and ask for the administrator, signed.
    fn assertion(&self) -> Result<String, Trouble> {
        let now = self.clock.now().timestamp();
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.key_id {
            head["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.issuer, "sub": self.subject, "scope": self.scopes, "aud": self.token_uri.as_str(),
            "iat": now, "exp": now + SECONDS,
        });
        let encoded = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&head), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| self.api.unreadable("a token", "the key cannot sign"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl Grant for ServiceAccount {
    async fn ask(&self) -> Result<Issued, Trouble> {
        let assertion = self.assertion()?;
        let fields = [("grant_type", JWT_BEARER), ("assertion", assertion.as_str())];
        self.api.post_form("a token", &self.token_uri, &fields).await
    }
}

/// The key in a PEM file of PKCS#8 (RFC 7468, 10).
fn private_key(pem: &str) -> Result<RsaKeyPair, SetupError> {
    const WRONG: SetupError = SetupError::Key("its private key cannot be read");
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(WRONG)?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or(WRONG)?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| WRONG)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| WRONG)
}

/// What a token endpoint says of a refusal (RFC 6749, 5.2).
fn refusal(body: &Json) -> Refusal {
    Refusal { code: body["error"].as_str().unwrap_or_default().to_owned(), too_often: false }
}
