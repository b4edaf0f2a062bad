//! What a computer answered becomes a record.

use std::collections::BTreeMap;

use chrono::DateTime;
use hubcommander_posture::{Instant, Mac, Platform, Record, Seen, Serial, Software};
use serde_json::{Value as Json, json};

use super::queries::Family;
use crate::raw::{Unreadable, list, text, time};

/// After how many seconds of rest a screen should be locked.
const LONGEST_REST: i64 = 900;

/// Reads what is kept of one computer:
///
/// ```json
/// {"host_identifier": "4C4C4544-...", "last_seen": "2026-11-23T08:00:00Z", "owners": ["amy@example.com"],
///  "host_details": {"system_info": {}, "os_version": {}},
///  "results": {"firewall": {"rows": [{"global_state": "1"}], "status": 0, "unix_time": 1795420800}}}
/// ```
///
/// `host_details` is what the computer said when it enrolled; `last_seen` and `owners` may be absent. A query whose
/// `status` is not 0, or that gave no row where one is needed, is unknown: never good, never bad.
///
/// # Errors
/// It has no `host_identifier`.
pub fn read(raw: &Json, source: &str, fetched_at: Option<Instant>) -> Result<Record, Unreadable> {
    let Some(host) = text(raw, "/host_identifier") else {
        return Err(Unreadable { id: None, what: "it has no `host_identifier`".to_owned() });
    };
    let mut record = Record::new(source, host.to_uppercase());
    record.fetched_at = fetched_at;
    record.last_seen = time(raw, "/last_seen");
    let owners = list(raw, "/owners").into_iter().flatten().filter_map(Json::as_str);
    record.owners =
        owners.map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty()).collect();
    record.identifiers.udid = Some(host.to_uppercase());
    let said = |pointer: &str| text(raw, &format!("/host_details{pointer}"));
    record.identifiers.serial = said("/system_info/hardware_serial").and_then(|text| Serial::read(&text));
    record.name = said("/system_info/computer_name").or_else(|| said("/system_info/hostname"));
    record.model = said("/system_info/hardware_model");

    let answers = Answers(raw);
    let at_enrolment = raw.pointer("/host_details/os_version").cloned().unwrap_or_default();
    let os = answers.rows("os").and_then(|(rows, _)| rows.first().cloned()).unwrap_or(at_enrolment);
    let family = Family::of(&os);
    record.os = text(&os, "/name");
    record.os_version = version(&os, family);
    if let Some((rows, _)) = answers.rows("interfaces") {
        let macs = rows.iter().filter_map(|row| Mac::read(&text(row, "/mac")?));
        record.identifiers.mac_addresses = macs.collect();
    }
    if let Some((rows, at)) = answers.rows("software") {
        record.software = Some(rows.iter().filter_map(software).collect());
        record.software_at = at;
    }
    let Some(family) = family else { return Ok(record) };
    let judges: &[(&str, Judge)] = match family {
        Family::Mac => &[
            ("encryption", filevault),
            ("firewall", alf),
            ("autoupdate", apple_updates),
            ("screenlock", apple_lock),
            ("remotelogin", remote_login),
        ],
        Family::Windows => &[
            ("encryption", bitlocker),
            ("firewall", |rows| security_center(rows, "firewall")),
            ("autoupdate", |rows| security_center(rows, "autoupdate")),
            ("screenlock", windows_lock),
        ],
        Family::Linux => &[("encryption", luks), ("firewall", iptables)],
    };
    record.platform = Some(match family {
        Family::Mac => Platform::MacOs,
        Family::Windows => Platform::Windows,
        Family::Linux => Platform::Ubuntu,
    });
    for (practice, judge) in judges {
        match answers.of(practice) {
            // It was never asked, or has not answered yet: nothing is said of it.
            None => {}
            Some((None, at)) => {
                record.saw(practice, Seen::Unknown, at, Some("the query failed on this computer".to_owned()));
            }
            Some((Some(rows), at)) => {
                let (seen, details) = judge(&rows);
                record.saw(practice, seen, at, details);
            }
        }
    }
    Ok(record)
}

/// What rows say of a practice, and in words.
type Judge = fn(&[Json]) -> (Seen, Option<String>);

/// The answers in a raw record.
struct Answers<'a>(&'a Json);

impl Answers<'_> {
    /// What a query gave, and when; no rows if it failed. `None` if there is no answer at all.
    fn of(&self, name: &str) -> Option<(Option<Vec<Json>>, Option<Instant>)> {
        let answer = self.0.get("results")?.get(name)?;
        let seconds = answer.get("unix_time").and_then(whole);
        let at = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let worked = answer.get("status").and_then(whole) == Some(0);
        let rows = answer.get("rows").and_then(Json::as_array).filter(|_| worked);
        Some((rows.cloned(), at))
    }

    /// The rows of a query that worked.
    fn rows(&self, name: &str) -> Option<(Vec<Json>, Option<Instant>)> {
        let (rows, at) = self.of(name)?;
        Some((rows?, at))
    }
}

/// A whole number, also one that is written as a string.
pub(super) fn whole(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn number(row: &Json, key: &str) -> Option<i64> {
    row.get(key).and_then(whole)
}

fn word(row: &Json, key: &str) -> String {
    row.get(key).and_then(Json::as_str).unwrap_or_default().trim().to_ascii_lowercase()
}

/// The version as people write it. Windows says its build and its monthly revision apart.
fn version(os: &Json, family: Option<Family>) -> Option<String> {
    let plain = text(os, "/version");
    if family != Some(Family::Windows) {
        return plain;
    }
    let (build, revision) = (text(os, "/build"), text(os, "/revision"));
    let number = |text: &String| text.chars().all(|char| char.is_ascii_digit());
    match (build.filter(number), revision.filter(number)) {
        (Some(build), Some(revision)) => Some(format!("10.0.{build}.{revision}")),
        (Some(build), None) => Some(format!("10.0.{build}")),
        (None, _) => plain,
    }
}

fn software(row: &Json) -> Option<Software> {
    Some(Software { name: text(row, "/name")?, version: text(row, "/version") })
}

fn told(seen: Seen, words: impl Into<String>) -> (Seen, Option<String>) {
    (seen, Some(words.into()))
}

/// There is nothing to judge by.
fn nothing() -> (Seen, Option<String>) {
    told(Seen::Unknown, "the computer listed nothing to judge by")
}

/// The data volume decides; where it says nothing, the boot volume.
fn filevault(rows: &[Json]) -> (Seen, Option<String>) {
    for path in ["/System/Volumes/Data", "/"] {
        let of_path = || rows.iter().filter(|row| row.get("path").and_then(Json::as_str) == Some(path));
        if of_path().any(|row| word(row, "filevault_status") == "off") {
            return told(Seen::Bad, "FileVault is off");
        }
        if of_path().any(|row| word(row, "filevault_status") == "on") {
            return told(Seen::Good, "FileVault is on");
        }
    }
    if rows.is_empty() {
        nothing()
    } else {
        told(Seen::Unknown, "macOS does not say whether FileVault is on")
    }
}

fn alf(rows: &[Json]) -> (Seen, Option<String>) {
    match rows.first().and_then(|row| number(row, "global_state")) {
        Some(0) => told(Seen::Bad, "the firewall is off"),
        Some(1 | 2) => told(Seen::Good, "the firewall is on"),
        _ => nothing(),
    }
}

/// What management sets counts before what the computer's own settings say.
fn apple_updates(rows: &[Json]) -> (Seen, Option<String>) {
    let mut set: BTreeMap<&str, bool> = BTreeMap::new();
    for origin in ["preferences", "managed"] {
        for row in rows.iter().filter(|row| word(row, "origin") == origin) {
            let on = match word(row, "value").as_str() {
                "1" | "true" => true,
                "0" | "false" => false,
                _ => continue,
            };
            if let Some(name) = row.get("name").and_then(Json::as_str) {
                set.insert(name, on);
            }
        }
    }
    let needed = ["AutomaticCheckEnabled", "AutomaticDownload", "CriticalUpdateInstall", "ConfigDataInstall"];
    if let Some(off) = needed.iter().find(|name| set.get(*name) == Some(&false)) {
        return told(Seen::Bad, format!("{off} is off"));
    }
    if needed.iter().any(|name| !set.contains_key(name)) {
        return told(Seen::Unknown, "some of the settings for updates were never set");
    }
    match set.get("AutomaticallyInstallMacOSUpdates") {
        Some(true) => told(Seen::Good, "updates are found, fetched and installed by themselves"),
        Some(false) => {
            told(Seen::Improvable, "updates of macOS are fetched, and not installed by themselves")
        }
        None => told(Seen::Unknown, "whether updates of macOS are installed by themselves was never set"),
    }
}

fn apple_lock(rows: &[Json]) -> (Seen, Option<String>) {
    let value = |name: &str| {
        let mut of_name = rows.iter().filter(|row| row.get("name").and_then(Json::as_str) == Some(name));
        of_name.find_map(|row| number(row, "value"))
    };
    match (value("askForPassword"), value("askForPasswordDelay")) {
        (Some(0), _) => told(Seen::Bad, "no password is asked for after the screen saver"),
        (Some(1), Some(delay)) if delay <= LONGEST_REST => {
            told(Seen::Good, format!("a password is asked for {delay} seconds after the screen saver begins"))
        }
        (Some(1), Some(delay)) => told(
            Seen::Improvable,
            format!("a password is asked for only {delay} seconds after the screen saver begins"),
        ),
        (Some(1), None) => told(Seen::Good, "a password is asked for after the screen saver"),
        _ => told(Seen::Unknown, "no rule for the screen lock is managed on this computer"),
    }
}

fn remote_login(rows: &[Json]) -> (Seen, Option<String>) {
    match rows.first().and_then(|row| number(row, "remote_login")) {
        Some(0) => told(Seen::Good, "remote login is off"),
        Some(1) => told(Seen::Bad, "remote login is on"),
        _ => nothing(),
    }
}

fn bitlocker(rows: &[Json]) -> (Seen, Option<String>) {
    let system = |row: &&Json| word(row, "drive_letter") == "c:";
    let Some(row) = rows.iter().find(system) else { return nothing() };
    match (number(row, "protection_status"), number(row, "percentage_encrypted")) {
        (Some(0), _) => told(Seen::Bad, "C: is not protected by BitLocker"),
        (Some(1), Some(100)) => told(Seen::Good, "C: is encrypted by BitLocker"),
        (Some(1), Some(percent @ 0..100)) => {
            told(Seen::Bad, format!("{percent} % of C: is encrypted so far"))
        }
        // 1: fully encrypted.
        (Some(1), _) if number(row, "conversion_status") == Some(1) => {
            told(Seen::Good, "C: is encrypted by BitLocker")
        }
        _ => told(Seen::Unknown, "Windows does not say whether C: is encrypted"),
    }
}

fn security_center(rows: &[Json], key: &str) -> (Seen, Option<String>) {
    let Some(row) = rows.first() else { return nothing() };
    let said =
        || format!("the Windows Security Center says \"{}\"", row[key].as_str().unwrap_or_default().trim());
    match word(row, key).as_str() {
        "good" => told(Seen::Good, said()),
        "poor" | "snoozed" => told(Seen::Bad, said()),
        "" => nothing(),
        _ => told(Seen::Unknown, said()),
    }
}

fn windows_lock(rows: &[Json]) -> (Seen, Option<String>) {
    match rows.first().and_then(|row| number(row, "data")) {
        Some(seconds @ 1..=LONGEST_REST) => {
            told(Seen::Good, format!("the screen is locked after {seconds} seconds of rest"))
        }
        Some(seconds) if seconds > LONGEST_REST => {
            told(Seen::Improvable, format!("the screen is locked only after {seconds} seconds of rest"))
        }
        // Whoever uses it may have set a limit of their own, which is not looked at.
        _ => told(Seen::Unknown, "no limit is set for the whole computer"),
    }
}

fn luks(rows: &[Json]) -> (Seen, Option<String>) {
    let Some(row) = rows.iter().find(|row| row.get("path").and_then(Json::as_str) == Some("/")) else {
        return nothing();
    };
    match (number(row, "encrypted"), word(row, "encryption_status").as_str()) {
        (Some(1), "" | "encrypted") => told(Seen::Good, "the disk with / is encrypted"),
        (Some(0), "" | "not encrypted") => told(Seen::Bad, "the disk with / is not encrypted"),
        _ => told(Seen::Unknown, "Linux does not say whether the disk with / is encrypted"),
    }
}

/// Weak: other firewalls do not show here, so it is never bad.
fn iptables(rows: &[Json]) -> (Seen, Option<String>) {
    let closed = |row: &Json| {
        word(row, "chain") == "input" && matches!(word(row, "policy").as_str(), "drop" | "reject")
    };
    if rows.iter().any(closed) {
        told(Seen::Good, "what comes in is dropped unless a rule lets it in")
    } else {
        told(Seen::Unknown, "no firewall shows in iptables; there may be another")
    }
}

/// What is taken of an answer's rows: objects whose values are strings, as osquery sends them. `None` if it is no
/// list of such rows.
pub(super) fn rows(sent: &Json) -> Option<Vec<Json>> {
    let row = |row: &Json| {
        let columns = row.as_object()?;
        columns.values().all(Json::is_string).then(|| json!(columns))
    };
    sent.as_array()?.iter().map(row).collect()
}
