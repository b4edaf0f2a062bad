//! What several sources write alike: addresses of people, ids, systems with their versions.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use hubcommander_posture::{Platform, Seen};
use serde_json::Value as Json;

use crate::raw;

/// An e-mail address as it is compared, if it is one that can be asked for: what would mean something in a
/// question (a space, a star, a quote) is in none.
pub(crate) fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let fine = |char: char| !char.is_whitespace() && !char.is_control() && !"*\"\\()<>,;:@".contains(char);
    let whole = !local.is_empty() && domain.contains(|char| char != '.');
    (whole && local.chars().all(fine) && domain.chars().all(fine)).then_some(text)
}

/// The ids that makers of boards left in all of them.
const SHARED_UUIDS: [&str; 2] =
    ["03000200-0400-0500-0006-000700080009", "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE"];

/// The id that management or the hardware gave, if it tells one device from another.
pub(crate) fn udid(text: Option<String>) -> Option<String> {
    let text = text?.to_uppercase();
    let mut digits = text.chars().filter(char::is_ascii_alphanumeric);
    let first = digits.next()?;
    (digits.any(|char| char != first) && !SHARED_UUIDS.contains(&text.as_str())).then_some(text)
}

/// The id of a radio: its digits, if they are as many as one has (14, with a check digit 15, with a version 16).
pub(crate) fn imei(text: Option<String>) -> Option<String> {
    let digits: String = text?.chars().filter(char::is_ascii_digit).collect();
    (14..=16)
        .contains(&digits.len())
        .then_some(digits)
        .filter(|digits| digits.bytes().any(|byte| byte != b'0'))
}

/// The same for CDMA.
pub(crate) fn meid(text: Option<String>) -> Option<String> {
    let text = text?.to_uppercase();
    let real = (14..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (real && text.bytes().any(|byte| byte != b'0')).then_some(text)
}

/// The name of a system and its version, of words such as `macOS 15.6.1`: the version begins with a digit.
pub(crate) fn system(words: &str) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = words.split_whitespace().collect();
    let digit = |word: &&str| word.starts_with(|char: char| char.is_ascii_digit());
    let at = words.iter().position(digit).unwrap_or(words.len());
    let name = words[..at].join(" ");
    ((!name.is_empty()).then_some(name), words.get(at).map(|word| (*word).to_owned()))
}

/// The family of a system, by its name in any of the sources.
pub(crate) fn platform(name: &str) -> Option<Platform> {
    let name = name.to_lowercase();
    let begins = |with: &[&str]| with.iter().any(|with| name.starts_with(with));
    if begins(&["mac", "os x", "darwin"]) {
        Some(Platform::MacOs)
    } else if begins(&["windows", "microsoft windows"]) {
        Some(Platform::Windows)
    } else if begins(&["ios", "ipados", "iphone", "ipad"]) {
        Some(Platform::Ios)
    } else if begins(&["android"]) {
        Some(Platform::Android)
    } else if begins(&["chrome"]) {
        Some(Platform::ChromeOS)
    } else if begins(&[
        "linux",
        "ubuntu",
        "debian",
        "fedora",
        "rhel",
        "centos",
        "arch",
        "pop",
        "linuxmint",
        "opensuse",
    ]) {
        Some(Platform::Ubuntu)
    } else {
        None
    }
}

/// The time at `pointer`, if it is one at which something happened: some write the beginning of their calendar
/// (0001, 1970, 2000) for never.
pub(crate) fn happened(raw: &Json, pointer: &str) -> Option<DateTime<Utc>> {
    raw::time(raw, pointer).filter(|at| at.year() > 2000)
}

/// What a flag says of a practice, where `good` is how it should be.
pub(crate) fn as_it_should(flag: Option<bool>, good: bool) -> Seen {
    match flag {
        Some(flag) if flag == good => Seen::Good,
        Some(_) => Seen::Bad,
        None => Seen::Unknown,
    }
}

/// The day of a security patch: a date, a time, or milliseconds since 1970.
pub(crate) fn patch_day(raw: &Json, pointer: &str) -> Option<NaiveDate> {
    let text = raw::text(raw, pointer)?;
    let day = if let Ok(day) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
        day
    } else if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
        at.date_naive()
    } else {
        DateTime::from_timestamp_millis(text.parse().ok()?)?.date_naive()
    };
    (day.year() > 2000).then_some(day)
}

/// What an old security patch means, if any age is too old: nothing is said of a younger one, since the system
/// itself may be old.
pub(crate) fn old_patch(
    day: NaiveDate,
    oldest_days: Option<u32>,
    now: Option<DateTime<Utc>>,
) -> Option<String> {
    let oldest = TimeDelta::days(i64::from(oldest_days?));
    (now?.date_naive() - day > oldest).then(|| format!("The newest security patch on it is of {day}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_asked_for() {
        for (text, read) in [
            (" Amy.O'Neil+x@Example.COM ", Some("amy.o'neil+x@example.com")),
            ("", None),
            ("amy", None),
            ("@example.com", None),
            ("amy@", None),
            ("amy@.", None),
            ("*@example.com", None),
            ("amy@example.com email:eve@example.com", None),
            ("a\"b@example.com", None),
            ("a@b@c", None),
        ] {
            assert_eq!(email(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn a_system_is_told_from_its_version() {
        for (words, name, version) in [
            ("Android 15", Some("Android"), Some("15")),
            ("Android", Some("Android"), None),
            ("iOS 17.5.1", Some("iOS"), Some("17.5.1")),
            ("Ubuntu 24.04.1 LTS", Some("Ubuntu"), Some("24.04.1")),
            ("15", None, Some("15")),
            ("", None, None),
        ] {
            assert_eq!(system(words), (name.map(str::to_owned), version.map(str::to_owned)), "{words}");
        }
    }

    #[test]
    fn what_identifies_nothing_is_no_id() {
        let some = |text: &str| Some(text.to_owned());
        for nothing in ["", "00000000-0000-0000-0000-000000000000", SHARED_UUIDS[0], "ffffffff-ffff"] {
            assert_eq!(udid(some(nothing)), None, "{nothing}");
        }
        assert_eq!(udid(some("1b2c-00")), some("1B2C-00"));
        assert_eq!(imei(some("35 209900-176148 1")), some("352099001761481"));
        assert_eq!(imei(some("000000000000000")), None);
        assert_eq!(imei(some("12345")), None);
        assert_eq!(meid(some("a0000000002329")), some("A0000000002329"));
    }

    #[test]
    fn a_patch_has_a_day_however_it_is_written() {
        for written in ["2026-10-05", "2026-10-05T00:00:00Z", "1791158400000"] {
            let day = patch_day(&serde_json::json!({ "at": written }), "/at");
            assert_eq!(day, NaiveDate::from_ymd_opt(2026, 10, 5), "{written}");
        }
        assert_eq!(patch_day(&serde_json::json!({ "at": "0" }), "/at"), None);
    }
}
