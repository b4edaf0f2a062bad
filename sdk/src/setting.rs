//! A command's own keys in config.toml, as data: so that a wrong value is told with its place and cure, like
//! any other, before the command is made.

use serde::{Deserialize, Deserializer, Serialize};

/// A length of time as it is written in config.toml: `"12h"`, `"14d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Length {
    /// In seconds.
    pub seconds: i64,
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let seconds = chatline::duration_in_seconds(&text).map_err(serde::de::Error::custom)?;
        Ok(Self { seconds })
    }
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Number(i64, i64),
    /// Words in quotes.
    Text,
    /// A list of words in quotes.
    Texts,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A length of time: `"14d"`. [`Length`] reads it.
    Length,
    /// A list of one or more of these words.
    Choices(&'static [&'static str]),
}

/// A key that a command reads from its section of config.toml. It may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// What its value must look like.
    pub kind: SettingKind,
    /// What counts if it is left out, as it would be written in the file; empty if nothing does.
    pub default: &'static str,
    /// A value as it would be written, for cures.
    pub example: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
}
