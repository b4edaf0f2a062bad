//! What is announced outside: `HASH@POSITION`, the head of the chain after so many entries.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;

/// The head of a chain. Written as `HASH@POSITION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Stands for all entries up to the position.
    pub hash: Hash,
    /// How many entries it stands for.
    pub position: u64,
}

/// Not `HASH@POSITION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is written as HASH@POSITION: 64 hexadecimal digits, @, and a number")]
pub struct NoHead;

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.hash, self.position)
    }
}

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (hash, position) = text.split_once('@').ok_or(NoHead)?;
        let digits = !position.is_empty() && position.bytes().all(|byte| byte.is_ascii_digit());
        match (hash.parse(), position.parse()) {
            (Ok(hash), Ok(position)) if digits => Ok(Self { hash, position }),
            _ => Err(NoHead),
        }
    }
}

/// All heads in a text, wherever they stand in it: an announcement file, lines of a log, what was copied from a chat.
#[must_use]
pub fn heads(text: &str) -> Vec<Head> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '@'));
    words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_wherever_they_stand() {
        let head = Head { hash: Hash([0xab; 32]), position: 1201 };
        let shown = head.to_string();
        assert_eq!(shown.parse(), Ok(head));
        let text = format!("<13>1 2026 host hub: \"head {shown}\", seal 7\n`{shown}`.\nabc@1 @2 x\n");
        assert_eq!(heads(&text), [head, head]);
        for wrong in
            ["", "@", "ab@1", &shown[1..], &shown[..64], &format!("{shown}x"), &format!("{}@+1", head.hash)]
        {
            assert_eq!(wrong.parse::<Head>(), Err(NoHead), "{wrong}");
        }
    }
}
