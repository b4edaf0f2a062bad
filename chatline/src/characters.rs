//! What single characters stand for that keyboards, editors and Slack's own copying put in.

/// What becomes of a character of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It is kept.
    Itself,
    /// It means another one.
    Means(char),
    /// It cannot be seen, and goes.
    Nothing,
    /// It joins letters in some scripts (Persian, Hindi, ...) and is noise elsewhere.
    Joiner,
}

/// What a character means.
pub(crate) fn meaning(c: char) -> Meaning {
    use Meaning::{Itself, Joiner, Means, Nothing};
    match c {
        ' '..='~' | '\n' => Itself,
        '\t' | '\u{0B}' | '\u{0C}' => Means(' '),
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Means('\n'),
        // Fixed-width spaces. U+00A0 comes with text copied from Slack and beside links.
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Means(' '),
        '\u{201C}'..='\u{201F}' => Means('"'),
        '\u{2018}'..='\u{201B}' => Means('\''),
        // HYPHEN and NON-BREAKING HYPHEN, from typeset text.
        '\u{2010}' | '\u{2011}' => Means('-'),
        '\u{200C}' | '\u{200D}' => Joiner,
        c if is_invisible(c) || crate::mention::is_reserved(c) => Nothing,
        _ => Itself,
    }
}

/// Characters without a shape of their own: zero widths, direction marks (with which a text can show
/// something else than it says), tags.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// A dash that is longer than a hyphen: what keyboards make of `-` and `--`.
pub(crate) fn is_long_dash(c: char) -> bool {
    matches!(c, '\u{2012}'..='\u{2015}' | '\u{2212}')
}

/// Whether a joiner between these two belongs to a word of a script that needs it.
pub(crate) fn joins(before: Option<char>, after: Option<char>) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && c.is_alphabetic());
    letter(before) && letter(after)
}
