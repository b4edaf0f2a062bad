//! From a line to typed arguments, by a command's specification.

use std::collections::BTreeMap;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::mention;
use crate::nearest::likely;
use crate::problem::Problem;
use crate::spec::{ArgKind, ArgSpec, Args, Form, Value};
use crate::spec_fault::{self, SpecFault};
use crate::value;
use crate::words::{LONGEST_LINE, Words, too_long};

/// Stands before a word that begins with a hyphen and is no option, so that clap does not take it for one.
const LITERAL: char = '\u{FDD2}';

/// What a command accepts, made ready once to read many lines.
#[derive(Clone, Debug)]
pub struct Grammar {
    args: Vec<ArgSpec>,
    command: Command,
    /// For each option and flag its name, and whether it takes a value.
    options: BTreeMap<String, bool>,
    /// How many arguments go by place before the rest, if the last takes the rest.
    before_rest: Option<usize>,
}

/// The words of a line as clap takes them, and what is left for the last argument.
#[derive(Default)]
struct Given<'a> {
    words: Vec<String>,
    rest: Option<&'a str>,
}

impl Grammar {
    /// Makes the specification of a command's arguments ready.
    ///
    /// # Errors
    /// The specification contradicts itself, such as two arguments of one name.
    pub fn new(args: &[ArgSpec]) -> Result<Self, SpecFault> {
        spec_fault::check(args)?;
        let options = args.iter().filter_map(|arg| match arg.form {
            Form::Option => Some((arg.name.clone(), true)),
            Form::Flag => Some((arg.name.clone(), false)),
            Form::Positional | Form::Rest => None,
        });
        let by_place = args.iter().filter(|arg| arg.form == Form::Positional).count();
        let takes_rest = args.iter().any(|arg| arg.form == Form::Rest);
        let mut command = Command::new("line")
            .no_binary_name(true)
            .disable_help_flag(true)
            .disable_help_subcommand(true)
            .disable_version_flag(true)
            .args(args.iter().filter(|arg| arg.form != Form::Rest).map(clap_arg));
        command.build();
        Ok(Self {
            args: args.to_vec(),
            command,
            options: options.collect(),
            before_rest: takes_rest.then_some(by_place),
        })
    }

    /// The specification.
    #[must_use]
    pub fn args(&self) -> &[ArgSpec] {
        &self.args
    }

    /// The typed arguments that a line gives: what follows the command's name, normalised.
    ///
    /// [`words`](crate::words()) says how it parts into words and which lines belong to it. Besides:
    ///
    /// * Options may stand anywhere, in any case, with `_` for `-` and with one hyphen or two, as
    ///   `--name value` or `--name=value`. After a `--` there are no options.
    /// * An argument of [`Form::Rest`] takes the rest of the text as it was typed, with quotes, options and
    ///   line breaks in it, but for spaces at both ends. Options before it count; `--` ends them.
    /// * Values are checked and put in their usual form. A value in quotes is never an option.
    ///
    /// # Errors
    /// The first [`Problem`], which may be that help is asked for.
    pub fn parse(&self, line: &str) -> Result<Args, Problem> {
        if let [only] = self.args.as_slice()
            && only.form == Form::Rest
        {
            return sole_rest(only, line);
        }
        let given = self.given(line)?;
        // clap keeps its state in the command: each line has its own.
        let matches = self
            .command
            .clone()
            .try_get_matches_from_mut(given.words)
            .map_err(|error| self.problem(&error))?;
        self.read(&matches, given.rest)
    }

    /// Parts the line, spells options as specified, and finds where the rest begins.
    fn given<'a>(&self, line: &'a str) -> Result<Given<'a>, Problem> {
        let mut given = Given::default();
        let (mut by_place, mut options_over, mut value_due) = (0, false, false);
        let mut asks_help = false;
        let mut words = Words::new(line);
        loop {
            if self.before_rest == Some(by_place) && !value_due {
                // Not yet a word: a quote in the rest need not be closed.
                let ahead = &line[words.ahead()..];
                let next = ahead.split(char::is_whitespace).next().unwrap_or(ahead);
                if !next.is_empty() && (options_over || !self.is_option(next)) {
                    given.rest = Some(rest(line, words.ahead())?);
                    break;
                }
            }
            let Some(word) = words.next().transpose()? else { break };
            let option = !options_over && word.bare && self.is_option(&word.text);
            if option && word.text == "--" {
                options_over = true;
                value_due = false;
                given.words.push(word.text);
            } else if option {
                let (name, text) = self.spelled(&word.text)?;
                value_due = self.options.get(name) == Some(&true) && !text.contains('=');
                given.words.push(text);
            } else {
                asks_help = by_place == 0 && word.bare && word.text.eq_ignore_ascii_case("help");
                by_place += usize::from(!value_due);
                value_due = false;
                given.words.push(literal(word.text));
            }
        }
        if asks_help && given.words.len() == 1 { Err(Problem::Help) } else { Ok(given) }
    }

    /// Whether a word is meant as an option, known or not, or as the `--` that ends them.
    fn is_option(&self, word: &str) -> bool {
        let Some(name) = word.strip_prefix('-') else { return false };
        let named = name.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic());
        // Where there are no options, what looks like one is text.
        name == "-" || (named && (self.before_rest.is_none() || !self.options.is_empty()))
    }

    /// The option as it is specified: its name, and the word with its value.
    fn spelled(&self, word: &str) -> Result<(&str, String), Problem> {
        let (typed, value) = match word.split_once('=') {
            Some((typed, value)) => (typed, Some(value)),
            None => (word, None),
        };
        let name = folded(typed);
        if name == "help" || name == "h" {
            return Err(Problem::Help);
        }
        let Some((name, _)) = self.options.get_key_value(&name) else {
            let option = mention::readable(typed);
            return Err(Problem::UnknownOption { option, suggestion: self.suggestion(&name) });
        };
        Ok((name, value.map_or_else(|| format!("--{name}"), |value| format!("--{name}={value}"))))
    }

    fn suggestion(&self, name: &str) -> Option<String> {
        likely(name, self.options.keys().map(String::as_str)).map(|name| format!("--{name}"))
    }

    /// Our own words for clap's errors. Nothing that clap writes is shown to people.
    fn problem(&self, error: &clap::Error) -> Problem {
        let context = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => text.strip_prefix(LITERAL).unwrap_or(text),
            _ => "",
        };
        let about = context(ContextKind::InvalidArg);
        match error.kind() {
            // `about` is then `--name <name>`.
            ErrorKind::InvalidValue | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
                let option = about.split([' ', '=']).next().unwrap_or(about);
                Problem::NeedsValue { option: option.to_owned() }
            }
            // `about` is then `--name...`, since it may be given more than once.
            ErrorKind::TooManyValues => {
                Problem::TakesNoValue { option: about.trim_end_matches('.').to_owned() }
            }
            // Options that are unknown were found before: this is a word too many.
            _ => Problem::Unexpected {
                word: mention::readable(about),
                suggestion: self.suggestion(&folded(about)),
            },
        }
    }

    fn read(&self, matches: &ArgMatches, rest: Option<&str>) -> Result<Args, Problem> {
        let mut args = Args::default();
        for arg in &self.args {
            let name = arg.name.as_str();
            if arg.form == Form::Flag {
                if matches.get_count(name) > 0 {
                    args.set(name, Value::Flag(true));
                }
                continue;
            }
            let given: Vec<&str> = if arg.form == Form::Rest {
                rest.into_iter().collect()
            } else {
                let words = matches.get_many::<String>(name).unwrap_or_default();
                words.map(|word| word.strip_prefix(LITERAL).unwrap_or(word)).collect()
            };
            match given.as_slice() {
                [] if arg.required => return Err(Problem::Missing { arg: name.to_owned() }),
                [] => {}
                words if arg.repeated => args.set(name, value::many(arg, words.iter().copied())?),
                [word] => args.set(name, value::one(arg, word)?),
                [_, ..] => return Err(Problem::TwiceGiven { arg: name.to_owned() }),
            }
        }
        Ok(args)
    }
}

/// The quick way for commands that take nothing but the rest of the text, such as `!Repeat hello`.
fn sole_rest(arg: &ArgSpec, line: &str) -> Result<Args, Problem> {
    let mut text = rest(line, 0)?;
    if text == "--help" || text == "-h" || (arg.kind != ArgKind::Text && text.eq_ignore_ascii_case("help")) {
        return Err(Problem::Help);
    }
    if let Some(after) = text.strip_prefix("--").filter(|after| after.starts_with(char::is_whitespace)) {
        text = after.trim();
    }
    let mut args = Args::default();
    if !text.is_empty() {
        args.set(&arg.name, value::one(arg, text)?);
    } else if arg.required {
        return Err(Problem::Missing { arg: arg.name.clone() });
    }
    Ok(args)
}

/// The text from `start` on, if the line is not too long.
fn rest(line: &str, start: usize) -> Result<&str, Problem> {
    // As many bytes are never more characters.
    if line.len() > LONGEST_LINE && line.chars().count() > LONGEST_LINE {
        return Err(too_long(line).into());
    }
    Ok(line[start..].trim())
}

fn clap_arg(spec: &ArgSpec) -> Arg {
    let arg = Arg::new(spec.name.clone());
    match spec.form {
        Form::Flag => arg.long(spec.name.clone()).action(ArgAction::Count),
        Form::Option => arg.long(spec.name.clone()).action(ArgAction::Append).num_args(1),
        Form::Positional | Form::Rest if spec.repeated => arg.action(ArgAction::Append).num_args(1..),
        Form::Positional | Form::Rest => arg.action(ArgAction::Set),
    }
}

/// An option's name as it is compared: without hyphens before it, in lower case, with `-` for `_`.
fn folded(option: &str) -> String {
    option.trim_start_matches('-').to_lowercase().replace('_', "-")
}

fn literal(word: String) -> String {
    if word.starts_with(['-', LITERAL]) { format!("{LITERAL}{word}") } else { word }
}
