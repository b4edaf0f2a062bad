//! A command as a form, made from the same specification as its usage; and back from a filled form to the
//! line that a person would have typed, so that there is one way through the pipeline.

use chatline::Problem;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, CommandSpec, Form, Value};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::Conversation;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::pipeline::intake::payload::ViewState;

/// Which form it is, among those that the bot may open one day.
pub const CALLBACK: &str = "command";

/// What the form carries along: which command, and where to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Along {
    /// The command.
    pub command: String,
    /// The conversation it was opened from.
    pub channel: String,
    /// What kind of conversation that is.
    pub conversation: Conversation,
    /// Whether people of other companies read along there.
    pub shared: bool,
    /// The thread to answer in.
    pub thread: Option<String>,
}

/// The form of a command, for `views.open`
/// (<https://docs.slack.dev/reference/views/modal-views>).
#[must_use]
pub fn view(spec: &CommandSpec, orgs: &Orgs, along: &Along) -> Json {
    let mut blocks = vec![json!({
        "type": "section",
        "text": { "type": "mrkdwn", "text": hubcommander_sdk::text::Text::from(spec.about.as_str()).mrkdwn() },
    })];
    blocks.extend(spec.args.iter().map(|arg| block(arg, orgs)));
    json!({
        "type": "modal",
        "callback_id": CALLBACK,
        "title": { "type": "plain_text", "text": cut(&spec.name, 24) },
        "submit": { "type": "plain_text", "text": "Run" },
        "close": { "type": "plain_text", "text": "Close" },
        "private_metadata": serde_json::to_string(along).unwrap_or_default(),
        "blocks": blocks,
    })
}

fn block(arg: &ArgSpec, orgs: &Orgs) -> Json {
    let mut block = json!({
        "type": "input",
        "block_id": arg.name,
        "optional": !arg.required,
        "label": { "type": "plain_text", "text": label(arg) },
        "element": element(arg, orgs),
    });
    if many_lines(arg) {
        block["hint"] = json!({ "type": "plain_text", "text": "One on each line." });
    }
    block
}

fn label(arg: &ArgSpec) -> String {
    let mut words = arg.help.clone();
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    cut(&words, 2_000)
}

fn many_lines(arg: &ArgSpec) -> bool {
    arg.repeated && !arg.kind.is_list()
}

fn element(arg: &ArgSpec, orgs: &Orgs) -> Json {
    let placeholder = |words: &str| json!({ "type": "plain_text", "text": words });
    let select = |choices: Vec<&str>| {
        let options: Vec<Json> = choices.into_iter().take(100).map(option).collect();
        let mut select = json!({
            "type": "static_select", "action_id": arg.name, "placeholder": placeholder("Choose"),
        });
        // Where there is nothing to choose, it is chosen.
        if let ([only], true) = (options.as_slice(), arg.required) {
            select["initial_option"] = only.clone();
        }
        select["options"] = json!(options);
        select
    };
    match (&arg.kind, arg.form) {
        (_, Form::Flag) => json!({
            "type": "checkboxes", "action_id": arg.name, "options": [option("yes")],
        }),
        (ArgKind::Organization, _) if orgs.iter().next().is_some() => {
            select(orgs.iter().map(|org| org.name.as_str()).collect())
        }
        (ArgKind::Choice(choices), _) => select(choices.iter().map(String::as_str).collect()),
        (ArgKind::Repository | ArgKind::Team | ArgKind::FullRepository, _) if !arg.repeated => json!({
            "type": "external_select", "action_id": arg.name, "min_query_length": 0,
            "placeholder": placeholder("Type to search"),
        }),
        (kind, form) => {
            let mut input = json!({
                "type": "plain_text_input", "action_id": arg.name,
                "multiline": form == Form::Rest || many_lines(arg),
            });
            if let Some(example) = example(kind) {
                input["placeholder"] = placeholder(example);
            }
            input
        }
    }
}

/// What stands in an empty field, so that its form is seen.
fn example(kind: &ArgKind) -> Option<&'static str> {
    match kind {
        ArgKind::TeamPermission => Some("team=permission"),
        ArgKind::FullRepository => Some("owner/repo"),
        ArgKind::Repositories => Some("repo, repo"),
        ArgKind::Duration => Some("14d"),
        ArgKind::Url => Some("https://"),
        _ => None,
    }
}

/// An option of a menu, whose words are what it stands for.
#[must_use]
pub fn option(word: &str) -> Json {
    json!({ "text": { "type": "plain_text", "text": cut(word, 75) }, "value": cut(word, 75) })
}

fn cut(words: &str, most: usize) -> String {
    words.chars().take(most).collect()
}

/// What has been filled in, as words by argument.
fn filled(arg: &ArgSpec, state: &ViewState) -> Vec<String> {
    let Some(given) = state.values.get(&arg.name).and_then(|block| block.get(&arg.name)) else {
        return Vec::new();
    };
    let text =
        |value: &Json| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(option) = given.get("selected_option").and_then(|option| option.get("value")) {
        return text(option).into_iter().collect();
    }
    if let Some(options) = given.get("selected_options").and_then(Json::as_array) {
        return options.iter().filter_map(|option| text(option.get("value")?)).collect();
    }
    let Some(value) = given.get("value").and_then(text) else { return Vec::new() };
    if many_lines(arg) { value.lines().filter_map(|line| text(&json!(line))).collect() } else { vec![value] }
}

/// What has been filled in so far. Nothing of it is checked yet.
#[must_use]
pub fn so_far(spec: &CommandSpec, state: &ViewState) -> Args {
    let mut args = Args::default();
    for arg in &spec.args {
        let mut words = filled(arg, state);
        let value = match (words.len(), arg.form) {
            (0, _) => continue,
            (_, Form::Flag) => Value::Flag(true),
            (1, _) if !arg.repeated => Value::Text(words.remove(0)),
            _ => Value::List(words),
        };
        args.set(&arg.name, value);
    }
    args
}

/// The line that a person would have typed for this form.
#[must_use]
pub fn line(spec: &CommandSpec, state: &ViewState) -> String {
    format!("{} {}", spec.name, chatline::render(&spec.args, &so_far(spec, state))).trim_end().to_owned()
}

/// The field that holds a secret.
#[must_use]
pub fn field_with_secret<'a>(spec: &'a CommandSpec, state: &ViewState) -> Option<&'a str> {
    let holds = |arg: &&ArgSpec| filled(arg, state).iter().any(|word| !crate::redact::find(word).is_empty());
    spec.args.iter().find(holds).map(|arg| arg.name.as_str())
}

/// The field that a problem is about, to show it there.
#[must_use]
pub fn field_of<'a>(spec: &'a CommandSpec, problem: &Problem) -> Option<&'a str> {
    let named = match problem {
        Problem::Missing { arg }
        | Problem::NotAChoice { arg, .. }
        | Problem::Invalid { arg, .. }
        | Problem::TwiceGiven { arg } => arg.as_str(),
        Problem::NeedsValue { option }
        | Problem::TakesNoValue { option }
        | Problem::UnknownOption { option, .. } => option.as_str(),
        _ => "",
    };
    let named = named.trim_start_matches("--").trim_matches(['<', '>']);
    let known = spec.args.iter().find(|arg| arg.name == named).or_else(|| spec.args.first());
    known.map(|arg| arg.name.as_str())
}
