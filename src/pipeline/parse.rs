//! Parse: words to a command and its typed arguments, from the command's own specification and the
//! configured organisations alone.

use std::sync::Arc;

use chatline::Problem;
use hubcommander_sdk::command::{ArgKind, Args, CommandSpec, Value};
use hubcommander_sdk::orgs::Orgs;

use crate::registry::{Recognised, Registered, Registry};

/// How far a word may be from a command's name to be taken for a slip of the finger.
pub const SLIP: usize = 2;

/// A command with arguments that are right in form. Only this station makes one.
pub struct Parsed {
    registered: Arc<Registered>,
    args: Args,
}

impl Parsed {
    /// The command.
    #[must_use]
    pub fn registered(&self) -> &Arc<Registered> {
        &self.registered
    }

    /// What there is to know of the command.
    #[must_use]
    pub fn spec(&self) -> &CommandSpec {
        self.registered.spec()
    }

    /// Its arguments.
    #[must_use]
    pub fn args(&self) -> &Args {
        &self.args
    }
}

/// Why a line is no command that could be asked.
pub enum Unparsed {
    /// Nothing was said after the address.
    Empty,
    /// There was a secret in it. It was taken out before anything was written down, so what was meant cannot
    /// be done.
    Secret,
    /// There is no such command; perhaps this one was meant.
    NoSuchCommand {
        /// What was typed.
        typed: String,
        /// What was typed after it.
        rest: String,
        /// What was perhaps meant.
        near: Option<Arc<Registered>>,
    },
    /// Only the command was typed, or its help was asked for: show how it is used.
    Usage(Arc<Registered>),
    /// The arguments are wrong.
    Wrong(Arc<Registered>, Problem),
    /// The organisation is none of those that are managed.
    NoSuchOrganization {
        /// The command.
        registered: Arc<Registered>,
        /// What was typed.
        typed: String,
        /// What was perhaps meant.
        near: Option<String>,
    },
}

/// The first word of a line, without the exclamation mark that some put before it even where none is needed.
#[must_use]
pub fn first_word(text: &str) -> &str {
    chatline::command(bare(text)).0
}

/// A form's line and a slash command come without the mark, and some put it there all the same.
fn bare(text: &str) -> &str {
    text.trim_start().trim_start_matches('!').trim_start_matches(' ')
}

/// Parses one line.
///
/// # Errors
/// What is wrong with it, as data; the report station finds the words.
pub fn parse(registry: &Registry, orgs: &Orgs, text: &str) -> Result<Parsed, Unparsed> {
    parse_as(registry, orgs, text, false)
}

/// Parses one line. Some commands are only there when the bot asks itself, because something is `due`.
///
/// # Errors
/// What is wrong with it, as data; the report station finds the words.
pub fn parse_as(registry: &Registry, orgs: &Orgs, text: &str, due: bool) -> Result<Parsed, Unparsed> {
    if crate::redact::is_redacted(text) {
        return Err(Unparsed::Secret);
    }
    let (name, rest) = chatline::command(bare(text));
    if name.is_empty() {
        return Err(Unparsed::Empty);
    }
    let unknown = |near: Option<&Arc<Registered>>| {
        let (typed, rest) = (name.to_owned(), rest.trim().to_owned());
        Err(Unparsed::NoSuchCommand { typed, rest, near: near.cloned() })
    };
    let registered = match registry.recognise(name, SLIP) {
        Recognised::Known(registered) if !registered.spec().only_when_due || due => Arc::clone(registered),
        Recognised::Known(_) => return unknown(None),
        Recognised::Near(near) => return unknown(Some(near)),
        Recognised::Unknown => return unknown(None),
    };
    let spec = registered.spec();
    if rest.trim().is_empty() && spec.args.iter().any(|arg| arg.required) {
        return Err(Unparsed::Usage(registered));
    }
    let mut args = match registered.grammar.parse(rest) {
        Ok(args) => args,
        Err(Problem::Help) => return Err(Unparsed::Usage(registered)),
        Err(problem) => return Err(Unparsed::Wrong(registered, problem)),
    };
    if let Err((typed, near)) = settle_organizations(spec, orgs, &mut args) {
        return Err(Unparsed::NoSuchOrganization { registered, typed, near });
    }
    Ok(Parsed { registered, args })
}

/// Replaces aliases by the organisation's name as configured.
fn settle_organizations(
    spec: &CommandSpec,
    orgs: &Orgs,
    args: &mut Args,
) -> Result<(), (String, Option<String>)> {
    for arg in spec.args.iter().filter(|arg| arg.kind == ArgKind::Organization) {
        let Some(typed) = args.text(&arg.name) else { continue };
        let Some(org) = orgs.find(typed) else {
            let names: Vec<&str> = orgs
                .iter()
                .flat_map(|org| {
                    std::iter::once(org.name.as_str()).chain(org.settings.aliases.iter().map(String::as_str))
                })
                .collect();
            let near = chatline::nearest(typed, names).map(str::to_owned);
            return Err((typed.to_owned(), near));
        };
        args.set(&arg.name, Value::Text(org.name.clone()));
    }
    Ok(())
}
