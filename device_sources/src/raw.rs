//! What a source sends, read leniently: a field that is absent, null or of another type was not said.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

/// A record that cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unreadable {
    /// Which device, by the source's id, if that could be read.
    pub id: Option<String>,
    /// What is wrong, in a sentence.
    pub what: String,
}

/// The text at `pointer` (RFC 6901), trimmed; a number counts as text. `None` if there is none or it is empty.
pub(crate) fn text(raw: &Json, pointer: &str) -> Option<String> {
    let text = match raw.pointer(pointer)? {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The flag at `pointer`; also where it is written as a word (`true`, `Yes`, `1`).
pub(crate) fn flag(raw: &Json, pointer: &str) -> Option<bool> {
    match raw.pointer(pointer)? {
        Json::Bool(flag) => Some(*flag),
        Json::String(word) => match word.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" | "on" | "enabled" => Some(true),
            "false" | "no" | "0" | "off" | "disabled" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The time at `pointer`, in RFC 3339.
pub(crate) fn time(raw: &Json, pointer: &str) -> Option<DateTime<Utc>> {
    let text = raw.pointer(pointer)?.as_str()?;
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|at| at.with_timezone(&Utc))
}

/// The list at `pointer`; `None` if there is none, which is not the same as an empty one.
pub(crate) fn list<'a>(raw: &'a Json, pointer: &str) -> Option<&'a Vec<Json>> {
    raw.pointer(pointer)?.as_array()
}
