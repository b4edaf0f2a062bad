//! Chromebooks of the Directory API. Their disks are always encrypted, so nothing is said of that.

use chrono::{DateTime, NaiveDate, Utc};
use hubcommander_posture::{Platform, Record, Seen};
use serde_json::Value as Json;

use super::read::{NAME, identifiers};
use crate::fields::{email, happened};
use crate::raw;

pub(super) fn read(raw: &Json, now: Option<DateTime<Utc>>) -> Option<Record> {
    let id = raw::text(raw, "/deviceId")?;
    let mut record = Record::new(NAME, id);
    let macs = ["/macAddress", "/ethernetMacAddress", "/ethernetMacAddress0"];
    record.identifiers = identifiers(raw, "/serialNumber", macs.iter().filter_map(|at| raw::text(raw, at)));
    record.owners = owner(raw).into_iter().collect();
    record.name = raw::text(raw, "/annotatedAssetId");
    record.model = raw::text(raw, "/model");
    record.platform = Some(Platform::ChromeOS);
    record.os = Some("ChromeOS".to_owned());
    record.os_version = raw::text(raw, "/osVersion");
    record.last_seen = happened(raw, "/lastSync");
    let at = record.last_seen;

    let mode = raw::text(raw, "/bootMode");
    let (seen, details) = match mode.as_deref().map(str::to_lowercase).as_deref() {
        Some("verified" | "validated") => (Seen::Good, Some("It starts in verified mode.")),
        Some("dev" | "developer") => (Seen::Bad, Some("It starts in developer mode.")),
        _ => (Seen::Unknown, None),
    };
    record.saw("jailed", seen, at, details.map(str::to_owned));
    if let Some((seen, details)) = system_age(raw) {
        record.saw("uptodate", seen, at, Some(details.to_owned()));
    }
    if let Some(end) = end_of_updates(raw) {
        // Without knowing what day it is, the day on which it was last heard of is the latest known one.
        let today = now.or(at).map(|at| at.date_naive());
        let (seen, details) = match today {
            Some(today) if today <= end => (Seen::Good, format!("It gets updates until {end}.")),
            Some(_) => (Seen::Bad, format!("It has had no updates since {end}.")),
            None => (Seen::Unknown, format!("It gets updates until {end}.")),
        };
        record.saw("autoupdate", seen, at, Some(details));
    }
    Some(record)
}

/// Whose it is: who used it last. Those who used it before need not have it any more.
pub(super) fn owner(raw: &Json) -> Option<String> {
    email(&raw::text(raw, "/recentUsers/0/email")?)
}

/// How old the system is, by the rules of the organisation, and whether a newer one waits.
fn system_age(raw: &Json) -> Option<(Seen, &'static str)> {
    let waits = raw::text(raw, "/osUpdateStatus/state").as_deref() == Some("updateStateNeedReboot");
    match raw::text(raw, "/osVersionCompliance").as_deref() {
        Some("notCompliant") if waits => Some((Seen::Bad, "A newer version waits for a restart.")),
        Some("notCompliant") => Some((Seen::Bad, "The version is older than your organisation wants.")),
        _ if waits => Some((Seen::Improvable, "A newer version waits for a restart.")),
        Some("pending") => Some((Seen::Improvable, "A newer version is on its way.")),
        Some("compliant") => Some((Seen::Good, "The version is one that your organisation wants.")),
        _ => None,
    }
}

/// Until when Google sends updates to this model: a date, or milliseconds since 1970 in the older field.
fn end_of_updates(raw: &Json) -> Option<NaiveDate> {
    let newer = raw::text(raw, "/autoUpdateThrough").and_then(|text| day(&text));
    newer.or_else(|| day(&raw::text(raw, "/autoUpdateExpiration")?))
}

fn day(text: &str) -> Option<NaiveDate> {
    if let Ok(day) = NaiveDate::parse_from_str(text.get(..10).unwrap_or(text), "%Y-%m-%d") {
        return Some(day);
    }
    Some(DateTime::from_timestamp_millis(text.parse().ok()?)?.date_naive())
}
