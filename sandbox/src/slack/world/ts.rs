//! Slack's time stamps, which are also the ids of messages.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A message's id within its conversation: microseconds since 1970, written as `seconds.micros`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ts(u64);

impl Ts {
    /// From microseconds since 1970.
    pub fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// It is not written as `seconds.micros`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time stamp of Slack's")]
pub struct NotATs;

impl FromStr for Ts {
    type Err = NotATs;

    fn from_str(text: &str) -> Result<Self, NotATs> {
        let (seconds, micros) = text.split_once('.').ok_or(NotATs)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(seconds) || !digits(micros) || micros.len() != 6 || seconds.len() > 12 {
            return Err(NotATs);
        }
        let seconds: u64 = seconds.parse().map_err(|_| NotATs)?;
        let micros: u64 = micros.parse().map_err(|_| NotATs)?;
        Ok(Self(seconds * 1_000_000 + micros))
    }
}

impl Serialize for Ts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let ts = Ts::from_micros(1_700_000_000_000_042);
        assert_eq!(ts.to_string(), "1700000000.000042");
        assert_eq!("1700000000.000042".parse(), Ok(ts));
        for wrong in ["", "1", "1.", ".1", "1.42", "1.00004x", "-1.000042", "99999999999999.000000"] {
            assert_eq!(wrong.parse::<Ts>(), Err(NotATs), "{wrong}");
        }
    }
}
