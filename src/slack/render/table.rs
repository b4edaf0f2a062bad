//! Tables: Slack's own block where it fits, else aligned columns in a monospaced block, else fewer rows
//! with a note that says how many there are.

use hubcommander_sdk::text::{Span, TIME_FORM, Text, in_utc};
use slack_morphism::prelude::*;

/// Rows with the header, cells in a row, and characters in all that a table block takes.
const ROWS: usize = 100;
const CELLS: usize = 20;
const CHARACTERS: usize = 9_000;
/// Characters that a column may be wide when aligned.
const WIDE: usize = 40;
/// What stands for nothing: Slack refuses an empty cell.
const EMPTY: &str = "–";

/// Slack's table block and the characters it costs, if the table fits into one.
pub(super) fn native(header: &[String], rows: &[Vec<Text>]) -> Option<(SlackBlock, usize)> {
    let columns = header.len();
    if columns == 0 || columns > CELLS || rows.len() + 1 > ROWS {
        return None;
    }
    let mut characters = 0;
    let mut cell = |text: &Text| {
        let words = text.words();
        characters += words.trim().chars().count().max(1);
        match words.trim() {
            "" => SlackTableCell::from(EMPTY),
            words if text.spans().iter().all(|span| matches!(span, Span::Plain(_))) => {
                SlackTableCell::from(words)
            }
            _ => SlackTableRichTextCell::new(vec![rich(text).into()]).into(),
        }
    };
    let mut out = vec![header.iter().map(|words| cell(&words.as_str().into())).collect::<Vec<_>>()];
    let nothing = Text::new();
    for row in rows {
        // A row that is shorter or longer than the header would be refused.
        out.push((0..columns).map(|at| cell(row.get(at).unwrap_or(&nothing))).collect());
    }
    (characters <= CHARACTERS).then(|| (SlackTableBlock::new(out).into(), characters))
}

/// A cell with more than plain words: links that can be followed, people by their names, times in the reader's
/// zone (<https://docs.slack.dev/reference/block-kit/blocks/rich-text-block>).
fn rich(text: &Text) -> SlackRichTextSection {
    let piece = |span: &Span| -> Option<SlackRichTextInlineElement> {
        use SlackRichTextInlineElement::{Channel, Link, Text, Unknown, User};
        Some(match span {
            // Slack refuses an empty run.
            Span::Plain(words) | Span::Bold(words) | Span::Code(words) if words.is_empty() => return None,
            Span::Plain(words) => Text(SlackRichTextText::new(words.clone())),
            Span::Bold(words) => Text(SlackRichTextText::new(words.clone()).bold()),
            Span::Code(words) => Text(SlackRichTextText::new(words.clone()).code()),
            Span::Link { label, url } => {
                Link(SlackRichTextLink::new(SlackRelaxedUrl(url.clone())).with_text(label.clone()))
            }
            Span::Person(id) => User(SlackRichTextUser::new(id.clone().into())),
            Span::Channel(id) => Channel(SlackRichTextChannel::new(id.clone().into())),
            Span::Group { id, .. } => Unknown(serde_json::json!({ "type": "usergroup", "usergroup_id": id })),
            // In a type of its own a time would need a second library for times.
            Span::Time(at) => Unknown(serde_json::json!({
                "type": "date", "timestamp": at.timestamp(), "format": TIME_FORM, "fallback": in_utc(*at),
            })),
        })
    };
    SlackRichTextSection::new(text.spans().iter().filter_map(piece).collect())
}

/// Aligned columns in a monospaced block of so many bytes at most. Empty if not even the header fits.
pub(super) fn aligned(header: &[String], rows: &[Vec<Text>], bytes: usize) -> String {
    let table: Vec<Vec<String>> = std::iter::once(header.to_vec())
        .chain(rows.iter().map(|row| row.iter().map(Text::words).collect()))
        .map(|row: Vec<String>| row.iter().map(|words| short(words)).collect())
        .collect();
    let widths: Vec<usize> = (0..header.len())
        .map(|at| table.iter().filter_map(|row| row.get(at)).map(|words| width(words)).max().unwrap_or(0))
        .collect();
    let mut lines = table.iter().map(|row| line(row, &widths));
    let Some(first) = lines.next() else { return String::new() };
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ");
    let mut words = format!("{first}\n{rule}");
    let mut shown = 0;
    for line in lines {
        let longer = format!("{words}\n{line}");
        if super::fenced(&longer).len() + note(shown, rows.len()).len() + 1 > bytes {
            break;
        }
        words = longer;
        shown += 1;
    }
    let mut out = super::fenced(&words);
    if shown < rows.len() {
        out.push('\n');
        out.push_str(&note(shown, rows.len()));
    }
    if out.len() > bytes { String::new() } else { out }
}

/// A table in a line, for the text beside the blocks.
pub(super) fn summary(header: &[String], rows: &[Vec<Text>]) -> String {
    let mut out = Text::from(header.join(" | ")).mrkdwn();
    for row in rows.iter().take(20) {
        out.push('\n');
        out.push_str(&row.iter().map(super::one_line).collect::<Vec<_>>().join(" | "));
    }
    if rows.len() > 20 {
        out.push('\n');
        out.push_str(&note(20, rows.len()));
    }
    out
}

fn note(shown: usize, total: usize) -> String {
    format!("Showing {shown} of {total} rows.")
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = widths.iter().enumerate().map(|(at, &wide)| {
        let words = row.get(at).map(String::as_str).unwrap_or_default();
        format!("{words}{}", " ".repeat(wide.saturating_sub(width(words))))
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// Columns on the screen: characters of East Asian scripts and emoji take two. Near enough to align.
fn width(words: &str) -> usize {
    words.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}') { 2 } else { 1 }).sum()
}

fn short(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= WIDE {
        return words;
    }
    words.chars().take(WIDE - 1).chain(['…']).collect()
}
