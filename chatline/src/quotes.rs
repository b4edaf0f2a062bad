//! Which characters of a line are quoted, and which only mark a quote. The one place that knows the rules
//! of quoting; [`words`](crate::words()) says what they are.

/// A character of the line, and what it does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It stands outside quotes.
    Bare(char),
    /// It stands inside quotes, or is a quote that was escaped: it means itself.
    Quoted(char),
    /// It opens a quote.
    Open(char),
    /// It closes one.
    Close,
}

/// Walks through a line and says what each character does. Backslashes that escape are left out.
#[derive(Clone, Debug)]
pub(crate) struct Roles<'a> {
    line: &'a str,
    /// The byte to look at next.
    at: usize,
    /// The quote that is open, and the byte where it was opened.
    open: Option<(char, usize)>,
    /// The character before.
    before: Option<char>,
    /// Backslashes still to be given out, and whether the quote after them is escaped.
    backslashes: usize,
    escaped: bool,
}

impl<'a> Roles<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self { line, at: 0, open: None, before: None, backslashes: 0, escaped: false }
    }

    /// The byte of the line that comes next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The quote that is still open, and the byte where it was opened.
    pub(crate) fn open(&self) -> Option<(char, usize)> {
        self.open
    }

    fn text(&self, c: char) -> Role {
        if self.open.is_some() { Role::Quoted(c) } else { Role::Bare(c) }
    }

    /// Looks at a run of backslashes: they only escape when a `"` follows them, as on Windows.
    fn count_backslashes(&mut self) {
        let run = self.line[self.at..].bytes().take_while(|&b| b == b'\\').count();
        let single = matches!(self.open, Some(('\'', _)));
        let quote = self.line[self.at + run..].starts_with('"');
        if quote && !single {
            self.backslashes = run / 2;
            self.escaped = run % 2 == 1;
        } else {
            self.backslashes = run;
        }
        self.at += run;
    }

    /// Whether a `'` here begins a quote: only at the beginning of a word or of an option's value. Anywhere
    /// else it is an apostrophe.
    fn opens_single(&self) -> bool {
        self.before.is_none_or(|c| c.is_whitespace() || c == '=')
    }

    /// Whether a `'` here ends a quote: only at the end of a word. Anywhere else it is an apostrophe.
    fn closes_single(&self, after: usize) -> bool {
        self.line[after..].chars().next().is_none_or(char::is_whitespace)
    }
}

impl Iterator for Roles<'_> {
    type Item = Role;

    fn next(&mut self) -> Option<Self::Item> {
        if self.backslashes == 0 && !self.escaped && self.line[self.at..].starts_with('\\') {
            self.count_backslashes();
        }
        if self.backslashes > 0 {
            self.backslashes -= 1;
            self.before = Some('\\');
            return Some(self.text('\\'));
        }
        let at = self.at;
        let c = self.line[at..].chars().next()?;
        self.at += c.len_utf8();
        let role = match (c, self.open) {
            ('"', _) if self.escaped => Role::Quoted('"'),
            ('"', None) => Role::Open('"'),
            ('"', Some(('"', _))) => Role::Close,
            ('\'', None) if self.opens_single() => Role::Open('\''),
            ('\'', Some(('\'', _))) if self.closes_single(self.at) => Role::Close,
            (c, _) => self.text(c),
        };
        self.escaped = false;
        match role {
            Role::Open(quote) => self.open = Some((quote, at)),
            Role::Close => self.open = None,
            Role::Bare(_) | Role::Quoted(_) => {}
        }
        self.before = Some(c);
        Some(role)
    }
}
