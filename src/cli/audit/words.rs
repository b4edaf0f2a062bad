//! What is said of a record that was verified.

use std::fmt::Write as _;

use chrono::TimeDelta;
use hubcommander_audit::{Report, Signed};
use hubcommander_sdk::clock::Instant;

use super::Failure;

/// After how long without a seal over an entry something must be wrong.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// How it ends.
pub(super) enum Verdict {
    /// Nothing is wrong.
    Fine,
    /// Something is.
    Broken,
    /// It cannot be told whether something is.
    CannotTell(Failure),
}

/// How it ends.
pub(super) fn verdict(report: &Report, now: Instant) -> Verdict {
    if !report.is_fine() {
        return Verdict::Broken;
    }
    let cannot = |what: &str, cure: &str| Verdict::CannotTell(Failure::new(what, cure));
    match report.signed {
        Signed::Unchecked => cannot(
            "There is no public key to check the seals with, so it cannot be told who made them.",
            "Give it with `--key`, or under `[audit]`; `hubcommander audit key` prints it where the bot runs.",
        ),
        Signed::Nowhere => cannot(
            "The seals are not signed, so whoever can write to the database could have made them all anew.",
            "Make a key with `hubcommander audit key --new PATH`, and name it under `[audit]`.",
        ),
        Signed::Nothing if report.entries > 0 => {
            cannot("Nothing is sealed yet.", "Start the bot; it seals within a second.")
        }
        Signed::Everywhere | Signed::Nothing => match waiting(report, now) {
            Some(time) if time > LATE => cannot(
                "Entries have not been sealed for longer than a minute, so it cannot be told whether they were changed.",
                "See whether the bot runs, and what it logs. If it was sealing, somebody may have taken seals away.",
            ),
            _ => Verdict::Fine,
        },
    }
}

/// How long the oldest entry waits that is not sealed.
fn waiting(report: &Report, now: Instant) -> Option<TimeDelta> {
    if report.tail == 0 {
        return None;
    }
    let since = report.tail_since.and_then(Instant::from_timestamp_micros);
    // An entry that does not say when it was written may be as old as can be.
    Some(since.map_or(TimeDelta::MAX, |since| now - since))
}

/// All that is said.
pub(super) fn report(report: &Report, heads: usize, now: Instant) -> String {
    let mut said = String::new();
    for finding in &report.findings {
        let _ = writeln!(said, "wrong: {finding}");
    }
    let told = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
    if report.found > told {
        let _ = writeln!(said, "wrong: and {} more", report.found - told);
    }
    let entries = counted(report.entries, "entry", "entries");
    let seals = counted(report.seals, "seal", "seals");
    let _ = match report.found {
        0 => writeln!(said, "The record is as it was sealed: {entries}, {seals}."),
        found => writeln!(
            said,
            "The record is not as it was sealed: {} in {entries}, {seals}.",
            counted(found, "thing is wrong", "things are wrong")
        ),
    };
    if report.signed == Signed::Everywhere && report.is_fine() {
        let _ = writeln!(said, "The seals are signed with known keys.");
    }
    if report.seals > 0 {
        let ago = report.sealed_at.and_then(Instant::from_timestamp_micros).map(|at| now - at);
        let _ = writeln!(said, "Head: {}, sealed {} ago.", report.head, ago.map_or_else(|| "?".into(), time));
    }
    if heads > 0 {
        let heads = counted(u64::try_from(heads).unwrap_or_default(), "head", "heads");
        let _ = writeln!(said, "Compared with {heads} that had been announced.");
    }
    if report.bodiless > 0 {
        let count = counted(report.bodiless, "entry", "entries");
        let _ = writeln!(said, "Of {count} only the hash is left of what they say.");
    }
    if let Some(waits) = waiting(report, now) {
        let tail = counted(report.tail, "entry is", "entries are");
        let _ = writeln!(said, "{tail} not sealed yet, the oldest for {}.", time(waits));
    }
    said.trim_end().to_owned()
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn time(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    match seconds {
        ..=0 => "less than a second".to_owned(),
        1..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} minutes", seconds / 60),
        7_200..=172_799 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
