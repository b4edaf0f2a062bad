//! From the text of a Slack message to the text that the person typed.

use std::borrow::Cow;

use crate::backticks::Kept;
use crate::characters::{self, Meaning};
use crate::quotes::{Role, Roles};
use crate::token;

/// The text that a person typed, out of the `text` of a Slack message (from an event, or from a slash
/// command whose text is escaped).
///
/// * Tokens `<...>` become words: a mention of a person becomes what only [`mentioned`](crate::mentioned)
///   can read, a channel `#name`, a group or `<!here>` `@name`, a date its fallback, a link its address, or
///   what was typed where Slack itself made a link of that.
/// * The entities `&lt; &gt; &amp;` are unescaped once, so nothing that was typed turns into a token.
/// * Code marks go where they stand in pairs, and quote marks at the beginning of lines: like the person,
///   we see the words and not the marks. Inside quotes backticks stay, as in `"build it with `make`"`; and
///   so do `*`, `_` and `~` everywhere: they are part of a value.
/// * What keyboards and copying put in is put right: curly quotes, long dashes before an option's name,
///   spaces of all kinds, characters that nobody can see.
///
/// Text that is already plain stays as it is. It takes time in proportion to its length.
#[must_use]
pub fn normalize(text: &str) -> String {
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n') && !matches!(b, b'&' | b'<' | b'`')) {
        return text.to_owned();
    }
    let typed = Typed::of(text);
    match long_dashes(&typed) {
        Cow::Borrowed(_) => typed,
        Cow::Owned(dashed) => dashed,
    }
}

/// The pair of code marks that the text is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    None,
    Span,
    Block,
}

/// Which backticks of a raw text are part of a value, because they stand inside quotes.
pub(crate) fn kept_backticks(text: &str) -> Kept {
    if !text.contains('`') {
        return Kept::default();
    }
    let mut bare = Typed::new(text, Backticks::Noted(Vec::new()));
    bare.read(text);
    match bare.backticks {
        Backticks::Noted(marks) => Kept::of(&bare.out, &marks),
        Backticks::Judged(kept) => kept,
    }
}

/// What is done with backticks.
enum Backticks {
    /// They are left out, and it is noted where each stands, in the raw text and in what comes out.
    Noted(Vec<(usize, usize)>),
    /// Those that are kept stay; the others are marks of code where they stand in pairs.
    Judged(Kept),
}

struct Typed {
    out: String,
    code: Code,
    /// Cleared once no more block can be closed, so that the search is done once.
    blocks: bool,
    backticks: Backticks,
    /// The length of the raw text, to know where in it something stands.
    length: usize,
}

impl Typed {
    fn of(text: &str) -> String {
        let mut typed = Self::new(text, Backticks::Judged(kept_backticks(text)));
        typed.read(text);
        typed.out
    }

    fn new(text: &str, backticks: Backticks) -> Self {
        let out = String::with_capacity(text.len());
        Self { out, code: Code::None, blocks: true, backticks, length: text.len() }
    }

    fn read(&mut self, text: &str) {
        let mut rest = unquoted(text);
        while let Some(c) = rest.chars().next() {
            rest = self.take(c, rest);
        }
    }

    /// Takes what stands at the beginning of `rest`, which is `c` or begins with it, and gives what follows.
    fn take<'a>(&mut self, c: char, rest: &'a str) -> &'a str {
        match c {
            '<' => {
                if let Some((inside, after)) = token::cut(rest) {
                    token::write(&mut self.out, inside);
                    return after;
                }
            }
            '&' => {
                if let Some((c, after)) = token::entity(rest) {
                    self.out.push(c);
                    return after;
                }
            }
            '`' => return self.code_marks(rest),
            _ => {}
        }
        let after = &rest[c.len_utf8()..];
        match characters::meaning(c) {
            Meaning::Nothing => {}
            Meaning::Joiner => {
                if characters::joins(self.out.chars().next_back(), after.chars().next()) {
                    self.out.push(c);
                }
            }
            // A line break of Windows is one.
            Meaning::Means('\n') if c == '\r' && after.starts_with('\n') => {}
            Meaning::Itself if c == '\n' => return self.line_break(after),
            Meaning::Means('\n') => return self.line_break(after),
            Meaning::Means(c) => self.out.push(c),
            Meaning::Itself => self.out.push(c),
        }
        after
    }

    fn line_break<'a>(&mut self, after: &'a str) -> &'a str {
        self.out.push('\n');
        if self.code == Code::None { unquoted(after) } else { after }
    }

    /// Takes a run of backticks. Three open or close a block, one a piece of code on one line; what has no
    /// partner is a character like any other.
    fn code_marks<'a>(&mut self, rest: &'a str) -> &'a str {
        let at = self.length - rest.len();
        let kept = match &mut self.backticks {
            Backticks::Judged(kept) => kept,
            Backticks::Noted(marks) => {
                marks.push((at, self.out.len()));
                return &rest[1..];
            }
        };
        let backticks = |most| rest.bytes().take(most).take_while(|&b| b == b'`').count();
        if kept.holds(at) {
            let all = backticks(usize::MAX);
            self.out.push_str(&rest[..all]);
            return &rest[all..];
        }
        // No more are counted than matter: a long run is a long row of blocks.
        let run = backticks(3);
        if run == 3 && self.code != Code::Span {
            let after = &rest[3..];
            if self.code == Code::Block {
                self.code = Code::None;
                return after;
            }
            if self.blocks {
                self.blocks = kept.end_of_block(after, at + 3).is_some();
                if self.blocks {
                    self.code = Code::Block;
                    return after;
                }
            }
        }
        if run == 1 && self.code != Code::Block {
            let after = &rest[1..];
            if self.code == Code::Span {
                self.code = Code::None;
                return after;
            }
            let line = after.split('\n').next().unwrap_or(after);
            if kept.end_of_span(line, at + 1).is_some() {
                self.code = Code::Span;
                return after;
            }
        }
        let all = backticks(usize::MAX);
        self.out.push_str(&rest[..all]);
        &rest[all..]
    }
}

/// The line without the marks that make it a quote.
fn unquoted(line: &str) -> &str {
    let mut rest = line.trim_start_matches(' ');
    if !rest.starts_with("&gt;") {
        return line;
    }
    for _ in 0..3 {
        rest = rest.strip_prefix("&gt;").unwrap_or(rest);
    }
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// Puts right the dashes before an option's name: keyboards make one long dash of `--`. Long dashes inside
/// quotes and between words stay.
fn long_dashes(text: &str) -> Cow<'_, str> {
    if !text.contains(characters::is_long_dash) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    let mut roles = Roles::new(text);
    let mut word_begins = true;
    loop {
        let start = roles.at();
        let Some(role) = roles.next() else { break };
        if word_begins
            && let Role::Bare(c) = role
            && (c == '-' || characters::is_long_dash(c))
        {
            let run = &text[start..];
            let name = run.trim_start_matches(|c| c == '-' || characters::is_long_dash(c));
            let dashes = &run[..run.len() - name.len()];
            if let Some(right) = option_dashes(dashes, name) {
                out.push_str(&text[kept..start]);
                out.push_str(right);
                kept = start + dashes.len();
            }
        }
        word_begins = matches!(role, Role::Bare(c) if c.is_whitespace());
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// The hyphens meant by these dashes, if an option's name follows them. A single short dash is one hyphen
/// before a single letter; before a longer name it is what some keyboards make of two.
fn option_dashes(dashes: &str, name: &str) -> Option<&'static str> {
    let letters = name.chars().take(2).take_while(char::is_ascii_alphanumeric).count();
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !named || !dashes.contains(characters::is_long_dash) || dashes.chars().count() > 3 {
        return None;
    }
    let one = dashes == "\u{2013}" || dashes == "\u{2212}";
    Some(if one && letters == 1 { "-" } else { "--" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "!Repeat hello", "!SetDescription acme api \"a *b* _c_ ~d~\"\nthanks; 2 > 1"] {
            assert_eq!(normalize(text), text);
        }
    }

    #[test]
    fn code_marks_go_in_pairs() {
        for (raw, typed) in [
            ("`!Help`", "!Help"),
            ("```!Help```", "!Help"),
            ("```\n!Help `x`\n```", "\n!Help `x`\n"),
            ("a `b` c ```d\ne``` f", "a b c d\ne f"),
            ("it`s", "it`s"),
            ("a ` b\nc ` d", "a ` b\nc ` d"),
            ("``", "``"),
            ("```", "```"),
            ("```a` b", "```a` b"),
            ("`a``b`", "a``b"),
            ("````a````", "`a`"),
        ] {
            assert_eq!(normalize(raw), typed, "{raw:?}");
        }
    }

    #[test]
    fn backticks_inside_quotes_are_part_of_the_value() {
        for (raw, typed) in [
            ("!X \"use `make`\"", "!X \"use `make`\""),
            ("!X “use `make`”", "!X \"use `make`\""),
            ("!X 'use `make`' `a`", "!X 'use `make`' a"),
            ("!X \"`\" `a` \"```b```\"", "!X \"`\" a \"```b```\""),
            // Marks around the whole command, or around a quote, are marks.
            ("`!X \"use `make`\"`", "!X \"use `make`\""),
            ("```!X \"use `make`\"```", "!X \"use `make`\""),
            ("!X `\"two words\"` `'x y'`", "!X \"two words\" 'x y'"),
            // What is no quote keeps nothing.
            ("!X 5\" `a`", "!X 5\" a"),
            ("!X don't `a` don't", "!X don't a don't"),
            ("!X \"a \\\" `b` c\" `d`", "!X \"a \\\" `b` c\" d"),
            // A mark has its partner outside of quotes.
            ("!X ` \"`\"", "!X ` \"`\""),
            ("!X `a \"`\" b`", "!X a \"`\" b"),
            ("!X ```a \"```\" b```", "!X a \"```\" b"),
        ] {
            assert_eq!(normalize(raw), typed, "{raw:?}");
        }
    }

    #[test]
    fn quote_marks_go_at_the_beginning_of_a_line_only() {
        assert_eq!(normalize("&gt; !Help\n&gt;&gt;&gt;x\n a &gt; b"), "!Help\nx\n a > b");
        assert_eq!(normalize("```\n&gt; x```"), "\n> x");
    }

    #[test]
    fn entities_are_unescaped_once() {
        assert_eq!(
            normalize("a &amp;lt;b&amp;gt; &amp;amp; &lt;c&gt; &quot; &"),
            "a &lt;b&gt; &amp; <c> &quot; &"
        );
    }

    #[test]
    fn long_dashes_become_hyphens_before_a_name_only() {
        for (raw, typed) in [
            ("!X —dry-run", "!X --dry-run"),
            ("!X –dry-run", "!X --dry-run"),
            ("!X –-dry-run —-dry-run -–dry-run", "!X --dry-run --dry-run --dry-run"),
            ("!X –h", "!X -h"),
            ("!X —description=a—b", "!X --description=a—b"),
            ("!X a — b 1–2 a—b —5", "!X a — b 1–2 a—b —5"),
            ("!X \"fast —really\" —dry-run", "!X \"fast —really\" --dry-run"),
            ("!X “fast —really” —dry-run", "!X \"fast —really\" --dry-run"),
        ] {
            assert_eq!(normalize(raw), typed, "{raw:?}");
        }
    }

    #[test]
    fn line_breaks_are_of_one_kind() {
        assert_eq!(normalize("a\r\nb\rc\u{2028}d"), "a\nb\nc\nd");
    }

    #[test]
    fn letters_keep_the_joiners_that_their_script_needs() {
        assert_eq!(normalize("می\u{200C}خواهم"), "می\u{200C}خواهم");
        assert_eq!(normalize("wid\u{200D}gets"), "widgets");
    }
}
