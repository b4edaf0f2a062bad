//! What follows when a directory or Slack says that somebody left, or is back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_directory::Change;
use hubcommander_sdk::accounts::Linked;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::{Conversation, PersonId, Standing};
use serde_json::{Value as Json, json};

use super::commands::{FAREWELL, HELD, SOON, WELCOME};
use super::leaver::{self, Leaver, SLACK, Stand};
use super::{Farewells, Settings};
use crate::directory::Follow;
use crate::invocation::Origin;
use crate::pipeline::intake::Standings;
use crate::slack::people::Freshness;
use crate::store::{Booking, Due, StoreError};

/// What is due when people are held.
const TELL: &str = "farewell:held";

/// When it was said last, or will be.
const TOLD: &str = "farewell:told";

/// Those who are back and whose Slack account is not yet.
pub(super) const OWED: &str = "farewell:owed:";

/// Those to whom it was offered to link again, with which account it was.
const WELCOMED: &str = "farewell:welcomed:";

/// People are told at most so often that some are held.
const TELL_EVERY: TimeDelta = TimeDelta::hours(1);

/// How long it may take until what is to be written down is.
const A_MOMENT: TimeDelta = TimeDelta::minutes(2);

/// Something that was told of somebody.
#[derive(Clone, Debug)]
pub(super) enum News {
    Left(Leaver),
    Back { slack: Option<String>, emails: Vec<String> },
}

/// What is put down, while it is put together.
#[derive(Default)]
struct Draft {
    kept: BTreeMap<String, Option<Json>>,
    due: BTreeMap<String, Due>,
    dropped: BTreeSet<String>,
}

impl Draft {
    fn drop_due(&mut self, leaver: &Leaver) {
        for key in [leaver.due(), leaver.soon()] {
            self.due.remove(&key);
            self.dropped.insert(key);
        }
    }

    fn booking(self) -> Booking {
        Booking {
            due: self.due.into_values().collect(),
            dropped: self.dropped.into_iter().collect(),
            kept: self.kept.into_iter().collect(),
            ..Booking::default()
        }
    }
}

/// Those who left with an account, by how they are found.
struct Former {
    by_user: HashMap<String, Linked>,
    by_email: HashMap<String, String>,
}

impl Former {
    fn of(all: Vec<Linked>) -> Self {
        let email = |one: &Linked| Some((one.email.as_ref()?.trim().to_lowercase(), one.person.user.clone()));
        let by_email = all.iter().filter_map(email).collect();
        let by_user = all.into_iter().map(|one| (one.person.user.clone(), one)).collect();
        Self { by_user, by_email }
    }

    fn found<'a>(&'a self, slack: Option<&str>, emails: &[String]) -> Vec<&'a Linked> {
        let users: BTreeSet<&str> = emails
            .iter()
            .filter_map(|email| self.by_email.get(email).map(String::as_str))
            .chain(slack.filter(|slack| self.by_user.contains_key(*slack)))
            .collect();
        users.into_iter().filter_map(|user| self.by_user.get(user)).collect()
    }
}

impl Farewells {
    /// What is due for somebody: a word before, where there is time, and the farewell itself.
    pub(super) async fn due_of(
        &self,
        settings: &Settings,
        leaver: &Leaver,
        at: Instant,
        grace: Option<TimeDelta>,
    ) -> Result<Vec<Due>, StoreError> {
        let line = |command: &str| format!("{command} --left {}", leaver.key);
        let mut all = Vec::new();
        if grace.is_some() {
            let key = leaver.soon();
            all.push(Due { origin: self.origin(settings, &key, line(SOON)).await?, key, at });
        }
        let (key, at) = (leaver.due(), at + grace.unwrap_or_default());
        all.push(Due { origin: self.origin(settings, &key, line(FAREWELL)).await?, key, at });
        Ok(all)
    }

    /// How many leave within a day, and of how many.
    pub(super) async fn leaving(&self, leavers: &BTreeMap<String, Leaver>, now: Instant) -> (usize, usize) {
        let counted = leavers.values().filter(|leaver| leaver.counts(now));
        let (mut count, mut working) =
            counted.fold((0, 0), |(count, working), leaver| (count + 1, working.max(leaver.working)));
        for (key, at, of) in self.0.recent.lock().await.iter() {
            if !leavers.contains_key(key) && now - *at < A_MOMENT {
                count += 1;
                working = working.max(*of);
            }
        }
        (count, working)
    }

    /// What follows from news, in their order.
    pub(super) async fn take(&self, news: Vec<News>, now: Instant) -> Result<Booking, StoreError> {
        let Some(settings) = self.settings() else { return Ok(Booking::default()) };
        let _alone = self.0.changing.lock().await;
        let store = self.store()?;
        let all = leaver::all(&**store).await?;
        let mut leavers: BTreeMap<String, Leaver> =
            all.into_iter().map(|leaver| (leaver.key.clone(), leaver)).collect();
        let mut draft = Draft::default();
        let mut leaving: BTreeSet<String> = BTreeSet::new();
        // Read once: a directory that is read for the first time tells of everybody.
        let mut former: Option<Former> = None;
        for one in news {
            match one {
                News::Left(new) => {
                    let known =
                        leavers.values().find(|known| known.is(new.slack.as_deref(), &new.emails)).cloned();
                    let Some(known) = known else {
                        leaving.insert(new.key.clone());
                        leavers.insert(new.key.clone(), new);
                        continue;
                    };
                    let pending = known.stand == Stand::Held
                        || leaving.contains(&known.key)
                        || store.due_under(&known.due()).await?.is_some();
                    // Said by a directory that has not said so before: what stood in the way then may not any more.
                    if !pending && new.by_a_directory() && !new.by.is_subset(&known.by) {
                        let by = known.by.union(&new.by).cloned().collect();
                        let emails = known.emails.iter().chain(&new.emails).cloned().collect::<BTreeSet<_>>();
                        let emails = emails.into_iter().collect();
                        leaving.insert(known.key.clone());
                        let again =
                            Leaver { by, emails, key: known.key, slack: known.slack.or(new.slack), ..new };
                        leavers.insert(again.key.clone(), again);
                    }
                }
                News::Back { slack, emails } => {
                    let known: Vec<Leaver> = leavers
                        .values()
                        .filter(|known| known.is(slack.as_deref(), &emails))
                        .cloned()
                        .collect();
                    for known in known {
                        draft.drop_due(&known);
                        draft.kept.insert(known.kept().0, None);
                        leavers.remove(&known.key);
                        leaving.remove(&known.key);
                    }
                    if former.is_none() {
                        former = Some(Former::of(self.around().links.all_former().await?));
                    }
                    for former in former.iter().flat_map(|all| all.found(slack.as_deref(), &emails)) {
                        self.welcome(&mut draft, former, now).await?;
                    }
                }
            }
        }
        self.let_leave(settings, &mut draft, &mut leavers, &leaving, now).await?;
        Ok(draft.booking())
    }

    /// Those who leave now are let go in their time, or are held with all others who are not gone yet.
    async fn let_leave(
        &self,
        settings: &Settings,
        draft: &mut Draft,
        leavers: &mut BTreeMap<String, Leaver>,
        leaving: &BTreeSet<String>,
        now: Instant,
    ) -> Result<(), StoreError> {
        if leaving.is_empty() {
            return Ok(());
        }
        let store = self.store()?;
        let (count, working) = self.leaving(leavers, now).await;
        if settings.rail().holds(count, working) {
            for leaver in leavers.values_mut().filter(|leaver| leaver.counts(now)) {
                let new = leaving.contains(&leaver.key);
                let open = leaver.stand == Stand::Open;
                if open && (new || store.due_under(&leaver.due()).await?.is_some()) {
                    leaver.stand = Stand::Held;
                    draft.drop_due(leaver);
                    draft.kept.extend([leaver.kept()]);
                }
            }
            self.tell(settings, draft, now).await?;
        } else {
            for leaver in leaving.iter().filter_map(|key| leavers.get(key)) {
                for due in self.due_of(settings, leaver, now, settings.grace).await? {
                    draft.due.insert(due.key.clone(), due);
                }
                draft.kept.extend([leaver.kept()]);
            }
        }
        let mut recent = self.0.recent.lock().await;
        recent.retain(|(_, at, _)| now - *at < A_MOMENT);
        recent.extend(leaving.iter().map(|key| (key.clone(), now, working)));
        Ok(())
    }

    /// That some are held is said once, and not again for a while.
    async fn tell(&self, settings: &Settings, draft: &mut Draft, now: Instant) -> Result<(), StoreError> {
        let store = self.store()?;
        if store.due_under(TELL).await?.is_some() {
            return Ok(());
        }
        let told: Option<Instant> =
            store.remembered(TOLD).await?.and_then(|told| serde_json::from_value(told).ok());
        let at = told.map_or(now, |told| now.max(told + TELL_EVERY));
        let origin = self.origin(settings, TELL, HELD.to_owned()).await?;
        draft.due.insert(TELL.to_owned(), Due { key: TELL.to_owned(), at, origin });
        draft.kept.insert(TOLD.to_owned(), Some(json!(at)));
        Ok(())
    }

    /// Who had an account when they left is offered it again, once.
    async fn welcome(&self, draft: &mut Draft, former: &Linked, now: Instant) -> Result<(), StoreError> {
        let user = &former.person.user;
        let (welcomed, which) = (format!("{WELCOMED}{user}"), json!([former.github_id, former.since]));
        if self.store()?.remembered(&welcomed).await?.as_ref() == Some(&which) {
            return Ok(());
        }
        let standing = match self.people() {
            Ok(people) => people.get(user, Freshness::Fresh).await.ok().map(|person| person.standing),
            Err(_) => None,
        };
        if standing == Some(Standing::Deactivated) {
            draft.kept.insert(format!("{OWED}{user}"), Some(json!(former.person)));
        } else {
            // If Slack does not say, it is tried.
            draft.kept.insert(welcomed, Some(which));
            self.book_welcome(draft, former.person.clone(), now);
        }
        Ok(())
    }

    fn book_welcome(&self, draft: &mut Draft, person: PersonId, now: Instant) {
        let key = format!("welcome:{}", person.user);
        let place = (String::new(), Conversation::Private);
        let origin = Origin::by_itself(person, place, &key, WELCOME.to_owned());
        draft.due.insert(key.clone(), Due { key, at: now, origin });
    }

    /// Whose Slack account is active again, after they are back.
    pub(super) async fn active_again(&self, user: &str, now: Instant) -> Result<(), StoreError> {
        let store = self.store()?;
        let owed = format!("{OWED}{user}");
        if let Some(person) = store.remembered(&owed).await? {
            let person: PersonId = serde_json::from_value(person)
                .map_err(|error| StoreError::Unreadable { id: owed.clone(), reason: error.to_string() })?;
            let former = self.around().links.former_of(user).await?;
            let mut draft = Draft::default();
            draft.kept.insert(owed, None);
            if let Some(former) = former {
                let which = json!([former.github_id, former.since]);
                draft.kept.insert(format!("{WELCOMED}{user}"), Some(which));
                self.book_welcome(&mut draft, person, now);
            }
            return store.book(&draft.booking()).await;
        }
        // Of whom a directory said so, the directory says when they are back.
        let known = leaver::one(&**store, &Leaver::key(SLACK, user)).await?;
        if known.is_none_or(|known| known.by_a_directory()) {
            return Ok(());
        }
        let back = News::Back { slack: Some(user.to_owned()), emails: Vec::new() };
        let booking = self.take(vec![back], now).await?;
        store.book(&booking).await
    }

    /// How many work here, where no directory says it with its news.
    pub(super) async fn working(&self) -> Result<usize, StoreError> {
        let around = self.around();
        if around.directory.is_set_up()
            && let Ok(everybody) = around.directory.everybody().await
        {
            return Ok(everybody.iter().filter(|one| one.active).count());
        }
        Ok(around.links.all_links().await?.len())
    }

    /// These are gone from Slack: all at once, so that the rail sees them together.
    pub(super) async fn gone_from_slack(
        &self,
        people: &[hubcommander_sdk::people::Person],
        now: Instant,
    ) -> Result<(), StoreError> {
        if self.settings().is_none() || people.is_empty() {
            return Ok(());
        }
        let working = self.working().await?;
        let left = people.iter().map(|person| {
            News::Left(Leaver {
                key: Leaver::key(SLACK, &person.id.user),
                by: [SLACK.to_owned()].into(),
                name: person.name.clone(),
                emails: person.email.iter().map(|email| email.trim().to_lowercase()).collect(),
                slack: Some(person.id.user.clone()),
                at: now,
                working,
                stand: Stand::Open,
            })
        });
        let booking = self.take(left.collect(), now).await?;
        self.store()?.book(&booking).await
    }
}

#[async_trait]
impl Follow for Farewells {
    async fn follow(
        &self,
        source: &str,
        working: usize,
        changes: &[Change],
        at: Instant,
    ) -> Result<Booking, StoreError> {
        let emails = |person: &hubcommander_directory::Person| -> Vec<String> {
            person.emails.iter().map(|email| email.as_str().to_owned()).collect()
        };
        let left = changes.iter().filter(|change| matches!(change, Change::Left { .. })).count();
        let news = changes.iter().filter_map(|change| match change {
            Change::Left { person, .. } => Some(News::Left(Leaver {
                key: Leaver::key(source, &person.id),
                by: [source.to_owned()].into(),
                name: person.name.clone(),
                emails: emails(person),
                slack: person.accounts.slack_user.clone(),
                at,
                working: working + left,
                stand: Stand::Open,
            })),
            Change::Back { person } | Change::Joined { person } => {
                let (slack, emails) = (person.accounts.slack_user.clone(), emails(person));
                Some(News::Back { slack, emails })
            }
            _ => None,
        });
        let news: Vec<News> = news.collect();
        if news.is_empty() {
            return Ok(Booking::default());
        }
        self.take(news, at).await
    }
}

#[async_trait]
impl Standings for Farewells {
    async fn stands(&self, user: &str, deactivated: bool) -> Result<(), StoreError> {
        if self.settings().is_none() {
            return Ok(());
        }
        let now = self.around().clock.now();
        if !deactivated {
            return self.active_again(user, now).await;
        }
        let known = self.people().map_err(|refusal| StoreError::Unavailable(refusal.to_string()))?;
        let person = known.get(user, Freshness::Fresh).await;
        match person {
            // What is told late may not hold any more.
            Ok(person) if person.standing == Standing::Deactivated => {
                self.gone_from_slack(&[(*person).clone()], now).await
            }
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::Unavailable(format!("Slack does not say who {user} is: {error}"))),
        }
    }
}
