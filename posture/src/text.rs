//! What came from outside and is shown to people.

use std::borrow::Cow;

/// `text` in one line of at most `most` characters, without what nobody sees or what turns the direction of writing.
pub(crate) fn tidy(text: &str, most: usize) -> Cow<'_, str> {
    let text = text.trim();
    if text.len() <= most && text.chars().all(is_plain) {
        return text.into();
    }
    let mut tidied: String =
        text.chars().filter(|char| is_plain(*char) || char.is_whitespace()).take(most + 1).collect();
    tidied = tidied.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = tidied.char_indices().nth(most) {
        tidied.truncate(end);
        tidied.push('…');
    }
    tidied.into()
}

/// No control character, none of Unicode's marks of direction, no byte order mark.
fn is_plain(char: char) -> bool {
    !char.is_control()
        && !matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_is_one_plain_short_line() {
        assert_eq!(tidy("Ana's MacBook", 20), "Ana's MacBook");
        assert_eq!(tidy(" a\n\tb\u{0}\u{202e}c ", 20), "a bc");
        assert_eq!(tidy("Ünïcödé 🎉", 20), "Ünïcödé 🎉");
        let long = tidy(&"🎉".repeat(1_000_000), 5).into_owned();
        assert_eq!(long, "🎉🎉🎉🎉🎉…");
    }
}
