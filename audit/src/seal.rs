//! Seals: a signature over the head of the chain after each batch.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::key::SigningKey;

const SIGNED: &str = "hubcommander audit seal v1\n";
const SEAL: &str = "hubcommander audit seal hash v1\n";

/// The key id of a seal that nobody signed.
pub const UNSIGNED: &str = "none";

/// A signature of 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl Serialize for Signature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64_STANDARD.decode(String::deserialize(deserializer)?).ok();
        let signature = bytes.and_then(|bytes| bytes.try_into().ok());
        signature.map(Self).ok_or_else(|| serde::de::Error::custom("not a signature of 64 bytes in base64"))
    }
}

/// A seal over a batch of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// 1, 2, 3, without a gap.
    pub number: u64,
    /// The database's number of the first entry of the batch; as `last_seq` if it holds none.
    pub first_seq: i64,
    /// The database's number of the last entry that it covers.
    pub last_seq: i64,
    /// The position in the chain of that entry.
    pub last: u64,
    /// How many entries the batch holds.
    pub count: u64,
    /// Bodies of entries up to this number may have been removed, as the configuration says.
    pub removed_through: i64,
    /// The hash of the seal before.
    pub previous: Hash,
    /// The head of the chain.
    pub head: Hash,
    /// When, in microseconds since 1970 UTC.
    pub at: i64,
    /// The id of the key it is signed with, or [`UNSIGNED`].
    pub key: String,
    /// The signature over all of this.
    pub signature: Option<Signature>,
}

/// Canonical JSON (RFC 8785) of this is signed. Numbers are text, as in an entry.
#[derive(Serialize)]
struct Covered<'a> {
    at: String,
    count: String,
    first_seq: String,
    head: Hash,
    key: &'a str,
    last: String,
    last_seq: String,
    number: String,
    previous: Hash,
    removed_through: String,
}

impl Seal {
    /// The same, signed by this key.
    #[must_use]
    pub(crate) fn signed_by(mut self, key: Option<&SigningKey>) -> Self {
        self.key = key.map_or_else(|| UNSIGNED.to_owned(), |key| key.id().to_string());
        self.signature = key.and_then(|key| key.sign(&self.covered()));
        self
    }

    /// What is signed.
    #[must_use]
    pub fn covered(&self) -> Vec<u8> {
        let covered = Covered {
            at: self.at.to_string(),
            count: self.count.to_string(),
            first_seq: self.first_seq.to_string(),
            head: self.head,
            key: &self.key,
            last: self.last.to_string(),
            last_seq: self.last_seq.to_string(),
            number: self.number.to_string(),
            previous: self.previous,
            removed_through: self.removed_through.to_string(),
        };
        let mut bytes = SIGNED.as_bytes().to_vec();
        bytes.extend(serde_json_canonicalizer::to_vec(&covered).unwrap_or_default());
        bytes
    }

    /// What the next seal names it by. The signature is part of it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let signature = self.signature.map_or([0; 64], |signature| signature.0);
        Hash::of(SEAL, &[&signature, &self.covered()])
    }

    /// Whether somebody signed it, rightly or not.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.key != UNSIGNED || self.signature.is_some()
    }
}
