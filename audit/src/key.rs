//! Keys: Ed25519. Who signs holds the private one; who verifies needs the public ones alone.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::SecretString;

use crate::hash::{Hash, to_hex};
use crate::seal::{Seal, Signature};

const KEY: &str = "hubcommander audit key v1\n";
const KIND: &str = "ed25519:";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Why something is no key. Holds nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// A private key is PEM.
    #[error("not a private key in PEM: it begins with `-----BEGIN PRIVATE KEY-----`")]
    NotPem,
    /// A private key is Ed25519 in PKCS#8.
    #[error("not a private key for Ed25519 in PKCS#8")]
    NotEd25519,
    /// A public key begins with `ed25519:`.
    #[error("not a public key: it is `ed25519:` and 32 bytes in base64")]
    NotPublic,
}

/// What tells a key from others: 16 digits, made of the public key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key that signs. Shows nothing of itself but its id.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id)
    }
}

impl SigningKey {
    /// The key that these 32 random bytes make.
    ///
    /// # Errors
    /// The bytes make none.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, BadKey> {
        Self::of(Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| BadKey::NotEd25519)?)
    }

    /// Reads a private key in PEM (PKCS#8), as [`SigningKey::to_pem`] and OpenSSL write it.
    ///
    /// # Errors
    /// It is none.
    pub fn from_pem(text: &str) -> Result<Self, BadKey> {
        let inside = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
        let inside: String = inside.ok_or(BadKey::NotPem)?.split_whitespace().collect();
        let der = BASE64_STANDARD.decode(inside).map_err(|_| BadKey::NotPem)?;
        Self::of(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| BadKey::NotEd25519)?)
    }

    fn of(pair: Ed25519KeyPair) -> Result<Self, BadKey> {
        let bytes = pair.public_key().as_ref().try_into().map_err(|_| BadKey::NotEd25519)?;
        Ok(Self { public: PublicKey::of(bytes), pair })
    }

    /// The key as text, to be written to a file that only its owner can read.
    ///
    /// # Errors
    /// It cannot be written so.
    pub fn to_pem(&self) -> Result<SecretString, BadKey> {
        let der = self.pair.to_pkcs8v1().map_err(|_| BadKey::NotEd25519)?;
        Ok(SecretString::from(format!("{BEGIN}\n{}\n{END}\n", BASE64_STANDARD.encode(der.as_ref()))))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What tells it from others.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.public.id
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Option<Signature> {
        let signature = self.pair.try_sign(message).ok()?;
        signature.as_ref().try_into().ok().map(Signature)
    }
}

/// The key that verifies. Written as `ed25519:` and base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; 32],
    id: KeyId,
}

impl PublicKey {
    fn of(bytes: [u8; 32]) -> Self {
        let hash = Hash::of(KEY, &[&bytes]);
        let id = KeyId(to_hex(hash.0.get(..8).unwrap_or_default()));
        Self { bytes, id }
    }

    /// What tells it from others.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    fn signed(&self, message: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, &signature.0).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", BASE64_STANDARD.encode(self.bytes))
    }
}

impl FromStr for PublicKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bytes = text.trim().strip_prefix(KIND).and_then(|rest| BASE64_STANDARD.decode(rest).ok());
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(BadKey::NotPublic)?;
        Ok(Self::of(bytes))
    }
}

/// The keys that seals may be signed with, by their ids: the one in use, and those that were used before.
#[derive(Clone, Debug, Default)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

/// What a seal's signature is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// A known key signed it.
    Signed,
    /// Nobody did.
    Unsigned,
    /// A key did that is not known here.
    Unknown,
    /// It is not the signature of the key that it names.
    Forged,
}

impl PublicKeys {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn worth(&self, seal: &Seal) -> Worth {
        if !seal.is_signed() {
            return Worth::Unsigned;
        }
        let Some(key) = self.0.get(&seal.key) else { return Worth::Unknown };
        let signed = seal.signature.is_some_and(|signature| key.signed(&seal.covered(), &signature));
        if signed { Worth::Signed } else { Worth::Forged }
    }

    /// Whether one of these keys signed it.
    #[must_use]
    pub fn signed(&self, seal: &Seal) -> bool {
        self.worth(seal) == Worth::Signed
    }
}

impl FromIterator<PublicKey> for PublicKeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.id.to_string(), key)).collect())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn keys_are_written_and_read() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let pem = key.to_pem().unwrap();
        let again = SigningKey::from_pem(pem.expose_secret()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(key.public().to_string().parse(), Ok(key.public().clone()));
        assert_eq!(key.id().to_string().len(), 16);
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.id()));
        assert_ne!(SigningKey::from_seed(&[8; 32]).unwrap().id(), key.id());
    }

    /// The first key of RFC 8032, section 7.1, in the form that OpenSSL writes.
    #[test]
    fn a_key_of_openssl_is_taken() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
        let key = SigningKey::from_pem(pem).unwrap();
        assert_eq!(key.public().to_string(), "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    }

    #[test]
    fn what_is_no_key_is_told_without_it() {
        assert_eq!(SigningKey::from_pem("xoxb-secret").unwrap_err(), BadKey::NotPem);
        let other = format!("{BEGIN}\nMAA=\n{END}");
        assert_eq!(SigningKey::from_pem(&other).unwrap_err(), BadKey::NotEd25519);
        for wrong in ["", "ed25519:", "ed25519:AAAA", "rsa:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(BadKey::NotPublic), "{wrong}");
        }
    }
}
