//! Keeps items and answers. Whatever follows from a change is written down with it, as letters.

use std::sync::Arc;

use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::PersonId;
use serde_json::{Value as Json, json};
use tokio::sync::{Mutex, Notify};

use super::draft::{Draft, ID, Wrong, is_word};
use super::item::{Answer, Item, Way, item_key, of_key, of_prefix, old_key, seen_key};
use super::letters::{Event, Kind, Letter, Why};
use super::{NotTaken, Settings};
use crate::invocation::Posted;
use crate::store::{AuditEntry, Booking, Shelf, Store, StoreError};

/// How many questions one person is shown at once.
const SHOWN: u32 = 100;

/// Who answers.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Somebody in Slack.
    Person(&'a PersonId),
    /// Whoever has this e-mail address.
    Email(&'a str),
}

impl Who<'_> {
    fn is_for(self, item: &Item) -> bool {
        match self {
            Self::Person(person) => item.person.user == person.user,
            Self::Email(email) => item.email == email.trim().to_lowercase(),
        }
    }
}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Kept(Item),
    /// There was one before, and that stands.
    Before(Item),
    /// There is no such question to them, or it cannot be answered so.
    Unknown,
}

/// An item that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub id: String,
    /// Whether it was not known before.
    pub new: bool,
}

/// Where items are kept. Cheap to clone; all clones take turns.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    shelf: Shelf,
    clock: SharedClock,
    settings: Settings,
    /// Held from reading an item to writing it.
    turn: Mutex<()>,
    woken: Notify,
}

impl Desk {
    /// A desk over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf, clock: SharedClock, settings: Settings) -> Self {
        Self(Arc::new(Inner { shelf, clock, settings, turn: Mutex::default(), woken: Notify::new() }))
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn store(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.0.shelf.get()
    }

    pub(super) fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// Returns when something has been written down that may have to go out.
    pub(super) async fn woken(&self) {
        self.0.woken.notified().await;
    }

    /// Keeps items, each for this person; all of them or none. `call` is the id of the call that brought them: the
    /// same call twice counts once.
    ///
    /// # Errors
    /// One has the id of another item, or the store does not work.
    pub(super) async fn take(
        &self,
        drafts: &[(Draft, PersonId)],
        call: Option<&str>,
    ) -> Result<Vec<Taken>, NotTaken> {
        let _turn = self.0.turn.lock().await;
        let (store, now) = (self.store()?, self.now());
        if let Some(call) = call
            && let Some(known) = store.remembered(&seen_key(call)).await?
        {
            let ids: Vec<String> = serde_json::from_value(known).unwrap_or_default();
            return Ok(ids.into_iter().map(|id| Taken { id, new: false }).collect());
        }
        let (mut booking, mut taken, mut wrong) = (Booking::default(), Vec::<Taken>::new(), Vec::new());
        for (draft, person) in drafts {
            let item = self.item(draft, person, call.filter(|_| drafts.len() == 1), now);
            let twice = taken.iter().any(|known| known.id == item.id);
            match self.item_of(&item.id).await? {
                Some(known) if known.digest == item.digest => taken.push(Taken { id: item.id, new: false }),
                None if !twice => {
                    self.file(&item, call, &mut booking);
                    taken.push(Taken { id: item.id, new: true });
                }
                _ => wrong.push(Wrong::new(
                    format!("{}id", draft.place),
                    "Another item has this id. Give each its own.",
                )),
            }
        }
        if !wrong.is_empty() {
            return Err(NotTaken::Conflict(wrong));
        }
        if let Some(call) = call {
            let ids: Vec<&String> = taken.iter().map(|taken| &taken.id).collect();
            booking.kept.push((seen_key(call), Some(json!(ids))));
        }
        self.write(booking).await?;
        Ok(taken)
    }

    fn item(&self, draft: &Draft, person: &PersonId, call: Option<&str>, now: Instant) -> Item {
        let own = || format!("ntc-{}", draft.digest.get(..20).unwrap_or_default());
        let call = call.filter(|call| call.len() <= ID && is_word(call));
        let after = draft.escalate_after.unwrap_or(self.0.settings.escalate_after);
        Item {
            id: draft.id.clone().or_else(|| call.map(str::to_owned)).unwrap_or_else(own),
            email: draft.email.clone(),
            person: person.clone(),
            question: draft.question.clone(),
            details: draft.details.clone(),
            at: draft.at.unwrap_or(now),
            actions: draft.actions.clone(),
            sent_at: now,
            escalate_at: now + after,
            digest: draft.digest.clone(),
            answer: None,
            posted: None,
            escalated: None,
        }
    }

    /// A new item with all that follows from it.
    fn file(&self, item: &Item, call: Option<&str>, booking: &mut Booking) {
        let listed = of_key(&item.email, item.sent_at, &item.id);
        let mut forgotten = vec![item_key(&item.id), listed.clone()];
        forgotten.extend(call.map(seen_key));
        booking.kept.extend([
            (item_key(&item.id), Some(json!(item))),
            (listed, Some(json!(item.id))),
            (old_key(item.sent_at, &item.id), Some(json!(forgotten))),
            Letter::new(&item.id, Kind::Ask, item.sent_at).sent(),
            Letter::overdue(item).sent(),
        ]);
        let body = json!({ "notice": item.id, "person": item.person, "question": item.question });
        booking.audit.push(self.entry("notice.sent", None, body));
    }

    /// Answers a question of this very person. The first answer stands.
    ///
    /// # Errors
    /// It could not be kept.
    pub async fn answer(
        &self,
        who: Who<'_>,
        id: &str,
        given: &Answer,
        invocation: Option<&str>,
        shown: bool,
    ) -> Result<Outcome, StoreError> {
        let _turn = self.0.turn.lock().await;
        let Some(mut item) = self.item_of(id).await?.filter(|item| who.is_for(item)) else {
            return Ok(Outcome::Unknown);
        };
        let Some(action) = item.action(&given.action) else { return Ok(Outcome::Unknown) };
        if item.answer.is_some() {
            return Ok(Outcome::Before(item));
        }
        let now = self.now();
        let mut booking = Booking::default();
        if item.escalated.is_none() {
            booking.kept.push(Letter::overdue(&item).gone());
        }
        let why = match (action.grave, item.escalated) {
            (true, _) => Some(Why::Grave),
            (false, Some(_)) => Some(Why::Late),
            (false, None) => None,
        };
        booking.kept.extend(self.told(&item.id, why, Event::Answered, now));
        if !shown {
            booking.kept.push(Letter::new(&item.id, Kind::Show, now).sent());
        }
        let body = json!({
            "notice": item.id, "person": item.person, "action": given.action, "via": given.way.as_str(),
        });
        booking.audit.push(self.entry("notice.answered", invocation, body));
        item.answer = Some(given.clone());
        booking.kept.push((item_key(id), Some(json!(item))));
        self.write(booking).await?;
        Ok(Outcome::Kept(item))
    }

    /// What the channel and the webhook are told.
    fn told(&self, id: &str, why: Option<Why>, event: Event, at: Instant) -> Vec<(String, Option<Json>)> {
        let settings = &self.0.settings;
        let channel = why.filter(|_| settings.channel.is_some()).map(Kind::Channel);
        let hook = settings.webhook.as_ref().map(|_| Kind::Hook(event));
        channel.into_iter().chain(hook).map(|kind| Letter::new(id, kind, at).sent()).collect()
    }

    /// The time of an item is over, or it could not be delivered: whoever should know is told, once, unless there is
    /// an answer.
    pub(super) async fn escalate(&self, letter: &Letter, why: Why) -> Result<(), StoreError> {
        let _turn = self.0.turn.lock().await;
        let mut booking = Booking { kept: vec![letter.gone()], ..Booking::default() };
        let open = |item: &Item| item.answer.is_none() && item.escalated.is_none();
        if let Some(mut item) = self.item_of(&letter.id).await?.filter(open) {
            let now = self.now();
            item.escalated = Some(now);
            booking.kept.push(Letter::overdue(&item).gone());
            booking.kept.extend(self.told(&item.id, Some(why), Event::Unanswered, now));
            booking.kept.push((item_key(&item.id), Some(json!(item))));
            let body = json!({ "notice": item.id, "person": item.person, "why": why });
            booking.audit.push(self.entry("notice.escalated", None, body));
        }
        self.write(booking).await
    }

    /// The question stands in Slack.
    pub(super) async fn is_posted(&self, letter: &Letter, posted: Posted) -> Result<(), StoreError> {
        let _turn = self.0.turn.lock().await;
        let mut booking = Booking { kept: vec![letter.gone()], ..Booking::default() };
        if let Some(mut item) = self.item_of(&letter.id).await? {
            item.posted = Some(posted);
            if item.answer.is_some() {
                // Answered on the web meanwhile.
                booking.kept.push(Letter::new(&item.id, Kind::Show, self.now()).sent());
            }
            booking.kept.push((item_key(&item.id), Some(json!(item))));
        }
        self.write(booking).await
    }

    /// Writes something down, and wakes who sends what has to go out.
    pub(super) async fn write(&self, booking: Booking) -> Result<(), StoreError> {
        self.store()?.book(&booking).await?;
        self.0.woken.notify_one();
        Ok(())
    }

    /// The item of this id.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn item_of(&self, id: &str) -> Result<Option<Item>, StoreError> {
        let Some(value) = self.store()?.remembered(&item_key(id)).await? else { return Ok(None) };
        let item = serde_json::from_value(value)
            .map_err(|error| StoreError::Unreadable { id: item_key(id), reason: error.to_string() })?;
        Ok(Some(item))
    }

    /// The items of whoever has this e-mail address, the latest first.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn items_of(&self, email: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for (_, id) in self.store()?.remembered_under(&of_prefix(email), SHOWN).await? {
            if let Some(id) = id.as_str() {
                items.extend(self.item_of(id).await?);
            }
        }
        Ok(items)
    }

    /// Forgets what is older than it is kept. Whether there may be more.
    pub(super) async fn forget_the_old(&self) -> Result<bool, StoreError> {
        const AT_ONCE: u32 = 50;
        let before = self.now() - self.0.settings.keep;
        let mut booking = Booking::default();
        let mut count = 0;
        for (rest, forgotten) in self.store()?.remembered_under(super::item::OLD, AT_ONCE).await? {
            let sent = rest.split(':').next().and_then(|seconds| seconds.parse::<i64>().ok());
            if sent.is_some_and(|sent| sent >= before.timestamp()) {
                break;
            }
            count += 1;
            let forgotten: Vec<String> = serde_json::from_value(forgotten).unwrap_or_default();
            booking.kept.extend(forgotten.into_iter().map(|key| (key, None)));
            booking.kept.push((format!("{}{rest}", super::item::OLD), None));
        }
        if count > 0 {
            self.store()?.book(&booking).await?;
        }
        Ok(count == AT_ONCE)
    }

    /// An answer with this action, as of now.
    #[must_use]
    pub fn given(&self, action: &str, way: Way) -> Answer {
        Answer { action: action.to_owned(), at: self.now(), way }
    }

    fn entry(&self, event: &str, invocation: Option<&str>, body: Json) -> AuditEntry {
        AuditEntry {
            at: self.now(),
            invocation: invocation.map(str::to_owned),
            event: event.to_owned(),
            body,
        }
    }
}
