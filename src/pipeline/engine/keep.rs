//! Keeps at an invocation until nothing more is to be done: what falls on its way, by a panic or because the
//! store's words cannot be read, is taken up again from where it stands. What falls again and again is left
//! for the next start, and somebody is told.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::mailboxes::{Mail, Press};
use super::way::Way;
use super::{Engine, Stopped, unsaid};
use crate::invocation::{Invocation, State, StepRecord, Via};
use crate::pipeline::glass;
use crate::pipeline::record::Record;
use crate::pipeline::report::slot::Slot;
use crate::pipeline::report::{Before, words};
use crate::slack::socket::AlarmKind;
use crate::slack::web::SlackError;
use crate::store::StoreError;

/// How long to wait when Slack takes nothing at all, before going on.
const SILENCE: Duration = Duration::from_secs(60);

/// How long an invocation lies where it fell, each time, before it is taken up again. After the last it is
/// left lying.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];

/// From where an invocation is taken up.
pub(super) enum Taken {
    /// It was written down just now.
    New(Invocation),
    /// It was found unfinished.
    Known(Invocation),
    /// It is in hand, with its journal.
    Held(Record),
}

/// Why an invocation did not come to where it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fall {
    #[error("a panic: {0}")]
    Panic(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it is half done, and this program cannot go on with it: {0}")]
    Unknown(String),
}

/// How often one invocation has fallen.
pub(super) struct Falls<'a> {
    id: &'a str,
    times: usize,
}

impl<'a> Falls<'a> {
    pub(super) fn of(id: &'a str) -> Self {
        Self { id, times: 0 }
    }

    /// Waits until it is time to take it up again; gives the reason back if it is to be left.
    pub(super) async fn rest(&mut self, fall: Fall) -> Result<(), Fall> {
        // What this program does not know it will not know in a moment.
        let pause = PAUSES.get(self.times).filter(|_| !matches!(fall, Fall::Unknown(_)));
        let Some(pause) = pause else { return Err(fall) };
        self.times += 1;
        let (id, times) = (self.id, self.times);
        tracing::error!(invocation = id, reason = %fall, times, ?pause, "an invocation fell; it is taken up again");
        tokio::time::sleep(*pause).await;
        Ok(())
    }
}

/// Carries on until the end, or until it falls.
async fn caught(carrying: impl Future<Output = Result<(), Fall>>) -> Result<(), Fall> {
    // Whatever was in hand is dropped, and read again from the store.
    match AssertUnwindSafe(carrying).catch_unwind().await {
        Ok(carried) => carried,
        Err(panic) => Err(Fall::Panic(said(&*panic))),
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

impl Engine {
    /// Keeps at an invocation until nothing more is to be done, or until it is left for the next start.
    pub(super) async fn keep(self: &Arc<Self>, id: String, taken: Taken, mut mail: Option<Mail>) {
        let mut falls = Falls::of(&id);
        let mut taken = Some(taken);
        while let Err(fall) = caught(self.carry(&id, taken.take(), &mut mail)).await {
            // From now on clicks wait with it.
            mail.get_or_insert_with(|| self.mailboxes.open(&id));
            tokio::select! {
                rested = falls.rest(fall) => {
                    if let Err(fall) = rested {
                        return Box::pin(self.leave(&id, mail, fall)).await;
                    }
                }
                // It lies in the store, and the next start takes it up.
                () = self.work.stopping() => break,
            }
        }
        let Some(mut mail) = mail else { return };
        self.mailboxes.close(&id, &mail);
        while let Ok(press) = mail.receive.try_recv() {
            Box::pin(self.late_press(&id, press)).await;
        }
    }

    /// Carries it as far as it goes. Without a `taken` the store says where it stands.
    async fn carry(
        self: &Arc<Self>,
        id: &str,
        taken: Option<Taken>,
        mail: &mut Option<Mail>,
    ) -> Result<(), Fall> {
        let mut taken = taken;
        if let Some(Taken::Known(known)) = &taken
            && known.origin.via == Via::Glass
        {
            if !self.is_left(known).await? {
                return Ok(());
            }
            // Whoever was at it may have come further meanwhile.
            taken = None;
        }
        let (mut record, mut before) = match taken {
            Some(Taken::New(invocation)) => (self.record(invocation, Vec::new()), Before::Never),
            Some(Taken::Held(record)) => (record, Before::Perhaps),
            Some(Taken::Known(invocation)) => (self.with_journal(invocation).await?, Before::Perhaps),
            None => match self.patient.ask(|store| store.invocation(id)).await? {
                Some(known) if !known.state.is_final() || !known.reported => {
                    (self.with_journal(known).await?, Before::Perhaps)
                }
                _ => return Ok(()),
            },
        };
        loop {
            let way = Way { engine: self, before, slot: None, mail, replans: 0, instead: None };
            match way.go(&mut record).await {
                Ok(()) => return Ok(()),
                Err(Stopped::Store(StoreError::Conflict { .. })) => {
                    tracing::info!(invocation = id, "somebody else goes on with it");
                    return Ok(());
                }
                Err(Stopped::Stopping) => {
                    tracing::info!(invocation = id, "left for the next start");
                    return Ok(());
                }
                Err(Stopped::Store(error)) => return Err(error.into()),
                Err(Stopped::Unknown { log }) => return Err(Fall::Unknown(log)),
                Err(Stopped::Slack(error)) if error.is_about_us() => {
                    // An alarm says so once; here it is said for each that waits.
                    tracing::warn!(invocation = id, %error, "Slack refuses us; trying again");
                }
                Err(Stopped::Slack(SlackError::Refused { method, code })) => {
                    tracing::error!(invocation = id, method, code, "Slack will not take what was to be said");
                    return Ok(unsaid(&mut record, &code).await?);
                }
                Err(Stopped::Slack(error)) => {
                    tracing::error!(invocation = id, %error, "Slack does not take what is to be said; trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(SILENCE) => {}
                () = self.work.stopping() => return Ok(()),
            }
            before = Before::Perhaps;
        }
    }

    /// Waits until nobody is at it on the host any more; false if the program stops before.
    async fn is_left(&self, known: &Invocation) -> Result<bool, StoreError> {
        loop {
            let now = self.clock.now();
            if !self.patient.ask(|store| glass::is_held(store, &known.id, now)).await? {
                return Ok(true);
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = self.work.stopping() => return Ok(false),
            }
        }
    }

    fn record(&self, invocation: Invocation, steps: Vec<StepRecord>) -> Record {
        Record::new(invocation, steps, self.patient.clone(), Arc::clone(&self.clock))
    }

    /// With what the journal holds of it.
    pub(super) async fn with_journal(&self, invocation: Invocation) -> Result<Record, StoreError> {
        let steps = self.patient.ask(|store| store.steps(&invocation.id)).await?;
        Ok(self.record(invocation, steps))
    }

    /// Leaves it for the next start, and tells those whom it concerns.
    pub(super) async fn leave(&self, id: &str, mail: Option<Mail>, fall: Fall) {
        tracing::error!(invocation = id, reason = %fall, "an invocation is left for the next start");
        if let Some(mail) = mail {
            // What was pressed is written down, and counts then.
            self.mailboxes.halt(id, &mail);
        }
        let alarm = AlarmKind::Halted { invocation: id.to_owned(), log: fall.to_string() };
        self.alarm.raise(alarm).await;
        if let Err(reason) = caught(self.tell_of_halt(id)).await {
            tracing::warn!(invocation = id, %reason, "that it is left could not be said");
        }
    }

    /// Says that it stands still: in the message that is kept up to date, if it has come to having one.
    async fn tell_of_halt(&self, id: &str) -> Result<(), Fall> {
        let Some(invocation) = self.store.invocation(id).await? else { return Ok(()) };
        let message = words::halted(id);
        let said = if invocation.state == State::Received && invocation.posted.is_none() {
            self.reporter.whisper(&invocation, &message, Before::Never).await
        } else {
            let audience = self.audience(&invocation);
            let slot = Slot::open(self.reporter.clone(), &invocation, Before::Perhaps, audience);
            slot.show(message);
            slot.close().await.map(drop)
        };
        if let Err(error) = said {
            tracing::warn!(invocation = id, %error, "that it is left could not be said");
        }
        Ok(())
    }

    /// A press on something that was left: it is not dealt with, so that it counts at the next start.
    pub(super) async fn press_on_halted(&self, id: &str, press: &Press) {
        tracing::warn!(invocation = id, "a press on an invocation that is left for the next start");
        if let Ok(Some(invocation)) = self.store.invocation(id).await {
            self.hint(press, &invocation, words::halted(id)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_taken_up_again_after_each_pause_and_then_left() {
        let mut falls = Falls::of("inv-1");
        let began = tokio::time::Instant::now();
        for _ in PAUSES {
            falls.rest(Fall::Panic("oh".into())).await.unwrap();
        }
        assert_eq!(began.elapsed(), PAUSES.iter().sum::<Duration>());
        assert!(matches!(falls.rest(Fall::Panic("oh".into())).await, Err(Fall::Panic(_))));
        let unknown = Falls::of("inv-2").rest(Fall::Unknown("a kind of tomorrow".into())).await;
        assert!(matches!(unknown, Err(Fall::Unknown(_))), "a pause does not help it");
    }

    #[tokio::test]
    async fn a_panic_is_a_fall_with_its_words() {
        let fallen = caught(async { panic!("no {} left", "words") }).await.unwrap_err();
        assert_eq!(fallen.to_string(), "a panic: no words left");
        assert!(caught(async { Ok(()) }).await.is_ok());
    }
}
