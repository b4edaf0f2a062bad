//! Reading what config.toml says over what ships.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::keys::{self, Unknown};
use super::{Catalogue, Practice, SoftwareRule};
use crate::device::Status;
use crate::record::{Platform, PracticeKey};
use crate::version::Version;

/// The practices that ship.
const SHIPS: [&str; 9] = [
    "encryption",
    "firewall",
    "screenlock",
    "uptodate",
    "autoupdate",
    "jailed",
    "remotelogin",
    "unknownsources",
    "adbstatus",
];

/// Our own texts and rules.
const SHIPPED: &str = include_str!("../../practices.toml");

/// What is wrong in `[practices]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {cure}")]
pub struct WrongPractice {
    /// Which key, from the top: `practices.uptodate.required`.
    pub path: String,
    /// One sentence on what is wrong, with the key.
    pub what: String,
    /// One sentence on what to do.
    pub cure: String,
}

/// A practice as it is written; what is left out stays as it is.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    title: Option<String>,
    titles: Option<BTreeMap<Status, String>>,
    why: Option<String>,
    link: Option<String>,
    directions: Option<BTreeMap<Platform, Vec<String>>>,
    minutes: Option<u32>,
    not_on: Option<BTreeSet<Platform>>,
    always_on: Option<BTreeSet<Platform>>,
    when_bad: Option<Status>,
    when_missing: Option<Status>,
    required: Option<BTreeMap<Platform, String>>,
    recommended: Option<BTreeMap<Platform, String>>,
    grace_days: Option<u32>,
    since: Option<chrono::NaiveDate>,
    software: Option<WrittenSoftware>,
    order: Option<u32>,
    enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSoftware {
    names: BTreeSet<String>,
    #[serde(default)]
    required: BTreeMap<Platform, String>,
}

/// What ships, read once.
static OURS: LazyLock<Result<Catalogue, WrongPractice>> = LazyLock::new(|| {
    let shipped: toml::Table = SHIPPED.parse().map_err(|error: toml::de::Error| WrongPractice {
        path: "practices".to_owned(),
        what: format!("The practices that ship cannot be read: {error}."),
        cure: "This is a fault of the program.".to_owned(),
    })?;
    let mut catalogue = Catalogue::empty();
    catalogue.take(&shipped)?;
    Ok(catalogue)
});

impl Catalogue {
    /// What ships.
    #[must_use]
    pub fn shipped() -> Self {
        OURS.clone().unwrap_or_else(|_| Self::empty())
    }

    fn empty() -> Self {
        Self { practices: BTreeMap::new(), silent_after_days: 30, stale_after_days: 30 }
    }

    /// What ships, with what `[practices]` of config.toml says instead. A section with a new name is a practice of its
    /// own, and needs a `title`, a `why` and `software`. `enabled = false` leaves a practice out.
    ///
    /// # Errors
    /// A key is unknown or its value cannot be read.
    pub fn read(written: &toml::Table) -> Result<Self, WrongPractice> {
        let mut catalogue = OURS.clone()?;
        catalogue.take(written)?;
        Ok(catalogue)
    }

    fn take(&mut self, written: &toml::Table) -> Result<(), WrongPractice> {
        for (key, value) in written {
            let days = |value: &toml::Value| value.as_integer().and_then(|days| u32::try_from(days).ok());
            match key.as_str() {
                "silent_after_days" | "stale_after_days" => {
                    let Some(days) = days(value).filter(|days| *days > 0) else {
                        return Err(wrong(key, "must be a number of days", "Write `30`."));
                    };
                    if key == "silent_after_days" {
                        self.silent_after_days = days;
                    } else {
                        self.stale_after_days = days;
                    }
                }
                _ => self.take_practice(key, value)?,
            }
        }
        Ok(())
    }

    fn take_practice(&mut self, key: &str, value: &toml::Value) -> Result<(), WrongPractice> {
        if !value.is_table() {
            return Err(wrong(
                key,
                "must be a section",
                &format!("Begin it with a line `[practices.{key}]`."),
            ));
        }
        if let Some(table) = value.as_table() {
            keys::check(key, table).map_err(unknown)?;
        }
        let written: Written = value.clone().try_into().map_err(|error: toml::de::Error| {
            let reason = error.message().trim_end_matches('.').to_owned();
            wrong(key, &format!("cannot be read: {reason}"), "docs/devices.md lists what can be set.")
        })?;
        let known = PracticeKey(key.to_owned());
        if written.enabled == Some(false) {
            self.practices.remove(&known);
            return Ok(());
        }
        let mut practice = match self.practices.remove(&known) {
            Some(practice) => practice,
            None => blank(key, &written)?,
        };
        practice.put(written);
        for (table, versions) in [("required", &practice.required), ("recommended", &practice.recommended)] {
            for (platform, version) in versions {
                let read = Version::of_system(*platform, None, Some(version));
                if read.is_none() || version.starts_with(char::is_alphabetic) {
                    let like = keys::version_like(*platform);
                    let what = format!("names `{version}`, which is no version of that system");
                    return Err(wrong(
                        &format!("{key}.{table}"),
                        &what,
                        &format!("Write it like `\"{like}\"`."),
                    ));
                }
            }
        }
        if let Some(rule) = &practice.software {
            if rule.names.iter().all(|name| name.trim().is_empty()) {
                let cure = "Write the names of its program or service, such as `[\"Falcon.app\"]`.";
                return Err(wrong(&format!("{key}.software.names"), "is empty", cure));
            }
            if let Some(version) = rule.required.values().find(|version| Version::read(version).is_none()) {
                let what = format!("names `{version}`, which is no version");
                let cure = "Write numbers with points between them, such as `\"7.10\"`.";
                return Err(wrong(&format!("{key}.software.required"), &what, cure));
            }
        }
        // What nobody can tell is never fine, and what is bad is not either.
        if !matches!(practice.when_bad, Status::Warn | Status::Nudge) {
            let cure = "Write `\"warn\"` or `\"nudge\"`; `enabled = false` leaves the practice out.";
            return Err(wrong(&format!("{key}.when_bad"), "must be `warn` or `nudge`", cure));
        }
        if !matches!(practice.when_missing, Status::Unknown | Status::Warn | Status::Nudge) {
            let cure = "Write `\"unknown\"`, `\"nudge\"` or `\"warn\"`.";
            return Err(wrong(&format!("{key}.when_missing"), "must be `unknown`, `nudge` or `warn`", cure));
        }
        self.practices.insert(known, practice);
        Ok(())
    }
}

fn wrong(key: &str, what: &str, cure: &str) -> WrongPractice {
    let path = format!("practices.{key}");
    WrongPractice { what: format!("`{path}` {what}."), cure: cure.to_owned(), path }
}

fn unknown(Unknown { path, meant, known }: Unknown) -> WrongPractice {
    let cure = match meant {
        Some(meant) => format!("Did you mean `{meant}`?"),
        None => format!("There are {}.", keys::listed(known)),
    };
    wrong(&path, "is not known", &cure)
}

/// A practice of one's own.
fn blank(key: &str, written: &Written) -> Result<Practice, WrongPractice> {
    let fits = key.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
    if !fits || key.is_empty() {
        return Err(wrong(key, "is no name of a practice", "Write small letters, digits and `_`."));
    }
    if written.title.is_none()
        || written.why.is_none()
        || (written.software.is_none() && !SHIPS.contains(&key))
    {
        let whole = "Give it a `title`, a `why`, and `software = { names = [...] }`; or see docs/devices.md for the \
                     names of those that ship.";
        let cure = match keys::nearest(key, &SHIPS) {
            Some(meant) => format!("Did you mean `{meant}`? If not: {}", whole.replacen("Give", "give", 1)),
            None => whole.to_owned(),
        };
        return Err(wrong(key, "is new and not whole", &cure));
    }
    Ok(Practice {
        title: String::new(),
        titles: BTreeMap::new(),
        why: String::new(),
        link: None,
        directions: BTreeMap::new(),
        minutes: 5,
        // Products are for computers, unless it is said otherwise.
        not_on: match written.software {
            Some(_) => BTreeSet::from([Platform::Ios, Platform::Android, Platform::ChromeOS]),
            None => BTreeSet::new(),
        },
        always_on: BTreeSet::new(),
        when_bad: Status::Nudge,
        when_missing: Status::Unknown,
        required: BTreeMap::new(),
        recommended: BTreeMap::new(),
        grace_days: 0,
        since: None,
        software: None,
        order: 100,
    })
}

impl Practice {
    fn put(&mut self, written: Written) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut self.title, written.title);
        set(&mut self.why, written.why);
        set(&mut self.minutes, written.minutes);
        set(&mut self.not_on, written.not_on);
        set(&mut self.always_on, written.always_on);
        set(&mut self.when_bad, written.when_bad);
        set(&mut self.when_missing, written.when_missing);
        set(&mut self.grace_days, written.grace_days);
        set(&mut self.order, written.order);
        self.titles.extend(written.titles.unwrap_or_default());
        self.directions.extend(written.directions.unwrap_or_default());
        self.required.extend(written.required.unwrap_or_default());
        self.recommended.extend(written.recommended.unwrap_or_default());
        self.link = written.link.or(self.link.take());
        self.since = written.since.or(self.since);
        if let Some(WrittenSoftware { names, required }) = written.software {
            self.software = Some(SoftwareRule { names, required });
        }
    }
}
