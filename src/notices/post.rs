//! Takes letters out, one by one, and keeps trying. What was certainly taken is gone; what may have been taken is
//! looked for before it is sent again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::message::Message;
use tokio::sync::watch;

use super::desk::Desk;
use super::folder::Folder;
use super::hook::Hook;
use super::item::Item;
use super::letters::{self, Event, Kind, Letter, Why};
use super::words;
use crate::invocation::Posted;
use crate::slack::socket::{Alarm, AlarmKind};
use crate::slack::web::{SlackError, Tag, Web};
use crate::store::{Booking, StoreError};

/// How often it is looked whether something has to go out.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How much goes out at once.
const AT_ONCE: usize = 20;
/// How long until it is tried again, each time; the last for all further times.
const PAUSES: [i64; 7] = [2, 10, 60, 300, 900, 3_600, 6 * 3_600];
/// After how many tries somebody is told.
const ALARM_AFTER: u32 = 4;
/// How far Slack's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// How often it is looked whether something is old enough to be forgotten.
const FORGET_EVERY: TimeDelta = TimeDelta::hours(1);

/// Sends what has to go out.
pub struct PostOffice {
    desk: Desk,
    web: Web,
    alarm: Arc<dyn Alarm>,
    hook: Option<Hook>,
    folder: Option<Folder>,
}

/// What became of a letter.
enum Fate {
    /// It has gone out, or needs not to.
    Gone,
    /// The desk has dealt with it.
    Filed,
    /// It is tried again, after so long if somebody says.
    Again { log: String, after: Option<Duration> },
}

impl Fate {
    fn of(error: &SlackError) -> Self {
        let after = match error {
            SlackError::RateLimited { after, .. } => Some(*after),
            _ => None,
        };
        Self::Again { log: error.to_string(), after }
    }
}

impl PostOffice {
    /// Takes from this desk to Slack and to the webhook, and brings what lies in the folder.
    #[must_use]
    pub fn new(
        desk: Desk,
        web: Web,
        alarm: Arc<dyn Alarm>,
        hook: Option<Hook>,
        folder: Option<Folder>,
    ) -> Self {
        Self { desk, web, alarm, hook, folder }
    }

    /// Works until `stop` says so.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        tokio::join!(self.bring(stop.clone()), self.carry(stop));
    }

    /// Brings what lies in the folder.
    async fn bring(&self, mut stop: watch::Receiver<bool>) {
        let Some(folder) = &self.folder else { return };
        loop {
            folder.look().await;
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Carries letters. One that takes long, since Slack asks to wait, holds up no other.
    async fn carry(&self, mut stop: watch::Receiver<bool>) {
        let mut flying = FuturesUnordered::new();
        let mut under_way: HashSet<String> = HashSet::new();
        let mut forgot_at: Option<Instant> = None;
        let mut failing = false;
        loop {
            let mut failed = match self.due(&under_way).await {
                Ok(letters) => {
                    for letter in letters {
                        under_way.insert(letter.key());
                        flying.push(async move { (letter.key(), self.take_out(&letter).await) });
                    }
                    self.forget(&mut forgot_at).await.err()
                }
                Err(error) => Some(error),
            };
            tokio::select! {
                Some((key, done)) = flying.next(), if !flying.is_empty() => {
                    under_way.remove(&key);
                    failed = failed.or(done.err());
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.desk.woken() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            // Told once, and not tried again at once.
            if let Some(error) = &failed {
                if !failing {
                    tracing::error!(%error, "what is to be said of notifications cannot be taken up");
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
            failing = failed.is_some();
        }
    }

    /// The letters whose time has come, without those that are under way.
    async fn due(&self, under_way: &HashSet<String>) -> Result<Vec<Letter>, StoreError> {
        let room = AT_ONCE.saturating_sub(under_way.len());
        let most = u32::try_from(AT_ONCE + under_way.len()).unwrap_or(u32::MAX);
        let due = letters::due(&**self.desk.store()?, self.desk.now(), most).await?;
        Ok(due.into_iter().filter(|letter| !under_way.contains(&letter.key())).take(room).collect())
    }

    async fn forget(&self, forgot_at: &mut Option<Instant>) -> Result<(), StoreError> {
        let now = self.desk.now();
        if forgot_at.is_none_or(|last| now - last >= FORGET_EVERY) {
            while self.desk.forget_the_old().await? {}
            *forgot_at = Some(now);
        }
        Ok(())
    }

    async fn take_out(&self, letter: &Letter) -> Result<(), StoreError> {
        let fate = match self.desk.item_of(&letter.id).await? {
            Some(item) => self.deliver(letter, &item).await?,
            // Forgotten by now.
            None => Fate::Gone,
        };
        match fate {
            Fate::Filed => Ok(()),
            Fate::Gone => self.desk.write(Booking { kept: vec![letter.gone()], ..Booking::default() }).await,
            Fate::Again { log, after } => {
                tracing::warn!(notice = letter.id, kind = ?letter.kind, tries = letter.tries, log, "not said yet");
                if letter.tries == ALARM_AFTER {
                    self.alarm.raise(AlarmKind::NotForwarded { notice: letter.id.clone(), log }).await;
                }
                let pause = usize::try_from(letter.tries).ok().and_then(|tries| PAUSES.get(tries));
                let pause = TimeDelta::seconds(*pause.or(PAUSES.last()).unwrap_or(&60));
                let now = self.desk.now();
                let asked = after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or_default();
                self.desk
                    .store()?
                    .book(&letter.later(now + pause.max(asked), letter.begun.or(Some(now))))
                    .await
            }
        }
    }

    async fn deliver(&self, letter: &Letter, item: &Item) -> Result<Fate, StoreError> {
        match letter.kind {
            Kind::Ask => self.ask(letter, item).await,
            Kind::Overdue => {
                self.desk.escalate(letter, Why::Unanswered).await?;
                Ok(Fate::Filed)
            }
            Kind::Channel(why) => self.tell_channel(letter, item, why).await,
            Kind::Hook(event) => Ok(self.forward(item, event).await),
            Kind::Show => Ok(self.show(item).await),
        }
    }

    async fn ask(&self, letter: &Letter, item: &Item) -> Result<Fate, StoreError> {
        if item.answer.is_some() && letter.begun.is_none() {
            return Ok(Fate::Gone);
        }
        let channel = match self.web.direct(&item.person.user).await {
            Ok(channel) => channel,
            Err(error) => return self.not_asked(letter, &error).await,
        };
        // It may stand there, with the answer given elsewhere meanwhile: then it is brought up to date.
        let posted = if item.answer.is_some() {
            match self.stands(letter, &channel, "question").await {
                Ok(None) => return Ok(Fate::Gone),
                Ok(Some(ts)) => Ok(ts),
                Err(error) => Err(error),
            }
        } else {
            self.post(letter, &channel, &words::question(item), "question").await?
        };
        match posted {
            Ok(ts) => {
                self.desk.is_posted(letter, Posted { channel, ts }).await?;
                Ok(Fate::Filed)
            }
            Err(error) => self.not_asked(letter, &error).await,
        }
    }

    /// A question could not be delivered. If that is for good, whoever should know is told.
    async fn not_asked(&self, letter: &Letter, error: &SlackError) -> Result<Fate, StoreError> {
        if !is_final(error) {
            return Ok(Fate::of(error));
        }
        tracing::warn!(notice = letter.id, %error, "a question could not be delivered");
        self.desk.escalate(letter, Why::Undelivered).await?;
        Ok(Fate::Filed)
    }

    async fn tell_channel(&self, letter: &Letter, item: &Item, why: Why) -> Result<Fate, StoreError> {
        let Some(channel) = &self.desk.settings().channel else { return Ok(Fate::Gone) };
        let part = format!("{why:?}").to_lowercase();
        Ok(match self.post(letter, channel, &words::escalation(item, why), &part).await? {
            Ok(_) => Fate::Gone,
            Err(error) => Fate::of(&error),
        })
    }

    async fn forward(&self, item: &Item, event: Event) -> Fate {
        let Some(hook) = &self.hook else { return Fate::Gone };
        match hook.tell(item, event, self.desk.now()).await {
            Ok(()) => Fate::Gone,
            Err(error) => Fate::Again { log: format!("the webhook: {error}"), after: None },
        }
    }

    async fn show(&self, item: &Item) -> Fate {
        let Some(posted) = &item.posted else { return Fate::Gone };
        let edited = self
            .web
            .update(&posted.channel, &posted.ts, &words::answered(item), &tag(&item.id, "question"))
            .await;
        match edited {
            Ok(()) => Fate::Gone,
            // It was deleted: nothing is left to be brought up to date.
            Err(error) if is_final(&error) => Fate::Gone,
            Err(error) => Fate::of(&error),
        }
    }

    /// Where a message stands that may have been posted before.
    async fn stands(&self, letter: &Letter, channel: &str, part: &str) -> Result<Option<String>, SlackError> {
        let Some(begun) = letter.begun else { return Ok(None) };
        self.web.find(channel, None, &tag(&letter.id, part), begun - SKEW).await
    }

    /// Posts so that it stands there once. That it is begun is written down before.
    async fn post(
        &self,
        letter: &Letter,
        channel: &str,
        message: &Message,
        part: &str,
    ) -> Result<Result<String, SlackError>, StoreError> {
        match self.stands(letter, channel, part).await {
            Ok(Some(ts)) => return Ok(Ok(ts)),
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
        if letter.begun.is_none() {
            self.desk.store()?.book(&letter.begin(self.desk.now())).await?;
        }
        if crate::crash::ENABLED {
            crate::crash::point(&format!("notices.before-post:{part}"));
        }
        let posted = self.web.post(channel, None, message, &tag(&letter.id, part)).await;
        if crate::crash::ENABLED {
            crate::crash::point(&format!("notices.after-post:{part}"));
        }
        Ok(posted)
    }
}

fn tag(id: &str, part: &str) -> Tag {
    Tag { invocation: id.to_owned(), part: part.to_owned() }
}

/// Whether Slack refuses this message for good, and not us.
fn is_final(error: &SlackError) -> bool {
    matches!(error, SlackError::Refused { .. }) && !error.is_about_us()
}
