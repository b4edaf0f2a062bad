//! What follows from a device's records, practice by practice. Judged after merging, so that the newest word counts,
//! whoever says it.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};

use crate::catalogue::{Catalogue, Practice, SoftwareRule};
use crate::device::{Assessment, Disagreement, Rating, Status};
use crate::record::{Instant, Platform, Record, Seen, Software};
use crate::version::Version;

/// What one record says of one practice.
struct Word<'a> {
    source: &'a str,
    status: Status,
    at: Option<Instant>,
    details: Option<String>,
    directions: Option<&'a str>,
    /// A product was seen: whoever sees it outweighs whoever does not.
    present: bool,
}

/// How one practice stands. `key` is its key in the catalogue.
pub(crate) fn judge(
    key: &str,
    practice: &Practice,
    records: &[&Record],
    platform: Option<Platform>,
    catalogue: &Catalogue,
    now: Instant,
) -> Assessment {
    if platform.is_some_and(|platform| practice.not_on.contains(&platform)) {
        return blank(Status::Na);
    }
    if platform.is_some_and(|platform| practice.always_on.contains(&platform)) {
        return blank(Status::Ok);
    }
    let mut words: Vec<Word<'_>> =
        records.iter().flat_map(|record| said(key, practice, record, platform)).collect();
    let oldest = now - TimeDelta::days(catalogue.stale_after_days.into());
    let is_old = |word: &Word<'_>| word.at.is_some_and(|at| at < oldest);
    // A value beats no value; then a product that is there, then the newest; of two at once, the worse.
    words.sort_by(|one, other| {
        let rank = |word: &Word<'_>| {
            let value = word.status != Status::Unknown;
            (value, value && !is_old(word), word.present && !is_old(word), word.at, badness(word.status))
        };
        rank(other).cmp(&rank(one)).then_with(|| one.source.cmp(other.source))
    });
    let Some(first) = words.first() else { return blank(practice.when_missing) };
    let mut found = Assessment {
        status: first.status,
        source: Some(first.source.to_owned()),
        last_updated: first.at,
        details: first.details.clone(),
        directions: first.directions.map(str::to_owned),
        disagreement: Vec::new(),
        grace_until: None,
    };
    if is_old(first) && first.status != Status::Na {
        found.status = Status::Unknown;
        let old = "not looked at for so long that it no longer counts".to_owned();
        found.details = Some(match &first.details {
            Some(details) => format!("{details}; {old}"),
            None => old,
        });
        found.directions = None;
    }
    let mut heard = vec![first.source];
    for word in &words[1..] {
        if heard.contains(&word.source) {
            continue;
        }
        heard.push(word.source);
        let counts = word.status != Status::Unknown && !is_old(word);
        if counts && found.status != Status::Unknown && word.status != found.status {
            found.disagreement.push(Disagreement {
                source: word.source.to_owned(),
                status: word.status,
                last_updated: word.at,
            });
        }
    }
    graced(practice, found, now)
}

fn blank(status: Status) -> Assessment {
    Assessment {
        status,
        source: None,
        last_updated: None,
        details: None,
        directions: None,
        disagreement: Vec::new(),
        grace_until: None,
    }
}

/// A critical state counts as suggested while people have time to get there.
fn graced(practice: &Practice, mut found: Assessment, now: Instant) -> Assessment {
    let until = practice.since.and_then(|since| {
        let day = since.checked_add_days(Days::new(practice.grace_days.into()))?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc())
    });
    if let Some(until) = until.filter(|until| now < *until && found.status == Status::Warn) {
        found.status = Status::Nudge;
        found.grace_until = Some(until);
    }
    found
}

fn badness(status: Status) -> u8 {
    match status {
        Status::Warn => 4,
        Status::Nudge => 3,
        Status::Ok => 2,
        Status::Na => 1,
        Status::Unknown => 0,
    }
}

/// What a record says of a practice, if anything.
fn said<'a>(
    key: &str,
    practice: &Practice,
    record: &'a Record,
    platform: Option<Platform>,
) -> Option<Word<'a>> {
    let mut words = Vec::new();
    if let Some(seen) = record.observations.get(key) {
        words.push(Word {
            source: &record.source,
            status: match seen.seen {
                Seen::Good => Status::Ok,
                Seen::Bad => practice.when_bad,
                Seen::Improvable => Status::Nudge,
                Seen::Unknown => Status::Unknown,
                Seen::NotApplicable => Status::Na,
            },
            at: seen.at.or(record.last_seen),
            details: seen.details.clone(),
            directions: seen.directions.as_deref(),
            present: false,
        });
    }
    words.extend(by_version(practice, record, platform));
    words.extend(practice.software.as_ref().and_then(|rule| by_software(rule, practice, record, platform)));
    // Of what one record says in several ways, the worst counts; a value beats none.
    words.into_iter().max_by_key(|word| badness(word.status))
}

/// The system's version against what is required and recommended.
fn by_version<'a>(practice: &Practice, record: &'a Record, platform: Option<Platform>) -> Option<Word<'a>> {
    let platform = record.platform.or(platform)?;
    let (required, recommended) = (practice.required.get(&platform), practice.recommended.get(&platform));
    if required.is_none() && recommended.is_none() {
        return None;
    }
    let written = record.os_version.as_deref();
    let version = written.and_then(Version::read);
    let below = |least: Option<&String>| match (&version, least.and_then(|least| Version::read(least))) {
        (Some(version), Some(least)) if *version < least => Some(least.to_string()),
        _ => None,
    };
    let (status, details) = match (&version, below(required), below(recommended)) {
        (None, _, _) => (Status::Unknown, written.map(|written| format!("version {written:?}"))),
        (Some(version), Some(least), _) => {
            (Status::Warn, Some(format!("version {version}, {least} or newer is needed")))
        }
        (Some(version), None, Some(least)) => {
            (Status::Nudge, Some(format!("version {version}, {least} or newer is better")))
        }
        (Some(version), None, None) => (Status::Ok, Some(format!("version {version}"))),
    };
    Some(Word {
        source: &record.source,
        status,
        at: record.last_seen,
        details,
        directions: None,
        present: false,
    })
}

/// Whether a product is there.
fn by_software<'a>(
    rule: &SoftwareRule,
    practice: &Practice,
    record: &'a Record,
    platform: Option<Platform>,
) -> Option<Word<'a>> {
    let list = record.software.as_ref()?;
    let at = record.software_at.or(record.last_seen);
    let is_it = |one: &&Software| rule.names.iter().any(|name| name.eq_ignore_ascii_case(one.name.trim()));
    let word = |status, details, present| {
        Some(Word { source: &record.source, status, at, details, directions: None, present })
    };
    let Some(found) = list.iter().filter(is_it).max_by_key(|one| one.version.is_some()) else {
        return word(practice.when_bad, Some("not found".to_owned()), false);
    };
    let least = record.platform.or(platform).and_then(|platform| rule.required.get(&platform));
    let version = found.version.as_deref().and_then(Version::read);
    let named = match &found.version {
        Some(version) => format!("{} {version}", found.name),
        None => found.name.clone(),
    };
    match (least.and_then(|least| Version::read(least)), version) {
        (None, _) => word(Status::Ok, Some(named), true),
        (Some(_), None) => word(Status::Unknown, Some(named), true),
        (Some(least), Some(version)) if version < least => {
            word(practice.when_bad, Some(format!("{named}, {least} or newer is needed")), true)
        }
        (Some(_), Some(_)) => word(Status::Ok, Some(named), true),
    }
}

/// How a device stands as a whole.
pub(crate) fn rate(practices: &BTreeMap<crate::PracticeKey, Assessment>) -> Rating {
    let rating = |found: &Assessment| match found.status {
        Status::Ok => Some(Rating::Ok),
        Status::Unknown => Some(Rating::Unknown),
        Status::Nudge => Some(Rating::Nudge),
        Status::Warn => Some(Rating::Warn),
        Status::Na => None,
    };
    practices.values().filter_map(rating).max().unwrap_or(Rating::Unknown)
}
