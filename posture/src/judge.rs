//! What follows from a device's records, practice by practice. Judged after merging, so that the newest word counts,
//! whoever says it.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};

use crate::catalogue::{Catalogue, Practice, SoftwareRule};
use crate::device::{Assessment, Disagreement, Rating, Status};
use crate::record::{Instant, Platform, Record, Seen, Software};
use crate::text::tidy;
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

/// How one practice stands. `key` is its key in the catalogue; the records are sorted, the newest first.
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
    let oldest = before(now, catalogue.stale_after_days);
    // What the version tells and what sources saw of updates are two things: both must be well.
    let versions = records.iter().filter_map(|record| by_version(practice, record, platform, now)).collect();
    let seen = records.iter().filter_map(|record| seen(key, practice, record, platform, now)).collect();
    let found = match (settle(versions, oldest), settle(seen, oldest)) {
        (Some(version), Some(seen)) => Some(worse(version, seen)),
        (version, seen) => version.or(seen),
    };
    let bad = |found: &Assessment| matches!(found.status, Status::Warn | Status::Nudge);
    if platform.is_some_and(|platform| practice.always_on.contains(&platform))
        && !found.as_ref().is_some_and(bad)
    {
        return blank(Status::Ok);
    }
    found.map_or_else(|| blank(practice.when_missing), |found| graced(practice, found, now))
}

/// So many days before that moment; `None` if that is before all time.
pub(crate) fn before(now: Instant, days: u32) -> Option<Instant> {
    now.checked_sub_signed(TimeDelta::try_days(days.into())?)
}

/// When something was, as far as it can be: what lies ahead was not written by a clock that is right. A little is let
/// pass as now.
pub(crate) fn passed(at: Option<Instant>, now: Instant) -> Option<Instant> {
    let latest = now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now);
    at.filter(|at| *at <= latest).map(|at| at.min(now))
}

/// What counts among what several records say, and who disagrees.
fn settle(mut words: Vec<Word<'_>>, oldest: Option<Instant>) -> Option<Assessment> {
    let is_old = |word: &Word<'_>| word.at.zip(oldest).is_some_and(|(at, oldest)| at < oldest);
    // A value beats no value; then a product that is there, then the newest; of two at once, the worse.
    words.sort_by(|one, other| {
        let rank = |word: &Word<'_>| {
            let value = word.status != Status::Unknown;
            (value, value && !is_old(word), word.present && !is_old(word), word.at, badness(word.status))
        };
        rank(other).cmp(&rank(one)).then_with(|| one.source.cmp(other.source))
    });
    let (first, rest) = words.split_first()?;
    let details = first.details.as_deref().map(|details| tidy(details, 500).into_owned());
    let mut found = Assessment {
        status: first.status,
        source: Some(first.source.to_owned()),
        last_updated: first.at,
        details,
        directions: first.directions.map(|directions| directions.chars().take(4_000).collect()),
        disagreement: Vec::new(),
        grace_until: None,
    };
    if is_old(first) {
        found.status = Status::Unknown;
        let old = "not looked at for so long that it no longer counts".to_owned();
        found.details = Some(match found.details {
            Some(details) => format!("{details}; {old}"),
            None => old,
        });
        found.directions = None;
    }
    let mut heard = vec![first.source];
    for word in rest {
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
    Some(found)
}

/// The one that asks for more; what was seen, if both ask for as much, since it says more of it.
fn worse(version: Assessment, seen: Assessment) -> Assessment {
    let (of_version, of_seen) = (badness(version.status), badness(seen.status));
    let bad = of_seen > of_version || (of_seen == of_version && seen.status != Status::Ok);
    let (mut found, other) = if bad { (seen, version) } else { (version, seen) };
    for one in other.disagreement {
        let known = found.disagreement.iter().any(|known| known.source == one.source);
        if !known && one.status != found.status && Some(&one.source) != found.source.as_ref() {
            found.disagreement.push(one);
        }
    }
    found
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

/// What a record saw of a practice, if anything. What it says itself counts more than the list of its programs.
fn seen<'a>(
    key: &str,
    practice: &Practice,
    record: &'a Record,
    platform: Option<Platform>,
    now: Instant,
) -> Option<Word<'a>> {
    let said = record.observations.get(key).map(|seen| Word {
        source: &record.source,
        status: match seen.seen {
            Seen::Good => Status::Ok,
            Seen::Bad => practice.when_bad,
            Seen::Improvable => Status::Nudge,
            Seen::Unknown => Status::Unknown,
            Seen::NotApplicable => Status::Na,
        },
        at: passed(seen.at, now).or(passed(record.last_seen, now)),
        details: seen.details.clone(),
        directions: seen.directions.as_deref(),
        present: false,
    });
    let value = said.as_ref().is_some_and(|word| word.status != Status::Unknown);
    let rule = practice.software.as_ref().filter(|_| !value);
    rule.and_then(|rule| by_software(rule, practice, record, platform, now)).or(said)
}

/// The system's version against what is required and recommended.
fn by_version<'a>(
    practice: &Practice,
    record: &'a Record,
    platform: Option<Platform>,
    now: Instant,
) -> Option<Word<'a>> {
    let platform = record.platform.or(platform)?;
    let (required, recommended) = (practice.required.get(&platform), practice.recommended.get(&platform));
    if required.is_none() && recommended.is_none() {
        return None;
    }
    let written = record.os_version.as_deref().filter(|written| !written.trim().is_empty());
    let version = Version::of_system(platform, record.os.as_deref(), record.os_version.as_deref());
    let does = |least: Option<&String>| match least
        .map(|least| Version::of_system(platform, None, Some(least)))
    {
        None => Some(true),
        Some(least) => version.as_ref().zip(least).and_then(|(version, least)| version.is_at_least(&least)),
    };
    let has = written.or(record.os.as_deref()).map(|has| tidy(has, 60));
    let (status, rest) = match (does(required), does(recommended)) {
        _ if version.is_none() => (Status::Unknown, String::new()),
        (Some(false), _) => (practice.when_bad, than("needed", required)),
        (None, _) | (_, None) => (Status::Unknown, String::new()),
        (_, Some(false)) => (Status::Nudge, than("better", recommended)),
        (Some(true), Some(true)) => (Status::Ok, String::new()),
    };
    Some(Word {
        source: &record.source,
        status,
        at: passed(record.last_seen, now),
        details: has.map(|has| format!("version {has}{rest}")),
        directions: None,
        present: false,
    })
}

fn than(word: &str, least: Option<&String>) -> String {
    least.map_or_else(String::new, |least| format!(", {least} or newer is {word}"))
}

/// Whether a product is there.
fn by_software<'a>(
    rule: &SoftwareRule,
    practice: &Practice,
    record: &'a Record,
    platform: Option<Platform>,
    now: Instant,
) -> Option<Word<'a>> {
    let list = record.software.as_ref()?;
    let at = passed(record.software_at, now).or(passed(record.last_seen, now));
    let is_it = |one: &&Software| rule.names.iter().any(|name| is_named(one.name.trim(), name));
    let word = |status, details, present| {
        Some(Word { source: &record.source, status, at, details, directions: None, present })
    };
    let least = record.platform.or(platform).and_then(|platform| rule.required.get(&platform));
    let least = least.and_then(|least| Version::read(least));
    // Of several that are it, an app and its service, the one that tells most counts.
    let verdict = |one: &Software| match &least {
        None => Some(true),
        Some(least) => one.version.as_deref().and_then(Version::read)?.is_at_least(least),
    };
    let Some(found) = list.iter().filter(is_it).max_by_key(|one| (verdict(one), one.version.is_some()))
    else {
        return word(practice.when_bad, Some("not found".to_owned()), false);
    };
    let named = match &found.version {
        Some(version) => format!("{} {version}", found.name),
        None => found.name.clone(),
    };
    match (verdict(found), least) {
        (Some(false), Some(least)) => {
            word(practice.when_bad, Some(format!("{named}, {least} or newer is needed")), true)
        }
        (Some(_), _) => word(Status::Ok, Some(named), true),
        (None, _) => word(Status::Unknown, Some(named), true),
    }
}

fn is_named(found: &str, name: &str) -> bool {
    found.eq_ignore_ascii_case(name)
        || (!found.is_ascii() && found.len() < 500 && found.to_lowercase() == name.to_lowercase())
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
