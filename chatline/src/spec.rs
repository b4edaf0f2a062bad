//! What a command accepts. One definition feeds the parser, the usage text, `!Help`, the Slack form,
//! the documentation and the tests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What kind of thing an argument is. It decides how the words are checked, what the form offers and
/// what a wrong value is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgKind {
    /// Free text, kept as it was typed.
    Text,
    /// A GitHub organisation that this bot manages, by name or alias.
    Organization,
    /// A name for a repository that need not exist yet.
    NewRepository,
    /// A repository that exists in the organisation named by the command's organisation argument.
    Repository,
    /// Repositories of that organisation, separated by commas.
    Repositories,
    /// A repository anywhere: `owner/name`.
    FullRepository,
    /// A team of the organisation, by its slug.
    Team,
    /// A team and what it may do: `team=permission`.
    TeamPermission,
    /// What somebody may do: one of GitHub's own permissions, or the name of a role that the organisation made.
    Permission,
    /// A GitHub account.
    Login,
    /// A person in Slack, as a mention.
    Person,
    /// A branch name.
    Branch,
    /// An http or https address.
    Url,
    /// Repository topics, separated by commas or spaces.
    Topics,
    /// A whole number.
    Number,
    /// A length of time: `30m`, `12h`, `14d`, `2w`. The command sees its seconds.
    Duration,
    /// One of these words, in any case; the spelling given here is what the command sees.
    Choice(Vec<String>),
    /// The name of a command of this bot.
    CommandName,
}

impl ArgKind {
    /// Whether one word of it stands for several values.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Topics | Self::Repositories)
    }
}

/// How an argument is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// By its place in the line.
    Positional,
    /// The rest of the line, as typed: only the last argument may be so.
    Rest,
    /// `--name value` or `--name=value`.
    Option,
    /// `--name`, without a value.
    Flag,
}

/// One argument of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgSpec {
    /// The name: `repo`, or `description` for `--description`. Lower case, words joined by `-`.
    pub name: String,
    /// What it is, in a few words, for the usage text.
    pub help: String,
    /// What kind of thing it is.
    pub kind: ArgKind,
    /// How it is given.
    pub form: Form,
    /// Whether the command cannot do without it.
    pub required: bool,
    /// Whether it may be given more than once.
    pub repeated: bool,
}

impl ArgSpec {
    /// A required argument by place.
    #[must_use]
    pub fn positional(name: &str, kind: ArgKind, help: &str) -> Self {
        Self::new(name, kind, help, Form::Positional, true)
    }

    /// The rest of the line, required.
    #[must_use]
    pub fn rest(name: &str, kind: ArgKind, help: &str) -> Self {
        Self::new(name, kind, help, Form::Rest, true)
    }

    /// `--name value`, not required.
    #[must_use]
    pub fn option(name: &str, kind: ArgKind, help: &str) -> Self {
        Self::new(name, kind, help, Form::Option, false)
    }

    /// `--name`.
    #[must_use]
    pub fn flag(name: &str, help: &str) -> Self {
        Self::new(name, ArgKind::Text, help, Form::Flag, false)
    }

    /// The same argument, but the command can do without it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The same argument, which may be given more than once.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    fn new(name: &str, kind: ArgKind, help: &str, form: Form, required: bool) -> Self {
        Self { name: name.to_owned(), help: help.to_owned(), kind, form, required, repeated: false }
    }
}

/// A value that was given for an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A flag that was set.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A single word or text.
    Text(String),
    /// What was given for a repeated argument, in order; also the single ones of [`ArgKind::Topics`]
    /// and [`ArgKind::Repositories`].
    List(Vec<String>),
}

/// The typed arguments of one command, by the argument's name. What was not given is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Args(pub BTreeMap<String, Value>);

impl Args {
    /// The text given for `name`, if it was given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// All texts given for `name`: none, one, or many.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::List(texts)) => texts.iter().map(String::as_str).collect(),
            Some(Value::Text(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// Whether the flag `name` was set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Flag(true)))
    }

    /// The number given for `name`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Puts a value in, replacing what was there.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}
