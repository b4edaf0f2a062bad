//! Identity tokens, true and false ones.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Lie;

/// The machine makes no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine makes no key to sign with")]
pub struct NoKey;

/// The provider's key, and one that is not the provider's.
pub(super) struct Signer {
    own: EcdsaKeyPair,
    other: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    pub(super) fn new() -> Result<Self, NoKey> {
        let key = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| NoKey);
        Ok(Self { own: key()?, other: key()?, random: SystemRandom::new() })
    }

    /// The public half as a JSON Web Key (RFC 7518, 6.2).
    pub(super) fn key(&self) -> Value {
        // Uncompressed: a 4, then the two coordinates of 32 bytes each.
        let point = self.own.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "sandbox", "x": part(1), "y": part(33) })
    }

    /// A token of these claims, signed as the lie wants it.
    pub(super) fn sign(&self, claims: &Value, lie: Lie, client_secret: &str) -> Result<String, NoKey> {
        let algorithm = match lie {
            Lie::Unsigned => "none",
            Lie::SignedWithTheSecret => "HS256",
            _ => "ES256",
        };
        let head = json!({ "alg": algorithm, "typ": "JWT", "kid": "sandbox" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(claims));
        let by = |key: &EcdsaKeyPair| {
            key.sign(&self.random, signed.as_bytes())
                .map(|signature| URL_SAFE_NO_PAD.encode(signature.as_ref()))
        };
        let signature = match lie {
            Lie::Unsigned => Ok(String::new()),
            Lie::SignedWithTheSecret => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, client_secret.as_bytes());
                Ok(URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()).as_ref()))
            }
            Lie::WrongSignature => by(&self.other),
            _ => by(&self.own),
        };
        Ok(format!("{signed}.{}", signature.map_err(|_| NoKey)?))
    }
}
