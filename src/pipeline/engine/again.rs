//! What was due and did not come to a good end is due again: access that was lent must not outlive its time
//! because GitHub could not be reached when it was over.

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::text::Text;

use crate::invocation::Invocation;
use crate::slack::socket::AlarmKind;
use crate::store::{Booking, Due};

/// How long until it is tried again, each time; the last for all further times.
const PAUSES: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(6),
    TimeDelta::hours(24),
];

/// When something is tried again.
pub(super) struct Again(Due);

impl Again {
    /// Somebody is told, since nobody may be looking.
    pub fn alarm(&self, invocation: &Invocation, log: &str) -> AlarmKind {
        let what = invocation.plan.as_ref().map(|plan| plan.title.todo.words());
        AlarmKind::NotDoneWhenDue {
            invocation: invocation.id.clone(),
            what: what.unwrap_or_else(|| self.0.origin.text.clone()),
            log: log.to_owned(),
        }
    }
}

/// When what was due is tried again, if it was due at all.
pub(super) fn after(invocation: &Invocation, now: Instant) -> Option<Again> {
    let due = invocation.origin.due.as_ref()?;
    let pause = usize::try_from(due.tries).ok().and_then(|tries| PAUSES.get(tries)).or(PAUSES.last())?;
    let origin =
        invocation.origin.later(&due.key, due.tries.saturating_add(1), invocation.origin.text.clone());
    Some(Again(Due { key: due.key.clone(), at: now + *pause, origin }))
}

/// The words with when it is tried again.
pub(super) fn told(message: Message, again: Option<&Again>) -> Message {
    match again {
        Some(Again(due)) => message.line(Text::from("It is tried again ").time(due.at).plain(".")),
        None => message,
    }
}

pub(super) fn book(again: Option<Again>) -> Booking {
    Booking { due: again.into_iter().map(|Again(due)| due).collect(), ..Booking::default() }
}
