//! A command is data and one function.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use chatline::{ArgKind, ArgSpec, Args, Form, Value};

use crate::clock::Instant;
use crate::error::Refusal;
use crate::message::Message;
use crate::people::{Person, Place};
use crate::plan::{Plan, Risk};
use crate::text::Text;

/// Who may read a command's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Only the person who asked.
    Person,
    /// Only the person who asked, by direct message, where it stays and can be brought up to date.
    Direct,
    /// Everyone in the channel where it was asked.
    Channel,
    /// Everyone in the channel, as long as nobody of another company reads along.
    Internal,
}

impl Audience {
    /// Whether only the person who asked reads it.
    #[must_use]
    pub fn is_one(self) -> bool {
        matches!(self, Self::Person | Self::Direct)
    }
}

/// What there is to know of a command. It feeds the parser, `!Help`, the usage text, the Slack form, the
/// documentation and the tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSpec {
    /// The name people type after the exclamation mark, such as `CreateRepo`. Not case-sensitive.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// The heading it stands under in `!Help`.
    pub group: String,
    /// What it does, in one line.
    pub about: String,
    /// Its arguments, those by place first and in their order.
    pub args: Vec<ArgSpec>,
    /// Whole lines as people would type them. The first is shown in the usage; each is parsed by a test.
    pub examples: Vec<String>,
    /// Who may read the answer.
    pub audience: Audience,
    /// The risk of what it usually plans; `None` if it only reads.
    pub risk: Option<Risk>,
    /// Whether only the bot itself asks it, when something is due. People do not see it.
    pub only_when_due: bool,
    /// Whether it still has to be judged what it takes when the bot asks it because it is due: nobody approved it
    /// before.
    #[serde(default)]
    pub judged_when_due: bool,
}

impl CommandSpec {
    /// A command that only reads and answers where it was asked.
    #[must_use]
    pub fn new(name: &str, group: &str, about: &str) -> Self {
        Self {
            name: name.to_owned(),
            aliases: Vec::new(),
            group: group.to_owned(),
            about: about.to_owned(),
            args: Vec::new(),
            examples: Vec::new(),
            audience: Audience::Internal,
            risk: None,
            only_when_due: false,
            judged_when_due: false,
        }
    }

    /// Adds another name.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.aliases.push(alias.to_owned());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: ArgSpec) -> Self {
        self.args.push(arg);
        self
    }

    /// Adds an example.
    #[must_use]
    pub fn example(mut self, line: &str) -> Self {
        self.examples.push(line.to_owned());
        self
    }

    /// Says who may read the answer.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Says that it changes the world. It then takes `--reason`, for those who are asked to approve it and for the
    /// audit, and `--dry-run`.
    #[must_use]
    pub fn changes(mut self, risk: Risk) -> Self {
        self.risk = Some(risk);
        if !self.args.iter().any(|arg| arg.name == "reason") {
            self.args.push(ArgSpec::option("reason", ArgKind::Text, "why, for whoever approves it"));
        }
        self.args.push(ArgSpec::flag("dry-run", "show the plan and do nothing"));
        self
    }

    /// Says that only the bot itself asks it, when something is due.
    #[must_use]
    pub fn only_when_due(mut self) -> Self {
        self.only_when_due = true;
        self
    }

    /// Says that what it takes has to be judged, too, when the bot asks it because it is due. The one who asks is then
    /// the bot: it may, and what a person who asks would have to do, one of those who approve does in its place.
    #[must_use]
    pub fn judged_when_due(mut self) -> Self {
        self.judged_when_due = true;
        self
    }

    /// Whether `name` is this command's name or alias, in any case.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// What a command is asked: by whom, where, with which arguments.
#[derive(Clone, Debug)]
pub struct Request {
    /// The id that the person can quote, such as `inv-7Q4K2`.
    pub invocation: String,
    /// Who asks.
    pub person: Person,
    /// Where.
    pub place: Place,
    /// The typed arguments.
    pub args: Args,
    /// When it was asked.
    pub at: Instant,
    /// Where to say how far it has come, if that takes long.
    pub headway: Headway,
}

/// Takes word of how far something has come. The newest is shown; those between may be skipped.
#[derive(Clone, Default)]
pub struct Headway(Option<Arc<dyn Fn(Text) + Send + Sync>>);

impl Headway {
    /// Tells each word to `heard`.
    #[must_use]
    pub fn to(heard: impl Fn(Text) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(heard)))
    }

    /// Says how far it has come: "read 3,000 of 10,000 repositories".
    pub fn say(&self, words: impl Into<Text>) {
        if let Some(heard) = &self.0 {
            heard(words.into());
        }
    }
}

impl fmt::Debug for Headway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headway")
    }
}

/// What a command makes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// An answer. Nothing is changed.
    Reply(Message),
    /// What would be done. The engine gates and runs it.
    Plan(Plan),
}

/// A command plugin. It holds clients that can only read, and never sees the engine.
#[async_trait]
pub trait Command: Send + Sync {
    /// What there is to know of it. Must not change while the program runs.
    fn spec(&self) -> &CommandSpec;

    /// Answers, or plans. May read from the world and must not change it; may be called again for the same
    /// request.
    ///
    /// # Errors
    /// A [`Refusal`] with a sentence on what is wrong and one on what to do.
    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal>;

    /// What a button with the action `read` of this command's messages opens: something to read, made of what
    /// stands in the button behind the command's name, at once and without asking anybody.
    fn page(&self, topic: &str) -> Option<Message> {
        let _ = topic;
        None
    }

    /// What this command shows on the app's own page in Slack ("Home"), if it is the one that fills it. `again`:
    /// the person has asked for it to be brought up to date.
    async fn home(&self, person: &Person, again: bool) -> Option<Message> {
        let _ = (person, again);
        None
    }

    /// What could be meant by `typed` for the argument `arg`, given what has been filled in so far; at most
    /// 100. Asked by the form while a person types, so it must answer within a second.
    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        let _ = (arg, typed, so_far);
        Vec::new()
    }
}
