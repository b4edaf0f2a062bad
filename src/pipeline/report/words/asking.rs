//! What is said of lines that cannot be asked: how a command is used, and what is wrong with what was typed.

use chatline::{InvalidReason, Problem};
use hubcommander_sdk::command::{ArgKind, ArgSpec, CommandSpec, Form};
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::Place;
use hubcommander_sdk::text::{Text, thousands};

use crate::pipeline::parse::Unparsed;
use crate::registry::Registered;

/// The command with its exclamation mark, to be typed.
fn bang(spec: &CommandSpec) -> String {
    format!("!{}", spec.name)
}

/// The usage of a command: what it does, the form, its first examples, the options.
#[must_use]
pub fn usage(spec: &CommandSpec, orgs: &Orgs, place: &Place, examples: usize) -> Message {
    let mut message = Message::new(Text::new().bold(bang(spec)).plain(format!(" · {}", spec.about)))
        .part(Part::Code(form_of(spec)));
    for (index, example) in spec.examples.iter().take(examples).enumerate() {
        let word = if index == 0 { "For example " } else { "or " };
        message = message.line(Text::new().plain(word).code(at_home(spec, orgs, example)));
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
        if arg.repeated && !arg.kind.is_list() {
            text = text.plain(", as often as you like");
        }
        message = message.item(text);
    }
    with_form(message, spec, place)
}

/// With the button that opens the form, unless the command needs nothing: that is typed sooner.
fn with_form(message: Message, spec: &CommandSpec, place: &Place) -> Message {
    let worth_it = spec.args.iter().any(|arg| arg.required);
    if worth_it { message.button(form_button(spec, place)) } else { message }
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

/// What is said of a line that is no command that could be asked. `marked` says whether it came with an
/// exclamation mark.
#[must_use]
pub fn unparsed(unparsed: &Unparsed, orgs: &Orgs, place: &Place, marked: bool) -> Message {
    match unparsed {
        Unparsed::Empty => {
            Message::new(Text::new().plain("Tell me what to do, or see ").code("!Help").plain("."))
        }
        Unparsed::Secret => refused(SECRET.0, SECRET.1),
        Unparsed::NoSuchCommand { typed, rest, near } => {
            let typed = format!("{}{}", if marked { "!" } else { "" }, shortened(typed));
            let hint = match near {
                Some(near) => Text::new().plain("Did you mean ").code(mended(near.spec(), rest)).plain("?"),
                None => Text::new().plain("See what there is with ").code("!Help").plain("."),
            };
            refused(Text::new().plain("There is no command ").code(typed).plain("."), hint)
        }
        Unparsed::Usage(registered) => usage(registered.spec(), orgs, place, 1),
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

/// The command with what was typed after it, to be copied, as long as that is short and can be shown as it
/// was typed.
fn mended(spec: &CommandSpec, rest: &str) -> String {
    let shown = chatline::readable(rest);
    let fits = shown == rest && rest.chars().count() <= USAGE_WIDTH && !rest.contains(['`', '\n']);
    if fits { format!("{} {rest}", bang(spec)).trim_end().to_owned() } else { bang(spec) }
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
    let message = message
        .part(Part::Code(form_of(spec)))
        .line(Text::new().plain("More with ").code(format!("!Help {}", spec.name)).plain("."));
    with_form(message, spec, place)
}

fn did_you_mean(near: impl Into<String>) -> Text {
    Text::new().plain("Did you mean ").code(near).plain("?")
}

/// An argument as it is typed: options with their hyphens.
fn typed_as(spec: &CommandSpec, arg: &str) -> String {
    let option = |known: &&ArgSpec| known.name == arg && matches!(known.form, Form::Option | Form::Flag);
    if spec.args.iter().any(|known| option(&known)) { format!("--{arg}") } else { arg.to_owned() }
}

/// What to do about a word too many.
fn about_one_too_many(spec: &CommandSpec) -> Text {
    let takes_words = |arg: &ArgSpec| arg.kind == ArgKind::Text;
    if spec.args.iter().any(takes_words) {
        "If several words belong together, put them in quotes.".into()
    } else {
        Text::new()
    }
}

/// The option whose choice was given as if it were an option itself: `--visibility private` for `--private`.
fn as_choice(spec: &CommandSpec, option: &str) -> Option<String> {
    let word = option.trim_start_matches('-');
    spec.args.iter().filter(|arg| arg.form == Form::Option).find_map(|arg| match &arg.kind {
        ArgKind::Choice(choices) => {
            let choice = choices.iter().find(|choice| choice.eq_ignore_ascii_case(word))?;
            Some(format!("--{} {choice}", arg.name))
        }
        _ => None,
    })
}

/// One sentence on what is wrong, one on what to do.
#[must_use]
pub fn problem_words(spec: &CommandSpec, problem: &Problem) -> (Text, Text) {
    let code = |word: &str| Text::new().code(word);
    let named = |arg: &str| code(&typed_as(spec, arg));
    match problem {
        Problem::Help => (Text::new(), Text::new()),
        Problem::Missing { arg } => {
            let help =
                spec.args.iter().find(|known| known.name == *arg).map(|known| format!(": {}", known.help));
            let what = Text::new().plain("It still needs ").then(named(arg));
            (what.plain(help.unwrap_or_default()).plain("."), Text::new())
        }
        Problem::Unexpected { word, .. } if spec.args.is_empty() => {
            let what = code(&bang(spec)).plain(" takes nothing after it.");
            (what, Text::new().plain("Leave out ").code(shortened(word)).plain("."))
        }
        Problem::Unexpected { word, suggestion } => (
            Text::new().plain("There is one word too many: ").code(shortened(word)).plain("."),
            suggestion.as_ref().map_or_else(|| about_one_too_many(spec), did_you_mean),
        ),
        Problem::UnknownOption { option, suggestion } => (
            Text::new().plain("There is no option ").code(shortened(option)).plain("."),
            suggestion.clone().or_else(|| as_choice(spec, option)).map_or_else(Text::new, did_you_mean),
        ),
        Problem::NeedsValue { option } => (code(option).plain(" needs a value after it."), Text::new()),
        Problem::TakesNoValue { option } => {
            (code(option).plain(" takes no value."), "Write it alone, or leave it out.".into())
        }
        Problem::NotAChoice { arg, given, choices, suggestion } => (
            Text::new()
                .code(shortened(given))
                .plain(" is not one of the choices for ")
                .then(named(arg))
                .plain("."),
            suggestion.as_ref().map_or_else(
                || Text::new().plain(format!("Choose from {}.", choices.join(", "))),
                did_you_mean,
            ),
        ),
        Problem::Invalid { arg, reason: InvalidReason::Empty, .. } => {
            (named(arg).plain(" is empty."), "Give it a value.".into())
        }
        Problem::Invalid { arg, given, reason } => (
            Text::new().code(shortened(given)).plain(" is not right for ").then(named(arg)).plain("."),
            reason_words(kind_of(spec, arg), reason),
        ),
        Problem::TwiceGiven { arg } => (named(arg).plain(" is given twice."), "Give it once.".into()),
        Problem::Unclosed { quote, .. } => (
            Text::new().plain("A quotation mark is not closed: ").code(quote.to_string()).plain("."),
            "Add the closing one, or leave both out.".into(),
        ),
        Problem::TooLong { limit, .. } => (
            Text::new().plain(format!("The line is longer than {} characters.", thousands(*limit))),
            "Shorten it.".into(),
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
            if matches!(kind, Some(ArgKind::Repository | ArgKind::Repositories | ArgKind::NewRepository)) =>
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
        InvalidReason::NotADuration => Text::new()
            .plain("Write it as a number and a letter: ")
            .code("12h")
            .plain(", ")
            .code("14d")
            .plain(" or ")
            .code("2w")
            .plain("."),
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
