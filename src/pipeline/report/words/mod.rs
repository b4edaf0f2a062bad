//! What people read. One function per message, so that tone and form can be judged in one place.

use chatline::{InvalidReason, Problem};
use hubcommander_sdk::command::{ArgKind, CommandSpec, Form};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::Place;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde_json::Value as Json;

use crate::invocation::{Invocation, StepRecord, StepState};
use crate::pipeline::execute::Ended;
use crate::pipeline::gate::{Obligation, Progress};
use crate::pipeline::parse::Unparsed;
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;
use crate::registry::Registered;

/// The command with its exclamation mark, to be typed.
fn bang(spec: &CommandSpec) -> String {
    format!("!{}", spec.name)
}

/// The usage of a command: what it does, the form, an example, the options.
#[must_use]
pub fn usage(spec: &CommandSpec, orgs: &Orgs, place: &Place) -> Message {
    let mut message = Message::new(Text::new().bold(bang(spec)).plain(format!(" · {}", spec.about)))
        .part(Part::Code(form_of(spec)));
    if let Some(example) = spec.examples.first() {
        message = message.line(Text::new().plain("For example ").code(at_home(spec, orgs, example)));
    }
    for arg in &spec.args {
        let name = match arg.form {
            Form::Option | Form::Flag => format!("--{}", arg.name),
            Form::Positional | Form::Rest => arg.name.clone(),
        };
        let mut text = Text::new().code(name).plain(format!(" {}", arg.help));
        if let ArgKind::Choice(choices) = &arg.kind {
            text = text.plain(format!(": {}", choices.join(", ")));
        }
        if arg.repeated && arg.kind != ArgKind::Topics {
            text = text.plain(", as often as you like");
        }
        message = message.item(text);
    }
    // A command that needs nothing is typed sooner than a form is filled in.
    let worth_a_form = spec.args.iter().any(|arg| arg.required);
    if worth_a_form { message.button(form_button(spec, place)) } else { message }
}

/// The most characters in a line of a usage: what fits into a thread on a wide screen.
const USAGE_WIDTH: usize = 64;

/// The form of a command, in lines that part between arguments and never within one.
fn form_of(spec: &CommandSpec) -> String {
    let whole = chatline::usage(&spec.name, &spec.args);
    let mut lines = vec![String::new()];
    let mut part = String::new();
    let mut within = 0_usize;
    // The space at the end sends off the last part.
    for c in whole.chars().chain([' ']) {
        match c {
            '[' | '<' => within += 1,
            ']' | '>' => within = within.saturating_sub(1),
            _ => {}
        }
        if c != ' ' || within > 0 {
            part.push(c);
            continue;
        }
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(&part);
        } else if line.chars().count() + 1 + part.chars().count() <= USAGE_WIDTH {
            line.push(' ');
            line.push_str(&part);
        } else {
            lines.push(format!("    {part}"));
        }
        part.clear();
    }
    lines.join("\n")
}

/// The button that opens the command as a form. It carries the thread to answer in, which a click on an
/// ephemeral message does not tell.
fn form_button(spec: &CommandSpec, place: &Place) -> Button {
    Button::Press {
        label: "Fill in a form".into(),
        action: "form".into(),
        value: format!("{} {}", spec.name, place.thread.as_deref().unwrap_or_default()),
        style: Style::Plain,
    }
}

/// An example with an organisation that is really there, so that it can be copied and run.
fn at_home(spec: &CommandSpec, orgs: &Orgs, example: &str) -> String {
    let Some(place) = spec.args.iter().position(|arg| arg.kind == ArgKind::Organization) else {
        return example.to_owned();
    };
    let Some(home) = orgs.iter().next().map(|org| org.name.as_str()) else { return example.to_owned() };
    let mut words: Vec<&str> = example.split(' ').collect();
    match words.get_mut(place + 1) {
        Some(word) if orgs.find(word).is_none() => *word = home,
        _ => {}
    }
    words.join(" ")
}

/// What is said of a line with a secret in it, and what to do.
pub const SECRET: (&str, &str) = (
    "That looks like it holds a secret, so I did nothing, and kept no copy of the secret.",
    "Delete your message and revoke the secret: whoever reads along may have seen it.",
);

/// What is said of a line that is no command that could be asked.
#[must_use]
pub fn unparsed(unparsed: &Unparsed, orgs: &Orgs, place: &Place) -> Message {
    match unparsed {
        Unparsed::Empty => {
            Message::new(Text::new().plain("Tell me what to do, or see ").code("!Help").plain("."))
        }
        Unparsed::Secret => refused(SECRET.0, SECRET.1),
        Unparsed::NoSuchCommand { typed, near: Some(near) } => refused(
            Text::new().plain("There is no command ").code(format!("!{}", shortened(typed))).plain("."),
            Text::new().plain("Did you mean ").code(bang(near.spec())).plain("?"),
        ),
        Unparsed::NoSuchCommand { typed, near: None } => refused(
            Text::new().plain("There is no command ").code(format!("!{}", shortened(typed))).plain("."),
            Text::new().plain("See what there is with ").code("!Help").plain("."),
        ),
        Unparsed::Usage(registered) => usage(registered.spec(), orgs, place),
        Unparsed::Wrong(registered, problem) => wrong(registered, problem, place),
        Unparsed::NoSuchOrganization { registered, typed, near } => {
            let names: Vec<&str> = orgs.iter().map(|org| org.name.as_str()).collect();
            let hint = match near {
                Some(near) => Text::new().plain("Did you mean ").code(near).plain("?"),
                None if names.is_empty() => "No organisation is set up yet.".into(),
                None => Text::new().plain(format!("Choose from {}.", names.join(", "))),
            };
            refused(
                Text::new()
                    .plain("I do not manage an organisation called ")
                    .code(shortened(typed))
                    .plain("."),
                hint,
            )
            .button(form_button(registered.spec(), place))
        }
    }
}

/// Something that is not done: what is wrong, and what to do.
#[must_use]
pub fn refused(what: impl Into<Text>, todo: impl Into<Text>) -> Message {
    Message::new(what).state(State::Refused).line(todo)
}

/// What is said of wrong arguments.
fn wrong(registered: &Registered, problem: &Problem, place: &Place) -> Message {
    let spec = registered.spec();
    let (what, todo) = problem_words(spec, problem);
    let message = Message::new(what).state(State::Refused);
    let message = if todo.is_empty() { message } else { message.line(todo) };
    message
        .part(Part::Code(form_of(spec)))
        .line(Text::new().plain("More with ").code(format!("!Help {}", spec.name)).plain("."))
        .button(form_button(spec, place))
}

fn meant(suggestion: Option<&String>, prefix: &str) -> Text {
    suggestion.map_or_else(Text::new, |near| {
        Text::new().plain("Did you mean ").code(format!("{prefix}{near}")).plain("?")
    })
}

/// One sentence on what is wrong, one on what to do.
#[must_use]
pub fn problem_words(spec: &CommandSpec, problem: &Problem) -> (Text, Text) {
    let code = |word: &str| Text::new().code(word);
    match problem {
        Problem::Help => (Text::new(), Text::new()),
        Problem::Missing { arg } => (Text::new().plain("It still needs ").code(arg).plain("."), Text::new()),
        Problem::Unexpected { word, suggestion } => (
            Text::new().plain("There is one word too many: ").code(shortened(word)).plain("."),
            suggestion.as_ref().map_or_else(
                || Text::from("If several words belong together, put them in quotes."),
                |near| Text::new().plain("Did you mean ").code(near).plain("?"),
            ),
        ),
        Problem::UnknownOption { option, suggestion } => (
            Text::new().plain("There is no option ").code(shortened(option)).plain("."),
            meant(suggestion.as_ref(), ""),
        ),
        Problem::NeedsValue { option } => (code(option).plain(" needs a value after it."), Text::new()),
        Problem::NotAChoice { arg, given, choices, suggestion } => (
            Text::new().code(shortened(given)).plain(" is not one of the choices for ").code(arg).plain("."),
            suggestion.as_ref().map_or_else(
                || Text::new().plain(format!("Choose from {}.", choices.join(", "))),
                |near| Text::new().plain("Did you mean ").code(near).plain("?"),
            ),
        ),
        Problem::Invalid { arg, reason: InvalidReason::Empty, .. } => {
            (code(arg).plain(" is empty."), "Give it a value.".into())
        }
        Problem::Invalid { arg, given, reason } => (
            Text::new().code(shortened(given)).plain(" is not right for ").code(arg).plain("."),
            reason_words(kind_of(spec, arg), reason),
        ),
        Problem::TwiceGiven { arg } => (code(arg).plain(" is given twice."), "Give it once.".into()),
        Problem::Unclosed { quote, .. } => (
            Text::new().plain("A quotation mark is not closed: ").code(quote.to_string()).plain("."),
            "Add the closing one, or leave both out.".into(),
        ),
        Problem::TooLong { limit, .. } => (
            Text::new().plain(format!("The line is longer than {limit} characters.")),
            "Shorten it, please.".into(),
        ),
    }
}

fn shortened(given: &str) -> String {
    const MOST: usize = 60;
    if given.chars().count() <= MOST {
        return given.to_owned();
    }
    given.chars().take(MOST).chain(['…']).collect()
}

fn kind_of<'a>(spec: &'a CommandSpec, arg: &str) -> Option<&'a ArgKind> {
    spec.args.iter().find(|known| known.name == arg).map(|known| &known.kind)
}

fn reason_words(kind: Option<&ArgKind>, reason: &InvalidReason) -> Text {
    match reason {
        InvalidReason::Empty => "It is empty.".into(),
        InvalidReason::Character(' ') => "There must be no space in it.".into(),
        InvalidReason::Character(c) if c.is_control() || c.is_whitespace() => {
            format!("There is an invisible character in it (U+{:04X}); type it anew.", u32::from(*c)).into()
        }
        // Slack sends an emoji as its name between colons.
        InvalidReason::Character(':') => "There must be no emoji and no colon in it.".into(),
        InvalidReason::Character('/') if kind == Some(&ArgKind::Organization) => {
            "Write the organisation and the repository as two words.".into()
        }
        InvalidReason::Character('/')
            if matches!(kind, Some(ArgKind::Repository | ArgKind::NewRepository)) =>
        {
            "Write the name alone, without the organisation and a slash.".into()
        }
        InvalidReason::Character(c) => {
            Text::new().plain("There must be no ").code(c.to_string()).plain(" in it.")
        }
        InvalidReason::TooLong { limit } => format!("It may have {limit} characters at most.").into(),
        InvalidReason::TooMany { limit } => format!("There may be {limit} at most.").into(),
        InvalidReason::Form => form_words(kind),
        InvalidReason::Reserved => "That name has a meaning of its own; choose another.".into(),
        InvalidReason::Person => "That is a person in Slack. Type the name at GitHub, without the @.".into(),
        InvalidReason::NotAPerson => {
            "Mention the person with an @, and choose them from Slack's list.".into()
        }
        InvalidReason::NotANumber => "It must be a whole number.".into(),
        InvalidReason::NotAnAddress => {
            Text::new().plain("It must be a whole address that begins with ").code("https://").plain(".")
        }
        InvalidReason::Credentials => "There must be no user name or password in an address.".into(),
    }
}

fn form_words(kind: Option<&ArgKind>) -> Text {
    let written = |form: &str, example: &str| {
        Text::new().plain("Write it as ").code(form).plain(", for example ").code(example).plain(".")
    };
    match kind {
        Some(ArgKind::TeamPermission) => written("team=permission", "platform=push"),
        Some(ArgKind::FullRepository) => written("owner/repo", "acme/website"),
        Some(ArgKind::Branch) => "Git takes no branch of that name.".into(),
        _ => "It does not have the right form.".into(),
    }
}

/// A refusal, with the id to quote.
#[must_use]
pub fn refusal(refusal: &Refusal, id: &str) -> Message {
    let message = Message::new(refusal.what.clone()).state(State::Refused);
    let message = if refusal.todo.is_empty() { message } else { message.line(refusal.todo.clone()) };
    message.footnote(id)
}

/// The plan, where only that was asked for.
#[must_use]
pub fn dry_run(examined: &Examined, id: &str) -> Message {
    let message = Message::new(Text::new().plain("Would do: ").then(examined.plan().title.todo.clone()));
    plan_lines(message, examined)
        .line("Nothing has been done.")
        .footnote(Text::new().plain(format!("plan {} · {id}", short(&examined.digest().0))))
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

fn plan_lines(mut message: Message, examined: &Examined) -> Message {
    for step in examined.words() {
        let text = match &step.irreversible {
            Some(note) => Text::new().plain("⚠️ ").then(step.what.clone()).plain(": ").then(note.clone()),
            None => step.what.clone(),
        };
        message = message.item(text);
    }
    message
}

/// A plan that waits. `instead` says why it takes the place of one that was confirmed before.
#[must_use]
pub fn waiting(examined: &Examined, progress: &Progress, record: &Record, instead: Option<&Text>) -> Message {
    let invocation = record.invocation();
    let mut message = Message::new(examined.plan().title.todo.clone()).state(State::NeedsYou);
    if let Some(why) = instead {
        message = message.line(
            Text::new().plain("Nothing was done yet: ").then(why.clone()).plain(". This is the plan now."),
        );
    }
    message = plan_lines(message, examined);
    let takes: Vec<&str> = progress
        .obligations
        .iter()
        .map(|obligation| match obligation {
            Obligation::Confirm => "your word that this is what you want",
        })
        .collect();
    message = message.line(format!("It takes {}.", takes.join(", and ")));
    let style = if examined.risk() == Risk::Irreversible { Style::Danger } else { Style::Primary };
    // The digest goes with the button: a click on an older plan's button does not count for a newer plan.
    let value = format!("{} {}", invocation.id, examined.digest().0);
    message
        .button(Button::Press { label: "Run".into(), action: "run".into(), value: value.clone(), style })
        .button(Button::Press { label: "Cancel".into(), action: "cancel".into(), value, style: Style::Plain })
        .footnote(Text::new().plain("Asked by ").person(&invocation.origin.person.user).plain(format!(
            " · valid for {} · {}",
            span(progress.expires - invocation.updated_at),
            invocation.id
        )))
}

/// A plan at work.
#[must_use]
pub fn working(examined: &Examined, record: &Record) -> Message {
    let message = Message::new(examined.plan().title.doing.clone()).state(State::Working);
    let message = steps(message, examined, record);
    if record.steps().iter().any(|known| known.state == StepState::Started) {
        return message;
    }
    message.line("Waiting for another command on the same to end.")
}

fn steps(mut message: Message, examined: &Examined, record: &Record) -> Message {
    for step in examined.words() {
        let known = record.step(&step.step);
        let state = match known.map(|known| known.state) {
            None | Some(StepState::Skipped) => State::Pending,
            Some(StepState::Started) if known.is_some_and(|known| known.error.is_some()) => State::NeedsYou,
            Some(StepState::Started) => State::Working,
            Some(StepState::Done) => State::Done,
            Some(StepState::Failed) => State::Refused,
        };
        let mut text = step.what.clone();
        if let Some(note) =
            known.and_then(|known| known.applied.as_ref()).and_then(|applied| applied.note.clone())
        {
            text = text.plain(" (").then(note).plain(")");
        }
        if let Some(error) = known.and_then(|known| known.error.clone()) {
            let unclear = known.is_some_and(|known| known.state == StepState::Started);
            text = text.plain(if unclear { ": may have been done. " } else { ": " }).then(error.what);
        }
        message = message.part(Part::Step(state, text));
    }
    message
}

/// A plan that has come to its end.
#[must_use]
pub fn ended(examined: &Examined, record: &Record, ended: &Ended, took: chrono::TimeDelta) -> Message {
    let plan = examined.plan();
    let id = &record.invocation().id;
    let note = Text::new().plain(format!("{} · {id}", span(took)));
    match ended {
        Ended::Done => {
            let mut message = Message::new(plan.title.done.clone()).state(State::Done);
            if let Some(summary) = &plan.summary {
                message = message.line(summary.clone());
            } else {
                message = steps(message, examined, record);
            }
            for link in &plan.links {
                message = message.button(resolved(link, record));
            }
            message.footnote(note)
        }
        Ended::Partial if record.steps().iter().any(|known| known.state == StepState::Started) => {
            let message = Message::new(plan.title.todo.clone().plain(": it is not clear how far this went"))
                .state(State::NeedsYou);
            steps(message, examined, record)
                .line("What is done stays done. Retry looks first, and does only what is missing.")
                .button(retry_button(id))
                .footnote(note)
        }
        Ended::Partial => {
            let message = Message::new(plan.title.todo.clone().plain(": only a part of it could be done"))
                .state(State::NeedsYou);
            let message = steps(message, examined, record);
            let message = if may_help(record) {
                message.line("What is done stays done. Retry does what is missing.").button(retry_button(id))
            } else {
                message.line("What is done stays done.")
            };
            message.footnote(note)
        }
        Ended::Failed => {
            let message =
                Message::new(plan.title.todo.clone().plain(": this could not be done")).state(State::Refused);
            let message = steps(message, examined, record).line("Nothing was changed.");
            let message = if may_help(record) { message.button(retry_button(id)) } else { message };
            message.footnote(note)
        }
        Ended::Void(why) | Ended::Blind(why) => {
            let message = Message::new(plan.title.todo.clone().plain(": nothing was done"))
                .state(State::Refused)
                .line(why.clone());
            // What could not be looked at now can be later; what has changed stays changed.
            let message =
                if matches!(ended, Ended::Blind(_)) { message.button(retry_button(id)) } else { message };
            message.footnote(note)
        }
    }
}

/// Whether trying again could bring more than the same refusal.
fn may_help(record: &Record) -> bool {
    let lasting = |known: &StepRecord| known.error.as_ref().is_some_and(|error| error.lasting);
    record.steps().iter().any(|known| match known.state {
        StepState::Started => true,
        StepState::Failed => !lasting(known),
        StepState::Done | StepState::Skipped => false,
    })
}

fn retry_button(id: &str) -> Button {
    Button::Press { label: "Retry".into(), action: "retry".into(), value: id.to_owned(), style: Style::Plain }
}

/// A link with `{step.field}` replaced by what that step gave.
fn resolved(link: &Button, record: &Record) -> Button {
    let Button::Link { label, url } = link else { return link.clone() };
    let mut out = String::new();
    let mut rest = url.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        if let Some((step, field)) = name.split_once('.') {
            let output = record.step(step).and_then(|known| known.applied.as_ref());
            if let Some(Json::String(value)) = output.and_then(|applied| applied.output.get(field)) {
                out.push_str(value);
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    Button::Link { label: label.clone(), url: out }
}

/// Withdrawn by a person.
#[must_use]
pub fn cancelled(examined: &Examined, invocation: &Invocation, by: &str) -> Message {
    Message::new(examined.plan().title.todo.clone().plain(": cancelled"))
        .state(State::Refused)
        .line(Text::new().plain("Cancelled by ").person(by).plain(". Nothing was changed."))
        .footnote(invocation.id.as_str())
}

/// Nobody answered in time.
#[must_use]
pub fn expired(examined: &Examined, invocation: &Invocation) -> Message {
    Message::new(examined.plan().title.todo.clone().plain(": the time to confirm ran out"))
        .state(State::Refused)
        .line("Nothing was changed. Type the command again if it is still needed.")
        .footnote(invocation.id.as_str())
}

/// Where the answer is that nobody else may read.
#[must_use]
pub fn written_to_you() -> Message {
    Message::new("The answer is for you alone: it is in your direct messages with me.")
}

/// Something in the program is broken, so nobody goes on with it for now.
#[must_use]
pub fn halted(id: &str) -> Message {
    Message::new("This stands still: something in the bot is broken.")
        .state(State::NeedsYou)
        .line("The people who run it have been told. It goes on from here when they start the bot again.")
        .footnote(id)
}

/// A length of time as people say it.
#[must_use]
pub fn span(length: chrono::TimeDelta) -> String {
    let seconds = length.num_milliseconds().max(0) as f64 / 1000.0;
    let plural = |n: i64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3_600.0 => plural((s / 60.0).round() as i64, "minute"),
        s if s < 172_800.0 => plural((s / 3_600.0).round() as i64, "hour"),
        s => plural((s / 86_400.0).round() as i64, "day"),
    }
}
