//! Tells a system of the company's own what was linked: each piece of news until it is taken, in the order in which
//! things happened to an account and to a person.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_directory::readers::{Reach, Waits};
use hubcommander_directory::{Email, LinkNews, Trouble, Webhook, WriteBack};
use hubcommander_sdk::accounts::{Linked, SetLinks};
use hubcommander_sdk::clock::{Instant, SharedClock};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::directories::{Directories, unreadable};
use super::links::{link, person_of};
use super::settings::WebhookSettings;
use crate::members::{Book, News};
use crate::slack::socket::{Alarm, AlarmKind};
use crate::store::StoreError;

/// How often it is looked whether there is news. It costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Pieces of news that are looked at together.
const AT_ONCE: u32 = 1_000;
/// The first pause after a failure; each following one is twice as long.
const PAUSE: TimeDelta = TimeDelta::seconds(2);
/// The longest pause.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// After so many failures in a row somebody is told.
const ALARMING: u32 = 6;

/// Tells it.
pub struct Teller {
    directories: Directories,
    book: Book,
    to: Arc<dyn WriteBack>,
    alarm: Arc<dyn Alarm>,
    clock: SharedClock,
}

/// Whom somebody was known as when their link was told: for when they are gone from the directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct KnownAs {
    person: Option<String>,
    email: Option<Email>,
}

fn known_key(linked: &Linked) -> String {
    format!("directory:linked:{}:{}", linked.person.user, linked.github_id)
}

/// How often in a row it has failed, and when it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    failures: u32,
    until: Instant,
}

impl Rest {
    fn after(before: Option<Self>, now: Instant) -> Self {
        let failures = before.map_or(0, |rest| rest.failures).saturating_add(1);
        let longer = i32::try_from(2_u32.saturating_pow(failures - 1)).unwrap_or(i32::MAX);
        let pause = PAUSE.checked_mul(longer).map_or(LONGEST, |pause| pause.min(LONGEST));
        Self { failures, until: now + pause }
    }
}

/// What rests, and for how long.
#[derive(Debug, Default)]
struct Rests {
    /// The other side does not answer at all.
    all: Option<Rest>,
    /// It refuses a piece of news.
    one: BTreeMap<String, Rest>,
}

/// What a change comes to, in the order in which it is told. A link that is only known better is linked anew.
fn messages(change: &SetLinks) -> impl Iterator<Item = (bool, &Linked)> {
    let is_same = |one: &Linked, other: &Linked| {
        one.github_id == other.github_id && one.person.user == other.person.user
    };
    let gone = change.from.iter().filter(move |old| !change.to.iter().any(|new| is_same(old, new)));
    let new = change.to.iter().filter(|new| !change.from.contains(new));
    gone.map(|old| (false, old)).chain(new.map(|new| (true, new)))
}

impl Teller {
    /// Tells this webhook what the book notes as news.
    ///
    /// # Errors
    /// [`Trouble::Setup`].
    pub fn new(
        settings: &WebhookSettings,
        directories: Directories,
        book: Book,
        alarm: Arc<dyn Alarm>,
        clock: SharedClock,
    ) -> Result<Self, Trouble> {
        // The pauses between tries are ours, and survive the one that waits.
        let reach = Reach { waits: Waits { tries: 1, ..Waits::default() }, ..Reach::default() };
        let to = Webhook::new(settings.url.clone(), &settings.secrets, &reach, Arc::clone(&clock))?;
        Ok(Self { directories, book, to: Arc::new(to), alarm, clock })
    }

    /// Tells until `stop` says so. What is left is told after the next start.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut rests = Rests::default();
        loop {
            tokio::select! {
                told = self.tell(&mut rests) => if let Err(error) = told {
                    tracing::warn!(%error, "what was linked could not be looked up to be told");
                },
                _ = stop.wait_for(|stop| *stop) => return,
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Tells what there is and does not rest.
    async fn tell(&self, rests: &mut Rests) -> Result<(), StoreError> {
        if rests.all.is_some_and(|rest| self.clock.now() < rest.until) {
            return Ok(());
        }
        let all = self.book.news(AT_ONCE).await?;
        // Of whom something earlier is not told yet nothing later is.
        let mut held: BTreeSet<String> = BTreeSet::new();
        for news in &all {
            let about: Vec<String> = news.change.locks().collect();
            let rest = rests.one.get(&news.id).copied();
            let rests_still = rest.is_some_and(|rest| self.clock.now() < rest.until);
            if rests_still || about.iter().any(|one| held.contains(one)) {
                held.extend(about);
                continue;
            }
            match self.tell_one(news).await? {
                Ok(()) => {
                    self.book.told(&news.id).await?;
                    rests.all = None;
                    rests.one.remove(&news.id);
                }
                Err(trouble) => {
                    let before = if trouble.may_pass() { rests.all } else { rest };
                    let after = Rest::after(before, self.clock.now());
                    let failures = after.failures;
                    tracing::warn!(news = news.id, failures, "what was linked could not be told: {trouble}");
                    if failures == ALARMING {
                        self.alarm.raise(AlarmKind::LinkUntold { log: trouble.to_string() }).await;
                    }
                    if trouble.may_pass() {
                        rests.all = Some(after);
                        return Ok(());
                    }
                    rests.one.insert(news.id.clone(), after);
                    held.extend(about);
                }
            }
        }
        Ok(())
    }

    async fn tell_one(&self, news: &News) -> Result<Result<(), Trouble>, StoreError> {
        for (place, (is_new, linked)) in messages(&news.change).enumerate() {
            let store = self.directories.store()?;
            let key = known_key(linked);
            let found = self.directories.with(|state| {
                let person = person_of(state, linked)?;
                Some(KnownAs { person: Some(person.id.clone()), email: person.primary().cloned() })
            });
            let mut known = found.await?;
            if is_new {
                // Before it is told, so that whoever hears of the link hears the same name at its end.
                store.remember(&key, Some(json!(known.clone().unwrap_or_default()))).await?;
            } else if let Some(before) = store.remembered(&key).await? {
                let before: KnownAs = serde_json::from_value(before).map_err(unreadable(&key))?;
                if before.person.is_some() {
                    known = Some(before);
                }
            }
            let KnownAs { person, email } = known.unwrap_or_default();
            let link = link(linked, person, email);
            let said = if is_new { LinkNews::Linked(link) } else { LinkNews::Unlinked(link) };
            if let Err(trouble) = self.to.say(&format!("{}-{place}", news.id), &said).await {
                return Ok(Err(trouble));
            }
            if !is_new {
                store.remember(&key, None).await?;
            }
        }
        Ok(Ok(()))
    }
}
