//! How long ago something was, as people say it.

use hubcommander_sdk::clock::Instant;

/// "3 days": the largest unit of which there are at least two, so that it is never far off.
pub(crate) fn age(since: Instant, now: Instant) -> String {
    let minutes = (now - since).num_minutes().max(0);
    for (unit, length) in [("year", 525_600), ("month", 43_800), ("day", 1_440), ("hour", 60)] {
        let many = minutes / length;
        if many >= 2 {
            return format!("{many} {unit}s");
        }
    }
    match minutes {
        0 => "just now".to_owned(),
        1 => "1 minute".to_owned(),
        _ => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_as_people_say_them() {
        let at = |minutes: i64| {
            let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            age(now - chrono::TimeDelta::minutes(minutes), now)
        };
        for (minutes, said) in [
            (-5, "just now"),
            (1, "1 minute"),
            (90, "90 minutes"),
            (120, "2 hours"),
            (2_879, "47 hours"),
            (2_880, "2 days"),
            (100_000, "2 months"),
            (2_000_000, "3 years"),
        ] {
            assert_eq!(at(minutes), said);
        }
    }
}
