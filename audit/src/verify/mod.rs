//! Reads a chain again, in order and in constant memory, and says what is wrong with it.

mod finding;
mod report;

use std::collections::BTreeMap;

use crate::chain::Chain;
use crate::entry::{Entry, Link, content, leaf, link};
use crate::hash::Hash;
use crate::head::Head;
use crate::key::{PublicKeys, Worth};
use crate::seal::Seal;

pub use finding::Finding;
pub use report::{Report, Signed};

/// So many findings are told; the rest are counted.
const TOLD: usize = 1_000;

/// What is stored under one number: the entry, its link, or both. What cannot be read says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number.
    pub seq: i64,
    /// The entry.
    pub entry: Option<Result<Entry, String>>,
    /// What the chain holds of it.
    pub link: Option<Result<Link, String>>,
}

/// Takes rows in the order of their numbers, and the seals between them, and says at the end what it found.
///
/// All must be of one moment, or an entry that is written meanwhile looks like one that does not belong there.
#[derive(Debug)]
pub struct Verifier {
    keys: PublicKeys,
    announced: BTreeMap<u64, Vec<Hash>>,
    running: Head,
    /// The seal that covers what comes now.
    current: Option<Seal>,
    /// Number and hash of the seal taken last, and where it ends.
    last_seal: (u64, Hash),
    last: u64,
    no_more_seals: bool,
    seq: i64,
    signed: Tally,
    /// Ranges of entries without their bodies: first, last, how many.
    bodiless: Vec<(i64, i64, u64)>,
    removed_through: i64,
    /// As the last seal says that is not signed; true once a signed one stands over it.
    claimed_removed_through: i64,
    report: Report,
}

/// How the seals are signed.
#[derive(Debug, Default)]
struct Tally {
    signed: u64,
    /// Those without a signature since the last one that has one: the first number, and how many.
    bare: (u64, u64),
    unknown: BTreeMap<String, (u64, u64)>,
}

impl Verifier {
    /// A verifier that takes seals of these keys, and compares with these heads that were announced.
    #[must_use]
    pub fn new(keys: PublicKeys, announced: &[Head]) -> Self {
        let mut heads: BTreeMap<u64, Vec<Hash>> = BTreeMap::new();
        for head in announced {
            heads.entry(head.position).or_default().push(head.hash);
        }
        let begin = Chain::new();
        Self {
            keys,
            announced: heads,
            running: begin.head(),
            current: None,
            last_seal: begin.last_seal(),
            last: 0,
            no_more_seals: false,
            seq: i64::MIN,
            signed: Tally::default(),
            bodiless: Vec::new(),
            removed_through: 0,
            claimed_removed_through: 0,
            report: Report::new(begin.head()),
        }
    }

    /// Whether the next seal is to be given before the row with this number.
    #[must_use]
    pub fn wants_seal(&self, seq: i64) -> bool {
        !self.no_more_seals && self.current.as_ref().is_none_or(|seal| seal.last_seq < seq)
    }

    /// There are no further seals.
    pub fn no_more_seals(&mut self) {
        self.no_more_seals = true;
    }

    /// Takes the next seal.
    pub fn seal(&mut self, seal: Seal) {
        self.close();
        let (number, hash) = self.last_seal;
        let number = number.saturating_add(1);
        if seal.number > number {
            self.found(Finding::SealsMissing { first: number, last: seal.number.saturating_sub(1) });
        } else if seal.number < number || seal.previous != hash {
            self.found(Finding::SealOutOfPlace { number: seal.number });
        }
        let worth = self.keys.worth(&seal);
        match worth {
            Worth::Signed => {
                self.signed.signed += 1;
                self.signed.bare = (0, 0);
            }
            Worth::Unsigned => {
                let (first, count) = self.signed.bare;
                self.signed.bare = (if count == 0 { seal.number } else { first }, count + 1);
            }
            Worth::Unknown => {
                self.signed.unknown.entry(seal.key.clone()).or_insert((seal.number, 0)).1 += 1;
            }
            Worth::Forged => self.found(Finding::SealForged { number: seal.number, key: seal.key.clone() }),
        }
        if worth != Worth::Forged {
            self.claimed_removed_through = self.claimed_removed_through.max(seal.removed_through);
        }
        // Whoever signs names the seal before, and so all that it says; without keys nobody can be held to it.
        if worth == Worth::Signed || self.keys.is_empty() {
            self.removed_through = self.removed_through.max(self.claimed_removed_through);
        }
        self.last_seal = (seal.number, seal.hash());
        self.current = Some(seal);
    }

    /// Compares what came with what the seal was put over, and goes on from what the seal says, so that what follows
    /// can be checked whatever was wrong before.
    fn close(&mut self) {
        let Some(seal) = self.current.take() else { return };
        let whole = self.running.hash == seal.head
            && self.running.position == seal.last
            && self.last.checked_add(seal.count) == Some(seal.last);
        if !whole {
            self.found(Finding::BatchBroken {
                seal: seal.number,
                first_seq: seal.first_seq,
                last_seq: seal.last_seq,
            });
        }
        self.running = Head { hash: seal.head, position: seal.last };
        self.last = seal.last;
        self.report.head = self.running;
        self.report.seals += 1;
        self.report.sealed_at = Some(seal.at);
    }

    /// Takes the next row. All seals that it wants must have been given before.
    pub fn row(&mut self, row: Row) {
        let Row { seq, entry, link } = row;
        if seq <= self.seq {
            self.found(Finding::OutOfOrder { seq });
        }
        self.seq = self.seq.max(seq);
        let sealed = self.current.as_ref().is_some_and(|seal| seq <= seal.last_seq);
        if !sealed {
            self.close();
        }
        self.report.entries += u64::from(entry.is_some());
        let entry = match entry {
            Some(Err(why)) => {
                self.found(Finding::Unreadable { seq, what: "entry", why });
                Some(None)
            }
            Some(Ok(entry)) => Some(Some(entry)),
            None => None,
        };
        match (entry, link) {
            (_, Some(Err(why))) => self.found(Finding::Unreadable { seq, what: "link", why }),
            (None, None) => {}
            (Some(_), None) if sealed => self.found(Finding::Inserted { seq }),
            (Some(entry), None) => self.tail(entry.as_ref()),
            (entry, Some(Ok(linked))) => {
                if !sealed {
                    self.found(Finding::LinkWithoutSeal { seq });
                }
                match entry {
                    None => self.found(Finding::Removed { seq }),
                    Some(None) => {}
                    Some(Some(entry)) => self.compare(&entry, &linked),
                }
                self.add(&linked);
            }
        }
    }

    /// Goes on by a link, as it is stored: whether it is the one that was sealed, the seal says.
    fn add(&mut self, linked: &Link) {
        let expected = self.running.position.saturating_add(1);
        if linked.position != expected {
            self.found(Finding::LinksMissing { seq: linked.seq, expected, position: linked.position });
        }
        self.running =
            Head { hash: link(self.running.hash, linked.leaf.leaf), position: expected.max(linked.position) };
        let differs = self
            .announced
            .get(&self.running.position)
            .is_some_and(|heads| heads.iter().any(|head| *head != self.running.hash));
        if differs {
            self.found(Finding::HeadDiffers { position: self.running.position, seq: linked.seq });
        }
    }

    /// Compares an entry with its link.
    fn compare(&mut self, entry: &Entry, linked: &Link) {
        let seq = entry.seq;
        match (&entry.body, &linked.salt) {
            (Some(body), Some(salt)) if content(salt, body) == linked.leaf.content => {}
            (Some(_), _) => self.found(Finding::Changed { seq, what: "what it says" }),
            (None, _) => self.without_body(seq),
        }
        if leaf(entry, linked.leaf.content) != linked.leaf.leaf {
            self.found(Finding::Changed { seq, what: "its time, its invocation, its event or its hash" });
        }
    }

    fn without_body(&mut self, seq: i64) {
        self.report.bodiless += 1;
        let room = self.bodiless.len() < TOLD;
        match self.bodiless.last_mut() {
            Some((_, last, count)) if *last == seq - 1 || !room => (*last, *count) = (seq, *count + 1),
            _ => self.bodiless.push((seq, seq, 1)),
        }
    }

    /// An entry that no seal covers yet.
    fn tail(&mut self, entry: Option<&Entry>) {
        self.report.tail += 1;
        let oldest = self.report.tail_since;
        self.report.tail_since = entry.map(|entry| oldest.map_or(entry.at, |at| at.min(entry.at))).or(oldest);
    }

    /// What came of it, once all rows and all seals were given.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.close();
        let ends = self.running.position;
        let cut: Vec<u64> =
            self.announced.range(ends.saturating_add(1)..).map(|(position, _)| *position).collect();
        for position in cut {
            self.found(Finding::Truncated { position, ends });
        }
        for (first_seq, last_seq, count) in std::mem::take(&mut self.bodiless) {
            if last_seq > self.removed_through {
                // What may be gone and what may not can stand side by side.
                let first_seq = first_seq.max(self.removed_through.saturating_add(1));
                let count = count.min(last_seq.abs_diff(first_seq).saturating_add(1));
                self.found(Finding::BodyMissing { first_seq, last_seq, count });
            }
        }
        let tally = std::mem::take(&mut self.signed);
        let (bare_first, bare) = tally.bare;
        self.report.signed = if self.report.seals == 0 {
            Signed::Nothing
        } else if !tally.unknown.is_empty() && self.keys.is_empty() {
            Signed::Unchecked
        } else if tally.signed == 0 && bare > 0 {
            Signed::Nowhere
        } else {
            Signed::Everywhere
        };
        if !self.keys.is_empty() {
            for (key, (first, count)) in tally.unknown {
                self.found(Finding::UnknownKey { key, first, count });
            }
            if tally.signed > 0 && bare > 0 {
                self.found(Finding::NotSigned { first: bare_first, count: bare });
            }
        }
        self.report
    }

    fn found(&mut self, finding: Finding) {
        self.report.found += 1;
        if self.report.findings.len() < TOLD {
            self.report.findings.push(finding);
        }
    }
}
