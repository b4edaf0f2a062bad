//! Text for people, safe by construction: what is put in as words can never become a mention, a link
//! or a formatting mark.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Instant;

/// About how long that is, as people say it: "40 s", "9 minutes".
#[must_use]
pub fn about(span: Duration) -> String {
    match span.as_secs() {
        0 => "1 s".to_owned(),
        seconds @ 1..=90 => format!("{seconds} s"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// A piece of a [`Text`], for those who render it otherwise than as `mrkdwn`. Only [`Text`] makes them, so
/// addresses and ids are what they say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Words that mean themselves.
    Plain(String),
    /// Words that stand out.
    Bold(String),
    /// Something that can be typed or copied.
    Code(String),
    /// A link.
    Link {
        /// What it says.
        label: String,
        /// Where it leads.
        url: String,
    },
    /// A person's Slack id.
    Person(String),
    /// A channel's Slack id.
    Channel(String),
    /// A user group of Slack.
    Group {
        /// Its id, `S…`.
        id: String,
        /// What people call it, without the @.
        handle: String,
    },
    /// A point in time.
    Time(Instant),
}

/// A line of text for people. Everything in it is data until it is rendered, and is escaped then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(Vec<Span>);

impl Text {
    /// An empty text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds words that mean themselves.
    #[must_use]
    pub fn plain(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Plain(words.into()));
        self
    }

    /// Adds words that stand out.
    #[must_use]
    pub fn bold(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Bold(words.into()));
        self
    }

    /// Adds something that can be typed or copied.
    #[must_use]
    pub fn code(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Code(words.into()));
        self
    }

    /// Adds a link. An address that is neither http nor https is shown as plain words.
    #[must_use]
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        let (label, url) = (label.into(), url.into());
        let safe = url.starts_with("https://") || url.starts_with("http://");
        self.0.push(if safe { Span::Link { label, url } } else { Span::Plain(label) });
        self
    }

    /// Adds a mention of a person by Slack id (`U…` or `W…`); anything else is shown as plain words.
    #[must_use]
    pub fn person(mut self, user_id: impl Into<String>) -> Self {
        let id = user_id.into();
        self.0.push(if is_slack_id(&id, "UW") { Span::Person(id) } else { Span::Plain(id) });
        self
    }

    /// Adds a link to a channel by Slack id (`C…`, `G…` or `D…`); anything else is shown as plain words.
    #[must_use]
    pub fn channel(mut self, channel_id: impl Into<String>) -> Self {
        let id = channel_id.into();
        self.0.push(if is_slack_id(&id, "CGD") { Span::Channel(id) } else { Span::Plain(id) });
        self
    }

    /// Adds a mention of a user group by Slack id (`S…`), which tells its members; anything else is shown as the
    /// handle alone.
    #[must_use]
    pub fn group(mut self, id: impl Into<String>, handle: impl Into<String>) -> Self {
        let (id, handle) = (id.into(), handle.into());
        let plain = format!("@{handle}");
        self.0.push(if is_slack_id(&id, "S") { Span::Group { id, handle } } else { Span::Plain(plain) });
        self
    }

    /// Adds a point in time. Slack shows it in the time zone of whoever reads it; elsewhere it is UTC.
    #[must_use]
    pub fn time(mut self, at: Instant) -> Self {
        self.0.push(Span::Time(at));
        self
    }

    /// Adds another text.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Its pieces.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|span| matches!(span, Span::Plain(words) if words.is_empty()))
    }

    /// For Slack's `mrkdwn`. Words cannot turn into markup: `&`, `<` and `>` become entities, and a zero
    /// width space parts each formatting mark from what it would format
    /// (<https://docs.slack.dev/messaging/formatting-message-text>).
    #[must_use]
    pub fn mrkdwn(&self) -> String {
        let mut out = String::new();
        for span in &self.0 {
            match span {
                Span::Plain(words) => escape_into(&mut out, words, true),
                Span::Bold(words) => wrap_into(&mut out, '*', words),
                Span::Code(words) => {
                    // A backtick would end the code; its look-alike does not.
                    let words = words.replace('`', "\u{2019}");
                    if words.is_empty() {
                        continue;
                    }
                    out.push('`');
                    escape_into(&mut out, &words, false);
                    out.push('`');
                }
                Span::Link { label, url } => {
                    out.push('<');
                    escape_into(&mut out, &url.replace('|', "%7C"), false);
                    out.push('|');
                    escape_into(&mut out, &label.replace('|', "\u{2758}"), true);
                    out.push('>');
                }
                Span::Person(id) => {
                    out.push_str("<@");
                    out.push_str(id);
                    out.push('>');
                }
                Span::Channel(id) => {
                    out.push_str("<#");
                    out.push_str(id);
                    out.push('>');
                }
                Span::Group { id, .. } => {
                    out.push_str("<!subteam^");
                    out.push_str(id);
                    out.push('>');
                }
                // <https://docs.slack.dev/messaging/formatting-message-text#date-formatting>
                Span::Time(at) => {
                    out.push_str(&format!("<!date^{}^{TIME_FORM}|{}>", at.timestamp(), in_utc(*at)));
                }
            }
        }
        out
    }

    /// Without any markup: for notifications, screen readers, logs and the terminal.
    #[must_use]
    pub fn words(&self) -> String {
        let mut out = String::new();
        for span in &self.0 {
            match span {
                Span::Plain(words) | Span::Bold(words) | Span::Code(words) => out.push_str(words),
                Span::Link { label, .. } => out.push_str(label),
                Span::Person(id) => {
                    out.push('@');
                    out.push_str(id);
                }
                Span::Channel(id) => {
                    out.push('#');
                    out.push_str(id);
                }
                Span::Group { handle, .. } => {
                    out.push('@');
                    out.push_str(handle);
                }
                Span::Time(at) => out.push_str(&in_utc(*at)),
            }
        }
        out
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self::new().plain(words)
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self::new().plain(words)
    }
}

/// A length of time in words, in the largest unit that it is a whole number of: "14 days", "90 minutes".
#[must_use]
pub fn length(seconds: i64) -> String {
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let fits = units.into_iter().find(|(_, size)| seconds % size == 0).unwrap_or(("second", 1));
    let count = seconds / fits.1;
    format!("{count} {}{}", fits.0, if count == 1 { "" } else { "s" })
}

/// A number with a comma before each three digits: "12,000".
#[must_use]
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How Slack shows a time (<https://docs.slack.dev/messaging/formatting-message-text#date-formatting>).
pub const TIME_FORM: &str = "{date_short_pretty} at {time}";

/// A point in time where the reader's zone is not known.
#[must_use]
pub fn in_utc(at: Instant) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

fn is_slack_id(id: &str, first: &str) -> bool {
    let mut chars = id.chars();
    chars.next().is_some_and(|c| first.contains(c))
        && id.len() > 1
        && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

fn wrap_into(out: &mut String, mark: char, words: &str) {
    if words.is_empty() {
        return;
    }
    out.push(mark);
    escape_into(out, words, true);
    out.push(mark);
}

/// `@here`, `@channel` and the like only alert as `<!here>`, which cannot be written once `<` is escaped.
/// A formatting mark at the edge of a word gets a WORD JOINER before it, so that Slack sees no place to
/// format from; one inside a word (`my_repo`) formats nothing and stays as it is, to be copied.
fn escape_into(out: &mut String, words: &str, marks: bool) {
    let mut before = None;
    let mut chars = words.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '*' | '_' | '~' | '`' if marks => {
                let inside = before.is_some_and(char::is_alphanumeric)
                    && chars.peek().copied().is_some_and(char::is_alphanumeric);
                if !inside {
                    out.push('\u{2060}');
                }
                out.push(c);
            }
            c => out.push(c),
        }
        before = Some(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_people_write_alerts_a_channel() {
        let text = Text::new().plain("<!channel> & <@U1> *now*").mrkdwn();
        assert_eq!(text, "&lt;!channel&gt; &amp; &lt;@U1&gt; \u{2060}*now\u{2060}*");
    }

    #[test]
    fn links_and_mentions_are_only_made_of_what_is_one() {
        let text = Text::new()
            .link("a|b", "https://github.com/acme|x")
            .link("evil", "javascript:alert(1)")
            .person("U123")
            .person("<!here>")
            .channel("C9");
        assert_eq!(text.mrkdwn(), "<https://github.com/acme%7Cx|a\u{2758}b>evil<@U123>&lt;!here&gt;<#C9>");
        assert_eq!(text.words(), "a|bevil@U123<!here>#C9");
    }

    #[test]
    fn numbers_as_people_write_them() {
        for (number, said) in [(7, "7"), (350, "350"), (4_000, "4,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), said);
        }
    }

    #[test]
    fn a_length_of_time_is_a_whole_number_of_something() {
        let said = [1, 90, 3_600, 5_400, 86_400, 14 * 86_400].map(length);
        assert_eq!(said, ["1 second", "90 seconds", "1 hour", "90 minutes", "1 day", "14 days"]);
    }

    #[test]
    fn a_time_is_shown_in_the_readers_own_zone() {
        let at = Instant::from_timestamp(1_765_461_600, 0).unwrap();
        let text = Text::new().plain("until ").time(at);
        assert_eq!(text.words(), "until 11 Dec 2025, 14:00 UTC");
        assert_eq!(
            text.mrkdwn(),
            "until <!date^1765461600^{date_short_pretty} at {time}|11 Dec 2025, 14:00 UTC>"
        );
    }

    proptest! {
        #[test]
        fn plain_words_never_hold_a_raw_angle_bracket(words in ".*") {
            let text = Text::new().plain(words.clone()).bold(words.clone()).code(words).mrkdwn();
            prop_assert!(!text.contains('<') && !text.contains('>'));
        }
    }
}
