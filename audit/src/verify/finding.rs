//! What can be wrong with a chain.

use std::fmt;

/// Something that is wrong. In words it says where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entry is not what was sealed.
    Changed {
        /// The entry.
        seq: i64,
        /// What of it.
        what: &'static str,
    },
    /// The entry was sealed and is not there.
    Removed {
        /// The entry.
        seq: i64,
    },
    /// The entry stands among sealed ones and was not sealed.
    Inserted {
        /// The entry.
        seq: i64,
    },
    /// It is no row that this program wrote.
    Unreadable {
        /// The entry.
        seq: i64,
        /// The entry itself or its link.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The rows are not in the order of their numbers.
    OutOfOrder {
        /// The entry.
        seq: i64,
    },
    /// The bodies are gone, and no seal says that they may be.
    BodyMissing {
        /// The first entry.
        first_seq: i64,
        /// The last.
        last_seq: i64,
        /// How many.
        count: u64,
    },
    /// The chain's own rows are not all there.
    LinksMissing {
        /// The entry before which they are missing.
        seq: i64,
        /// The position that should have come.
        expected: u64,
        /// The one that came.
        position: u64,
    },
    /// The chain holds the entry, and no seal covers it.
    LinkWithoutSeal {
        /// The entry.
        seq: i64,
    },
    /// The entries and their links are not those that the seal was put over.
    BatchBroken {
        /// The seal.
        seal: u64,
        /// The first entry of the batch.
        first_seq: i64,
        /// The last.
        last_seq: i64,
    },
    /// Seals are not there.
    SealsMissing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// The seal does not name the one before it.
    SealOutOfPlace {
        /// The seal.
        number: u64,
    },
    /// The seal is not signed by the key that it names.
    SealForged {
        /// The seal.
        number: u64,
        /// The id of that key.
        key: String,
    },
    /// Seals name a key that is not among the known ones.
    UnknownKey {
        /// The id of the key.
        key: String,
        /// The first of these seals.
        first: u64,
        /// How many.
        count: u64,
    },
    /// Seals are not signed though some before them are.
    NotSigned {
        /// The first.
        first: u64,
        /// How many.
        count: u64,
    },
    /// Another head was announced for this position.
    HeadDiffers {
        /// The position.
        position: u64,
        /// The entry there.
        seq: i64,
    },
    /// A head was announced for a position that the chain does not reach.
    Truncated {
        /// The position.
        position: u64,
        /// Where the chain ends.
        ends: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq, what } => {
                write!(f, "entry {seq} was changed: {what} is not what was sealed")
            }
            Self::Removed { seq } => write!(f, "entry {seq} was removed"),
            Self::Inserted { seq } => {
                write!(
                    f,
                    "entry {seq} was inserted among sealed ones, or its link was taken out of the chain"
                )
            }
            Self::Unreadable { seq, what, why } => write!(f, "the {what} of {seq} cannot be read: {why}"),
            Self::OutOfOrder { seq } => write!(f, "entry {seq} does not come after the one before it"),
            Self::BodyMissing { first_seq, last_seq, count: 1 } if first_seq == last_seq => {
                write!(f, "what entry {first_seq} says was removed, and not because of its age")
            }
            Self::BodyMissing { first_seq, last_seq, count } => write!(
                f,
                "what {count} entries from {first_seq} to {last_seq} say was removed, and not because of their age"
            ),
            Self::LinksMissing { seq, expected, position } => write!(
                f,
                "the chain is not whole before entry {seq}: position {expected} should come, and position {position} does"
            ),
            Self::LinkWithoutSeal { seq } => write!(f, "the chain holds entry {seq} without a seal over it"),
            Self::BatchBroken { seal, first_seq, last_seq } => {
                write!(f, "the entries {first_seq} to {last_seq} are not those that seal {seal} was put over")
            }
            Self::SealsMissing { first, last } if first == last => write!(f, "seal {first} is missing"),
            Self::SealsMissing { first, last } => write!(f, "the seals {first} to {last} are missing"),
            Self::SealOutOfPlace { number } => {
                write!(
                    f,
                    "seal {number} does not follow the one before it: one of the two was changed or put there"
                )
            }
            Self::SealForged { number, key } => {
                write!(f, "seal {number} is forged or was changed: key {key} did not sign it")
            }
            Self::UnknownKey { key, first, count } => write!(
                f,
                "{count} seals from {first} on name the key {key}, which is not among the known ones"
            ),
            Self::NotSigned { first, count } => {
                write!(f, "{count} seals from {first} on are not signed, though those before are")
            }
            Self::HeadDiffers { position, seq } => write!(
                f,
                "another head was announced for position {position} (entry {seq}): something up to there was changed, \
                 and sealed anew"
            ),
            Self::Truncated { position, ends } => {
                write!(
                    f,
                    "the chain ends at {ends}, but a head was announced for position {position}: its end was cut"
                )
            }
        }
    }
}
