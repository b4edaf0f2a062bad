//! What one source says of one device, in our own terms.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::identifiers::Identifiers;

/// A point in time.
pub type Instant = DateTime<Utc>;

/// The key of a practice: `encryption`, `firewall`, `autoupdate`, `uptodate`, `screenlock`, `jailed`, `remotelogin`,
/// `unknownsources`, `adbstatus`, or that of a security product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PracticeKey(pub String);

impl From<&str> for PracticeKey {
    fn from(key: &str) -> Self {
        Self(key.to_owned())
    }
}

impl std::borrow::Borrow<str> for PracticeKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PracticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The family of systems that directions and versions are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Platform {
    /// Apple's computers.
    #[serde(rename = "macOS")]
    MacOs,
    /// Microsoft Windows.
    Windows,
    /// Ubuntu and other Linux systems with a desktop.
    Ubuntu,
    /// iPhone and iPad.
    #[serde(rename = "iOS")]
    Ios,
    /// Android.
    Android,
    /// ChromeOS.
    ChromeOS,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::MacOs, Self::Windows, Self::Ubuntu, Self::Ios, Self::Android, Self::ChromeOS];

    /// The word that config.toml, JSON and buttons use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
            Self::Ubuntu => "Ubuntu",
            Self::Ios => "iOS",
            Self::Android => "Android",
            Self::ChromeOS => "ChromeOS",
        }
    }

    /// The family that this word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == word)
    }
}

/// What a source saw of one practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// It could be better, and is not urgent.
    Improvable,
    /// The source looked and cannot tell, or has never looked. Never taken for good or bad.
    Unknown,
    /// It does not exist on such a device.
    NotApplicable,
}

/// One practice of one device, as one source saw it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observation {
    /// What it saw.
    pub seen: Seen,
    /// When the source itself looked, not when we asked it; `None` if it does not say.
    pub at: Option<Instant>,
    /// What exactly, for whoever wants to know: "Macintosh HD: not encrypted".
    pub details: Option<String>,
    /// What to do about it, if the source says so itself.
    pub directions: Option<String>,
}

/// A program or service found on a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Software {
    /// Its name as the source gives it: `Falcon.app`, `com.sentinelone.sentineld`.
    pub name: String,
    /// Its version, if the source says.
    pub version: Option<String>,
}

/// What one source says of one device. Made by a source's reader; whatever is absent was not said. Its order, by
/// source and id, means nothing: it only makes results independent of the order in which records come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The source's name, such as `jamf`.
    pub source: String,
    /// The source's own id of the device, to ask it again. Not an identifier across sources.
    pub id: String,
    /// What it is known by.
    pub identifiers: Identifiers,
    /// The e-mail addresses of those whose device it is, in lower case.
    pub owners: Vec<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Which model it is, as people would say.
    pub model: Option<String>,
    /// The family of its system, if it is one that we know.
    pub platform: Option<Platform>,
    /// Its system: `macOS`, `Windows 11 Pro`.
    pub os: Option<String>,
    /// The version of it, as the source writes it.
    pub os_version: Option<String>,
    /// When the source last heard of the device.
    pub last_seen: Option<Instant>,
    /// When the source was asked.
    pub fetched_at: Option<Instant>,
    /// What it saw of each practice. `uptodate` needs not be here: it is judged by the system's version too.
    pub observations: BTreeMap<PracticeKey, Observation>,
    /// The programs and services on it; `None` if the source does not list them (which is not the same as none).
    pub software: Option<Vec<Software>>,
    /// When the source listed them.
    pub software_at: Option<Instant>,
}

impl Record {
    /// A record of which nothing is known but where it comes from.
    #[must_use]
    pub fn new(source: &str, id: impl Into<String>) -> Self {
        Self {
            source: source.to_owned(),
            id: id.into(),
            identifiers: Identifiers::default(),
            owners: Vec::new(),
            name: None,
            model: None,
            platform: None,
            os: None,
            os_version: None,
            last_seen: None,
            fetched_at: None,
            observations: BTreeMap::new(),
            software: None,
            software_at: None,
        }
    }

    /// Adds what was seen of a practice, and when.
    pub fn saw(&mut self, practice: &str, seen: Seen, at: Option<Instant>, details: Option<String>) {
        let observation = Observation { seen, at, details, directions: None };
        self.observations.insert(practice.into(), observation);
    }
}

/// A record, or a part of one, that could not be used. The rest stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Which source it is of.
    pub source: String,
    /// Which device, by the source's id, if that could be read.
    pub id: Option<String>,
    /// What is wrong, in a sentence.
    pub what: String,
}
