//! Whether a message is for us, and what its line is.

use serde::{Deserialize, Serialize};

use crate::mention;
use crate::normalize::{kept_backticks, normalize};

/// How a message is addressed to the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// `!Command ...`. Whether there is such a command is not known here: people also write `!important`.
    Bang,
    /// `@bot Command ...` or `@bot !Command ...`.
    Mention,
    /// The bare words of a direct message.
    Direct,
}

/// A message that is addressed to the bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// How it is addressed.
    pub address: Address,
    /// What follows the `!` or the mention, normalised: the command's name and what it is given, and the
    /// lines after it. Empty if somebody only mentions the bot.
    pub text: String,
}

impl Line {
    /// The command's name and what it is given, as [`command`] parts them.
    #[must_use]
    pub fn command(&self) -> (&str, &str) {
        command(&self.text)
    }

    /// The name of a second command in a later line, as in a message of two lines with a command each. Only
    /// the first is read (unless it takes the rest of the text); this is there to be able to say so.
    #[must_use]
    pub fn second(&self) -> Option<&str> {
        self.text.lines().skip(1).find_map(|line| {
            let name = bang(marks(line).0)?.split_whitespace().next()?;
            Some(name.trim_end_matches(['*', '_', ':', ',']))
        })
    }
}

/// The first word of a line's text, which names the command, and what follows it, to be read by
/// [`Grammar::parse`](crate::Grammar::parse). A `:` or `,` after the name is not part of it. A line break
/// after the name is kept: what stands behind it is talk, unless the command takes the rest of the text.
#[must_use]
pub fn command(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (name.trim_end_matches([':', ',']), rest.trim_start_matches(' '))
}

/// Whether the `text` of a Slack message is addressed to the bot, and its line.
///
/// It is if, after spaces and marks (code, bold, italic, quote, list), it begins with `!` and a letter, or
/// with a mention of `bot_user` (its Slack user id), or if it is a direct message. `!` alone, `!!`, `!?` and
/// the like are addressed to nobody, and so is `~!Command~`, which was struck out.
///
/// Where others read along, a command in code or quote marks only counts if nothing is said beside it:
/// people show each other commands (`` `!CreateRepo` does not work for me ``).
///
/// The text of a slash command is read like a direct message: nobody else reads along.
///
/// The line keeps all lines of the message; [`words`](crate::words()) says which of them belong to the
/// command.
#[must_use]
pub fn address(text: &str, bot_user: &str, direct_message: bool) -> Option<Line> {
    // Most messages of a channel end here.
    if !direct_message && !text.contains('!') && !text.contains("<@") {
        return None;
    }
    let typed = normalize(text);
    let (begin, mut opened) = marks(&typed);
    if let Some(after) = mentions(begin, bot_user) {
        let (after, inner) = marks(after);
        opened.extend(inner);
        let words = bang(after).unwrap_or(after);
        return Some(Line { address: Address::Mention, text: closed(words, &opened) });
    }
    if let Some(after) = bang(begin) {
        if !direct_message && is_shown(text) {
            return None;
        }
        return Some(Line { address: Address::Bang, text: closed(after, &opened) });
    }
    let direct = direct_message && !begin.is_empty() && !begin.starts_with('!');
    direct.then(|| Line { address: Address::Direct, text: closed(begin, &opened) })
}

/// What follows the `!`, if a letter does.
fn bang(text: &str) -> Option<&str> {
    text.strip_prefix('!').filter(|after| after.starts_with(char::is_alphabetic))
}

/// What follows a mention of the bot.
fn mentions<'a>(text: &'a str, bot_user: &str) -> Option<&'a str> {
    let after = text.strip_prefix(mention::OPEN)?.strip_prefix(bot_user)?.strip_prefix(mention::CLOSE)?;
    Some(after.trim_start_matches(|c: char| c.is_whitespace() || c == ':' || c == ','))
}

/// The text after the spaces, list marks and openings of bold and italic text at its beginning; and those
/// openings.
fn marks(text: &str) -> (&str, Vec<char>) {
    let mut opened = Vec::new();
    let mut rest = text.trim_start();
    // Nobody nests deeper.
    for _ in 0..8 {
        let inside = listed(rest);
        if let Some(inside) = inside {
            rest = inside.trim_start();
        } else if let Some(mark) = rest.chars().next().filter(|c| matches!(c, '*' | '_')) {
            opened.push(mark);
            rest = &rest[1..];
        } else {
            break;
        }
    }
    (rest, opened)
}

/// The item, if the text begins with the mark of a list: a bullet or a number.
fn listed(text: &str) -> Option<&str> {
    let digits = text.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let after = if (1..4).contains(&digits) {
        text[digits..].strip_prefix(['.', ')'])
    } else {
        text.strip_prefix(['•', '◦', '▪', '‣', '-', '*'])
    };
    after.filter(|after| after.starts_with(char::is_whitespace))
}

/// The text without the marks that close what was opened before it. They stand after the command's name,
/// its line, or the whole text.
fn closed(text: &str, opened: &[char]) -> String {
    let mut text = text.trim().to_owned();
    for &mark in opened.iter().rev() {
        let name = text.find(char::is_whitespace).unwrap_or(text.len());
        let line = text.find('\n').map_or(text.len(), |end| text[..end].trim_end().len());
        let close = [name, line, text.len()].into_iter().find_map(|end| {
            // Others may close at the same place, as in `*_..._*`.
            let inside = text[..end].trim_end_matches(opened).len();
            text[inside..end].rfind(mark).map(|at| inside + at)
        });
        if let Some(at) = close {
            text.remove(at);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Whether a raw text shows a command in code or quote marks and says something beside it.
fn is_shown(whole: &str) -> bool {
    let raw = whole.trim_start_matches(|c: char| !is_seen(c));
    if raw.starts_with("&gt;") && !raw.starts_with("&gt;&gt;&gt;") {
        let beside =
            raw.lines().map(str::trim_start).any(|line| !line.is_empty() && !line.starts_with("&gt;"));
        if beside {
            return true;
        }
    }
    let inside = raw.trim_start_matches("&gt;");
    let (inside, _) = marks(inside.trim_start_matches(|c: char| !is_seen(c)));
    let block = inside.starts_with("```");
    let fence = if block { "```" } else { "`" };
    let Some(code) = inside.strip_prefix(fence) else { return false };
    let (kept, from) = (kept_backticks(whole), whole.len() - code.len());
    let end = if block { kept.end_of_block(code, from) } else { kept.end_of_span(code, from) };
    end.is_some_and(|end| code[end..].contains(char::is_alphanumeric))
}

fn is_seen(c: char) -> bool {
    !c.is_whitespace() && !crate::characters::is_invisible(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bang_line(text: &str) -> Option<String> {
        let line = address(text, "U0HUB", false)?;
        assert_eq!(line.address, Address::Bang);
        Some(line.text)
    }

    #[test]
    fn a_bang_and_a_letter_address_us() {
        for raw in [
            "!Help me",
            "  \n !Help me ",
            "\u{200B}!Help me",
            "`!Help me`",
            "```!Help me```",
            "```\n!Help me\n```",
            "*!Help me*",
            "_!Help me_",
            "*_!Help me_*",
            "*!Help* me",
            "*_!Help_ me*",
            "*`!Help me`*",
            "&gt; !Help me",
            "&gt;&gt;&gt;!Help me",
            "&gt; *!Help me*",
            "• !Help me",
            "- !Help me",
            "1. !Help me",
            "&gt; 12) `!Help me`",
        ] {
            assert_eq!(bang_line(raw).as_deref(), Some("Help me"), "{raw:?}");
        }
        assert_eq!(bang_line("!important").as_deref(), Some("important"));
    }

    #[test]
    fn what_only_looks_like_a_command_addresses_nobody() {
        for raw in [
            "",
            "!",
            "! Help",
            "!!",
            "!!Help",
            "!?",
            "!1",
            "!:smile:",
            "hi !Help",
            "Help",
            "wow!",
            "~!Help~",
            "*!*",
            "<!here> Help",
            "<@U0ANA> !Help",
            "hi <@U0HUB> Help",
            "&lt;@U0HUB&gt; Help",
            "<@U0HU> Help",
            "\u{FDD0}U0HUB\u{FDD1} Help",
            "* * * *",
            "______________",
        ] {
            assert_eq!(address(raw, "U0HUB", false), None, "{raw:?}");
        }
        for raw in ["", " ", "!", "! Help", "!!", "!?"] {
            assert_eq!(address(raw, "U0HUB", true), None, "{raw:?}");
        }
    }

    #[test]
    fn a_command_that_is_shown_is_not_given() {
        for raw in [
            "`!Help` does not work",
            "```!Help```\nwhat does this do?",
            "&gt; !Help\nwho did this?",
            "*`!Help`* is what you want",
            "&gt; `!Help` he said",
        ] {
            assert_eq!(address(raw, "U0HUB", false), None, "{raw:?}");
            assert!(address(raw, "U0HUB", true).is_some(), "nobody else reads along: {raw:?}");
        }
        assert_eq!(bang_line("`!Help` :)").as_deref(), Some("Help :)"));
        assert_eq!(bang_line("`!Repeat \"a `b` c\"`").as_deref(), Some("Repeat \"a `b` c\""));
        assert_eq!(bang_line("`!Repeat \"a `b` c\"` he said"), None);
        assert_eq!(bang_line("&gt; !Repeat a\n&gt; b").as_deref(), Some("Repeat a\nb"));
    }

    #[test]
    fn a_mention_addresses_us_with_and_without_a_bang() {
        for raw in [
            "<@U0HUB> Help me",
            "<@U0HUB> !Help me",
            "<@U0HUB|hubcommander>: Help me",
            "<@U0HUB>, *!Help* me",
            "*<@U0HUB> Help me*",
            "<@U0HUB>\u{A0}`!Help me`",
        ] {
            let line = address(raw, "U0HUB", false).unwrap();
            assert_eq!((line.address, line.text.as_str()), (Address::Mention, "Help me"), "{raw:?}");
        }
        assert_eq!(address("<@U0HUB>", "U0HUB", false).unwrap().text, "");
    }

    #[test]
    fn a_direct_message_needs_neither() {
        for (raw, text) in [("help me", "help me"), ("`Help me`", "Help me"), ("*Help* me", "Help me")] {
            let line = address(raw, "U0HUB", true).unwrap();
            assert_eq!((line.address, line.text.as_str()), (Address::Direct, text));
        }
        assert_eq!(address("!Help", "U0HUB", true).unwrap().address, Address::Bang);
        assert_eq!(address("<@U0HUB> Help", "U0HUB", true).unwrap().address, Address::Mention);
    }

    #[test]
    fn a_line_parts_into_name_and_rest() {
        let line = |text: &str| Line { address: Address::Bang, text: text.to_owned() };
        assert_eq!(line("CreateRepo acme  widgets").command(), ("CreateRepo", "acme  widgets"));
        assert_eq!(line("Repeat: hello").command(), ("Repeat", "hello"));
        assert_eq!(line("ListOrgs\nthanks").command(), ("ListOrgs", "\nthanks"));
        assert_eq!(line("").command(), ("", ""));
    }

    #[test]
    fn a_second_command_is_noticed() {
        let second = |raw| address(raw, "U0HUB", false).unwrap().second().map(str::to_owned);
        assert_eq!(second("!CreateRepo acme a\n\n*!CreateRepo* acme b"), Some("CreateRepo".to_owned()));
        assert_eq!(second("• !ListOrgs\n• !Help"), Some("Help".to_owned()));
        assert_eq!(second("!CreateRepo acme a\nthanks!\n!!"), None);
    }
}
