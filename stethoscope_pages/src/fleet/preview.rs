//! What would change if a version of a system were required.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hubcommander_posture::{Catalogue, Device, Platform, PracticeKey};

/// What would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Devices of that system that were heard of lately.
    pub(crate) total: usize,
    /// Too old for the version that is asked about.
    pub(crate) below: usize,
    /// Of these: fine by what is required today.
    pub(crate) newly: usize,
    /// Whose version nobody can read.
    pub(crate) unclear: usize,
    /// What is required today.
    pub(crate) today: Option<String>,
    /// Versions with how many devices have them, and whether they would do; the oldest first.
    pub(crate) versions: Vec<(String, usize, bool)>,
}

/// Looks at every device of that system. `None` if the version is none.
pub(crate) fn preview(
    devices: &[Device],
    platform: Platform,
    version: &str,
    catalogue: &Catalogue,
) -> Option<Answer> {
    let wanted = Version::read(version)?;
    let uptodate = catalogue.practices.get(&PracticeKey::from("uptodate"));
    let today = uptodate.and_then(|known| known.required.get(&platform)).cloned();
    let today_read = today.as_deref().and_then(Version::read);
    let mut answer = Answer { total: 0, below: 0, newly: 0, unclear: 0, today, versions: Vec::new() };
    let mut versions: BTreeMap<Version, (String, usize)> = BTreeMap::new();
    for device in devices.iter().filter(|one| one.platform == Some(platform) && !one.silent) {
        answer.total += 1;
        let Some(text) = device.os_version.as_deref() else {
            answer.unclear += 1;
            continue;
        };
        let Some(has) = Version::read(text) else {
            answer.unclear += 1;
            continue;
        };
        if has < wanted {
            answer.below += 1;
            if today_read.as_ref().is_none_or(|today| has >= *today) {
                answer.newly += 1;
            }
        }
        versions.entry(has).or_insert_with(|| (text.to_owned(), 0)).1 += 1;
    }
    answer.versions =
        versions.into_iter().map(|(has, (text, count))| (text, count, has >= wanted)).collect();
    Some(answer)
}

/// Numbers with points between them; what is missing at the end counts as nought.
#[derive(Clone, Debug)]
struct Version(Vec<u64>);

impl Version {
    /// The version at the beginning of a text: `10.12.1 (16B2555)` is 10.12.1.
    fn read(text: &str) -> Option<Self> {
        let first = text.split_whitespace().next()?;
        let parts: Option<Vec<u64>> = first.split('.').map(|part| part.parse().ok()).collect();
        parts.filter(|parts| parts.len() <= 6).map(Self)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.0.len().max(other.0.len());
        let at = |version: &Self, place: usize| version.0.get(place).copied().unwrap_or_default();
        (0..longest).map(|place| at(self, place).cmp(&at(other, place))).find(|one| one.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let read = |text| Version::read(text).unwrap();
        assert!(read("10.9") < read("10.12.1 (16B2555)"));
        assert_eq!(read("14"), read("14.0.0"));
        for not in ["", "  ", "Sonoma", "14.", "14.x", "-1"] {
            assert!(Version::read(not).is_none(), "{not}");
        }
    }
}
