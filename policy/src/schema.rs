//! What policies can speak of, made from the commands' specifications: the vocabulary against which they are
//! validated, so that a slip of the pen is an error and not a rule that never matches.
//!
//! Words that are one of a few (what a person is, a risk, a power, a kind of operation) are entities of closed
//! types, not strings: Cedar validates those, and cannot know which strings make sense.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hubcommander_sdk::command::{ArgKind, ArgSpec, CommandSpec, Form};
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::{Conversation, Standing};
use hubcommander_sdk::plan::Risk;

/// Commands that only read.
pub const READ: &str = "read";
/// Commands that change something, or can be asked to.
pub const CHANGE: &str = "change";

/// What a person is to the workspace, in the words of policies.
#[must_use]
pub fn kind(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "member",
        Standing::Guest => "guest",
        Standing::SingleChannelGuest => "single_channel_guest",
        Standing::Stranger => "stranger",
        Standing::Bot => "bot",
        Standing::Deactivated => "deactivated",
    }
}

/// All that a person can be.
pub const STANDINGS: [Standing; 6] = [
    Standing::Member,
    Standing::Guest,
    Standing::SingleChannelGuest,
    Standing::Stranger,
    Standing::Bot,
    Standing::Deactivated,
];

/// A risk, in the words of policies.
#[must_use]
pub fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Reversible => "reversible",
        Risk::Exposing => "exposing",
        Risk::Irreversible => "irreversible",
    }
}

/// All risks.
pub const RISKS: [Risk; 3] = [Risk::Reversible, Risk::Exposing, Risk::Irreversible];

/// What kind of conversation a channel is, in the words of policies.
#[must_use]
pub fn conversation(conversation: Conversation) -> &'static str {
    match conversation {
        Conversation::Public => "public",
        Conversation::Private => "private",
        Conversation::Direct => "direct",
        Conversation::Group => "group",
    }
}

/// All kinds of conversation.
pub const CONVERSATIONS: [Conversation; 4] =
    [Conversation::Public, Conversation::Private, Conversation::Direct, Conversation::Group];

/// Whether the command changes something, or can be asked to: then it takes `--dry-run`.
#[must_use]
pub fn changes(spec: &CommandSpec) -> bool {
    spec.risk.is_some() || spec.args.iter().any(|arg| arg.name == "dry-run")
}

/// What policies call an argument: `dry_run` for `--dry-run`.
#[must_use]
pub fn attribute(arg: &ArgSpec) -> String {
    arg.name.replace('-', "_")
}

/// How an argument looks to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgType {
    /// True if it was given; always there.
    Flag,
    /// Words. Names that mean the same at GitHub in any case are in lower case.
    Text,
    /// A whole number; of a length of time, its seconds.
    Number,
    /// Several words.
    Texts,
    /// A person in Slack.
    Person,
    /// Several people in Slack.
    People,
}

/// How this argument looks to a policy.
#[must_use]
pub fn arg_type(arg: &ArgSpec) -> ArgType {
    let several = arg.repeated || arg.kind.is_list();
    match (&arg.kind, arg.form) {
        (_, Form::Flag) => ArgType::Flag,
        (ArgKind::Person, _) if several => ArgType::People,
        (ArgKind::Person, _) => ArgType::Person,
        _ if several => ArgType::Texts,
        (ArgKind::Number | ArgKind::Duration, _) => ArgType::Number,
        _ => ArgType::Text,
    }
}

impl ArgType {
    /// The type in Cedar.
    #[must_use]
    pub fn cedar(self) -> &'static str {
        match self {
            Self::Flag => "Bool",
            Self::Text => "String",
            Self::Number => "Long",
            Self::Texts => "Set<String>",
            Self::Person => "Person",
            Self::People => "Set<Person>",
        }
    }
}

/// Whether it is always there: needed ones, and flags.
#[must_use]
pub fn always(arg: &ArgSpec) -> bool {
    arg.required || arg.form == Form::Flag
}

/// Whether this value names something that GitHub knows in any case, so that it is compared in lower case.
#[must_use]
pub fn any_case(kind: &ArgKind) -> bool {
    matches!(
        kind,
        ArgKind::Organization
            | ArgKind::NewRepository
            | ArgKind::Repository
            | ArgKind::Repositories
            | ArgKind::FullRepository
            | ArgKind::Team
            | ArgKind::TeamPermission
            | ArgKind::Permission
            | ArgKind::Login
            | ArgKind::Topics
            | ArgKind::CommandName
    )
}

/// The commands that people may ask.
pub(crate) fn asked_by_people<'a>(
    commands: impl IntoIterator<Item = &'a CommandSpec>,
) -> impl Iterator<Item = &'a CommandSpec> {
    commands.into_iter().filter(|spec| !spec.only_when_due)
}

/// Which set of policies it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Who may: asked before there is a plan, and again with it.
    Policy,
    /// What it takes: there is always a plan.
    Obligations,
}

/// The schema, in Cedar's own notation.
#[must_use]
pub fn schema<'a>(
    commands: impl IntoIterator<Item = &'a CommandSpec>,
    operations: &BTreeSet<String>,
    purpose: For,
) -> String {
    let commands: Vec<&CommandSpec> = asked_by_people(commands).collect();
    let mut out = String::new();
    let mut closed = |name: &str, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let _ = writeln!(out, "entity {name} enum [{}];", words.join(", "));
    };
    closed("Kind", &STANDINGS.map(kind));
    closed("Risk", &RISKS.map(risk));
    closed("Power", &Power::ALL.map(Power::as_str));
    closed("Conversation", &CONVERSATIONS.map(conversation));
    // A closed type needs a word; this one is no operation's name.
    let kinds: Vec<&str> = operations.iter().map(String::as_str).collect();
    closed("Operation", if kinds.is_empty() { &["none"] } else { &kinds });
    out.push_str(ENTITIES);
    let mut groups: BTreeSet<&str> = BTreeSet::from([READ, CHANGE]);
    groups.extend(commands.iter().map(|spec| spec.group.as_str()));
    for group in groups {
        let _ = writeln!(out, "action {};", quoted(group));
    }
    let plan = match purpose {
        For::Policy => "\"plan\"?: Plan",
        For::Obligations => "\"plan\": Plan",
    };
    for spec in commands {
        let does = if changes(spec) { CHANGE } else { READ };
        let args: Vec<String> = spec.args.iter().map(arg).collect();
        let _ = write!(
            out,
            "action {} in [{}, {}] appliesTo {{\n  principal: [Person],\n  resource: [Repository, Organization, \
             Channel],\n  context: {{ \"args\": {{ {} }}, \"channel\": Channel, \"time\": Time, {plan} }}\n}};\n",
            quoted(&spec.name),
            quoted(does),
            quoted(&spec.group),
            args.join(", "),
        );
    }
    out
}

const ENTITIES: &str = r#"entity Group, GitHubTeam;
entity Person in [Group, GitHubTeam] {
  "kind": Kind,
  "team": String,
  "email"?: String,
  "github"?: String,
};
entity Organization { "name": String };
entity Repository in [Organization] { "name": String, "owner": String };
entity Channel { "kind": Conversation, "shared": Bool };
type Time = { "epoch": Long, "hour": Long, "weekday": Long };
type Plan = {
  "risk": Risk,
  "powers": Set<Power>,
  "operations": Set<Operation>,
  "steps": Long,
};
"#;

fn arg(arg: &ArgSpec) -> String {
    let maybe = if always(arg) { "" } else { "?" };
    format!("{}{maybe}: {}", quoted(&attribute(arg)), arg_type(arg).cedar())
}

/// A text as it is written in Cedar.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
