//! What came of reading a chain.

use super::Finding;
use crate::head::Head;

/// What the signatures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// There is no seal yet.
    Nothing,
    /// The newest seal, and with it all before it, is signed by a known key, or a finding says why not.
    Everywhere,
    /// There are signatures, and no key to check them with.
    Unchecked,
    /// No seal is signed: whoever can write to the database can make them all anew.
    Nowhere,
}

/// What came of reading a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many entries there are.
    pub entries: u64,
    /// How many seals.
    pub seals: u64,
    /// The head, up to the last seal.
    pub head: Head,
    /// When the last seal was made, in microseconds since 1970 UTC.
    pub sealed_at: Option<i64>,
    /// How many entries no seal covers yet.
    pub tail: u64,
    /// When the oldest of those was written, in microseconds since 1970 UTC.
    pub tail_since: Option<i64>,
    /// How many entries are without their bodies.
    pub bodiless: u64,
    /// What the signatures say.
    pub signed: Signed,
    /// What is wrong: the first thousand.
    pub findings: Vec<Finding>,
    /// How many things are wrong.
    pub found: u64,
}

impl Report {
    pub(super) fn new(head: Head) -> Self {
        Self {
            entries: 0,
            seals: 0,
            head,
            sealed_at: None,
            tail: 0,
            tail_since: None,
            bodiless: 0,
            signed: Signed::Nothing,
            findings: Vec::new(),
            found: 0,
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.found == 0
    }
}
