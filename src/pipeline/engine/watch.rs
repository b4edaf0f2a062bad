//! Notices what is unusual, and tells the alarm channel: many refusals of one person, somebody's first grant of
//! administrator rights.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::operation::Power;
use hubcommander_sdk::people::PersonId;
use serde_json::json;

use super::Engine;
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;
use crate::slack::socket::AlarmKind;

/// So many refusals of one person within this time are unusual.
const DENIALS: usize = 5;
const WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Remembers for a while who was refused.
#[derive(Debug, Default)]
pub struct Watch(Mutex<HashMap<PersonId, VecDeque<Instant>>>);

impl Watch {
    /// Notes a refusal. Whether there have been many.
    fn denied(&self, person: &PersonId, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, denials| denials.back().is_some_and(|last| now - *last < WITHIN));
        let denials = all.entry(person.clone()).or_default();
        denials.push_back(now);
        while denials.front().is_some_and(|first| now - *first >= WITHIN) {
            denials.pop_front();
        }
        denials.len() >= DENIALS
    }
}

impl Engine {
    /// Somebody was refused.
    pub(super) async fn denied(&self, person: &PersonId) {
        if !self.watch.denied(person, self.clock.now()) {
            return;
        }
        let (kind, person) = ("denials", person.user.clone());
        let what = format!("was refused {DENIALS} times within 10 minutes");
        let log = format!("{person}: {what}");
        self.alarm.raise(AlarmKind::Unusual { kind, person, what, log }).await;
    }

    /// A plan was run. Somebody's first grant of administrator rights is told, once for good.
    pub(super) async fn notice(&self, record: &Record, examined: &Examined) {
        if !self.operations.powers(examined.plan()).contains(&Power::GrantAdmin) {
            return;
        }
        let person = &record.invocation().origin.person;
        let key = format!("granted_admin:{}/{}", person.team, person.user);
        match self.store.remembered(&key).await {
            Ok(None) => {}
            Ok(Some(_)) => return,
            Err(error) => tracing::warn!(%error, "whether this is a first grant could not be looked up"),
        }
        let (kind, id) = ("first_admin", &record.invocation().id);
        let title = examined.plan().title.todo.words();
        let what = format!("has given administrator rights for the first time: {title} ({id})");
        let log = format!("{id}: {title}");
        self.alarm.raise(AlarmKind::Unusual { kind, person: person.user.clone(), what, log }).await;
        if let Err(error) = self.store.remember(&key, Some(json!(id))).await {
            tracing::warn!(%error, "a first grant could not be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refusals_within_a_while_are_unusual() {
        let watch = Watch::default();
        let at = |minute| Instant::UNIX_EPOCH + TimeDelta::minutes(minute);
        let (ana, sam) = ("U0ANA", "U0SAM");
        let person = |user: &str| PersonId { team: "T".into(), user: user.into() };
        let often: Vec<bool> = (0..5).map(|minute| watch.denied(&person(ana), at(minute))).collect();
        assert_eq!(often, [false, false, false, false, true]);
        assert!(!watch.denied(&person(sam), at(4)), "somebody else");
        assert!(!watch.denied(&person(ana), at(11)), "the first two are long ago");
        let rare = (0..20).any(|n| watch.denied(&person(sam), at(20 + n * 3)));
        assert!(!rare);
    }
}
