//! What would change if a version of a system were required.

use std::cmp::Ordering;

use hubcommander_posture::{Catalogue, Device, Platform, PracticeKey, Version};

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
    let wanted = typed(version)?;
    let uptodate = catalogue.practices.get(&PracticeKey::from("uptodate"));
    let today = uptodate.and_then(|known| known.required.get(&platform)).cloned();
    let today_read = today.as_deref().and_then(Version::read);
    let mut answer = Answer { total: 0, below: 0, newly: 0, unclear: 0, today, versions: Vec::new() };
    let mut versions: Vec<(Version, String, usize)> = Vec::new();
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
        // The same version may be written in two ways.
        match versions.iter_mut().find(|(known, ..)| known.partial_cmp(&has) == Some(Ordering::Equal)) {
            Some((.., count)) => *count += 1,
            None => versions.push((has, text.to_owned(), 1)),
        }
    }
    versions.sort_by(|(a, ..), (b, ..)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    answer.versions = versions.into_iter().map(|(has, text, count)| (text, count, has >= wanted)).collect();
    Some(answer)
}

/// What was typed, if it is a version and nothing besides: sources are read more leniently.
fn typed(version: &str) -> Option<Version> {
    let plain =
        version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| Version::read(version)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_is_taken_for_one() {
        assert!(typed("14").is_some() && typed("14.6.1").is_some());
        for not in ["", "  ", "Sonoma", "14.", "14.x", "-1", "macOS 14"] {
            assert!(typed(not).is_none(), "{not}");
        }
    }
}
