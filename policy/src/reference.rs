//! The part of docs/policy.md that is made from the schema and from what policies may carry. A test keeps it in step.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hubcommander_sdk::command::CommandSpec;
use hubcommander_sdk::operation::Power;

use crate::annotations::{Known, OF_OBLIGATIONS, OF_POLICIES};
use crate::schema::{self, CHANGE, READ};

/// What policies can look at, besides the arguments of commands: where, of which type, and what it is.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    (
        "principal",
        "Person",
        "who asks: `Person::\"U0ANA\"`, `W…` in an enterprise; a stranger is `Person::\"TEAM/USER\"`",
    ),
    (
        "principal in Group::\"…\"",
        "Group",
        "a user group of Slack that they are in, by its handle or its id `S…`",
    ),
    (
        "principal in GitHubTeam::\"…\"",
        "GitHubTeam",
        "a team that their linked GitHub account is in, `owner/slug` in lower case",
    ),
    ("principal.kind", "Kind", "what they are to the workspace"),
    ("principal.team", "String", "their own workspace, `T…`"),
    (
        "principal.email",
        "String, maybe",
        "their e-mail in Slack, in lower case: ask `principal has email` first. On some plans people can change it themselves",
    ),
    (
        "principal.github",
        "String, maybe",
        "the login of their linked GitHub account, in lower case: ask `principal has github` first",
    ),
    ("action", "Action", "the command: `Action::\"CreateRepo\"`, or a group of them"),
    (
        "resource",
        "Repository, Organization or Channel",
        "what is named, or would be changed: each repository by itself, else the organisation, else the conversation",
    ),
    ("resource == Repository::\"…\"", "Repository", "`owner/name`, in lower case"),
    (
        "resource in Organization::\"…\"",
        "Organization",
        "the organisation, or a repository in it, in lower case",
    ),
    (
        "resource.name, resource.owner",
        "String",
        "of a repository; of an organisation only `name`. Say `resource is Repository` in the policy's head first",
    ),
    ("context.channel", "Channel", "where it is asked: `Channel::\"C0DEV\"`"),
    ("context.channel.kind", "Conversation", "what kind of conversation that is"),
    ("context.channel.shared", "Bool", "whether people of other companies read along"),
    ("context.time.hour", "Long", "0 to 23, UTC"),
    ("context.time.weekday", "Long", "1 is Monday, 7 is Sunday, UTC"),
    ("context.time.epoch", "Long", "seconds since 1970"),
    (
        "context.args",
        "record",
        "the typed arguments, below. Flags are always there; what a command can do without is asked for first: `context.args has topics`",
    ),
    (
        "context.plan",
        "record, maybe",
        "the plan. In policy.cedar ask `context has plan` first; in obligations.cedar there always is one",
    ),
    ("context.plan.risk", "Risk", "the risk of its riskiest step"),
    (
        "context.plan.powers",
        "Set<Power>",
        "the powers that it uses: `context.plan.powers.contains(Power::\"delete\")`",
    ),
    (
        "context.plan.operations",
        "Set<Operation>",
        "the kinds of its operations, also of those that are put off",
    ),
    ("context.plan.steps", "Long", "how many steps it has"),
];

/// The generated part: what policies can look at, and what they may carry.
#[must_use]
pub fn reference<'a>(
    commands: impl IntoIterator<Item = &'a CommandSpec>,
    operations: &BTreeSet<String>,
) -> String {
    let mut out = String::from("## What policies can look at\n\n| what | type | is |\n|---|---|---|\n");
    for (what, kind, is) in ATTRIBUTES {
        let _ = writeln!(out, "| `{what}` | {kind} | {is} |");
    }
    out.push_str("\nWords that are one of a few are entities of closed types, so that a slip of the pen is an error:\n\n");
    let mut closed = |name: &str, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let _ = writeln!(out, "- `{name}::\"…\"`: {}", words.join(", "));
    };
    closed("Kind", &schema::STANDINGS.map(schema::kind));
    closed("Risk", &schema::RISKS.map(schema::risk));
    closed("Power", &Power::ALL.map(Power::as_str));
    closed("Conversation", &schema::CONVERSATIONS.map(schema::conversation));
    let kinds: Vec<&str> = operations.iter().map(String::as_str).collect();
    closed("Operation", &kinds);
    let commands: Vec<&CommandSpec> = schema::asked_by_people(commands).collect();
    actions(&mut out, &commands);
    annotations(&mut out, "policy.cedar", OF_POLICIES);
    annotations(&mut out, "obligations.cedar", OF_OBLIGATIONS);
    out
}

fn actions(out: &mut String, commands: &[&CommandSpec]) {
    let _ = write!(
        out,
        "\n### Commands and their arguments\n\nEvery command is in `Action::\"{READ}\"` or `Action::\"{CHANGE}\"` \
         (one that can do either is in `{CHANGE}`), and in the group under which `!Help` shows it. `-` in the name of \
         an argument is `_` here; `?` marks those that may be missing. A length of time is in seconds.\n\n\
         | command | in | context.args |\n|---|---|---|\n"
    );
    for spec in commands {
        let does = if schema::changes(spec) { CHANGE } else { READ };
        let args: Vec<String> = spec
            .args
            .iter()
            .map(|arg| {
                let maybe = if schema::always(arg) { "" } else { "?" };
                format!("`{}{maybe}: {}`", schema::attribute(arg), schema::arg_type(arg).cedar())
            })
            .collect();
        let _ = writeln!(
            out,
            "| `Action::\"{}\"` | `{does}`, `{}` | {} |",
            spec.name,
            spec.group,
            args.join(", ")
        );
    }
}

fn annotations(out: &mut String, file: &str, known: &[Known]) {
    let _ = write!(out, "\n### Annotations in {file}\n\n| written | does |\n|---|---|\n");
    for known in known {
        let _ = writeln!(out, "| `{}` | {} |", known.example, known.about);
    }
}
