//! What people read: the question, the answer in its place, and what the security channel is told.

use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::text::Text;

use super::item::Item;
use super::letters::Why;

/// The question, with a button for each answer.
pub(super) fn question(item: &Item) -> Message {
    let mut message = Message::new(item.question.as_str()).state(State::NeedsYou);
    if !item.details.is_empty() {
        message = message.line(item.details.as_str());
    }
    message = message.line(Text::new().plain("This is about ").time(item.at).plain("."));
    for action in &item.actions {
        message = message.button(Button::Press {
            label: action.label.clone(),
            // The answer takes the place of the question.
            action: "renew".to_owned(),
            value: format!("Answer {} {}", item.id, action.key),
            style: if action.grave { Style::Danger } else { Style::Plain },
        });
    }
    message.footnote(
        Text::new().plain("The security team asks. Without an answer they are told ").time(item.escalate_at),
    )
}

/// The first line, once there is an answer.
#[must_use]
pub fn answered_headline(item: &Item, label: &str) -> Text {
    Text::new().plain(item.question.as_str()).plain(" You answered: ").bold(label).plain(".")
}

/// What follows from the answer.
#[must_use]
pub fn consequence(grave: bool) -> &'static str {
    if grave {
        "Thank you. The security team is told now, and will get in touch with you."
    } else {
        "Thank you. The security team knows."
    }
}

/// The question with the answer that stands.
#[must_use]
pub fn answered(item: &Item) -> Message {
    let (Some(answer), Some(action)) = (&item.answer, item.taken()) else { return question(item) };
    Message::new(answered_headline(item, &action.label))
        .state(State::Done)
        .line(consequence(action.grave))
        .footnote(
            Text::new().plain("Answered ").time(answer.at).plain(". Was it a slip? Tell the security team."),
        )
}

/// What the security channel is told.
pub(super) fn escalation(item: &Item, why: Why) -> Message {
    let person = || Text::new().person(&item.person.user);
    let label = item.taken().map(|action| action.label.clone()).unwrap_or_default();
    let (state, headline) = match why {
        Why::Grave => (State::NeedsYou, person().plain(" answered: ").bold(label).plain(".")),
        Why::Late => (State::Done, person().plain(" has answered after all: ").bold(label).plain(".")),
        Why::Unanswered => {
            (State::NeedsYou, person().plain(" has not answered since ").time(item.sent_at).plain("."))
        }
        Why::Undelivered => {
            (State::NeedsYou, person().plain(" could not be asked: Slack does not take the message."))
        }
    };
    let mut message = Message::new(headline).state(state).line(item.question.as_str());
    if !item.details.is_empty() {
        message = message.part(Part::Quote(item.details.clone()));
    }
    message.footnote(Text::new().plain("About ").time(item.at)).footnote(Text::new().code(item.id.as_str()))
}
