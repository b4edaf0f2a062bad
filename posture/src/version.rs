//! Versions as sources write them, read leniently. What cannot be read tells nothing.

use std::cmp::Ordering;
use std::fmt;

use crate::record::Platform;

/// No version is written in more bytes.
const LONGEST: usize = 200;

/// A version: numbers from the left to the right. Missing ones count as zero.
#[derive(Clone, Debug)]
pub struct Version(Vec<u64>);

impl Version {
    /// The first version in `text`: `10.12.1 (16B2555)` is 10.12.1, `Windows 10.0.22631` is 10.0.22631. `None` if
    /// there is none in it: a number with letters behind it, as in `16B2555`, is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        words(text).find_map(Self::word)
    }

    fn word(word: &str) -> Option<Self> {
        let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
        let number =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        let parts: Vec<u64> = word.split('.').map_while(number).take(8).collect();
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// Whether this is `least` or newer. `None` if it says too little: whether `15` is at least 15.6 nobody can tell.
    #[must_use]
    pub fn is_at_least(&self, least: &Self) -> Option<bool> {
        let (has, wanted) = (self.0.as_slice(), least.0.as_slice());
        let both = has.iter().zip(wanted).map(|(has, wanted)| has.cmp(wanted)).find(|order| order.is_ne());
        match both {
            Some(order) => Some(order.is_gt()),
            None if wanted.iter().skip(has.len()).any(|part| *part > 0) => None,
            None => Some(true),
        }
    }

    /// The version of a system of this family, as `os_version` or else `os` says it. What is a version of something
    /// else (Windows 11 as the name of a product, the kernel of Linux, the build of ChromeOS) is none.
    #[must_use]
    pub fn of_system(platform: Platform, os: Option<&str>, os_version: Option<&str>) -> Option<Self> {
        let os = os.unwrap_or_default();
        let texts = [os_version.unwrap_or_default(), os];
        let named = |name: &str| texts.iter().any(|text| has(text, name));
        let read = |fits: fn(&[u64]) -> bool| {
            let found = texts.iter().find_map(|text| Self::read(text));
            found.filter(|version| fits(&version.0))
        };
        match platform {
            Platform::MacOs | Platform::Ios | Platform::Android => read(|parts| parts[0] < 1_000),
            // Platform builds such as 16093.103.0 are not what people know as the version.
            Platform::ChromeOS => read(|parts| parts[0] < 1_000),
            Platform::Ubuntu if os.trim().is_empty() || named("ubuntu") => {
                read(|parts| parts.len() > 1 && parts[0] < 100 && matches!(parts[1], 4 | 10))
            }
            Platform::Ubuntu => None,
            Platform::Windows if named("server") => None,
            Platform::Windows => texts.iter().find_map(|text| Self::of_windows(text, &texts)),
        }
    }

    /// 10.0.BUILD, also where only the build or the half of a year is written.
    fn of_windows(text: &str, texts: &[&str]) -> Option<Self> {
        let eleven = texts.iter().any(|text| words(text).any(|word| word == "11"));
        words(text).find_map(|word| {
            let half = match word.to_ascii_uppercase().as_str() {
                "22H2" if eleven => Some(22_621),
                "23H2" => Some(22_631),
                "24H2" => Some(26_100),
                "25H2" => Some(26_200),
                _ => None,
            };
            if let Some(build) = half {
                return Some(Self(vec![10, 0, build]));
            }
            let Self(mut parts) = Self::word(word)?;
            match parts.as_slice() {
                [10, 0, _, ..] | [6, _, _, ..] => Some(Self(parts)),
                [7_600..=99_999, ..] => {
                    parts.splice(0..0, [10, 0]);
                    Some(Self(parts))
                }
                _ => None,
            }
        })
    }
}

/// The words of a text that begin like a version.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let text = if text.len() <= LONGEST { text } else { "" };
    let begins = |word: &&str| {
        word.trim_start_matches(['v', 'V']).bytes().next().is_some_and(|byte| byte.is_ascii_digit())
    };
    let parts = |char: char| !(char.is_alphanumeric() || char == '.');
    // "16B2555": letters behind the first number make it something else, unless it is the half of a year.
    let plain = |word: &&str| {
        let first = word.trim_start_matches(['v', 'V']).split('.').next().unwrap_or_default();
        let half = first.len() == 4 && first.as_bytes()[2].eq_ignore_ascii_case(&b'H');
        half || first.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split(parts).filter(begins).filter(plain)
}

fn has(text: &str, name: &str) -> bool {
    text.len() <= LONGEST && text.to_ascii_lowercase().contains(name)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.0.len().max(other.0.len());
        let at = |version: &Self, place: usize| version.0.get(place).copied().unwrap_or_default();
        (0..longest)
            .map(|place| at(self, place).cmp(&at(other, place)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sources_write_is_read() {
        let read = |text| Version::read(text).map(|version| version.to_string());
        for (text, version) in [
            ("10.12.1 (16B2555)", Some("10.12.1")),
            ("15.6.1", Some("15.6.1")),
            ("Windows 10.0.22631", Some("10.0.22631")),
            ("macOS 14", Some("14")),
            ("v7.10", Some("7.10")),
            ("14.", Some("14")),
            ("16B2555", None),
            ("", None),
            ("unknown", None),
            ("١٤.٢", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(read(text).as_deref(), version, "{text}");
        }
        assert_eq!(Version::read(&"1.".repeat(1_000_000)), None);
        let less = |one, other| Version::read(one) < Version::read(other);
        assert!(less("14.6", "14.10") && less("9", "10.0.1") && !less("14.0", "14"));
        assert_eq!(Version::read("14.0"), Version::read("14"));
    }

    #[test]
    fn what_says_too_little_tells_nothing() {
        let at_least = |has, least| Version::read(has).unwrap().is_at_least(&Version::read(least).unwrap());
        assert_eq!(at_least("15", "15.6"), None);
        assert_eq!(at_least("15", "15.0"), Some(true));
        assert_eq!(at_least("15", "14.7"), Some(true));
        assert_eq!(at_least("14", "15.6"), Some(false));
        assert_eq!(at_least("15.6.1", "15.6"), Some(true));
        assert_eq!(at_least("10.0", "10.0.26100"), None);
    }

    #[test]
    fn a_system_is_known_by_its_own_numbers() {
        let read = |platform, os, version| {
            Version::of_system(platform, os, version).map(|version| version.to_string())
        };
        for (platform, os, version, expected) in [
            (Platform::MacOs, Some("macOS"), Some("15.6.1"), Some("15.6.1")),
            (Platform::MacOs, Some("macOS 15.6"), None, Some("15.6")),
            (Platform::Android, None, Some("Android 14"), Some("14")),
            (Platform::Windows, Some("Windows 11 Pro"), Some("10.0.22631.3007"), Some("10.0.22631.3007")),
            (Platform::Windows, None, Some("Windows 11 Pro 24H2"), Some("10.0.26100")),
            (Platform::Windows, None, Some("Windows 11 Pro 23H2 10.0.22631"), Some("10.0.22631")),
            (Platform::Windows, None, Some("22631"), Some("10.0.22631")),
            (Platform::Windows, Some("Windows 11 Enterprise"), Some("11"), None),
            (Platform::Windows, Some("Windows Server 2022"), Some("10.0.20348"), None),
            (Platform::Windows, None, Some("10.0"), Some("")),
            (Platform::Ubuntu, Some("Ubuntu"), Some("24.04.1 LTS"), Some("24.4.1")),
            (Platform::Ubuntu, None, Some("22.04"), Some("22.4")),
            (Platform::Ubuntu, Some("Fedora Linux"), Some("41"), None),
            (Platform::Ubuntu, None, Some("6.8.0-45-generic"), None),
            (Platform::ChromeOS, None, Some("131.0.6778.96"), Some("131.0.6778.96")),
            (Platform::ChromeOS, None, Some("16093.103.0"), None),
            (Platform::Ios, None, None, None),
        ] {
            let expected = expected.filter(|expected| !expected.is_empty());
            assert_eq!(read(platform, os, version).as_deref(), expected, "{platform:?} {os:?} {version:?}");
        }
    }
}
