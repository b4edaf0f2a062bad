//! What people read. One function per message, so that tone and form can be judged in one place: here what
//! is said of plans, in `asking` what is said of lines that are no question yet.

mod asking;
mod waiting;

use std::time::Duration;

use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::plan::Step;
use hubcommander_sdk::text::{Text, about};
use serde_json::Value as Json;

pub use self::asking::{SECRET, problem_words, refused, unparsed, usage};
pub use self::waiting::{Standing, held, limited, not_proven, typed, waiting};
use crate::invocation::{Invocation, StepRecord, StepState, Via};
use crate::later::lines::FAREWELL;
use crate::pipeline::execute::{Ended, whom};
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;

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
    noted(message, examined)
}

/// What is left as it is.
fn noted(message: Message, examined: &Examined) -> Message {
    examined.plan().notes.iter().cloned().fold(message, Message::line)
}

/// A plan at work. `waits` is how long the other side still makes us wait.
#[must_use]
pub fn working(examined: &Examined, record: &Record, waits: Option<Duration>) -> Message {
    let message = Message::new(examined.plan().title.doing.clone()).state(State::Working);
    let message = steps(message, examined, record);
    if let Some(left) = waits {
        let under_way =
            |step: &&Step| record.step(&step.id).is_some_and(|known| known.state == StepState::Started);
        let step = examined.plan().steps.iter().find(under_way);
        let whom = step.map_or("GitHub", |step| whom(&step.operation.kind));
        return message.line(format!("Waiting for {whom}, about {}.", about(left)));
    }
    let at = |state| record.steps().iter().filter(|known| known.state == state).count();
    if at(StepState::Started) > 0 || at(StepState::Done) == examined.words().len() {
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
    noted(message, examined)
}

/// A plan that has come to its end.
#[must_use]
pub fn ended(examined: &Examined, record: &Record, ended: &Ended, took: chrono::TimeDelta) -> Message {
    let plan = examined.plan();
    let id = &record.invocation().id;
    let note = Text::new().plain(format!("{} · {id}", span(took)));
    match ended {
        Ended::Done => {
            let state = if plan.undoes.is_some() { State::Undone } else { State::Done };
            let mut message = Message::new(plan.title.done.clone()).state(state);
            if let Some(summary) = &plan.summary {
                message = message.line(summary.clone());
            } else {
                message = steps(message, examined, record);
            }
            for link in &plan.links {
                message = message.button(resolved(link, record));
            }
            with_undo(message, examined, record).footnote(note)
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
            with_undo(message, examined, record).footnote(note)
        }
        Ended::Failed => {
            let message =
                Message::new(plan.title.todo.clone().plain(": this could not be done")).state(State::Refused);
            let message = steps(message, examined, record).line("Nothing was changed.");
            let message = if may_help(record) { message.button(retry_button(id)) } else { message };
            message.footnote(note)
        }
        Ended::Held => {
            let message = Message::new(plan.title.todo.clone().plain(": stopped")).state(State::NeedsYou);
            let message = steps(message, examined, record)
                .line("Everything but reading is held for now. What is done stays done; Retry does what is missing.")
                .button(retry_button(id));
            with_undo(message, examined, record).footnote(note)
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

/// With the button that takes it back, where that can be done and somebody is there who asked.
fn with_undo(message: Message, examined: &Examined, record: &Record) -> Message {
    let has_inverse = |known: &StepRecord| known.applied.as_ref().is_some_and(|done| done.inverse.is_some());
    let invocation = record.invocation();
    // Whoever was let go by the bot itself can be taken back by those who read along.
    let by_somebody = invocation.origin.via != Via::Due || invocation.command.as_deref() == Some(FAREWELL);
    if !by_somebody || examined.plan().undoes.is_some() || !record.steps().iter().any(has_inverse) {
        return message;
    }
    message.button(Button::Press {
        label: "Undo".into(),
        action: "ask".into(),
        value: format!("Undo {}", invocation.id),
        style: Style::Plain,
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
        .line(match invocation.origin.via {
            Via::Due => "Nothing was changed.",
            _ => "Nothing was changed. Type the command again if it is still needed.",
        })
        .footnote(invocation.id.as_str())
}

/// Whoever asked past Slack went away before both had proven who they are.
#[must_use]
pub fn unbroken(invocation: &Invocation) -> Message {
    let title = invocation.plan.as_ref().map(|plan| plan.title.todo.clone());
    let title = title.unwrap_or_else(|| Text::new().code(typed(invocation)));
    Message::new(title.plain(": asked on the host past Slack, and not gone on with"))
        .state(State::Refused)
        .line(Text::new().person(&invocation.origin.person.user).plain(
            " began it, and it ended before two people had proven with their passkeys that they want it. \
                        Nothing was changed.",
        ))
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
    let count = |unit: f64| (seconds / unit).round() as i64;
    let plural = |n: i64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    // By what is shown: 59.97 minutes are an hour.
    if seconds < 59.95 {
        format!("{seconds:.1} s")
    } else if count(60.0) < 60 {
        plural(count(60.0), "minute")
    } else if count(3_600.0) < 48 {
        plural(count(3_600.0), "hour")
    } else {
        plural(count(86_400.0), "day")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn times_as_people_say_them() {
        for (milliseconds, said) in [
            (0, "0.0 s"),
            (2_149, "2.1 s"),
            (59_949, "59.9 s"),
            (59_960, "1 minute"),
            (89_000, "1 minute"),
            (91_000, "2 minutes"),
            (3_569_000, "59 minutes"),
            (3_599_900, "1 hour"),
            (3_600_000 * 25, "25 hours"),
            (3_600_000 * 47 + 1_799_000, "47 hours"),
            (3_600_000 * 48, "2 days"),
        ] {
            assert_eq!(span(TimeDelta::milliseconds(milliseconds)), said, "{milliseconds}");
        }
    }
}
