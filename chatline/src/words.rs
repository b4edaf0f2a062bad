//! From a line to its words.

use thiserror::Error;

use crate::quotes::{Role, Roles};

/// The longest command that is read, in characters. A person does not type more, and Slack itself advises
/// no more for a message.
pub const LONGEST_LINE: usize = 4_000;

/// Why a line has no words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WordsError {
    /// A quote is opened and never closed.
    #[error("the quote {quote} at character {at} is not closed")]
    Unclosed {
        /// The quote, `"` or `'`.
        quote: char,
        /// How many characters of the line stand before it.
        at: usize,
    },
    /// It is longer than is read.
    #[error("{length} characters are more than {limit}")]
    TooLong {
        /// Its length in characters.
        length: usize,
        /// The most that is read, [`LONGEST_LINE`].
        limit: usize,
    },
}

/// The words of a normalised line.
///
/// * Words are parted by spaces.
/// * `"..."` makes one word of several, or a word of nothing. It may stand anywhere in a word.
/// * `'...'` does so too, but only opens at the beginning of a word or after a `=`, and only closes at the
///   end of a word. Anywhere else it is an apostrophe: `don't`, `the teams' repo`, `'it's ok'`.
/// * A backslash is a backslash, as in `C:\temp`, unless a `"` follows: `\"` is a quote that means itself,
///   and before that or before a closing quote `\\` is one backslash. These are the rules of Windows' own
///   command lines.
/// * A `#` begins no comment, and no character but these is special.
///
/// A command is the first line of a message. A quote may go on over the next lines; and lines that begin
/// with an option (`--name`) go on with the command. What comes after that is talk and is left out.
///
/// # Errors
/// A quote is not closed, or what belongs to the command is longer than [`LONGEST_LINE`].
pub fn words(line: &str) -> Result<Vec<String>, WordsError> {
    Words::new(line).map(|word| word.map(|word| word.text)).collect()
}

/// A word, and whether it can be an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Whether its beginning was not quoted: only such a word can be an option.
    pub(crate) bare: bool,
}

/// The words of a line, one after the other. After an error there are no more.
#[derive(Clone, Debug)]
pub(crate) struct Words<'a> {
    line: &'a str,
    roles: Roles<'a>,
    /// Characters read.
    length: usize,
    /// The byte up to which lines are known to belong to the command.
    joined: usize,
    over: bool,
}

impl<'a> Words<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self { line, roles: Roles::new(line), length: 0, joined: 0, over: false }
    }

    /// The byte where what comes next begins, on this line or a later one.
    pub(crate) fn ahead(&self) -> usize {
        let rest = &self.line[self.roles.at()..];
        self.line.len() - rest.trim_start().len()
    }

    /// Whether the lines after a line break go on with the command: the next that is not empty begins with
    /// an option.
    fn goes_on(&mut self) -> bool {
        // Of many empty lines only the first looks ahead.
        if self.roles.at() > self.joined {
            let ahead = self.ahead();
            let name = self.line[ahead..].strip_prefix("--");
            if name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())) {
                self.joined = ahead;
            }
        }
        self.roles.at() <= self.joined
    }

    fn step(&mut self) -> Result<Option<Role>, WordsError> {
        let from = self.roles.at();
        let role = self.roles.next();
        self.length += self.line[from..self.roles.at()].chars().count();
        if self.length > LONGEST_LINE {
            return Err(too_long(self.line));
        }
        Ok(role)
    }

    fn word(&mut self) -> Result<Option<Word>, WordsError> {
        let mut word: Option<Word> = None;
        while let Some(role) = self.step()? {
            let begun = word.is_some();
            match role {
                Role::Bare('\n') if !self.goes_on() => {
                    self.over = true;
                    return Ok(word);
                }
                Role::Bare(c) if c.is_whitespace() => {
                    if begun {
                        return Ok(word);
                    }
                }
                Role::Open(_) | Role::Close => {
                    word.get_or_insert_with(|| Word { text: String::new(), bare: false });
                }
                Role::Bare(c) | Role::Quoted(c) => {
                    let bare = matches!(role, Role::Bare(_));
                    word.get_or_insert_with(|| Word { text: String::new(), bare }).text.push(c);
                }
            }
        }
        self.over = true;
        match self.roles.open() {
            Some((quote, at)) => Err(WordsError::Unclosed { quote, at: self.line[..at].chars().count() }),
            None => Ok(word),
        }
    }
}

impl Iterator for Words<'_> {
    type Item = Result<Word, WordsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let word = self.word();
        if word.is_err() {
            self.over = true;
        }
        word.transpose()
    }
}

pub(crate) fn too_long(line: &str) -> WordsError {
    WordsError::TooLong { length: line.chars().count(), limit: LONGEST_LINE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        words(line).unwrap()
    }

    #[test]
    fn quotes_join_words_and_spaces_part_them() {
        assert_eq!(split("  acme   widgets "), ["acme", "widgets"]);
        assert_eq!(
            split(r#"--description "The widgets" --x="a b"c ''"#),
            ["--description", "The widgets", "--x=a bc", ""]
        );
        assert_eq!(split(r#""a "b" c""#), ["a b c"]);
        assert_eq!(split("#general # x"), ["#general", "#", "x"]);
        assert_eq!(split(""), [""; 0]);
    }

    #[test]
    fn an_apostrophe_is_no_quote() {
        assert_eq!(split("don't stop"), ["don't", "stop"]);
        assert_eq!(split("the teams' repo"), ["the", "teams'", "repo"]);
        assert_eq!(split("'it's ok' --x='a b'"), ["it's ok", "--x=a b"]);
        assert_eq!(split("\"it's\" rock 'n' roll"), ["it's", "rock", "n", "roll"]);
    }

    #[test]
    fn a_backslash_is_one() {
        assert_eq!(
            split(r"C:\temp\new \\server\share a\ b"),
            [r"C:\temp\new", r"\\server\share", r"a\", "b"]
        );
        assert_eq!(split(r#""C:\temp\\" x"#), [r"C:\temp\", "x"]);
        assert_eq!(split(r#""say \"hi\"" \"x 'C:\'"#), ["say \"hi\"", "\"x", r"C:\"]);
        assert_eq!(split(r#""a\\\"b" '\"'"#), [r#"a\"b"#, r#"\""#]);
    }

    #[test]
    fn an_unclosed_quote_is_named_and_placed() {
        let unclosed = |quote, at| Err(WordsError::Unclosed { quote, at });
        assert_eq!(words("acmé \"The widgets"), unclosed('"', 5));
        assert_eq!(words("acme 'The widgets' don't 'x"), unclosed('\'', 25));
        assert_eq!(words(r#"acme "C:\""#), unclosed('"', 5));
        assert_eq!(words("a\"b").unwrap_err().to_string(), "the quote \" at character 1 is not closed");
    }

    #[test]
    fn the_command_is_the_first_line() {
        assert_eq!(split("acme widgets\nthanks \"everyone"), ["acme", "widgets"]);
        assert_eq!(
            split("acme widgets\n\n --dry-run\n--x 1\nthanks\n--y"),
            ["acme", "widgets", "--dry-run", "--x", "1"]
        );
        assert_eq!(split("acme \"two\nlines\" x\n-- Ana"), ["acme", "two\nlines", "x"]);
        assert_eq!(split("\nacme"), [""; 0]);
    }

    #[test]
    fn a_line_can_be_too_long_but_talk_after_it_cannot() {
        assert_eq!(split(&"a".repeat(4_000)).len(), 1);
        let long = format!("é{}", "a".repeat(4_000));
        assert_eq!(words(&long), Err(WordsError::TooLong { length: 4_001, limit: 4_000 }));
        assert_eq!(words(&r"\".repeat(4_001)), Err(WordsError::TooLong { length: 4_001, limit: 4_000 }));
        assert_eq!(split(&format!("acme\n{long}")), ["acme"]);
    }
}
