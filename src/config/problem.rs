//! What is wrong with config.toml: where, what, and the cure. Never with a secret in it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::redact;

/// How much of a long line is shown, in characters.
const SHOWN: usize = 100;

/// Something that is wrong, with where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the file; `None` if it is about the file as a whole.
    pub place: Option<Place>,
    /// One sentence on what is wrong.
    pub what: String,
    /// One sentence on what to do.
    pub cure: String,
}

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// How many characters of the line are meant, at least 1.
    pub width: usize,
    /// The line, with secrets blotted out.
    pub text: String,
}

/// All that is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The file.
    pub file: PathBuf,
    /// In the order of the file.
    pub list: Vec<Problem>,
}

/// Gathers problems while a file is read.
#[derive(Debug)]
pub(super) struct Collector<'t> {
    source: &'t str,
    /// What looks like a secret in the whole of it; a private key takes many lines.
    hidden: Vec<Range<usize>>,
    /// Where each begins, and whether it is one of syntax.
    found: Vec<(usize, bool, Problem)>,
}

impl<'t> Collector<'t> {
    pub(super) fn new(source: &'t str) -> Self {
        let hidden = redact::find(source).into_iter().map(|found| found.at).collect();
        Self { source, hidden, found: Vec::new() }
    }

    /// Notes a problem with what stands at these bytes.
    pub(super) fn at(&mut self, span: Range<usize>, what: impl Into<String>, cure: impl Into<String>) {
        self.note(&span, false, what.into(), cure.into());
    }

    /// Notes a problem with the syntax. What else is wrong with its line goes unsaid: it was guessed.
    pub(super) fn syntax(&mut self, span: Range<usize>, what: impl Into<String>, cure: impl Into<String>) {
        self.note(&span, true, what.into(), cure.into());
    }

    fn note(&mut self, span: &Range<usize>, syntax: bool, what: String, cure: String) {
        let place = Some(place(self.source, span, &self.hidden));
        let problem = Problem { place, what: scrubbed(&what), cure: scrubbed(&cure) };
        self.found.push((span.start, syntax, problem));
    }

    /// Notes a problem with something that is not there, or with all of it.
    pub(super) fn anywhere(&mut self, what: impl Into<String>, cure: impl Into<String>) {
        self.found.push((usize::MAX, false, Problem { place: None, what: what.into(), cure: cure.into() }));
    }

    /// All of them, in the order of the file.
    pub(super) fn finish(mut self, file: &Path) -> Problems {
        self.found.sort_by_key(|(start, syntax, _)| (*start, !syntax));
        let line = |problem: &Problem| problem.place.as_ref().map(|place| place.line);
        let mut broken: Vec<usize> = Vec::new();
        for (_, _, problem) in self.found.iter().filter(|(_, syntax, _)| *syntax) {
            broken.extend(line(problem));
        }
        let mut said: Vec<usize> = Vec::new();
        let mut list: Vec<Problem> = Vec::new();
        for (_, syntax, problem) in self.found {
            match line(&problem).filter(|line| broken.contains(line)) {
                None => list.push(problem),
                Some(line) if syntax && !said.contains(&line) => {
                    said.push(line);
                    list.push(problem);
                }
                Some(_) => {}
            }
        }
        list.dedup();
        Problems { file: file.to_owned(), list }
    }
}

impl Problems {
    /// One problem with a file as a whole.
    pub(super) fn whole(file: &Path, what: impl Into<String>, cure: impl Into<String>) -> Self {
        let problem = Problem { place: None, what: what.into(), cure: cure.into() };
        Self { file: file.to_owned(), list: vec![problem] }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match &problem.place {
                Some(place) => {
                    writeln!(f, "{file}:{}:{}: {}", place.line, place.column, problem.what)?;
                    let number = place.line.to_string();
                    let (text, from) = window(&place.text, place.column - 1);
                    let left = place.column - 1 - from + usize::from(from > 0);
                    let most = text.chars().count().saturating_sub(left).max(1);
                    writeln!(f, "  {number} | {text}")?;
                    writeln!(
                        f,
                        "  {:pad$} | {:left$}{}",
                        "",
                        "",
                        "^".repeat(place.width.min(most)),
                        pad = number.len()
                    )?;
                }
                None => writeln!(f, "{file}: {}", problem.what)?,
            }
            writeln!(f, "  cure: {}", problem.cure)?;
        }
        Ok(())
    }
}

/// Words of ours, which may quote what stands in the file.
fn scrubbed(words: &str) -> String {
    LONG_RUN.replace_all(&redact::redact(words), "•••").into_owned()
}

/// The part of a line around a column, and how many characters were left out before it.
fn window(line: &str, column: usize) -> (String, usize) {
    let length = line.chars().count();
    if length <= SHOWN {
        return (line.to_owned(), 0);
    }
    let from = column.saturating_sub(SHOWN / 2).min(length - SHOWN);
    let mut text = String::new();
    if from > 0 {
        text.push('…');
    }
    text.extend(line.chars().skip(from).take(SHOWN));
    if from + SHOWN < length {
        text.push('…');
    }
    (text, from)
}

/// Where these bytes are.
fn place(source: &str, span: &Range<usize>, hidden: &[Range<usize>]) -> Place {
    let start = floor(source, span.start);
    let end = floor(source, span.end.max(start));
    let before = source.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = source.get(line_start..).unwrap_or_default().split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let stop = end.min(line_start + line.len());
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    let width = source.get(start..stop).map_or(0, |meant| meant.chars().count()).max(1);
    Place { line: before.matches('\n').count() + 1, column, width, text: blotted(line, line_start, hidden) }
}

/// The nearest place at or before `index` where a character begins.
fn floor(source: &str, index: usize) -> usize {
    let mut index = index.min(source.len());
    while !source.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// The line with everything that may be a secret replaced, character by character, so that the columns
/// stay: what looks like one, what stands where one should be named, and long runs without a space. `secret`
/// are places in the whole text, in which the line begins at `start`.
fn blotted(line: &str, start: usize, secret: &[Range<usize>]) -> String {
    let here = |at: usize| at.saturating_sub(start);
    let mut hidden: Vec<Range<usize>> = secret.iter().map(|at| here(at.start)..here(at.end)).collect();
    hidden.extend(redact::find(line).into_iter().map(|found| found.at));
    hidden.extend(LONG_RUN.find_iter(line).map(|run| run.range()));
    hidden.extend(ADDRESS_PASSWORD.captures_iter(line).filter_map(|groups| Some(groups.get(1)?.range())));
    // The value of a key that sounds like a secret, unless it says where the secret is.
    hidden.extend(SOUNDS_SECRET.captures_iter(line).filter_map(|groups| Some(groups.get(1)?.range())));
    line.char_indices()
        .map(|(index, c)| match c {
            _ if hidden.iter().any(|range| range.contains(&index)) => '•',
            '\t' => ' ',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}

static LONG_RUN: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z0-9+/=_]{40,}"));
static ADDRESS_PASSWORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"://[^\s/@]*?:([^\s/]*)@"));
static SOUNDS_SECRET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r#"(?i)(?:tok|secret|passw|pwd|cred|private|_key|apikey)[a-z0-9_-]*["']?\s*[=:]\s*"#,
        r#"("{3}.*|'{3}.*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s{\["'].*)"#,
    ))
});

fn pattern(pattern: &str) -> Regex {
    #[allow(clippy::expect_used, reason = "a constant; a test compiles each")]
    Regex::new(pattern).expect("the pattern is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_columns_and_loses_its_secrets() {
        for (line, shown) in [
            ("bot_token = \"hunter2\" # mine", "bot_token = ••••••••• # mine"),
            ("bot_token = { env = \"A\" }", "bot_token = { env = \"A\" }"),
            ("x = \"ghp_abcdef\"", "x = \"••••••••••\""),
            ("url = \"postgres://me:pa:ss@db/x\"", "url = \"postgres://me:•••••@db/x\""),
            ("app = { id = 1, private_key = \"a#c\" }", "app = { id = 1, private_key = ••••• }"),
            ("token = gh #1", "token = •••••"),
        ] {
            let shown_now = blotted(line, 0, &[]);
            assert_eq!(shown_now.chars().count(), line.chars().count());
            assert_eq!(shown_now.trim_end(), shown, "{line}");
        }
        assert_eq!(blotted(&"A1".repeat(30), 0, &[]), "•".repeat(60));
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = "a = 1\r\nb = \"é\" x\n";
        let at = source.find('x').unwrap_or_default();
        let place = place(source, &(at..at + 1), &[]);
        assert_eq!((place.line, place.column, place.width), (2, 9, 1));
        assert_eq!(place.text, "b = \"é\" x");
    }

    #[test]
    fn the_end_of_the_file_is_a_place() {
        let place = place("a =", &(3..3), &[]);
        assert_eq!((place.line, place.column, place.width), (1, 4, 1));
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let source = format!("{}x", "a ".repeat(200));
        let mut problems = Collector::new(&source);
        problems.at(400..401, "An x.", "Remove it.");
        let shown = problems.finish(Path::new("c.toml")).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].contains('…') && lines[1].chars().count() < 120);
        let caret = lines[2].chars().position(|c| c == '^');
        assert_eq!(lines[1].chars().nth(caret.unwrap_or_default()), Some('x'));
    }
}
