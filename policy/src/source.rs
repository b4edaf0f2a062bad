//! The text of the policies, and what is wrong with it: where, what, and the cure.

use std::fmt;
use std::ops::Range;

/// A file with policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What people know it as: its path.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Both files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Who may do what.
    pub policy: Source,
    /// What it takes.
    pub obligations: Source,
}

/// The policies as they ship.
pub const SHIPPED_POLICY: &str = include_str!("../../policy.cedar");
/// The obligations as they ship.
pub const SHIPPED_OBLIGATIONS: &str = include_str!("../../obligations.cedar");

/// What the files that ship are called where no others are named.
const SHIPPED_NAMES: (&str, &str) = ("policy.cedar (as it ships)", "obligations.cedar (as it ships)");

impl Source {
    /// A text under this name.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The policies as they ship.
    #[must_use]
    pub fn shipped_policy() -> Self {
        Self::new(SHIPPED_NAMES.0, SHIPPED_POLICY)
    }

    /// The obligations as they ship.
    #[must_use]
    pub fn shipped_obligations() -> Self {
        Self::new(SHIPPED_NAMES.1, SHIPPED_OBLIGATIONS)
    }

    /// Where these bytes are.
    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        let text = self.text.as_str();
        let start = floor(text, span.start);
        let end = floor(text, span.end.max(start));
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let stop = end.min(line_start + line.len());
        Place {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            width: text.get(start..stop).map_or(0, |meant| meant.chars().count()).max(1),
            text: line.to_owned(),
        }
    }

    /// Something wrong with what stands at these bytes.
    pub(crate) fn fault(
        &self,
        span: Option<&Range<usize>>,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) -> Fault {
        Fault {
            file: self.name.clone(),
            place: span.map(|span| self.place(span)),
            what: what.into(),
            cure: cure.into(),
        }
    }
}

impl Sources {
    /// Both as they ship.
    #[must_use]
    pub fn shipped() -> Self {
        Self { policy: Source::shipped_policy(), obligations: Source::shipped_obligations() }
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant, at least 1.
    pub width: usize,
    /// The line.
    pub text: String,
}

/// What is wrong with the policies. The bot does not start with any of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Fault {
    /// The file it is in.
    pub file: String,
    /// Where in it; `None` if it is about no one place.
    pub place: Option<Place>,
    /// One sentence on what is wrong.
    pub what: String,
    /// One sentence on what to do.
    pub cure: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => {
                writeln!(f, "{}:{}:{}: {}", self.file, place.line, place.column, self.what)?;
                let number = place.line.to_string();
                writeln!(f, "  {number} | {}", place.text)?;
                let (pad, left) = (number.len(), place.column - 1);
                writeln!(f, "  {:pad$} | {:left$}{}", "", "", "^".repeat(place.width))?;
            }
            None => writeln!(f, "{}: {}", self.file, self.what)?,
        }
        write!(f, "  cure: {}", self.cure)
    }
}

/// The nearest place at or before `index` where a character begins.
fn floor(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_points_at_its_characters() {
        let source = Source::new("policy.cedar", "é\n  permit(x);\n");
        let at = source.text.find('x').unwrap();
        let fault = source.fault(Some(&(at..at + 1)), "An x.", "Remove it.");
        assert_eq!(
            fault.to_string(),
            "policy.cedar:2:10: An x.\n  2 |   permit(x);\n    |          ^\n  cure: Remove it."
        );
        assert_eq!(source.place(&(usize::MAX..usize::MAX)).line, 3);
    }
}
