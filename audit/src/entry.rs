//! What is hashed of one entry.
//!
//! In two steps, so that a body can go after some time and the rest of its entry still be checked: the *content* is the
//! hash of the body, the *leaf* that of everything else with the content in place of the body.

use serde::{Deserialize, Serialize};

use crate::hash::{Hash, from_hex, to_hex};

const CONTENT: &str = "hubcommander audit content v1\n";
const LEAF: &str = "hubcommander audit leaf v1\n";
const LINK: &str = "hubcommander audit link v1\n";

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number that the database gave it. Grows, and may have gaps.
    pub seq: i64,
    /// When, in microseconds since 1970 UTC.
    pub at: i64,
    /// The invocation it is about, if any.
    pub invocation: Option<String>,
    /// What happened.
    pub event: String,
    /// Everything else, as JSON text, byte by byte as stored. None once it was removed.
    pub body: Option<String>,
}

/// How many bytes a salt has.
pub const SALT: usize = 16;

/// What makes the content of a body impossible to guess once both are gone: bodies hold little that is not known, so
/// without it the hash would confirm a guess. Made by chance when an entry is sealed, removed with the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(pub [u8; SALT]);

impl Serialize for Salt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Salt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = from_hex(&String::deserialize(deserializer)?);
        let salt = bytes.and_then(|bytes| bytes.try_into().ok());
        salt.map(Self).ok_or_else(|| serde::de::Error::custom("not a salt of 32 hexadecimal digits"))
    }
}

/// What an entry is chained by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The hash of the body with its salt.
    pub content: Hash,
    /// The hash of everything else and of the content.
    pub leaf: Hash,
}

/// What the chain holds of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The entry's number in the database.
    pub seq: i64,
    /// Its number in the chain: 1, 2, 3, without a gap.
    pub position: u64,
    /// The salt of its content; none once the body was removed.
    pub salt: Option<Salt>,
    /// What it is chained by.
    pub leaf: Leaf,
}

/// The hash of a body.
#[must_use]
pub fn content(salt: &Salt, body: &str) -> Hash {
    Hash::of(CONTENT, &[&salt.0, body.as_bytes()])
}

/// Canonical JSON (RFC 8785) of this is hashed. Numbers are text: those of JSON are exact to 2^53 only.
#[derive(Serialize)]
struct Covered<'a> {
    at: String,
    content: Hash,
    event: &'a str,
    invocation: Option<&'a str>,
    seq: String,
}

/// The hash of an entry whose body has this content.
#[must_use]
pub fn leaf(entry: &Entry, content: Hash) -> Hash {
    let covered = Covered {
        at: entry.at.to_string(),
        content,
        event: &entry.event,
        invocation: entry.invocation.as_deref(),
        seq: entry.seq.to_string(),
    };
    // Text alone, so there is nothing that could not be written; if there were, it would match nothing.
    let bytes = serde_json_canonicalizer::to_vec(&covered).unwrap_or_default();
    Hash::of(LEAF, &[&bytes])
}

/// The head of a chain after one more leaf.
#[must_use]
pub fn link(before: Hash, leaf: Hash) -> Hash {
    Hash::of(LINK, &[&before.0, &leaf.0])
}

impl Leaf {
    /// Of an entry with this salt. An entry without its body is chained as one with an empty body.
    #[must_use]
    pub fn of(entry: &Entry, salt: &Salt) -> Self {
        let content = content(salt, entry.body.as_deref().unwrap_or_default());
        Self { content, leaf: leaf(entry, content) }
    }
}
