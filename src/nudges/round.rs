//! The round: once an hour, while it is the day somewhere, it is looked whose devices need a word, and a line is
//! booked for each of them in their own working hours. What that finds to say, it says by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use hubcommander_posture::Device;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::{Conversation, Person, Standing};
use hubcommander_stethoscope::{Look, Looks};
use tokio::sync::watch;

use super::{LINE, Memory, Nudged, Settings, Wish, due_key, hours};
use crate::invocation::Origin;
use crate::slack::people::{Freshness, People};
use crate::slack::web::{SlackError, Web};
use crate::store::{Booking, Due, Store, StoreError};

/// How often it is looked whether a round is due. It costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often somebody is looked for who needs a word.
const ROUND_EVERY: TimeDelta = TimeDelta::hours(1);

/// What the round works with.
pub struct Round {
    /// How people are nudged.
    pub settings: Settings,
    /// Looks at devices.
    pub looks: Arc<dyn Looks>,
    /// Who is who in Slack.
    pub people: Arc<People>,
    /// Opens direct conversations.
    pub web: Web,
    /// Where lines are booked.
    pub store: Arc<dyn Store>,
    /// What is kept of nudges.
    pub memory: Memory,
    /// The time.
    pub clock: SharedClock,
}

/// Why somebody could not be booked for now. The next round tries again.
#[derive(Debug, thiserror::Error)]
enum Unbooked {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Slack(#[from] SlackError),
}

impl Round {
    /// Goes round until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut next = Instant::MIN_UTC;
        loop {
            let now = self.clock.now();
            if now >= next {
                next = now + ROUND_EVERY;
                tokio::select! {
                    gone = self.go() => if let Err(error) = gone {
                        tracing::warn!(%error, "who is to be nudged could not be looked up");
                    },
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// One round.
    async fn go(&self) -> Result<(), StoreError> {
        let Some(day) = hours::open_day(self.clock.now(), self.settings.day) else { return Ok(()) };
        let look = self.looks.everything().await;
        let known = self.memory.all().await?;
        let owned = by_owner(&look);
        for (email, devices) in &owned {
            let before = known.get(*email);
            let fine = before.and_then(|nudged| nudged.fine.clone()).unwrap_or_default();
            if !devices.iter().any(|device| fine.asks(device)) {
                self.learn(email, before, devices, look.is_whole()).await?;
            } else if before.is_none_or(|nudged| nudged.settled != Some(day)) {
                match self.settle(email, day).await {
                    Ok(false) => {}
                    Ok(true) => self.memory.change(email, |nudged| nudged.settled = Some(day)).await?,
                    Err(Unbooked::Store(error)) => return Err(error),
                    Err(Unbooked::Slack(error)) => {
                        tracing::info!(%error, "somebody could not be looked up to be nudged; later again");
                    }
                }
            }
        }
        // Somebody who is missing may only be known to a source that is silent.
        if look.is_whole() && !owned.is_empty() {
            for email in known.keys().filter(|email| !owned.contains_key(email.as_str())) {
                self.memory.forget(email).await?;
            }
        }
        Ok(())
    }

    /// There is nothing to say: then it is known what is fine.
    async fn learn(
        &self,
        email: &str,
        before: Option<&Nudged>,
        devices: &[&Device],
        is_whole: bool,
    ) -> Result<(), StoreError> {
        let before = before.and_then(|nudged| nudged.fine.clone());
        let now = before.clone().unwrap_or_default().learned(devices, is_whole);
        if before.as_ref() != Some(&now) {
            self.memory.change(email, |nudged| nudged.fine = Some(now)).await?;
        }
        Ok(())
    }

    /// Settles for that day whether this owner is looked at, and books it. False if it may still turn out otherwise.
    async fn settle(&self, email: &str, day: NaiveDate) -> Result<bool, Unbooked> {
        let (only, is_named) = (&self.settings.only, self.settings.only.contains(email));
        let groups: BTreeSet<&str> = only.iter().filter_map(|name| name.strip_prefix("slack:")).collect();
        if !only.is_empty() && !is_named && groups.is_empty() {
            return Ok(false);
        }
        let Some(person) = self.people.by_email(email, Freshness::Cached).await? else { return Ok(true) };
        if person.standing != Standing::Member {
            return Ok(true);
        }
        if !only.is_empty() && !is_named && !self.is_in(&person, &groups).await? {
            return Ok(true);
        }
        let now = self.clock.now();
        // What cannot be read may be a no.
        if self.memory.wish(&person.id.user).await?.is_some_and(|wish: Wish| wish.holds(now)) {
            return Ok(true);
        }
        let offset = person.tz_offset.unwrap_or_default();
        let Some(at) = hours::slot(day, self.settings.hour, offset, &person.id.user, now) else {
            return Ok(true);
        };
        let channel = self.web.direct(&person.id.user).await?;
        let key = due_key(&person.id.user);
        let origin = origin(&person, channel, &key);
        self.store.book(&Booking { due: vec![Due { key, at, origin }], ..Booking::default() }).await?;
        Ok(true)
    }

    async fn is_in(&self, person: &Person, groups: &BTreeSet<&str>) -> Result<bool, SlackError> {
        let all = self.people.groups(Freshness::Cached).await?;
        let named = all.iter().filter(|group| groups.contains(group.handle.as_str()));
        // A group whose members Slack does not tell has none.
        Ok(named.flat_map(|group| group.users.iter().flatten()).any(|user| *user == person.id.user))
    }
}

/// The devices that were heard of lately, by whose they are.
fn by_owner(look: &Look) -> BTreeMap<&str, Vec<&Device>> {
    let mut owned: BTreeMap<&str, Vec<&Device>> = BTreeMap::new();
    for device in look.current() {
        for owner in &device.owners {
            owned.entry(owner).or_default().push(device);
        }
    }
    owned
}

/// Between the person and the bot.
fn origin(person: &Person, channel: String, key: &str) -> Origin {
    Origin::by_itself(person.id.clone(), (channel, Conversation::Direct), key, LINE.to_owned())
}
