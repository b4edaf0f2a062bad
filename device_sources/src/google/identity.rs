//! Devices of Cloud Identity, with those who use them under `deviceUsers`.

use chrono::{DateTime, Utc};
use hubcommander_posture::{Platform, Record, Seen};
use serde_json::Value as Json;

use super::mobile::{on_off, unknown_sources};
use super::read::{NAME, identifiers, model};
use super::settings::Options;
use crate::fields::{as_it_should, email, happened, old_patch, patch_day, platform, system};
use crate::raw;

/// What Endpoint Verification sees besides.
const SIGNALS: &str = "/endpointVerificationSpecificAttributes/additionalSignals";

pub(super) fn read(raw: &Json, options: &Options, now: Option<DateTime<Utc>>) -> Option<Record> {
    let name = raw::text(raw, "/name").filter(|name| name.len() > "devices/".len())?;
    let mut record = Record::new(NAME, name);
    let macs = raw::list(raw, "/wifiMacAddresses").into_iter().flatten().filter_map(Json::as_str);
    record.identifiers = identifiers(raw, "/serialNumber", macs.map(str::to_owned));
    record.owners = users(raw).filter_map(user_email).collect();
    record.owners.sort();
    record.owners.dedup();
    record.name = raw::text(raw, "/hostname");
    record.model = model(raw);
    let (os, version) = system(&raw::text(raw, "/osVersion").unwrap_or_default());
    record.platform = by_type(raw).or_else(|| os.as_deref().and_then(platform));
    record.os = os.map(|os| if os == "MacOS" { "macOS".to_owned() } else { os });
    record.os_version = version;
    record.last_seen = happened(raw, "/lastSyncTime");
    let at = record.last_seen;

    let (seen, details) = match raw::text(raw, "/encryptionState").as_deref() {
        Some("ENCRYPTED") => (Seen::Good, Some("Encrypted.")),
        Some("NOT_ENCRYPTED") => (Seen::Bad, Some("Not encrypted.")),
        Some("UNSUPPORTED_BY_DEVICE") => (Seen::Bad, Some("The device cannot encrypt.")),
        _ => (Seen::Unknown, None),
    };
    record.saw("encryption", seen, at, details.map(str::to_owned));
    let (seen, looked) = password(raw);
    record.saw("screenlock", seen, looked.or(at), None);
    record.saw("jailed", compromise(raw), at, None);
    if let Some(seen) = firewall(raw) {
        record.saw("firewall", seen, at, None);
    }
    if let Some(practice) = &options.antivirus
        && let Some((seen, details)) = antivirus(raw)
    {
        record.saw(practice, seen, at, Some(details.to_owned()));
    }
    if record.platform == Some(Platform::Android) {
        let usb = raw::flag(raw, "/enabledUsbDebugging");
        record.saw(
            "adbstatus",
            as_it_should(usb, false),
            at,
            usb.map(|on| format!("USB debugging is {}.", on_off(on))),
        );
        let allowed = raw::flag(raw, "/androidSpecificAttributes/enabledUnknownSources");
        record.saw("unknownsources", unknown_sources(record.os_version.as_deref(), allowed), at, None);
        let patch = patch_day(raw, "/securityPatchTime");
        if let Some(details) = patch.and_then(|day| old_patch(day, options.oldest_patch_days, now)) {
            record.saw("uptodate", Seen::Bad, at, Some(details));
        }
    }
    Some(record)
}

/// Those who use it.
pub(super) fn users(raw: &Json) -> impl Iterator<Item = &Json> {
    raw::list(raw, "/deviceUsers").into_iter().flatten()
}

/// Who this is.
pub(super) fn user_email(user: &Json) -> Option<String> {
    email(&raw::text(user, "/userEmail")?)
}

fn by_type(raw: &Json) -> Option<Platform> {
    match raw::text(raw, "/deviceType")?.as_str() {
        "ANDROID" => Some(Platform::Android),
        "IOS" => Some(Platform::Ios),
        "WINDOWS" => Some(Platform::Windows),
        "MAC_OS" => Some(Platform::MacOs),
        "LINUX" => Some(Platform::Ubuntu),
        "CHROME_OS" => Some(Platform::ChromeOS),
        _ => None,
    }
}

/// Whether those who use it have a password, and when that was seen. One without is enough to be bad.
fn password(raw: &Json) -> (Seen, Option<DateTime<Utc>>) {
    let states: Vec<_> = users(raw)
        .map(|user| {
            let seen = match raw::text(user, "/passwordState").as_deref() {
                Some("PASSWORD_SET") => Seen::Good,
                Some("PASSWORD_NOT_SET") => Seen::Bad,
                _ => Seen::Unknown,
            };
            (seen, happened(user, "/lastSyncTime"))
        })
        .collect();
    let first = |wanted: Seen| states.iter().find(|(seen, _)| *seen == wanted).copied();
    first(Seen::Bad)
        .or_else(|| first(Seen::Unknown))
        .or_else(|| first(Seen::Good))
        .unwrap_or((Seen::Unknown, None))
}

/// The device and the accounts on it are judged by Google each in words of their own. One compromise is enough.
fn compromise(raw: &Json) -> Seen {
    let device = match raw::text(raw, "/compromisedState").as_deref() {
        Some("COMPROMISED") => Seen::Bad,
        Some("UNCOMPROMISED") => Seen::Good,
        _ => Seen::Unknown,
    };
    let accounts = users(raw).map(|user| match raw::text(user, "/compromisedState").as_deref() {
        Some("COMPROMISED") => Seen::Bad,
        Some("NOT_COMPROMISED") => Seen::Good,
        _ => Seen::Unknown,
    });
    let all: Vec<Seen> = accounts.chain([device]).collect();
    if all.contains(&Seen::Bad) {
        Seen::Bad
    } else if all.contains(&Seen::Good) {
        Seen::Good
    } else {
        Seen::Unknown
    }
}

fn signal(raw: &Json, key: &str) -> Option<bool> {
    raw::flag(raw, &format!("{SIGNALS}/{key}"))
}

fn firewall(raw: &Json) -> Option<Seen> {
    // Without Endpoint Verification nobody looked.
    raw.pointer(SIGNALS)?;
    Some(as_it_should(signal(raw, "is_os_native_firewall_enabled"), true))
}

fn antivirus(raw: &Json) -> Option<(Seen, &'static str)> {
    raw.pointer(SIGNALS)?;
    Some(match (signal(raw, "av_installed"), signal(raw, "av_enabled")) {
        (Some(false), _) => (Seen::Bad, "No antivirus program is installed."),
        (_, Some(false)) => (Seen::Bad, "The antivirus program is switched off."),
        (_, Some(true)) => (Seen::Good, "An antivirus program is running."),
        (_, None) => (Seen::Unknown, "Google does not say whether an antivirus program is running."),
    })
}
