//! A device, whole: what all sources say of it, judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identifiers::Identifiers;
use crate::record::{Instant, Platform, PracticeKey, Problem};

/// How a practice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Suggested.
    Nudge,
    /// Critical.
    Warn,
    /// Does not exist on such a device. Not shown.
    Na,
    /// Nobody can tell. Never shown as fine.
    Unknown,
}

/// How a device stands as a whole: as its worst practice. Ordered from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// Everything that is known is as it should be.
    Ok,
    /// Nothing is wrong, and something could not be told.
    Unknown,
    /// Something is suggested.
    Nudge,
    /// Something is critical.
    Warn,
}

/// A source that says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// Which source.
    pub source: String,
    /// What follows from what it says.
    pub status: Status,
    /// When it looked.
    pub last_updated: Option<Instant>,
}

/// One practice of one device, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// How it stands.
    pub status: Status,
    /// Which source the value comes from; `None` if none has one.
    pub source: Option<String>,
    /// When that source looked.
    pub last_updated: Option<Instant>,
    /// What was seen, in words.
    pub details: Option<String>,
    /// What to do, if the source itself says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directions: Option<String>,
    /// Sources that say otherwise; empty if all agree.
    pub disagreement: Vec<Disagreement>,
    /// Until when it counts as suggested only, if a grace period still runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_until: Option<Instant>,
}

/// A source that knows the device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// Which source.
    pub source: String,
    /// The source's own id of the device.
    pub id: String,
    /// When it last heard of the device.
    pub last_seen: Option<Instant>,
}

/// Two records that share an identifier and contradict each other in another: they are held apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Conflict {
    /// The other record: source and id.
    pub with: (String, String),
    /// What they share.
    pub shared: String,
    /// Where they contradict each other: what that identifier is called. The other's value is not told, since the
    /// other device may be somebody else's.
    pub contradiction: String,
}

/// A device, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Who knows it, sorted.
    pub witnesses: Vec<Witness>,
    /// What it is known by, of all records together.
    pub identifiers: Identifiers,
    /// Whose it is, in lower case, sorted.
    pub owners: Vec<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Which model it is.
    pub model: Option<String>,
    /// The family of its system.
    pub platform: Option<Platform>,
    /// Its system.
    pub os: Option<String>,
    /// The version of it.
    pub os_version: Option<String>,
    /// When any source last heard of it.
    pub last_seen: Option<Instant>,
    /// Whether it has been silent so long that it is set apart.
    pub silent: bool,
    /// How it stands as a whole.
    pub rating: Rating,
    /// How each practice stands.
    pub practices: BTreeMap<PracticeKey, Assessment>,
    /// Records that were held apart from it.
    pub conflicts: Vec<Conflict>,
}

/// What becomes of a heap of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// The devices: first those heard of lately, the worst first; then the silent ones.
    pub devices: Vec<Device>,
    /// What could not be used.
    pub problems: Vec<Problem>,
}
