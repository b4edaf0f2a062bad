//! Phones and tablets of the Directory API.

use chrono::{DateTime, Utc};
use hubcommander_posture::{Platform, Record, Seen, Software};
use serde_json::Value as Json;

use super::read::{NAME, identifiers, model};
use super::settings::Options;
use crate::fields::{as_it_should, email, happened, old_patch, patch_day, platform, system};
use crate::raw;

pub(super) fn read(raw: &Json, options: &Options, now: Option<DateTime<Utc>>) -> Option<Record> {
    let id = raw::text(raw, "/resourceId").or_else(|| raw::text(raw, "/deviceId"))?;
    let mut record = Record::new(NAME, id);
    record.identifiers = identifiers(raw, "/serialNumber", raw::text(raw, "/wifiMacAddress"));
    record.owners = owners(raw);
    record.model = model(raw);
    let (os, version) = system(&raw::text(raw, "/os").unwrap_or_default());
    record.platform = os.as_deref().and_then(platform).or_else(|| by_type(raw));
    record.os = os;
    record.os_version = version;
    record.last_seen = happened(raw, "/lastSync");
    let at = record.last_seen;

    let (seen, details) = encryption(raw);
    record.saw("encryption", seen, at, details);
    let (seen, details) = password(raw);
    record.saw("screenlock", seen, at, details);
    let (seen, details) = compromise(raw);
    record.saw("jailed", seen, at, details);
    if record.platform == Some(Platform::Android) {
        let usb = raw::flag(raw, "/adbStatus");
        record.saw(
            "adbstatus",
            as_it_should(usb, false),
            at,
            usb.map(|on| format!("USB debugging is {}.", on_off(on))),
        );
        let seen = unknown_sources(record.os_version.as_deref(), raw::flag(raw, "/unknownSourcesStatus"));
        record.saw("unknownsources", seen, at, None);
        let patch = patch_day(raw, "/securityPatchLevel");
        if let Some(details) = patch.and_then(|day| old_patch(day, options.oldest_patch_days, now)) {
            record.saw("uptodate", Seen::Bad, at, Some(details));
        }
        record.software = raw::list(raw, "/applications").map(|all| all.iter().filter_map(program).collect());
        record.software_at = at.filter(|_| record.software.is_some());
    }
    Some(record)
}

/// Whose it is.
pub(super) fn owners(raw: &Json) -> Vec<String> {
    let listed = raw::list(raw, "/email").into_iter().flatten();
    let mut owners: Vec<String> = listed.filter_map(Json::as_str).filter_map(email).collect();
    owners.sort();
    owners.dedup();
    owners
}

pub(super) fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn by_type(raw: &Json) -> Option<Platform> {
    match raw::text(raw, "/type")?.to_uppercase().as_str() {
        "ANDROID" => Some(Platform::Android),
        "IOS" | "IOS_SYNC" => Some(Platform::Ios),
        // A device that synchronises as Exchange does may be any.
        _ => None,
    }
}

/// A word of Google's as it is compared.
fn word(raw: &Json, pointer: &str) -> Option<String> {
    Some(raw::text(raw, pointer)?.to_lowercase().replace(['_', '-'], " "))
}

/// What Google wrote, for the details: only short words are repeated.
fn said(what: &str, word: Option<String>) -> Option<String> {
    word.filter(|word| word.len() <= 40).map(|word| format!("{what}: {word}"))
}

fn encryption(raw: &Json) -> (Seen, Option<String>) {
    let word = word(raw, "/encryptionStatus");
    let seen = match word.as_deref() {
        Some("encrypted") => Seen::Good,
        Some("not encrypted" | "unencrypted" | "inactive") => Seen::Bad,
        _ => Seen::Unknown,
    };
    (seen, said("Encryption", word))
}

fn password(raw: &Json) -> (Seen, Option<String>) {
    let word = word(raw, "/devicePasswordStatus");
    let seen = match word.as_deref() {
        Some("on" | "set" | "password set" | "enabled" | "active") => Seen::Good,
        Some("off" | "not set" | "password not set" | "disabled" | "inactive") => Seen::Bad,
        _ => Seen::Unknown,
    };
    (seen, said("Password", word))
}

fn compromise(raw: &Json) -> (Seen, Option<String>) {
    let word = word(raw, "/deviceCompromisedStatus");
    let seen = match word.as_deref() {
        Some("no compromise detected") => Seen::Good,
        Some("compromise detected") => Seen::Bad,
        // `Undetected` too: nothing was looked for.
        _ => Seen::Unknown,
    };
    (seen, said("Integrity", word))
}

/// Since Android 8 each app is allowed by itself to install others, and the one switch is gone
/// (<https://developer.android.com/about/versions/oreo/android-8.0-changes>).
pub(super) fn unknown_sources(version: Option<&str>, allowed: Option<bool>) -> Seen {
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= 8 => Seen::NotApplicable,
        Some(_) => as_it_should(allowed, false),
        None => Seen::Unknown,
    }
}

fn program(raw: &Json) -> Option<Software> {
    let name = raw::text(raw, "/displayName").or_else(|| raw::text(raw, "/packageName"))?;
    Some(Software { name, version: raw::text(raw, "/versionName") })
}
