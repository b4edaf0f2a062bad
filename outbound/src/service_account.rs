//! The key of a Google service account, which signs for a token that stands in for somebody
//! (<https://developers.google.com/identity/protocols/oauth2/service-account>, RFC 7523).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use url::Url;

/// For how long a token is asked; Google gives no longer one.
const SECONDS: i64 = 3600;

/// The kind of the grant (RFC 7523, 2.1), as `grant_type` of the request.
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What is wrong with a key. None of it is quoted: it is all secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub &'static str);

#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: SecretString,
    #[serde(default)]
    private_key_id: Option<String>,
    token_uri: String,
}

/// What signs.
pub struct ServiceAccount {
    key: RsaKeyPair,
    key_id: Option<String>,
    issuer: String,
    token_uri: Url,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl ServiceAccount {
    /// The account of a JSON key file, given as a whole.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(file: &SecretString) -> Result<Self, KeyError> {
        let file: KeyFile = serde_json::from_str(file.expose_secret())
            .map_err(|_| KeyError("it is not the JSON key of a service account"))?;
        let key = private_key(file.private_key.expose_secret())?;
        let token_uri = Url::parse(&file.token_uri).map_err(|_| KeyError("its `token_uri` is no address"))?;
        Ok(Self { key, key_id: file.private_key_id, issuer: file.client_email, token_uri })
    }

    /// Where a token is asked for.
    #[must_use]
    pub fn token_uri(&self) -> &Url {
        &self.token_uri
    }

    /// That we are who we are and ask for `subject` and these scopes (separated by blanks), signed. `now` is in
    /// seconds since 1970.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn assertion(&self, subject: &str, scopes: &str, now: i64) -> Result<String, KeyError> {
        let mut head = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(id) = &self.key_id {
            head["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.issuer, "sub": subject, "scope": scopes, "aud": self.token_uri.as_str(),
            "iat": now, "exp": now + SECONDS,
        });
        let encoded = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encoded(&head), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| KeyError("the key cannot sign"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The key in a PEM file of PKCS#8 (RFC 7468, 10).
fn private_key(pem: &str) -> Result<RsaKeyPair, KeyError> {
    const WRONG: KeyError = KeyError("its private key cannot be read");
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(WRONG)?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or(WRONG)?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| WRONG)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| WRONG)
}
