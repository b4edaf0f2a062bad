//! A message to people, free of Slack's format. The engine turns it into Block Kit, with a full text
//! beside it for notifications and screen readers.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// How something stands. Shown as an emoji; the words alone must be enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not begun.
    Pending,
    /// Going on.
    Working,
    /// Done.
    Done,
    /// Needs the person.
    NeedsYou,
    /// Refused or failed.
    Refused,
    /// Taken back.
    Undone,
}

impl State {
    /// The emoji that carries the state.
    #[must_use]
    pub fn emoji(self) -> &'static str {
        match self {
            Self::Pending => "·",
            Self::Working => "⏳",
            Self::Done => "✅",
            Self::NeedsYou => "⚠️",
            Self::Refused => "⛔",
            Self::Undone => "↩️",
        }
    }
}

/// One part of a message's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A paragraph.
    Line(Text),
    /// A line of a list.
    Item(Text),
    /// A step and how it stands.
    Step(State, Text),
    /// A small heading.
    Heading(String),
    /// Words somebody else said.
    Quote(String),
    /// Lines to copy, in a monospaced block.
    Code(String),
    /// A paragraph, and something to press that is about it.
    Offer(Text, Button),
    /// Rows under headings. Cells are text; the engine chooses Slack's table or aligned columns.
    Table {
        /// The headings.
        header: Vec<String>,
        /// The rows, each as long as the header.
        rows: Vec<Vec<Text>>,
    },
}

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Like any other.
    #[default]
    Plain,
    /// The one most people want.
    Primary,
    /// Cannot be taken back.
    Danger,
}

/// Something to press.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// Opens an address.
    Link {
        /// What it says.
        label: String,
        /// Where it leads: http or https.
        url: String,
    },
    /// Opens the bot's web pages, signed in as whoever the message is for. The link is put in at the last moment, works
    /// once and is never stored; where there are no pages, or others read along, there is no such button.
    Pages {
        /// What it says.
        label: String,
    },
    /// Sends a click back to the bot.
    Press {
        /// What it says, 75 characters at most.
        label: String,
        /// Which action it is, for example `run` or `form`.
        action: String,
        /// What it is about, for example an invocation's id; 2,000 characters at most.
        value: String,
        /// How it looks.
        style: Style,
    },
}

/// A text file beside a message, for what is too long to be read in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, such as `acme-audit.csv`.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// What is in it.
    pub content: String,
}

/// A message to people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// How the matter stands, if the message is about one.
    pub state: Option<State>,
    /// The first line: what happened.
    pub headline: Text,
    /// What follows.
    pub body: Vec<Part>,
    /// Things to press.
    pub buttons: Vec<Button>,
    /// Small print: time taken, id to quote.
    pub footnote: Vec<Text>,
    /// Files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
}

impl Message {
    /// A message of one line.
    #[must_use]
    pub fn new(headline: impl Into<Text>) -> Self {
        Self { headline: headline.into(), ..Self::default() }
    }

    /// Whether there is nothing to read in it: then it is not said.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.headline.is_empty() && self.body.is_empty() && self.files.is_empty()
    }

    /// The same message with a state.
    #[must_use]
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// Adds a part to the body.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.body.push(part);
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn line(self, text: impl Into<Text>) -> Self {
        self.part(Part::Line(text.into()))
    }

    /// Adds a line of a list.
    #[must_use]
    pub fn item(self, text: impl Into<Text>) -> Self {
        self.part(Part::Item(text.into()))
    }

    /// Adds a button.
    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// Adds small print.
    #[must_use]
    pub fn footnote(mut self, text: impl Into<Text>) -> Self {
        self.footnote.push(text.into());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, file: File) -> Self {
        self.files.push(file);
        self
    }

    /// The whole message without markup, for notifications, screen readers and the terminal.
    #[must_use]
    pub fn words(&self) -> String {
        let mut out = String::new();
        if let Some(state) = self.state {
            out.push_str(state.emoji());
            out.push(' ');
        }
        out.push_str(&self.headline.words());
        for part in &self.body {
            out.push('\n');
            match part {
                Part::Line(text) | Part::Offer(text, _) => out.push_str(&text.words()),
                Part::Item(text) => {
                    out.push_str("• ");
                    out.push_str(&text.words());
                }
                Part::Step(state, text) => {
                    out.push_str(state.emoji());
                    out.push(' ');
                    out.push_str(&text.words());
                }
                Part::Heading(words) | Part::Code(words) => out.push_str(words),
                Part::Quote(words) => {
                    out.push_str("> ");
                    out.push_str(words);
                }
                Part::Table { header, rows } => {
                    out.push_str(&header.join(" | "));
                    for row in rows {
                        out.push('\n');
                        out.push_str(&row.iter().map(Text::words).collect::<Vec<_>>().join(" | "));
                    }
                }
            }
        }
        for note in &self.footnote {
            out.push('\n');
            out.push_str(&note.words());
        }
        out
    }
}
