//! Mentions of people, in a form that nobody can type.
//!
//! Slack sends a mention as `<@U123>`, and the same characters typed by a person as `&lt;@U123&gt;`. Once
//! entities are unescaped the two would look alike, so a true mention is kept between two Unicode
//! noncharacters, which are meant for a program's own use and are taken out of all text that comes in.

/// Stands before the id of a mentioned person.
pub(crate) const OPEN: char = '\u{FDD0}';
/// Stands after it.
pub(crate) const CLOSE: char = '\u{FDD1}';

/// Whether `id` can be the id of a Slack user: `U` or `W`, then upper-case letters and digits.
pub(crate) fn is_user_id(id: &str) -> bool {
    id.len() > 1
        && id.len() <= 32
        && id.starts_with(['U', 'W'])
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether the character is kept for this crate's own use and never let in from outside: one of the
/// noncharacters U+FDD0 to U+FDEF.
pub(crate) fn is_reserved(c: char) -> bool {
    ('\u{FDD0}'..='\u{FDEF}').contains(&c)
}

/// The mention of a person by Slack id, as [`normalize`](crate::normalize) writes it; for lines that a
/// program makes, such as one from a form. `None` if `user_id` is not the id of a Slack user.
#[must_use]
pub fn mention(user_id: &str) -> Option<String> {
    is_user_id(user_id).then(|| format!("{OPEN}{user_id}{CLOSE}"))
}

/// The Slack id of the person, if the word is a mention and nothing else.
#[must_use]
pub fn mentioned(word: &str) -> Option<&str> {
    word.strip_prefix(OPEN)?.strip_suffix(CLOSE).filter(|id| is_user_id(id))
}

/// The text with each mention as `@U123`: for showing, logging and storing what was typed.
#[must_use]
pub fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            OPEN => out.push('@'),
            c if is_reserved(c) => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_made_of_a_user_id_and_read_back() {
        let word = mention("U0ANA").unwrap();
        assert_eq!(mentioned(&word), Some("U0ANA"));
        assert_eq!(readable(&format!("ask {word} please")), "ask @U0ANA please");
        assert_eq!(mention("C0DEV"), None);
        assert_eq!(mention("U"), None);
        assert_eq!(mention("U0<!here>"), None);
    }

    #[test]
    fn what_looks_like_a_mention_is_none() {
        for word in
            ["<@U0ANA>", "@U0ANA", "U0ANA", "\u{FDD0}U0ANA", "\u{FDD0}u0ana\u{FDD1}", "\u{FDD0}\u{FDD1}"]
        {
            assert_eq!(mentioned(word), None, "{word:?}");
        }
    }
}
