//! What is looked at, what it should be, and what is said about it: data, from config.toml over our own texts.

mod keys;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use crate::device::Status;
use crate::record::{Platform, PracticeKey};

pub use read::WrongPractice;

/// Where a security product is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoftwareRule {
    /// Names of programs or services; one of them is enough. Compared without case.
    pub names: BTreeSet<String>,
    /// The least version by platform; none there, and any version does.
    pub required: BTreeMap<Platform, String>,
}

/// One practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// What it is called: "Disk encryption".
    pub title: String,
    /// What it is called where it stands like this: "Turn on disk encryption".
    pub titles: BTreeMap<Status, String>,
    /// Why it matters, in a sentence or two.
    pub why: String,
    /// Where to read more.
    pub link: Option<String>,
    /// Step by step what to do, by platform.
    pub directions: BTreeMap<Platform, Vec<String>>,
    /// About how many minutes that takes.
    pub minutes: u32,
    /// Where it does not exist.
    pub not_on: BTreeSet<Platform>,
    /// Where it is always as it should be.
    pub always_on: BTreeSet<Platform>,
    /// What follows where it is bad: critical or suggested.
    pub when_bad: Status,
    /// What follows where nobody says anything of it: unknown, suggested or critical, and never that it is well.
    pub when_missing: Status,
    /// The least version of the system, for `uptodate`: below it is critical.
    pub required: BTreeMap<Platform, String>,
    /// The version that is suggested, for `uptodate`.
    pub recommended: BTreeMap<Platform, String>,
    /// For how many days after `since` a critical state counts as suggested only.
    pub grace_days: u32,
    /// Since when the requirement holds (midnight UTC), for the grace period.
    pub since: Option<chrono::NaiveDate>,
    /// The product that is looked for, if it is one.
    pub software: Option<SoftwareRule>,
    /// In which order practices are shown within the same status; the smaller first.
    pub order: u32,
}

/// All practices, and what holds for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// By key.
    pub practices: BTreeMap<PracticeKey, Practice>,
    /// After how many days without word a device is set apart.
    pub silent_after_days: u32,
    /// After how many days a value is too old to count.
    pub stale_after_days: u32,
}
