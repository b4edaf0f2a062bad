//! Numbers, times and states, as people say them.

use chrono::TimeDelta;
use hubcommander_posture::{Instant, Platform, Rating, Status};

/// How something stands: an icon, a word and a colour, never the colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Critical,
    Suggested,
    Done,
    Unknown,
}

impl Mark {
    /// The class in the stylesheet, and the icon's name.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Critical => "warn",
            Self::Suggested => "nudge",
            Self::Done => "ok",
            Self::Unknown => "unknown",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::Suggested => "Suggested",
            Self::Done => "Fine",
            Self::Unknown => "Cannot tell",
        }
    }

    /// `None` for what does not exist on the device, which is not shown.
    pub(crate) fn of(status: Status) -> Option<Self> {
        match status {
            Status::Ok => Some(Self::Done),
            Status::Nudge => Some(Self::Suggested),
            Status::Warn => Some(Self::Critical),
            Status::Unknown => Some(Self::Unknown),
            Status::Na => None,
        }
    }
}

impl From<Rating> for Mark {
    fn from(rating: Rating) -> Self {
        match rating {
            Rating::Ok => Self::Done,
            Rating::Unknown => Self::Unknown,
            Rating::Nudge => Self::Suggested,
            Rating::Warn => Self::Critical,
        }
    }
}

/// A time: in words, and exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// "2 hours ago".
    pub(crate) words: String,
    /// For machines: RFC 3339.
    pub(crate) exact: String,
    /// For people who want to know: "Tue 3 Mar 2026, 14:00 UTC".
    pub(crate) long: String,
}

/// A time that has been or is to come, seen from now.
pub(crate) fn when(at: Instant, now: Instant) -> When {
    When {
        words: ago(at, now),
        exact: at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        long: at.format("%a %-d %b %Y, %H:%M UTC").to_string(),
    }
}

/// "9 minutes ago", "in 2 hours", "on 3 Mar 2026".
pub(crate) fn ago(at: Instant, now: Instant) -> String {
    let past = now - at;
    let size = if past < TimeDelta::zero() { -past } else { past };
    let words = match size {
        size if size < TimeDelta::minutes(2) => {
            return if past < TimeDelta::zero() { "in a minute" } else { "just now" }.to_owned();
        }
        size if size < TimeDelta::hours(2) => format!("{} minutes", size.num_minutes()),
        size if size < TimeDelta::days(2) => format!("{} hours", size.num_hours()),
        size if size < TimeDelta::days(60) => format!("{} days", size.num_days()),
        _ => return format!("on {}", day(at.date_naive())),
    };
    if past < TimeDelta::zero() { format!("in {words}") } else { format!("{words} ago") }
}

/// "3 Mar 2026".
pub(crate) fn day(day: chrono::NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// "one", "two", ... "nine", "10".
pub(crate) fn number(count: usize) -> String {
    const WORDS: [&str; 10] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// "one thing", "two things".
pub(crate) fn count(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// "about 2 minutes".
pub(crate) fn minutes(minutes: u32) -> String {
    match minutes {
        0 => "about a minute".to_owned(),
        1 => "about 1 minute".to_owned(),
        minutes if minutes < 90 => format!("about {minutes} minutes"),
        minutes => format!("about {} hours", minutes.div_ceil(60)),
    }
}

/// "Jamf", "Jamf and Google", "Jamf, Google and Okta".
pub(crate) fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What a platform is called.
pub(crate) fn of_platform(platform: Option<Platform>) -> &'static str {
    match platform {
        Some(Platform::MacOs) => "macOS",
        Some(Platform::Windows) => "Windows",
        Some(Platform::Ubuntu) => "Linux",
        Some(Platform::Ios) => "iOS",
        Some(Platform::Android) => "Android",
        Some(Platform::ChromeOS) => "ChromeOS",
        None => "Unknown system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let now: Instant = "2026-03-03T12:00:00Z".parse().unwrap();
        for (seconds, words) in [
            (0, "just now"),
            (119, "just now"),
            (540, "9 minutes ago"),
            (7200, "2 hours ago"),
            (-7200, "in 2 hours"),
            (-60, "in a minute"),
            (3 * 86400, "3 days ago"),
            (90 * 86400, "on 3 Dec 2025"),
        ] {
            assert_eq!(ago(now - TimeDelta::seconds(seconds), now), words);
        }
    }

    #[test]
    fn lists_and_numbers_are_words() {
        assert_eq!(and(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(count(1, "thing", "things"), "one thing");
        assert_eq!(count(12, "thing", "things"), "12 things");
        assert_eq!(minutes(2), "about 2 minutes");
        assert_eq!(minutes(100), "about 2 hours");
    }
}
