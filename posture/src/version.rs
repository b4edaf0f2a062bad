//! Versions as sources write them, read leniently.

use std::cmp::Ordering;
use std::fmt;

/// A version: numbers from the left to the right. Missing ones count as zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(Vec<u64>);

impl Version {
    /// The first version in `text`: `10.12.1 (16B2555)` is 10.12.1, `Windows 10.0.22631` is 10.0.22631. `None` if
    /// there is no number in it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let begin = text.find(|char: char| char.is_ascii_digit())?;
        let end = text[begin..]
            .find(|char: char| !char.is_ascii_digit() && char != '.')
            .map_or(text.len(), |length| begin + length);
        let parts = text[begin..end].split('.').take(8).take_while(|part| !part.is_empty());
        let parts: Option<Vec<u64>> = parts.map(|part| part.parse().ok()).collect();
        parts.filter(|parts| !parts.is_empty()).map(Self)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let longest = self.0.len().max(other.0.len());
        let at = |version: &Self, place: usize| version.0.get(place).copied().unwrap_or_default();
        (0..longest)
            .map(|place| at(self, place).cmp(&at(other, place)))
            .find(|order| order.is_ne())
            .or(Some(Ordering::Equal))
    }
}

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
            ("14.", Some("14")),
            ("", None),
            ("unknown", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(read(text).as_deref(), version, "{text}");
        }
        let less = |one, other| Version::read(one) < Version::read(other);
        assert!(less("14.6", "14.10") && less("9", "10.0.1") && !less("14.0", "14"));
    }
}
