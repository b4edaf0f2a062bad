//! What has to go out, in the order of its time. A letter is written in the same transaction as what it tells of, and
//! is there until it has gone out.

use hubcommander_sdk::clock::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::item::Item;
use crate::store::{Booking, Store, StoreError};

/// What the keys of letters begin with.
const PREFIX: &str = "notice:out:";

/// What it is and whom it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The question, to the person.
    Ask,
    /// To nobody: it is looked whether there is an answer by now.
    Overdue,
    /// To the security channel.
    Channel(Why),
    /// To the webhook.
    Hook(Event),
    /// The answer, into the question in Slack.
    Show,
}

/// Why the security channel is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// The answer is a grave one.
    Grave,
    /// There is no answer.
    Unanswered,
    /// Slack does not take the question.
    Undelivered,
    /// There is an answer after all.
    Late,
}

/// What the webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    /// There is an answer.
    Answered,
    /// There is none, and its time is over.
    Unanswered,
}

impl Event {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
        }
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Overdue => "overdue",
            Self::Channel(Why::Grave) => "channel-grave",
            Self::Channel(Why::Unanswered) => "channel-unanswered",
            Self::Channel(Why::Undelivered) => "channel-undelivered",
            Self::Channel(Why::Late) => "channel-late",
            Self::Hook(Event::Answered) => "hook-answered",
            Self::Hook(Event::Unanswered) => "hook-unanswered",
            Self::Show => "show",
        }
    }
}

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter {
    /// Of which item.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// When it goes out.
    pub at: Instant,
    /// How often it could not.
    pub tries: u32,
    /// When it was first tried, if it may have gone out: then it is looked for first.
    pub begun: Option<Instant>,
}

impl Letter {
    /// A letter that goes out then.
    pub fn new(id: &str, kind: Kind, at: Instant) -> Self {
        Self { id: id.to_owned(), kind, at, tries: 0, begun: None }
    }

    /// The one that looks after an item whose time is over.
    pub fn overdue(item: &Item) -> Self {
        Self::new(&item.id, Kind::Overdue, item.escalate_at)
    }

    /// What tells it from all others.
    pub fn key(&self) -> String {
        format!("{PREFIX}{:016}:{}:{}", self.at.timestamp_micros().max(0), self.id, self.kind.as_str())
    }

    /// To be written down.
    pub fn sent(&self) -> (String, Option<Json>) {
        (self.key(), Some(json!(self)))
    }

    /// It has gone out, or needs not to.
    pub fn gone(&self) -> (String, Option<Json>) {
        (self.key(), None)
    }

    /// From now on it may have gone out.
    pub fn begin(&self, now: Instant) -> Booking {
        let begun = Self { begun: Some(now), ..self.clone() };
        Booking { kept: vec![begun.sent()], ..Booking::default() }
    }

    /// It goes out later. `begun` is when it may first have gone out.
    pub fn later(&self, at: Instant, begun: Option<Instant>) -> Booking {
        let later = Self { at, tries: self.tries.saturating_add(1), begun, ..self.clone() };
        Booking { kept: vec![self.gone(), later.sent()], ..Booking::default() }
    }
}

/// The letters whose time has come, the oldest first, so many at most.
pub(super) async fn due(store: &dyn Store, now: Instant, most: u32) -> Result<Vec<Letter>, StoreError> {
    let mut due = Vec::new();
    for (key, value) in store.remembered_under(PREFIX, most).await? {
        match serde_json::from_value::<Letter>(value) {
            Ok(letter) if letter.at > now => break,
            Ok(letter) => due.push(letter),
            // Left for a program that can read it; it holds up nothing else.
            Err(error) => tracing::error!(key, %error, "a letter about a question cannot be read"),
        }
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_in_the_order_of_their_time() {
        let letter = |seconds, id| Letter::new(id, Kind::Ask, Instant::from_timestamp(seconds, 0).unwrap());
        assert!(letter(99, "b").key() < letter(1_764_000_000, "a").key());
        let first = letter(1_764_000_000, "a");
        assert_ne!(first.key(), Letter { kind: Kind::Show, ..first.clone() }.key());
        assert_eq!(serde_json::from_value::<Letter>(first.sent().1.unwrap()).unwrap(), first);
    }
}
