//! The pages of the documentation about commands, made from their specifications. A test keeps them in step.

use std::fmt::Write as _;

use hubcommander_sdk::command::{ArgKind, Audience, CommandSpec, Form};
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::setting::Setting;

/// How the pages are renewed, said in each of them.
const RENEW: &str = "UPDATE_DOCS=1 cargo nextest run -p hubcommander --test it documentation";

/// One command, and the settings that it takes of its own.
pub struct Documented<'a> {
    /// What there is to know of it.
    pub spec: &'a CommandSpec,
    /// Its own settings.
    pub settings: &'a [Setting],
}

/// The page of one command.
#[must_use]
pub fn page(command: &Documented<'_>) -> String {
    let spec = command.spec;
    let mut out = format!("# !{}\n\n<!-- Made from the command's specification. {RENEW} -->\n\n", spec.name);
    let _ = writeln!(out, "{}.\n", spec.about);
    let _ = writeln!(out, "```text\n{}\n```\n", chatline::usage(&spec.name, &spec.args));
    if !spec.aliases.is_empty() {
        let aliases: Vec<String> = spec.aliases.iter().map(|alias| format!("`!{alias}`")).collect();
        let _ = writeln!(out, "Also: {}.\n", aliases.join(", "));
    }
    if !spec.args.is_empty() {
        out.push_str("| argument | what it is |\n|---|---|\n");
        for arg in &spec.args {
            let name = match arg.form {
                Form::Option | Form::Flag => format!("--{}", arg.name),
                Form::Positional | Form::Rest => arg.name.clone(),
            };
            let mut help = cell(&arg.help);
            if let ArgKind::Choice(choices) = &arg.kind {
                let _ = write!(help, ": {}", choices.join(", "));
            }
            if arg.repeated && !arg.kind.is_list() {
                help.push_str(", as often as you like");
            }
            if arg.required {
                help.push_str(" (needed)");
            }
            let _ = writeln!(out, "| `{name}` | {help} |");
        }
        out.push('\n');
    }
    out.push_str("## For example\n\n```text\n");
    for example in &spec.examples {
        let _ = writeln!(out, "{example}");
    }
    let _ = write!(out, "```\n\n## What to know\n\n{}\n{}\n", audience(spec.audience), risk(spec));
    if !command.settings.is_empty() {
        let _ = write!(out, "\n## Settings\n\nIn `config.toml`, under `[commands.{}]`:\n\n", spec.name);
        out.push_str("| key | if left out | what it does |\n|---|---|---|\n");
        for setting in command.settings {
            let default = if setting.default.is_empty() {
                "none".to_owned()
            } else {
                format!("`{}`", cell(setting.default))
            };
            let _ = writeln!(out, "| `{}` | {default} | {} |", setting.name, cell(setting.about));
        }
    }
    out
}

fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Person => "- The answer is for the person who asked alone.",
        Audience::Direct => "- The answer comes by direct message, for the person who asked alone.",
        Audience::Channel => "- Everybody in the channel reads the answer.",
        Audience::Internal => {
            "- Everybody in the channel reads the answer. In a channel that is shared with another company it does \
             not answer; ask in a direct message there."
        }
    }
}

fn risk(spec: &CommandSpec) -> &'static str {
    match spec.risk {
        None if spec.args.iter().any(|arg| arg.name == "dry-run") => {
            "- It only reads, unless it is asked to change something. That is shown first and waits for a click."
        }
        None => "- It only reads.",
        Some(Risk::Reversible) => {
            "- What it does can be taken back with `!Undo`, unless its plan says otherwise. What shows more than \
             before, or cannot be taken back, is shown first and waits for a click."
        }
        Some(Risk::Exposing) => {
            "- What it does can show something to more people, which cannot be unseen. What cannot be taken back is \
             shown first and waits for a click."
        }
        Some(Risk::Irreversible) => {
            "- What it does cannot be taken back. It is shown first and waits for a click."
        }
    }
}

/// The table of all commands, by group. `folder` is where the pages are, as seen from the file with the table.
#[must_use]
pub fn table(commands: &[Documented<'_>], folder: &str) -> String {
    let mut out = String::new();
    let mut group = "";
    for Documented { spec, .. } in commands {
        if group != spec.group {
            let line = if group.is_empty() { "" } else { "\n" };
            let _ = write!(out, "{line}**{}**\n\n| command | does |\n|---|---|\n", spec.group);
            group = &spec.group;
        }
        let needed = spec.args.iter().filter(|arg| arg.required);
        let form: Vec<String> = needed.map(|arg| format!(" <{}>", arg.name)).collect();
        let name = &spec.name;
        let _ = writeln!(out, "| [`!{name}{}`]({folder}/{name}.md) | {} |", form.concat(), cell(&spec.about));
    }
    out
}

/// Words in a cell of a table.
fn cell(words: &str) -> String {
    words.replace('|', "\\|").replace('\n', " ")
}
