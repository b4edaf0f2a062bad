//! What is said of plans that wait for people.

use std::time::Duration;

use hubcommander_sdk::auth::Requirement;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::{Text, about};

use super::{plan_lines, span};
use crate::invocation::{Invocation, Via};
use crate::pipeline::gate::{Progress, Stage};
use crate::pipeline::lockdown::Locked;
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;

/// How a plan stands that waits.
pub struct Standing<'a> {
    /// The plan.
    pub examined: &'a Examined,
    /// What it takes, and what has been given.
    pub progress: &'a Progress,
    /// The invocation.
    pub record: &'a Record,
    /// What it waits for next.
    pub stage: &'a Stage,
    /// Why it takes the place of one that was confirmed before.
    pub instead: Option<&'a Text>,
    /// Why the person could not prove that it is they.
    pub problem: Option<&'a Text>,
    /// Whether somebody is being asked to prove it right now.
    pub under_way: bool,
    /// What a code is called that may be typed instead.
    pub code: Option<&'static str>,
    /// What a requirement takes, as in "It takes …".
    pub takes: &'a dyn Fn(&Requirement) -> Text,
    /// Whether everything but reading is held.
    pub held: bool,
}

/// What was typed, as it would be typed again.
#[must_use]
pub fn typed(invocation: &Invocation) -> String {
    let text = invocation.origin.text.as_str();
    if invocation.origin.via == Via::Due { text.to_owned() } else { format!("!{text}") }
}

/// A plan that waits.
#[must_use]
pub fn waiting(standing: &Standing<'_>) -> Message {
    let Standing { examined, progress, record, stage, .. } = standing;
    let invocation = record.invocation();
    let mut message = Message::new(examined.plan().title.todo.clone()).state(State::NeedsYou);
    if let Some(why) = standing.instead {
        message = message.line(
            Text::new().plain("Nothing was done yet: ").then(why.clone()).plain(". This is the plan now."),
        );
    }
    message = takes(plan_lines(message, examined), standing);
    if let Some(problem) = standing.problem {
        message = message.line(Text::new().plain("⛔ ").then(problem.clone()));
    }
    if standing.held {
        message =
            message.line("Everything but reading is held for now: it goes on when the lockdown is over.");
    }
    // The digest goes with the button: a click on an older plan's button does not count for a newer plan.
    let value = format!("{} {}", invocation.id, examined.digest().0);
    let press = |label: &str, action: &str, style| Button::Press {
        label: label.to_owned(),
        action: action.to_owned(),
        value: value.clone(),
        style,
    };
    let risky = if examined.risk() == Risk::Irreversible { Style::Danger } else { Style::Primary };
    message = match stage {
        Stage::Word { reason } if *reason || examined.name_to_type().is_some() => {
            message.button(press("Run…", "confirm", risky))
        }
        Stage::Word { .. } => message.button(press("Run", "run", risky)),
        Stage::StepUp { .. } => {
            let again = standing.problem.is_some() && !standing.under_way;
            let message =
                if again { message.button(press("Try again", "again", Style::Primary)) } else { message };
            match standing.code {
                Some(_) => message.button(press("Enter a code…", "code", Style::Plain)),
                None => message,
            }
        }
        Stage::Health { .. } | Stage::Approvals(_) | Stage::Open => message,
    };
    message.button(press("Cancel", "cancel", Style::Plain)).footnote(
        Text::new().plain("Asked by ").person(&invocation.origin.person.user).plain(format!(
            " · valid for {} · {}",
            span(progress.expires - progress.planned_at),
            invocation.id
        )),
    )
}

/// What it takes: one sentence as long as nothing was given, then how each stands.
fn takes(message: Message, standing: &Standing<'_>) -> Message {
    let Standing { progress, record, stage, .. } = standing;
    let asked = &record.invocation().origin.person;
    let in_order = |requirement: &&Requirement| match requirement {
        Requirement::Confirm => 0,
        Requirement::Reason => 1,
        Requirement::HealthyDevice { .. } => 2,
        Requirement::StepUp { .. } => 3,
        Requirement::Approvals { .. } => 4,
    };
    let mut all: Vec<&Requirement> = progress.requirements.iter().collect();
    all.sort_by_key(in_order);
    if progress.evidence.is_empty() && matches!(stage, Stage::Word { .. }) {
        let mut text = Text::new().plain("It takes ");
        for (index, requirement) in all.iter().enumerate() {
            text = if index == 0 { text } else { text.plain(", and ") }.then((standing.takes)(requirement));
        }
        return message.line(text.plain("."));
    }
    let next = |requirement: &Requirement| {
        matches!(
            (stage, requirement),
            (Stage::Word { .. }, Requirement::Confirm | Requirement::Reason)
                | (Stage::Health { .. }, Requirement::HealthyDevice { .. })
                | (Stage::StepUp { .. }, Requirement::StepUp { .. })
                | (Stage::Approvals(_), Requirement::Approvals { .. })
        )
    };
    all.into_iter().fold(message, |message, requirement| {
        let mut text = (standing.takes)(requirement);
        let agreed: Vec<&str> = match requirement {
            Requirement::Approvals { .. } => {
                let mut people: Vec<&str> =
                    progress.given(requirement).map(|known| known.by.user.as_str()).collect();
                people.sort_unstable();
                people.dedup();
                people
            }
            _ => Vec::new(),
        };
        for (index, user) in agreed.iter().enumerate() {
            text = text.plain(if index == 0 { "; approved by " } else { ", " }).person(*user);
        }
        let state = match progress.lacks(requirement, asked) {
            0 => State::Done,
            _ if next(requirement) && standing.problem.is_some() => State::NeedsYou,
            _ if next(requirement) => State::Working,
            _ => State::Pending,
        };
        message.part(Part::Step(state, text))
    })
}

/// Why nothing is changed now.
#[must_use]
pub fn held(locked: Option<&Locked>) -> Refusal {
    let mut what = Text::new().plain("Everything but reading is held");
    if let Some(locked) = locked {
        what = what.plain(" since ").time(locked.at);
        if !locked.by.user.is_empty() {
            what = what.plain(", by ").person(&locked.by.user);
        }
    }
    what = what.plain(".");
    if let Some(reason) = locked.and_then(|locked| locked.reason.as_deref()) {
        what = what.plain(" They say: ").plain(reason);
    }
    Refusal::new(what, "Ask again when it is over.")
}

/// One person asks for too much.
#[must_use]
pub fn limited(wait: Duration) -> Refusal {
    Refusal::new(
        "You have asked for a lot within a minute, more than one person may.",
        format!("Go on in about {}.", about(wait)),
    )
}

/// Somebody said no, or could not prove who they are: nothing is done.
#[must_use]
pub fn not_proven(examined: &Examined, why: Text, id: &str) -> Message {
    Message::new(examined.plan().title.todo.clone().plain(": not done"))
        .state(State::Refused)
        .line(why)
        .line("Nothing was changed.")
        .footnote(id)
}
