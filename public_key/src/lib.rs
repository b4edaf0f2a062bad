//! Public keys of SSH as people paste them: checked before anybody else sees them, and told from private ones.
//!
//! A key that is taken is of a type that is still good, well formed to its last byte, of the type that stands
//! before it, and long enough. Line breaks and spaces that a chat or a terminal put into it are seen through.
//! It computes nothing with keys.

mod bad;

use std::fmt;

use serde::{Deserialize, Serialize};
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

pub use bad::BadKey;

/// Longer texts are no key: one of RSA with 16,384 bits has about 2,800 characters.
const LONGEST: usize = 8_000;
/// A key with fewer bits of RSA is not taken.
pub const LEAST_RSA_BITS: usize = 2_048;
/// A key that was broken into more pieces is not put together again.
const MOST_PIECES: usize = 60;

/// The types that are taken, as they stand before a key
/// (<https://man.openbsd.org/sshd.8#AUTHORIZED_KEYS_FILE_FORMAT>).
pub const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
];

/// A public key of SSH, without a comment.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    /// Type and content.
    text: String,
    kind: String,
    fingerprint: String,
}

impl PublicKey {
    /// Takes a key as somebody pasted it, with or without a comment.
    ///
    /// # Errors
    /// It is none that should be taken, and why.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadKey::Missing);
        }
        if bad::is_private(text) {
            return Err(BadKey::Private);
        }
        if text.len() > LONGEST {
            return Err(BadKey::TooLong);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let Some((kind, rest)) = words.split_first() else { return Err(BadKey::Missing) };
        if !TYPES.contains(kind) {
            return Err(bad::unknown_type(kind, rest));
        }
        let Some((key, text)) = whole(kind, rest) else { return Err(bad::mangled(kind, rest)) };
        let data = key.key_data();
        let kind = match data {
            KeyData::Rsa(rsa) => {
                let bits = rsa.n.as_positive_bytes().map_or(0, bits);
                // An even exponent, or one, encrypts nothing.
                let exponent = rsa.e.as_positive_bytes().unwrap_or_default();
                if exponent.last().is_none_or(|last| last % 2 == 0) || exponent == [1] {
                    return Err(BadKey::Mangled);
                }
                if bits < LEAST_RSA_BITS {
                    return Err(BadKey::Short(bits));
                }
                format!("RSA, {bits} bits")
            }
            KeyData::Ed25519(_) => "Ed25519".to_owned(),
            KeyData::Ecdsa(key) => format!("ECDSA, {}", key.curve()),
            KeyData::SkEd25519(_) => "Ed25519 on a security key".to_owned(),
            KeyData::SkEcdsaSha2NistP256(_) => "ECDSA on a security key".to_owned(),
            _ => return Err(BadKey::Mangled),
        };
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        Ok(Self { text, kind, fingerprint })
    }

    /// Type and content, as in an `authorized_keys` file.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// "Ed25519", or "RSA, 4096 bits".
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.kind, self.fingerprint)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = BadKey;

    fn try_from(text: String) -> Result<Self, BadKey> {
        Self::parse(&text)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.text
    }
}

/// The key that these words begin with, and as it is written. It says itself how long it is, so the pieces it
/// was broken into are those that make it whole; what follows is a comment.
fn whole(kind: &str, words: &[&str]) -> Option<(ssh_key::PublicKey, String)> {
    let mut line = format!("{kind} ");
    for piece in words.iter().take(MOST_PIECES) {
        line.push_str(piece);
        if let Ok(key) = ssh_key::PublicKey::from_openssh(&line) {
            // The parser overlooks a wrong length within: only what is written the same again is well formed.
            let same = key.to_openssh().is_ok_and(|again| again.trim_end() == line);
            return same.then_some((key, line));
        }
    }
    None
}

/// How long a number is, in bits.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |first| first.leading_zeros() as usize);
    (number.len() * 8).saturating_sub(zeros)
}

#[cfg(test)]
mod tests;
