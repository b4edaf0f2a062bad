//! What the person reads.

use hubcommander_sdk::command::CommandSpec;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::Standing;
use hubcommander_sdk::text::Text;

use crate::annotations::About;
use crate::question::Question;

/// A policy forbids it. The words are its own, if it has any.
pub(crate) fn forbidden(
    question: &Question,
    spec: &CommandSpec,
    by: &[&About],
    contact: Option<&str>,
) -> Refusal {
    let mut whys: Vec<&str> = Vec::new();
    for why in by.iter().filter_map(|about| about.why.as_deref()) {
        if !whys.contains(&why) {
            whys.push(why);
        }
    }
    let what = if whys.is_empty() {
        named(spec).plain(format!(" is not allowed to {} here.", you(question)))
    } else {
        Text::new().plain(whys.join(" "))
    };
    let ask = by.iter().find_map(|about| about.ask.as_deref()).or(contact);
    let ids: Vec<&str> = by.iter().map(|about| about.id.as_str()).collect();
    Refusal::new(what, whom(ask)).logged(format!("forbidden by {}", ids.join(", ")))
}

/// No policy permits it.
pub(crate) fn not_permitted(question: &Question, spec: &CommandSpec, contact: Option<&str>) -> Refusal {
    let what = named(spec).plain(format!(" is not open to {} here.", you(question)));
    Refusal::new(what, whom(contact)).logged("no policy permits it")
}

/// Something could not be worked out.
pub(crate) fn erred(question: &Question, contact: Option<&str>, log: &str) -> Refusal {
    let what = Text::new()
        .plain("A rule about ")
        .code(format!("!{}", question.command))
        .plain(" could not be worked out, so I did nothing.");
    Refusal::new(what, whom(contact)).logged(log)
}

fn named(spec: &CommandSpec) -> Text {
    Text::new().code(format!("!{}", spec.name))
}

/// What they are, which they know themselves.
fn you(question: &Question) -> &'static str {
    match question.who.person.standing {
        Standing::Member => "you",
        Standing::Guest | Standing::SingleChannelGuest => "you as a guest",
        Standing::Stranger => "people of another company",
        Standing::Bot => "bots",
        Standing::Deactivated => "accounts that are no longer active",
    }
}

/// Who could change that.
fn whom(contact: Option<&str>) -> Text {
    let Some(contact) = contact else { return "Ask whoever runs this bot.".into() };
    let mentioned = Text::new().plain("Ask ");
    let whole = |kinds: &str| crate::annotations::is_id(contact, kinds);
    let mentioned = if whole("UW") {
        mentioned.person(contact)
    } else if whole("C") {
        mentioned.plain("in ").channel(contact)
    } else {
        mentioned.plain(contact)
    };
    mentioned.plain(".")
}
