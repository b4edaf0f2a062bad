//! The chain as it grows: entries are added, and a seal is put over what was added.

use crate::entry::{Entry, Leaf, Link, Salt, link};
use crate::hash::Hash;
use crate::head::Head;
use crate::key::SigningKey;
use crate::seal::Seal;

const BEGIN: &str = "hubcommander audit chain v1\n";

/// The end of a chain: all that is needed to go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    head: Head,
    last_seq: i64,
    /// The first number added since the last seal, and how many.
    added: Option<i64>,
    count: u64,
    /// Number and hash of the last seal.
    seal: (u64, Hash),
    removed_through: i64,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl Chain {
    /// A chain with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        let begin = Hash::of(BEGIN, &[]);
        Self {
            head: Head { hash: begin, position: 0 },
            last_seq: 0,
            added: None,
            count: 0,
            seal: (0, begin),
            removed_through: 0,
        }
    }

    /// The chain that ends with this seal.
    #[must_use]
    pub fn after(seal: &Seal) -> Self {
        Self {
            head: Head { hash: seal.head, position: seal.last },
            last_seq: seal.last_seq,
            added: None,
            count: 0,
            seal: (seal.number, seal.hash()),
            removed_through: seal.removed_through,
        }
    }

    /// What stands for all that was added.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// The entry's number in the database that was added last; 0 if there is none.
    #[must_use]
    pub fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// Number and hash of the last seal; number 0 if there is none.
    #[must_use]
    pub fn last_seal(&self) -> (u64, Hash) {
        self.seal
    }

    /// Bodies of entries up to this number may have been removed.
    #[must_use]
    pub fn removed_through(&self) -> i64 {
        self.removed_through
    }

    /// How many entries were added since the last seal.
    #[must_use]
    pub fn unsealed(&self) -> u64 {
        self.count
    }

    /// Adds an entry. Entries must come in the order of their numbers.
    pub fn add(&mut self, entry: &Entry, salt: Salt) -> Link {
        let leaf = Leaf::of(entry, &salt);
        self.head = Head { hash: link(self.head.hash, leaf.leaf), position: self.head.position + 1 };
        self.last_seq = entry.seq;
        self.added.get_or_insert(entry.seq);
        self.count += 1;
        Link { seq: entry.seq, position: self.head.position, salt: Some(salt), leaf }
    }

    /// From the next seal on, bodies of entries up to this number may have been removed. Never less than before.
    pub fn remove_through(&mut self, seq: i64) {
        self.removed_through = self.removed_through.max(seq.min(self.last_seq));
    }

    /// Puts a seal over what was added, which may be nothing: then it says that there was nothing more at this
    /// time (in microseconds since 1970 UTC). Without a key it is not signed.
    pub fn seal(&mut self, at: i64, key: Option<&SigningKey>) -> Seal {
        let (number, previous) = self.seal;
        let seal = Seal {
            number: number + 1,
            first_seq: self.added.unwrap_or(self.last_seq),
            last_seq: self.last_seq,
            last: self.head.position,
            count: self.count,
            removed_through: self.removed_through,
            previous,
            head: self.head.hash,
            at,
            key: String::new(),
            signature: None,
        }
        .signed_by(key);
        self.seal = (seal.number, seal.hash());
        self.added = None;
        self.count = 0;
        seal
    }
}
