//! From the plugins' messages to Block Kit, within Slack's limits
//! (<https://docs.slack.dev/reference/block-kit/blocks>): one block that is wrong or too long costs the
//! whole message, so nothing here can be.
//!
//! A message that is a headline alone has no blocks: its text says it all. Otherwise lines, steps and
//! lists flow together into as few sections as hold them; the text beside the blocks says the same, for
//! notifications and screen readers.
//!
//! **Clicks.** A `Button::Press` becomes a button with `action_id` = its action and `value` = its value.
//! Action ids must differ within a message, so the second button with the same action is `action#2`, the
//! third `action#3`: [`action_of`] takes the number off again. Links are `link`, `link#2`, ...: Slack
//! reports clicks on them too, and nothing needs to be done about those.

mod cut;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use hubcommander_sdk::message::{Button, Message, Part, Style};
use hubcommander_sdk::text::Text;
use slack_morphism::SlackActionId;
use slack_morphism::blocks::{
    SlackActionBlockElement, SlackActionsBlock, SlackBlock, SlackBlockButtonElement, SlackBlockButtonStyle,
    SlackBlockMarkDownText, SlackBlockPlainText, SlackBlockPlainTextOnly, SlackContextBlock,
    SlackSectionBlock,
};
use url::Url;

use self::cut::{cut, pieces};

/// Characters in a section.
const SECTION: usize = 3_000;
/// Blocks that the body may take: of Slack's 50, some are kept for buttons, the note and the small print.
const BODY_BLOCKS: usize = 42;
/// Characters in all blocks together. Slack documents no such limit and refuses messages from about 11,300
/// (`msg_blocks_too_long`; <https://github.com/slackapi/bolt-js/issues/2867>).
const ALL_BLOCKS: usize = 10_000;
/// What a block costs besides its text.
const PER_BLOCK: usize = 40;
/// Bytes of the text beside blocks. `chat.update` refuses more than 4,000 characters.
const FALLBACK: usize = 3_900;
/// Bytes of a message without blocks.
const PLAIN: usize = 3_900;
/// Buttons in a row, and in all.
const ROW: usize = 5;
const BUTTONS: usize = 25;
const LABEL: usize = 75;
const VALUE: usize = 2_000;
const ADDRESS: usize = 3_000;
/// Characters of small print.
const FOOTNOTE: usize = 1_500;

/// How much of Block Kit to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// All of it.
    Whole,
    /// Tables as aligned columns in a monospaced block.
    NoTable,
    /// Text alone. Buttons are lost.
    Words,
}

/// A message as Slack takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The text, as mrkdwn.
    pub text: String,
    /// The blocks, if there is more to show than the text.
    pub blocks: Option<Vec<SlackBlock>>,
}

impl Rendered {
    /// Shortens the text to so many bytes.
    pub fn cut_text(&mut self, bytes: usize) {
        if self.text.len() > bytes {
            self.text = cut(&self.text, bytes);
        }
    }
}

/// The action of a button from the `action_id` that came with the click.
#[must_use]
pub fn action_of(action_id: &str) -> &str {
    match action_id.rsplit_once('#') {
        Some((action, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            action
        }
        _ => action_id,
    }
}

/// Renders a message.
#[must_use]
pub fn render(message: &Message, look: Look) -> Rendered {
    let plain = message.body.is_empty() && message.buttons.is_empty() && message.footnote.is_empty();
    let headline = headline(message);
    if plain && headline.len() <= PLAIN {
        return Rendered { text: headline, blocks: None };
    }
    let mut lines = vec![headline];
    lines.extend(message.body.iter().map(|part| in_words(part, look)));
    if look != Look::Whole {
        lines.extend(message.buttons.iter().filter_map(|button| match button {
            // What leads somewhere is kept where there are no buttons.
            Button::Link { label, url } if look == Look::Words => Some(Text::new().link(label, url).mrkdwn()),
            _ => None,
        }));
    }
    if !message.footnote.is_empty() {
        lines.push(footnote(&message.footnote));
    }
    let text = cut(&lines.join("\n"), FALLBACK);
    let blocks = (look != Look::Words).then(|| Blocks::new(look).build(message));
    Rendered { text, blocks }
}

fn headline(message: &Message) -> String {
    match message.state {
        Some(state) => format!("{} {}", state.emoji(), message.headline.mrkdwn()),
        None => message.headline.mrkdwn(),
    }
}

/// One line, whatever breaks were in it: a step must not look like two.
fn one_line(text: &Text) -> String {
    text.mrkdwn().replace(['\n', '\r'], " ")
}

/// A part as lines of mrkdwn.
fn in_words(part: &Part, look: Look) -> String {
    match part {
        Part::Line(text) | Part::Offer(text, _) => text.mrkdwn(),
        Part::Item(text) => format!("• {}", one_line(text)),
        Part::Step(state, text) => format!("{} {}", state.emoji(), one_line(text)),
        Part::Heading(words) => Text::new().bold(words.replace(['\n', '\r'], " ").trim()).mrkdwn(),
        Part::Quote(words) => {
            let quoted = Text::from(words.as_str()).mrkdwn();
            quoted.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
        }
        Part::Code(words) => fenced(words),
        Part::Table { header, rows } if look == Look::Words => table::aligned(header, rows, FALLBACK / 2),
        Part::Table { header, rows } => table::summary(header, rows),
    }
}

/// A monospaced block that its content cannot end: `&`, `<` and `>` become entities, and no three
/// backticks stand together, since each that follows another gets a WORD JOINER before it.
fn fenced(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    out.push_str("```\n");
    let mut before = '\n';
    for c in words.trim_matches('\n').chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '`' if before == '`' => out.push_str("\u{2060}`"),
            c => out.push(c),
        }
        before = c;
    }
    out.push_str("\n```");
    out
}

fn footnote(notes: &[Text]) -> String {
    let words = notes.iter().map(one_line).collect::<Vec<_>>().join(" · ");
    cut(&words, FOOTNOTE)
}

/// Builds the blocks and keeps count.
struct Blocks {
    look: Look,
    done: Vec<SlackBlock>,
    /// The section being filled.
    open: String,
    spent: usize,
    /// Parts that did not fit.
    left_out: usize,
    had_table: bool,
    actions: Actions,
}

impl Blocks {
    fn new(look: Look) -> Self {
        let (done, open, actions) = (Vec::new(), String::new(), Actions::default());
        Self { look, done, open, spent: 0, left_out: 0, had_table: false, actions }
    }

    fn build(mut self, message: &Message) -> Vec<SlackBlock> {
        let (buttons, dropped) = self.actions.row(&message.buttons);
        self.add(&headline(message), false);
        for part in &message.body {
            if self.left_out > 0 {
                self.left_out += 1;
                continue;
            }
            match part {
                Part::Heading(_) => {
                    // A heading begins a section, so that it stands off from what is above.
                    self.close();
                    self.add(&in_words(part, self.look), false);
                }
                Part::Code(words) => self.code(words),
                Part::Table { header, rows } => self.table(header, rows),
                Part::Offer(_, button) => self.offer(&in_words(part, self.look), button),
                _ => self.add(&in_words(part, self.look), true),
            }
        }
        self.close();
        if self.left_out > 0 {
            let what =
                if self.left_out == 1 { "1 more part" } else { &format!("{} more parts", self.left_out) };
            self.done.push(section(&format!("… {what} did not fit into this message.")));
        }
        for row in buttons.chunks(ROW) {
            self.done.push(SlackActionsBlock::new(row.to_vec()).into());
        }
        let mut notes = footnote(&message.footnote);
        if dropped > 0 {
            let what = if dropped == 1 { "1 button" } else { &format!("{dropped} buttons") };
            notes = format!("{what} could not be shown. {notes}");
        }
        if !notes.is_empty() {
            let element = SlackBlockMarkDownText::new(notes).into();
            self.done.push(SlackContextBlock::new(vec![element]).into());
        }
        self.done
    }

    /// What all blocks together may still hold.
    fn room(&self) -> usize {
        if self.done.len() >= BODY_BLOCKS {
            return 0;
        }
        ALL_BLOCKS.saturating_sub(self.spent + self.open.len() + PER_BLOCK)
    }

    /// Adds lines to the section being filled, and begins another when it is full.
    fn add(&mut self, words: &str, joins: bool) {
        if !joins {
            self.close();
        }
        for piece in pieces(words, SECTION) {
            if piece.len() > self.room() {
                self.left_out += 1;
                return;
            }
            if !self.open.is_empty() && self.open.len() + 1 + piece.len() > SECTION {
                self.close();
            }
            if !self.open.is_empty() {
                self.open.push('\n');
            }
            self.open.push_str(&piece);
        }
    }

    /// A section of its own, with its button beside it.
    fn offer(&mut self, words: &str, button: &Button) {
        self.close();
        self.add(&cut(words, SECTION), false);
        let words = std::mem::take(&mut self.open);
        if words.trim().is_empty() {
            return;
        }
        self.spent += words.len() + 2 * PER_BLOCK;
        let text = SlackBlockMarkDownText::new(words).into();
        let mut block = SlackSectionBlock::new().with_text(text);
        if let Some(element) = self.actions.take(button) {
            block = block.with_accessory(element.into());
        }
        self.done.push(block.into());
    }

    /// A monospaced block of its own, in as many sections as it takes, each with its own fences.
    fn code(&mut self, words: &str) {
        self.close();
        // A character can grow to five (`&amp;`), and to three with a WORD JOINER: cut by what it becomes.
        let mut chunk = String::new();
        let mut lines = words.trim_matches('\n').split('\n').peekable();
        while let Some(line) = lines.next() {
            for part in split_for_code(line, SECTION - 16) {
                let grown = fenced(&format!("{chunk}\n{part}")).len();
                if grown > SECTION && !chunk.is_empty() {
                    if !self.push_code(&chunk) {
                        return;
                    }
                    chunk.clear();
                }
                if !chunk.is_empty() {
                    chunk.push('\n');
                }
                chunk.push_str(part);
            }
            if lines.peek().is_none() && !chunk.is_empty() {
                self.push_code(&chunk);
            }
        }
    }

    fn push_code(&mut self, words: &str) -> bool {
        let block = fenced(words);
        if block.len() > self.room() {
            self.left_out += 1;
            return false;
        }
        self.open = block;
        self.close();
        true
    }

    fn table(&mut self, header: &[String], rows: &[Vec<Text>]) {
        self.close();
        // Slack takes one table to a message (`only_one_table_allowed`).
        if self.look == Look::Whole
            && !self.had_table
            && let Some((block, cost)) = table::native(header, rows)
            && cost <= self.room()
        {
            self.had_table = true;
            self.spent += cost + PER_BLOCK;
            self.done.push(block);
            return;
        }
        let space = SECTION.min(self.room());
        let words = table::aligned(header, rows, space);
        if words.is_empty() || words.len() > space {
            self.left_out += 1;
            return;
        }
        self.open = words;
        self.close();
    }

    fn close(&mut self) {
        let words = std::mem::take(&mut self.open);
        // Slack refuses a section without text.
        if !words.trim().is_empty() {
            self.spent += words.len() + PER_BLOCK;
            self.done.push(section(&words));
        }
    }
}

/// Parts of a line that fit into a block even if every character grows.
fn split_for_code(line: &str, limit: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut begin, mut grown) = (0, 0);
    for (at, c) in line.char_indices() {
        let size = match c {
            '&' => 5,
            '<' | '>' | '`' => 4,
            c => c.len_utf8(),
        };
        if grown + size > limit {
            out.push(&line[begin..at]);
            (begin, grown) = (at, 0);
        }
        grown += size;
    }
    out.push(&line[begin..]);
    out
}

fn section(words: &str) -> SlackBlock {
    SlackSectionBlock::new().with_text(SlackBlockMarkDownText::new(words.to_owned()).into()).into()
}

/// The ids of actions, which must differ within a message.
#[derive(Default)]
struct Actions(HashMap<String, usize>);

impl Actions {
    fn unique(&mut self, action: &str) -> SlackActionId {
        let count = self.0.entry(action.to_owned()).or_default();
        *count += 1;
        SlackActionId(if *count == 1 { action.to_owned() } else { format!("{action}#{count}") })
    }

    /// The button, if Slack will take it: a value cannot be shortened without meaning something else.
    fn take(&mut self, button: &Button) -> Option<SlackBlockButtonElement> {
        match button {
            Button::Link { label, url } => match Url::parse(url) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.as_str().len() <= ADDRESS => {
                    Some(element(label, self.unique("link")).with_url(url))
                }
                _ => None,
            },
            // Whoever sends the message puts a link in its place, if there is one.
            Button::Pages { .. } => None,
            Button::Press { label, action, value, style } => {
                let fits = value.chars().count() <= VALUE && (1..=240).contains(&action.len());
                fits.then(|| {
                    let style = match style {
                        Style::Plain => None,
                        Style::Primary => Some(SlackBlockButtonStyle::Primary),
                        Style::Danger => Some(SlackBlockButtonStyle::Danger),
                    };
                    let value = Some(value.clone()).filter(|value| !value.is_empty());
                    element(label, self.unique(action)).opt_value(value).opt_style(style)
                })
            }
        }
    }

    /// The buttons that Slack will take, and how many it would not.
    fn row(&mut self, buttons: &[Button]) -> (Vec<SlackActionBlockElement>, usize) {
        let mut out: Vec<SlackActionBlockElement> = Vec::new();
        for button in buttons.iter() {
            if out.len() < BUTTONS {
                out.extend(self.take(button).map(SlackActionBlockElement::from));
            }
        }
        let dropped = buttons.len() - out.len();
        (out, dropped)
    }
}

fn element(label: &str, action: SlackActionId) -> SlackBlockButtonElement {
    let mut words: String = label.trim().chars().take(LABEL).collect();
    if label.trim().chars().count() > LABEL {
        words.pop();
        words.push('…');
    }
    if words.is_empty() {
        words.push('…');
    }
    // Plain text: nothing in it is formatted, but `:names:` would become emoji.
    let text = SlackBlockPlainText::new(words).with_emoji(false);
    SlackBlockButtonElement::new(SlackBlockPlainTextOnly::from(text)).with_action_id(action)
}
