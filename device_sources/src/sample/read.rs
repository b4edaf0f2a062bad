//! What the sandbox says of a device becomes a record.

use hubcommander_posture::{Instant, Platform, Record, Seen, Serial};
use serde_json::Value as Json;

use super::NAME;
use crate::raw::{Unreadable, text, time};

/// Reads one device:
///
/// ```json
/// {"serial": "SBXMAC00071", "name": "Ana's MacBook", "model": "MacBook Air (M3)", "platform": "macOS",
///  "os_version": "14.1", "owner": "ana@acme.example", "last_seen": "2026-11-23T08:00:00Z",
///  "practices": {"encryption": false, "firewall": true, "uptodate": "improvable", "screenlock": null}}
/// ```
///
/// In `practices` `true` is as it should be, whatever the practice; `false` is not; `"improvable"` could be better;
/// anything else is unknown. Only `serial` must be there.
///
/// # Errors
/// It has no `serial`.
pub fn read(raw: &Json, fetched_at: Option<Instant>) -> Result<Record, Unreadable> {
    let Some(serial) = text(raw, "/serial") else {
        return Err(Unreadable { id: None, what: "it has no `serial`".to_owned() });
    };
    let mut record = Record::new(NAME, serial.clone());
    record.identifiers.serial = Serial::read(&serial);
    record.owners = text(raw, "/owner").map(|owner| owner.to_lowercase()).into_iter().collect();
    record.name = text(raw, "/name");
    record.model = text(raw, "/model");
    record.platform =
        raw.get("platform").cloned().and_then(|name| serde_json::from_value::<Platform>(name).ok());
    record.os = text(raw, "/platform");
    record.os_version = text(raw, "/os_version");
    record.last_seen = time(raw, "/last_seen");
    record.fetched_at = fetched_at;
    let practices = raw.get("practices").and_then(Json::as_object);
    for (practice, value) in practices.into_iter().flatten() {
        let seen = match value {
            Json::Bool(true) => Seen::Good,
            Json::Bool(false) => Seen::Bad,
            Json::String(word) if word == "improvable" => Seen::Improvable,
            _ => Seen::Unknown,
        };
        record.saw(practice, seen, record.last_seen, None);
    }
    Ok(record)
}
