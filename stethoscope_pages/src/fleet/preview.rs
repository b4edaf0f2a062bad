//! What would change if a version were required, or a practice made critical: each record is judged by today's rules
//! and by those, so that the numbers are what people would see.

use std::collections::{BTreeMap, BTreeSet};

use hubcommander_posture::{Catalogue, Change, Platform, PracticeKey, Preview, Status, Version};

/// What is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// At least this version of the system.
    Version(String),
    /// Whoever does not do it is critical.
    Critical,
}

/// How many go from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) devices: usize,
    pub(crate) people: usize,
}

/// What would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) devices: usize,
    pub(crate) people: usize,
    /// What is required today, if a version was asked about.
    pub(crate) today: Option<String>,
    /// The largest first.
    pub(crate) rows: Vec<Row>,
}

/// The rules as they would be. What time people still have is left out: it shows where that leads. `None` if there is
/// no such practice, or the version is none.
pub(crate) fn then(
    today: &Catalogue,
    practice: &PracticeKey,
    platform: Platform,
    rule: &Rule,
) -> Option<Catalogue> {
    let mut then = today.clone();
    let changed = then.practices.get_mut(practice)?;
    match rule {
        Rule::Version(version) => {
            let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            // Sources are read more leniently than what is typed.
            version.split('.').all(plain).then(|| Version::read(version)).flatten()?;
            changed.required.insert(platform, version.clone());
        }
        Rule::Critical => changed.when_bad = Status::Warn,
    }
    changed.since = None;
    Some(then)
}

/// The sums over devices of that system.
pub(crate) fn sums(
    preview: &Preview,
    practice: &PracticeKey,
    platform: Platform,
    today: Option<String>,
) -> Answer {
    let meant = |change: &&Change| change.practice == *practice && change.platform == Some(platform);
    let mut rows: BTreeMap<(Option<Status>, Option<Status>), Vec<&Change>> = BTreeMap::new();
    for change in preview.changes.iter().filter(meant) {
        rows.entry((change.now, change.then)).or_default().push(change);
    }
    let all: Vec<&Change> = rows.values().flatten().copied().collect();
    let (devices, people) = (all.len(), owners(&all));
    let row = |((from, to), changes): (&(Option<Status>, Option<Status>), &Vec<&Change>)| Row {
        from: called(*from),
        to: called(*to),
        devices: changes.len(),
        people: owners(changes),
    };
    let mut rows: Vec<Row> = rows.iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.devices));
    Answer { devices, people, today, rows }
}

fn owners(changes: &[&Change]) -> usize {
    changes.iter().flat_map(|change| &change.owners).collect::<BTreeSet<_>>().len()
}

fn called(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Ok) => "fine",
        Some(Status::Nudge) => "suggested",
        Some(Status::Warn) => "critical",
        Some(Status::Unknown) => "nobody can tell",
        Some(Status::Na) | None => "not looked at",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_is_taken_for_one() {
        let catalogue = Catalogue::shipped();
        let tried = |version: &str| {
            then(&catalogue, &"uptodate".into(), Platform::MacOs, &Rule::Version(version.to_owned()))
        };
        assert!(tried("14").is_some() && tried("14.6.1").is_some());
        for not in ["", "  ", "Sonoma", "14.", "14.x", "-1", "macOS 14"] {
            assert!(tried(not).is_none(), "{not}");
        }
        assert!(then(&catalogue, &"nothing".into(), Platform::MacOs, &Rule::Critical).is_none());
    }
}
