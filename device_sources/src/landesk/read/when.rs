//! Times without a zone.

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::Row;

const SHAPES: [&str; 3] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S"];

/// The time in a column, which is local in `zone`; one that names its zone counts as it is.
pub(super) fn at(row: Row<'_>, column: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = row.text(column)?;
    if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
        return Some(at.to_utc());
    }
    let naive = SHAPES.iter().find_map(|shape| NaiveDateTime::parse_from_str(&text, shape).ok())?;
    local(naive, zone)
}

/// Where the clock is put back a time is there twice: the earlier counts, so that nothing looks fresher than it is.
/// Where it is put forward a time is not there at all: it is an hour later then.
fn local(naive: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let found = zone.from_local_datetime(&naive).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(naive + Duration::hours(1))).earliest());
    found.map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_local_time_is_read_in_its_zone() {
        let pacific = Tz::America__Los_Angeles;
        for (text, zone, utc) in [
            ("2026-11-20T08:15:00", Tz::UTC, Some("2026-11-20T08:15:00Z")),
            ("2026-11-20 08:15:00.123", pacific, Some("2026-11-20T16:15:00.123Z")),
            ("2026-07-20T08:15:00", pacific, Some("2026-07-20T15:15:00Z")),
            ("7/20/2026 08:15:00", pacific, Some("2026-07-20T15:15:00Z")),
            // Twice: the night when summer ends.
            ("2026-11-01T01:30:00", pacific, Some("2026-11-01T08:30:00Z")),
            // Not at all: the night when it begins.
            ("2026-03-08T02:30:00", pacific, Some("2026-03-08T10:30:00Z")),
            ("2026-11-20T08:15:00Z", pacific, Some("2026-11-20T08:15:00Z")),
            ("2026-11-20T08:15:00+01:00", pacific, Some("2026-11-20T07:15:00Z")),
            ("yesterday", pacific, None),
            ("", pacific, None),
        ] {
            let raw = json!({ "SWLASTSCANDATE": text });
            let read = at(Row(&raw), "swlastscandate", zone);
            let expected = utc.map(|utc| DateTime::parse_from_rfc3339(utc).unwrap().to_utc());
            assert_eq!(read, expected, "{text}");
        }
        assert_eq!(at(Row(&json!({ "SWLASTSCANDATE": null })), "SWLASTSCANDATE", pacific), None);
    }
}
