//! Google's raw records. Which of the three shapes one has is seen from itself.

use chrono::{DateTime, Utc};
use hubcommander_posture::{Identifiers, Mac, Record, Serial};
use serde_json::Value as Json;

use super::settings::Options;
use super::{chromeos, identity, mobile};
use crate::raw::{self, Unreadable};

/// The name of the source.
pub(super) const NAME: &str = "google";

/// Which list a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Mobile,
    ChromeOs,
    Identity,
}

/// Which list a record is of: it says so (`kind`, the beginning of `name`), or what only one list has tells.
pub(super) fn shape(raw: &Json) -> Option<Shape> {
    let has = |key: &str| raw.get(key).is_some();
    match raw.get("kind").and_then(Json::as_str) {
        Some("admin#directory#mobiledevice") => return Some(Shape::Mobile),
        Some("admin#directory#chromeosdevice") => return Some(Shape::ChromeOs),
        _ => {}
    }
    if raw.get("name").and_then(Json::as_str).is_some_and(|name| name.starts_with("devices/")) {
        Some(Shape::Identity)
    } else if has("resourceId") {
        Some(Shape::Mobile)
    } else if has("deviceId")
        && (has("bootMode") || has("recentUsers") || has("platformVersion") || has("orgUnitPath"))
    {
        Some(Shape::ChromeOs)
    } else {
        None
    }
}

/// Reads a record as Google gives it: a mobile device or a ChromeOS device of the Directory API, or a device of
/// Cloud Identity, which may hold those who use it under `deviceUsers` (a list of that API's own records).
///
/// # Errors
/// It is none of these, or has no id.
pub fn read(raw: &Json, options: &Options, fetched_at: Option<DateTime<Utc>>) -> Result<Record, Unreadable> {
    let unreadable = |what: &str| Unreadable { id: None, what: what.to_owned() };
    let shape = shape(raw).ok_or_else(|| {
        unreadable("It is no mobile device, ChromeOS device or device of Cloud Identity as Google gives it.")
    })?;
    let mut record = match shape {
        Shape::Mobile => mobile::read(raw, options, fetched_at),
        Shape::ChromeOs => chromeos::read(raw, fetched_at),
        Shape::Identity => identity::read(raw, options, fetched_at),
    }
    .ok_or_else(|| unreadable("A device that Google lists has no id."))?;
    record.fetched_at = fetched_at;
    Ok(record)
}

/// What a device is known by. Google's own id of it counts only where nothing of the hardware is told: one phone
/// may be listed once for each account on it, each time with another id.
pub(super) fn identifiers(raw: &Json, serial: &str, macs: impl IntoIterator<Item = String>) -> Identifiers {
    let mut known = Identifiers {
        serial: raw::text(raw, serial).and_then(|text| Serial::read(&text)),
        mac_addresses: macs.into_iter().filter_map(|text| Mac::read(&text)).collect(),
        imei: crate::fields::imei(raw::text(raw, "/imei")),
        meid: crate::fields::meid(raw::text(raw, "/meid")),
        ..Identifiers::default()
    };
    if known.serial.is_none() && known.imei.is_none() && known.meid.is_none() {
        let id = raw::text(raw, "/deviceId");
        known.others.extend(id.map(|id| ("google_device_id".to_owned(), id)));
    }
    known
}

/// The model, with its maker where that is not said already.
pub(super) fn model(raw: &Json) -> Option<String> {
    let (maker, model) = (raw::text(raw, "/manufacturer"), raw::text(raw, "/model"));
    match (maker, model) {
        (Some(maker), Some(model)) if !model.to_lowercase().contains(&maker.to_lowercase()) => {
            Some(format!("{maker} {model}"))
        }
        (maker, model) => model.or(maker),
    }
}
