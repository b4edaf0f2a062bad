//! A record as Jamf gives it, read: by the Pro API (inventory v1, v3, v4 and mobile devices v2) or by the Classic API,
//! as it was and as it is. Which shape it is in, the record itself shows.

mod attributes;
mod classic;
mod disk;
mod mobile;
mod pro;

use chrono::{DateTime, Utc};
use hubcommander_posture::{Mac, Platform, Record, Seen, Serial, Software};
use serde_json::Value as Json;

use super::settings::Reading;
use crate::Unreadable;
use crate::raw;

/// What stands before the id of a mobile device: computers and mobile devices are numbered apart.
pub(super) const MOBILE: &str = "mobile-";

/// The shapes of a record. The names are those of the APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    ProComputer,
    ProMobile,
    ClassicComputer,
    ClassicMobile,
}

/// Reads one record, whatever API of Jamf it comes from: `GET /api/v4/computers-inventory` (one of `results`; v3 and v1
/// alike), `GET /api/v2/mobile-devices/detail`, `GET /JSSResource/computers/id/71` or `.../mobiledevices/id/12`.
///
/// What is absent or null is not made up: a practice that Jamf always knows of (encryption, firewall) is then
/// [`hubcommander_posture::Seen::Unknown`], and one that hangs on an extension attribute which is not there is left out.
///
/// # Errors
/// It is no record of Jamf, has no id, or one of its parts is of another type than Jamf's.
pub fn read(raw: &Json, settings: &Reading, fetched_at: Option<DateTime<Utc>>) -> Result<Record, Unreadable> {
    let (shape, raw) = shape(raw)?;
    let mut record = match shape {
        Shape::ProComputer => pro::read(raw, settings)?,
        Shape::ProMobile => mobile::read_pro(raw, settings)?,
        Shape::ClassicComputer => classic::read(raw, settings)?,
        Shape::ClassicMobile => mobile::read_classic(raw, settings)?,
    };
    record.fetched_at = fetched_at;
    Ok(record)
}

/// Whose device a raw record is, in lower case, if that can be told.
pub(super) fn owner(raw: &Json) -> Option<String> {
    let (_, raw) = shape(raw).ok()?;
    let found = ["/userAndLocation/email", "/userAndLocation/emailAddress", "/location/email_address"]
        .iter()
        .find_map(|pointer| raw::text(raw, pointer))?;
    Some(found.to_lowercase())
}

/// Which shape it is, and the record itself where it is wrapped.
fn shape(raw: &Json) -> Result<(Shape, &Json), Unreadable> {
    if let Some([one]) = raw.get("results").and_then(Json::as_array).map(Vec::as_slice) {
        return shape(one);
    }
    for (wrapper, shape) in [("computer", Shape::ClassicComputer), ("mobile_device", Shape::ClassicMobile)] {
        if let Some(inner) = raw.get(wrapper) {
            return Ok((shape, inner));
        }
    }
    let has = |pointer: &str| raw.pointer(pointer).is_some();
    let found = if has("/mobileDeviceId") {
        Some(Shape::ProMobile)
    } else if has("/general/wifi_mac_address") || has("/general/last_inventory_update_utc") {
        Some(Shape::ClassicMobile)
    } else if has("/general/serial_number") || has("/extension_attributes") || has("/general/report_date_utc")
    {
        Some(Shape::ClassicComputer)
    } else if has("/id") && ["/udid", "/general", "/hardware"].iter().any(|pointer| has(pointer)) {
        Some(Shape::ProComputer)
    } else {
        None
    };
    found.map(|shape| (shape, raw)).ok_or_else(|| Unreadable {
        id: raw::text(raw, "/id"),
        what: "It is no record of a computer or mobile device in any shape that Jamf gives.".to_owned(),
    })
}

/// The id of a record. It becomes part of a path, so it is digits or nothing.
fn id(raw: &Json, pointer: &str) -> Result<String, Unreadable> {
    raw::text(raw, pointer)
        .filter(|id| id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| Unreadable { id: None, what: "It has no id.".to_owned() })
}

/// Refuses a record of which a part is neither of its type nor null: what it says cannot be relied on.
fn parts(raw: &Json, id: &str, objects: &[&str], lists: &[&str]) -> Result<(), Unreadable> {
    let wrong = |pointer: &str, fits: fn(&Json) -> bool| {
        raw.pointer(pointer).is_some_and(|part| !part.is_null() && !fits(part)).then(|| Unreadable {
            id: Some(id.to_owned()),
            what: format!("Its part `{}` is of another type than Jamf's.", pointer.trim_start_matches('/')),
        })
    };
    let object = objects.iter().find_map(|pointer| wrong(pointer, Json::is_object));
    let list = lists.iter().find_map(|pointer| wrong(pointer, Json::is_array));
    object.or(list).map_or(Ok(()), Err)
}

/// The time at `pointer`. The Pro API writes RFC 3339; the Classic API an offset without a colon.
fn time(raw: &Json, pointer: &str) -> Option<DateTime<Utc>> {
    raw::time(raw, pointer).or_else(|| {
        let text = raw.pointer(pointer)?.as_str()?.trim();
        let at = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok()?;
        Some(at.with_timezone(&Utc))
    })
}

/// The time at `pointer` in milliseconds since 1970; zero is none.
fn epoch(raw: &Json, pointer: &str) -> Option<DateTime<Utc>> {
    let value = raw.pointer(pointer)?;
    let millis =
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|millis| *millis > 0)?;
    DateTime::from_timestamp_millis(millis)
}

fn serial(raw: &Json, pointer: &str) -> Option<Serial> {
    Serial::read(&raw::text(raw, pointer)?)
}

fn mac(raw: &Json, pointer: &str) -> Option<Mac> {
    Mac::read(&raw::text(raw, pointer)?)
}

fn owners(raw: &Json, pointer: &str) -> Vec<String> {
    raw::text(raw, pointer).map(|email| email.to_lowercase()).into_iter().collect()
}

/// What a flag says where yes is good.
fn told(flag: Option<bool>) -> Seen {
    match flag {
        Some(true) => Seen::Good,
        Some(false) => Seen::Bad,
        None => Seen::Unknown,
    }
}

/// Programs and services of a list, each by the name at `name` or, where the entry is a text, by that.
fn software(raw: &Json, pointer: &str, version: &str) -> Option<Vec<Software>> {
    let list = raw::list(raw, pointer)?;
    let entry = |one: &Json| {
        let name = raw::text(one, "/name").or_else(|| raw::text(one, ""))?;
        Some(Software { name, version: raw::text(one, version) })
    };
    Some(list.iter().filter_map(entry).collect())
}

/// The family of a computer's system.
fn platform(platform: Option<&str>, os: Option<&str>) -> Option<Platform> {
    let family = |word: &str| {
        let word = word.to_ascii_lowercase();
        if word.starts_with("mac") || word.starts_with("os x") {
            Some(Platform::MacOs)
        } else if word.starts_with("windows") {
            Some(Platform::Windows)
        } else {
            None
        }
    };
    platform.and_then(family).or_else(|| os.and_then(family))
}
