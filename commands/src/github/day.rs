//! Days as people say them.

use chrono::{FixedOffset, TimeDelta};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::command::Request;

/// The day of `at` where the person who asks is: "today", "yesterday", "14 Oct 2025".
pub(crate) fn day(at: Instant, request: &Request) -> String {
    on(at, request.at, request.person.tz_offset.unwrap_or_default())
}

fn on(at: Instant, now: Instant, tz_offset: i32) -> String {
    let day = |at: Instant| match FixedOffset::east_opt(tz_offset) {
        Some(zone) => at.with_timezone(&zone).date_naive(),
        None => at.date_naive(),
    };
    let (then, today) = (day(at), day(now));
    if then == today {
        return "today".to_owned();
    }
    if then + TimeDelta::days(1) == today {
        return "yesterday".to_owned();
    }
    then.format("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_where_the_person_is() {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let now = at("2026-03-01T22:30:00Z");
        for (then, tz_offset, said) in [
            ("2026-03-01T00:10:00Z", 0, "today"),
            ("2026-02-28T23:50:00Z", 0, "yesterday"),
            ("2026-02-28T23:50:00Z", 3_600, "today"),
            ("2026-03-01T22:10:00Z", 7_200, "today"),
            ("2026-03-01T21:10:00Z", 7_200, "yesterday"),
            ("2025-10-14T12:00:00Z", 0, "14 Oct 2025"),
            ("2025-10-14T12:00:00Z", 900_000, "14 Oct 2025"),
        ] {
            assert_eq!(on(at(then), now, tz_offset), said, "{then} {tz_offset}");
        }
    }
}
