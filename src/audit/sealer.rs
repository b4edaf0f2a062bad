//! The sealer: chains and signs what was written, within a second. One of the replicas does it; if it dies, another
//! takes over once its time is up.

use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_audit::{Chain, Hash, SALT, Salt, Seal};
use hubcommander_sdk::clock::Instant;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use tokio::sync::watch;

use super::announce::{Announcement, Announcer};
use super::{Settings, Surroundings};
use crate::slack::socket::AlarmKind;
use crate::store::StoreError;
use crate::store::chain::{Sealed, Sealing};

/// How often it is looked whether there is something to seal. It costs two reads of an index.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// How long nobody else may seal after one did. A replica that dies is replaced after so long.
const HOLD: TimeDelta = TimeDelta::seconds(5);

/// How many entries one seal covers at most: what others want to write waits for no longer than that takes.
const BATCH: u32 = 256;

/// After how long without a seal over what was written the alarm is raised.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// How often it is looked whether something is old enough to be forgotten.
const FORGET_EVERY: TimeDelta = TimeDelta::hours(1);

/// What came of one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// All that could be sealed is.
    Idle,
    /// So many entries were sealed just now.
    Sealed(u64),
    /// Somebody else seals.
    NotOurs,
}

/// Seals.
pub struct Sealer {
    pub(super) settings: Settings,
    pub(super) around: Surroundings,
    holder: String,
    chance: StdRng,
    announcer: Announcer,
    /// The last seal that was made here, and the fence it was made under.
    known: Option<(i64, u64, Hash)>,
    /// Up to here nothing can appear any more that is not there.
    settled: i64,
    /// Up to where that will be so once these have ended who were appending.
    waiting: Option<(i64, Vec<String>)>,
    /// Since when something waits to be sealed.
    behind: Option<Instant>,
    looked_for_old: Option<Instant>,
}

impl Sealer {
    /// A sealer.
    #[must_use]
    pub fn new(settings: Settings, around: Surroundings) -> Self {
        let mut chance = StdRng::from_seed(around.seed);
        let holder = format!("{:016x}{:016x}", chance.next_u64(), chance.next_u64());
        let announcer = Announcer::new(&settings, around.slack.clone());
        Self {
            settings,
            around,
            holder,
            chance,
            announcer,
            known: None,
            settled: 0,
            waiting: None,
            behind: None,
            looked_for_old: None,
        }
    }

    /// Seals until `stop` says so, and then once more, since what is under way has come to its end before.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut failing = false;
        loop {
            let pause = match self.round().await {
                Ok(_) => {
                    failing = false;
                    LOOK_EVERY
                }
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, "the audit cannot be sealed now");
                    }
                    failing = true;
                    self.tell_if_late(&error.to_string()).await;
                    PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        if let Err(error) = self.last_round().await {
            tracing::warn!(%error, "the end of the audit is not sealed; the next start does it");
        }
    }

    /// Seals what is left, and lets go, so that others need not wait.
    async fn last_round(&mut self) -> Result<(), StoreError> {
        self.round().await?;
        let state = self.around.store.sealing().await?;
        if state.holder == self.holder {
            self.hold(&state, TimeDelta::zero(), None, None).await?;
        }
        Ok(())
    }

    /// Looks once, and seals what there is.
    ///
    /// # Errors
    /// The store cannot work, or refuses what is to be written.
    pub async fn round(&mut self) -> Result<Round, StoreError> {
        let state = self.around.store.sealing().await?;
        let now = self.around.clock.now();
        let through = self.settle(&state);
        let mut chain = state.last.as_ref().map_or_else(Chain::new, Chain::after);
        let ours = state.holder == self.holder;
        self.look_for_changes(&state, ours).await;
        if through <= chain.last_seq() {
            self.behind = None;
        } else {
            self.behind.get_or_insert(now);
        }
        if !ours && state.until >= now.timestamp_micros() {
            self.tell_if_late("somebody else holds the right to seal, and does not").await;
            return Ok(Round::NotOurs);
        }
        let sealed = match self.seal_through(&state, &mut chain, through).await? {
            Some(sealed) => sealed,
            None => return Ok(Round::NotOurs),
        };
        self.forget(&mut chain).await?;
        self.announce(&mut chain).await?;
        Ok(if sealed == 0 { Round::Idle } else { Round::Sealed(sealed) })
    }

    /// Up to which number nothing can appear any more that is not there: numbers are given before a transaction ends.
    fn settle(&mut self, state: &Sealing) -> i64 {
        if state.appending.is_empty() {
            self.waiting = None;
            self.settled = self.settled.max(state.newest);
            return self.settled;
        }
        if let Some((newest, writers)) = &self.waiting
            && !writers.iter().any(|writer| state.appending.contains(writer))
        {
            self.settled = self.settled.max(*newest);
            self.waiting = None;
        }
        self.waiting.get_or_insert_with(|| (state.newest, state.appending.clone()));
        self.settled
    }

    /// Seals all up to this number. `None` if somebody else has taken over.
    async fn seal_through(
        &mut self,
        state: &Sealing,
        chain: &mut Chain,
        through: i64,
    ) -> Result<Option<u64>, StoreError> {
        let mut sealed = 0;
        let mut state = state.clone();
        while chain.last_seq() < through {
            let entries = self.around.store.entries(chain.last_seq(), through, BATCH).await?;
            if entries.is_empty() {
                break;
            }
            let mut links = Vec::with_capacity(entries.len());
            for entry in &entries {
                let salt = self.salt();
                links.push(chain.add(entry, salt));
            }
            let added = chain.unsealed();
            let seal = chain.seal(self.around.clock.now().timestamp_micros(), self.settings.key.as_deref());
            let Some(held) = self.hold(&state, HOLD, None, Some((seal, links))).await? else {
                return Ok(None);
            };
            (state.fence, state.holder) = (held, self.holder.clone());
            sealed += added;
        }
        self.behind = None;
        Ok(Some(sealed))
    }

    /// Puts a seal over nothing, if we may: what it says besides is signed by that.
    pub(super) async fn seal_nothing(&mut self, chain: &mut Chain) -> Result<Option<Seal>, StoreError> {
        let state = self.around.store.sealing().await?;
        let seal = chain.seal(self.around.clock.now().timestamp_micros(), self.settings.key.as_deref());
        Ok(self.hold(&state, HOLD, None, Some((seal.clone(), Vec::new()))).await?.map(|_| seal))
    }

    /// Writes under the right to seal, which lasts for so long from now. The fence after it; `None` if the right is
    /// somebody else's, or another seal was put there.
    async fn hold(
        &mut self,
        state: &Sealing,
        time: TimeDelta,
        announced: Option<Instant>,
        seal: Option<(Seal, Vec<hubcommander_audit::Link>)>,
    ) -> Result<Option<i64>, StoreError> {
        let now = self.around.clock.now();
        let made = seal.as_ref().map(|(seal, _)| (seal.number, seal.hash()));
        let holder = self.holder.clone();
        let sealed = Sealed { holder, fence: state.fence, now, until: now + time, announced, seal };
        if !self.around.store.seal(&sealed).await? {
            self.known = None;
            return Ok(None);
        }
        let fence = state.fence + i64::from(state.holder != self.holder);
        if let Some((number, hash)) = made {
            self.known = Some((fence, number, hash));
        }
        Ok(Some(fence))
    }

    fn salt(&mut self) -> Salt {
        let mut salt = [0; SALT];
        self.chance.fill_bytes(&mut salt);
        Salt(salt)
    }

    /// While nobody else may seal, the last seal is the one that was made here. If it is another, somebody reached
    /// into the database.
    async fn look_for_changes(&mut self, state: &Sealing, ours: bool) {
        let Some((fence, number, hash)) = self.known.filter(|_| ours) else { return };
        let found = state.last.as_ref().map(|seal| (seal.number, seal.hash()));
        if fence == state.fence && found != Some((number, hash)) {
            self.known = None;
            let log = format!("seal {number} was made here, and the last one is {:?}", found.map(|it| it.0));
            self.around.alarm.raise(AlarmKind::AuditAltered { log }).await;
        }
    }

    async fn tell_if_late(&self, why: &str) {
        let late = self.behind.is_some_and(|since| self.around.clock.now() - since > LATE);
        if late {
            self.around.alarm.raise(AlarmKind::AuditNotSealed { log: why.to_owned() }).await;
        }
    }

    /// Forgets what is old enough, now and then.
    async fn forget(&mut self, chain: &mut Chain) -> Result<(), StoreError> {
        let Some(keep) = self.settings.keep else { return Ok(()) };
        let now = self.around.clock.now();
        if self.looked_for_old.is_some_and(|at| now - at < FORGET_EVERY) {
            return Ok(());
        }
        let keep = TimeDelta::from_std(keep).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(keep) else { return Ok(()) };
        if self.forget_before(chain, before).await? {
            self.looked_for_old = Some(now);
        }
        Ok(())
    }

    /// Announces the head, if it is time.
    async fn announce(&mut self, chain: &mut Chain) -> Result<(), StoreError> {
        let now = self.around.clock.now();
        if let Some(slot) = self.announcer.ended(&*self.around.alarm, now).await {
            let state = self.around.store.sealing().await?;
            self.hold(&state, HOLD, Some(slot), None).await?;
            return Ok(());
        }
        let Some(slot) = self.settings.schedule.map(|schedule| schedule.last(now)) else { return Ok(()) };
        let state = self.around.store.sealing().await?;
        if slot.timestamp_micros() <= state.announced
            || chain.head().position == 0
            || !self.announcer.is_free(now)
        {
            return Ok(());
        }
        // A seal of this moment says that there was nothing more.
        if let Some(seal) = self.seal_nothing(chain).await? {
            self.announcer.begin(slot, Announcement::of(&seal));
        }
        Ok(())
    }
}
