//! What Slack makes of what people type: entities, tokens, emoji names, and the structured `rich_text`.
//!
//! Source of the shapes: <https://docs.slack.dev/messaging/formatting-message-text>; which bare words become
//! links was seen in Slack itself and is kept to common top-level domains here.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::world::World;

/// Bare words that end in one of these become links.
const TOP_LEVEL: [&str; 22] = [
    "com", "org", "net", "io", "dev", "app", "ai", "co", "de", "uk", "us", "eu", "fr", "ch", "md", "sh",
    "rs", "me", "info", "biz", "xyz", "gov",
];

/// Emoji that are typed as one character and stored by name. Slack knows all of them; these are the ones
/// that turn up in the sandbox.
const EMOJI: [(&str, &str); 12] = [
    ("🚀", ":rocket:"),
    ("👍", ":+1:"),
    ("👎", ":-1:"),
    ("✅", ":white_check_mark:"),
    ("❌", ":x:"),
    ("🎉", ":tada:"),
    ("🔥", ":fire:"),
    ("😀", ":grinning:"),
    ("🙏", ":pray:"),
    ("👀", ":eyes:"),
    ("❤️", ":heart:"),
    ("⚠️", ":warning:"),
];

/// How the text will be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    /// As in messages today: `<@U0ANA>` and `<#C0DEV|>`.
    Empty,
    /// As in older messages and in slash commands: `<@U0ANA|ana>` and `<#C0DEV|dev>`.
    Names,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Words(Cow<'a, str>),
    Code(&'a str),
    CodeBlock(&'a str),
    User { id: String, name: String },
    Channel { id: String, name: String },
    Group { id: String },
    Everybody(&'a str),
    Link { url: String, label: Option<&'a str> },
    Emoji(&'static str),
}

/// A message that was typed.
pub(super) struct Typed<'a> {
    pieces: Vec<Piece<'a>>,
    labels: Labels,
}

impl<'a> Typed<'a> {
    /// Reads what `author` typed; names are looked up in `world`.
    pub(super) fn read(world: &World, author: &str, typed: &'a str, labels: Labels) -> Self {
        let mut reader = Reader { world, author, pieces: Vec::new() };
        reader.read(typed);
        Self { pieces: reader.pieces, labels }
    }

    /// The message's `text`.
    pub(super) fn text(&self) -> String {
        let names = self.labels == Labels::Names;
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => escape_into(&mut out, words),
                Piece::Code(code) => {
                    out.push('`');
                    escape_into(&mut out, code);
                    out.push('`');
                }
                Piece::CodeBlock(code) => {
                    out.push_str("```");
                    escape_into(&mut out, code);
                    out.push_str("```");
                }
                Piece::User { id, name } if names => out.push_str(&format!("<@{id}|{name}>")),
                Piece::User { id, .. } => out.push_str(&format!("<@{id}>")),
                Piece::Channel { id, name } => {
                    let label = if names { name.as_str() } else { "" };
                    out.push_str(&format!("<#{id}|{label}>"));
                }
                Piece::Group { id } => out.push_str(&format!("<!subteam^{id}>")),
                Piece::Everybody(whom) => out.push_str(&format!("<!{whom}>")),
                Piece::Link { url, label } => {
                    out.push('<');
                    escape_into(&mut out, url);
                    if let Some(label) = label {
                        out.push('|');
                        escape_into(&mut out, label);
                    }
                    out.push('>');
                }
                Piece::Emoji(name) => out.push_str(name),
            }
        }
        out
    }

    /// The message's `blocks`: one `rich_text`. Formatting marks in words are not read.
    pub(super) fn rich_text(&self) -> Json {
        let mut sections = Vec::new();
        let mut elements = Vec::new();
        for piece in &self.pieces {
            let element = match piece {
                Piece::Words(words) => json!({ "type": "text", "text": words }),
                Piece::Code(code) => json!({ "type": "text", "text": code, "style": { "code": true } }),
                Piece::CodeBlock(code) => {
                    if !elements.is_empty() {
                        let before = std::mem::take(&mut elements);
                        sections.push(json!({ "type": "rich_text_section", "elements": before }));
                    }
                    let inside = [json!({ "type": "text", "text": code })];
                    sections
                        .push(json!({ "type": "rich_text_preformatted", "border": 0, "elements": inside }));
                    continue;
                }
                Piece::User { id, .. } => json!({ "type": "user", "user_id": id }),
                Piece::Channel { id, .. } => json!({ "type": "channel", "channel_id": id }),
                Piece::Group { id } => json!({ "type": "usergroup", "usergroup_id": id }),
                Piece::Everybody(whom) => json!({ "type": "broadcast", "range": whom }),
                Piece::Link { url, label: None } => json!({ "type": "link", "url": url }),
                Piece::Link { url, label } => json!({ "type": "link", "url": url, "text": label }),
                Piece::Emoji(name) => json!({ "type": "emoji", "name": name.trim_matches(':') }),
            };
            elements.push(element);
        }
        if !elements.is_empty() {
            sections.push(json!({ "type": "rich_text_section", "elements": elements }));
        }
        json!([{ "type": "rich_text", "block_id": "typed", "elements": sections }])
    }
}

/// Slack's three entities.
pub(super) fn escape_into(out: &mut String, words: &str) {
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

struct Reader<'a, 'w> {
    world: &'w World,
    author: &'w str,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Reader<'a, '_> {
    /// Code first: nothing in it is read.
    fn read(&mut self, mut left: &'a str) {
        while !left.is_empty() {
            let Some(at) = left.find('`') else { break };
            let (before, from) = left.split_at(at);
            let (marks, block) = if from.starts_with("```") { ("```", true) } else { ("`", false) };
            let Some(end) = from[marks.len()..].find(marks).filter(|&end| end > 0) else {
                // Never closed, or nothing in it: marks like any other.
                self.words(&left[..at + marks.len()]);
                left = &from[marks.len()..];
                continue;
            };
            let inside = &from[marks.len()..marks.len() + end];
            if !block && inside.contains('\n') {
                self.words(&left[..=at]);
                left = &from[1..];
                continue;
            }
            self.words(before);
            self.pieces.push(if block { Piece::CodeBlock(inside) } else { Piece::Code(inside) });
            left = &from[2 * marks.len() + end..];
        }
        self.words(left);
    }

    fn words(&mut self, text: &'a str) {
        let mut rest = text;
        while !rest.is_empty() {
            let word_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(word_end);
            self.word(word);
            let space_end = after.find(|c: char| !c.is_whitespace()).unwrap_or(after.len());
            self.plain(&after[..space_end]);
            rest = &after[space_end..];
        }
    }

    /// One word between spaces, with punctuation around it.
    fn word(&mut self, word: &'a str) {
        let start = word.find(|c: char| !"([{\"'*_~,\u{201c}\u{2018}".contains(c)).unwrap_or(word.len());
        let (before, word) = word.split_at(start);
        let core = word.trim_end_matches(|c: char| ".,;:!?)]}\"'*~\u{201d}\u{2019}".contains(c));
        let after = &word[core.len()..];
        self.plain(before);
        match self.token(core) {
            Some(piece) => self.pieces.push(piece),
            None => self.plain(core),
        }
        self.plain(after);
    }

    fn token(&self, word: &'a str) -> Option<Piece<'a>> {
        if let Some(name) = word.strip_prefix('@') {
            return self.mention(name);
        }
        if let Some(name) = word.strip_prefix('#') {
            let channel = self.world.channel_named(name).filter(|channel| {
                channel.kind == super::world::ChannelKind::Public || channel.members.contains(self.author)
            })?;
            return Some(Piece::Channel { id: channel.id.clone(), name: channel.name.clone() });
        }
        if word.starts_with("https://") || word.starts_with("http://") {
            let rest = word.split_once("://").map(|(_, rest)| rest)?;
            return (!rest.is_empty()).then(|| Piece::Link { url: word.to_owned(), label: None });
        }
        if let Some((user, host)) = word.split_once('@') {
            let sound = !user.is_empty()
                && user.chars().all(|c| c.is_ascii_alphanumeric() || "._%+-".contains(c))
                && is_domain(host, None);
            return sound.then(|| Piece::Link { url: format!("mailto:{word}"), label: Some(word) });
        }
        let host = word.split(['/', '?', ':']).next()?;
        is_domain(host, Some(&TOP_LEVEL))
            .then(|| Piece::Link { url: format!("http://{word}"), label: Some(word) })
    }

    fn mention(&self, name: &'a str) -> Option<Piece<'a>> {
        if matches!(name, "here" | "channel" | "everyone") {
            return Some(Piece::Everybody(name));
        }
        if let Some(person) = self.world.person_named(name) {
            return Some(Piece::User { id: person.id.clone(), name: person.name.clone() });
        }
        let group = self.world.usergroups.iter().find(|group| group.handle == name)?;
        Some(Piece::Group { id: group.id.clone() })
    }

    fn plain(&mut self, mut words: &'a str) {
        while let Some((at, (typed, name))) = EMOJI
            .iter()
            .filter_map(|emoji| words.find(emoji.0).map(|at| (at, emoji)))
            .min_by_key(|(at, _)| *at)
        {
            self.push_words(&words[..at]);
            self.pieces.push(Piece::Emoji(name));
            words = &words[at + typed.len()..];
        }
        self.push_words(words);
    }

    fn push_words(&mut self, words: &'a str) {
        if words.is_empty() {
            return;
        }
        if let Some(Piece::Words(last)) = self.pieces.last_mut() {
            last.to_mut().push_str(words);
            return;
        }
        self.pieces.push(Piece::Words(Cow::Borrowed(words)));
    }
}

fn is_domain(host: &str, known: Option<&[&str]>) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let label_is_sound = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let Some(last) = labels.last() else { return false };
    labels.len() > 1
        && labels.iter().all(label_is_sound)
        && last.len() > 1
        && last.chars().all(|c| c.is_ascii_alphabetic())
        && known.is_none_or(|known| known.contains(&last.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> String {
        Typed::read(&World::acme(), "U0ANA", text, Labels::Empty).text()
    }

    #[test]
    fn words_become_what_slack_makes_of_them() {
        for (raw, stored) in [
            ("!CreateRepo acme widgets", "!CreateRepo acme widgets"),
            ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
            ("ask @ana, or @nobody", "ask <@U0ANA>, or @nobody"),
            ("(@hubcommander) help", "(<@U0HUB>) help"),
            ("in #dev or #nowhere", "in <#C0DEV|> or #nowhere"),
            ("@here @security-team", "<!here> <!subteam^S0SECURITY>"),
            ("see foo.com.", "see <http://foo.com|foo.com>."),
            ("README.md is a word", "<http://README.md|README.md> is a word"),
            ("foo.com/a?b=1&c=2", "<http://foo.com/a?b=1&amp;c=2|foo.com/a?b=1&amp;c=2>"),
            ("v1.2 and main.yaml stay", "v1.2 and main.yaml stay"),
            ("mail ana@acme.example", "mail <mailto:ana@acme.example|ana@acme.example>"),
            ("https://acme.example/x?a=1&b=<2>", "<https://acme.example/x?a=1&amp;b=&lt;2&gt;>"),
            ("`foo.com <x> @ana` @ana", "`foo.com &lt;x&gt; @ana` <@U0ANA>"),
            ("```foo.com\n@ana```", "```foo.com\n@ana```"),
            ("an ` open foo.com", "an ` open <http://foo.com|foo.com>"),
            ("<@U0ANA>", "&lt;@U0ANA&gt;"),
            ("\u{201c}x y\u{201d} \u{2014}flag", "\u{201c}x y\u{201d} \u{2014}flag"),
            ("ship it 🚀!", "ship it :rocket:!"),
            ("a\u{a0}b\n\n c", "a\u{a0}b\n\n c"),
            ("``", "``"),
            ("````", "````"),
        ] {
            assert_eq!(typed(raw), stored, "{raw}");
        }
    }

    #[test]
    fn a_private_channel_is_only_known_to_those_in_it() {
        let world = World::acme();
        let text = |author| Typed::read(&world, author, "#secret-plans", Labels::Names).text();
        assert_eq!(text("U0ANA"), "<#C0PRIV|secret-plans>");
        assert_eq!(text("U0GUS"), "#secret-plans");
    }

    #[test]
    fn the_structured_form_says_the_same() {
        let rich = Typed::read(&World::acme(), "U0ANA", "`x` @ana foo.com 👍", Labels::Empty).rich_text();
        assert_eq!(
            rich[0]["elements"][0]["elements"],
            json!([
                { "type": "text", "text": "x", "style": { "code": true } },
                { "type": "text", "text": " " },
                { "type": "user", "user_id": "U0ANA" },
                { "type": "text", "text": " " },
                { "type": "link", "url": "http://foo.com", "text": "foo.com" },
                { "type": "text", "text": " " },
                { "type": "emoji", "name": "+1" },
            ])
        );
    }
}
