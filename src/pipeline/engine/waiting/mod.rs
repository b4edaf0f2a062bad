//! A plan that waits for people: for the word of the person who asked, for their proof that it is they, for others
//! to agree. Whatever is given is written down before anything follows from it, so that it holds after a crash.

mod approvals;
mod health;
mod presses;
mod step_ups;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hubcommander_auth_plugins::approval;
use hubcommander_sdk::auth::{Requirement, StepUp};
use hubcommander_sdk::message::{Message, State as Mark};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::text::Text;
use serde_json::json;
use tokio::task::JoinSet;

use self::step_ups::StepUpEnd;
use super::way::Way;
use super::{Engine, Stopped};
use crate::invocation::State;
use crate::pipeline::gate::{self, Progress, Stage};
use crate::pipeline::prepare::Examined;
use crate::pipeline::record::Record;
use crate::pipeline::report::words;
use crate::store::{AuditEntry, Change};

/// The longest sleep towards a deadline, so that a clock that was set is noticed.
const NAP: Duration = Duration::from_secs(30);

/// How often somebody may try to prove who they are before the plan is dropped.
const TRIES: u32 = 3;

/// Shows on the card in the approvers' channel how it ended.
pub(super) async fn close_card(
    engine: &Engine,
    record: &Record,
    examined: &Examined,
    progress: &Progress,
    state: State,
    how: Text,
) {
    let Some(card) = &progress.card else { return };
    let mark = match state {
        State::Done | State::Answered => Mark::Done,
        State::Partial => Mark::NeedsYou,
        _ => Mark::Refused,
    };
    let asked = approvals::asked(engine, record, examined, progress, |_| Text::new());
    let message = approval::closed(&asked, mark, how);
    engine.reporter.try_edit(&card.posted, &message, record.invocation(), approvals::PART).await;
}

/// A plan that waits, in hand.
pub(super) struct Waiting<'w> {
    engine: &'w Arc<Engine>,
    examined: Examined,
    progress: Progress,
    /// Step-ups that are waited for. They end with this.
    flying: JoinSet<StepUpEnd>,
    /// Why the last step-up of the person who asked was a no, as long as they may try again.
    problem: Option<Text>,
    /// The step-up that the person who asked is in.
    by: Option<Arc<dyn StepUp>>,
    /// How the approvers of each requirement are called on.
    called: BTreeMap<Requirement, Called>,
    /// Whether the card in the approvers' channel shows how things stand.
    card_is_new: bool,
}

/// How approvers are called on.
struct Called {
    /// Those that were looked up.
    named: BTreeSet<String>,
    /// As they are called on.
    words: Text,
}

/// What follows from something that happened.
enum Follows {
    /// It waits on.
    On,
    /// It is over: with this state, this word for the audit, and this for the person.
    Over { state: State, event: &'static str, outcome: Message, clicks: Vec<String> },
}

/// What happened.
enum Happened {
    Press(Box<super::Press>),
    StepUp(Box<StepUpEnd>),
    Time,
}

impl Way<'_> {
    /// Waits for people, or until it is too late.
    pub(super) async fn wait(&mut self, record: &mut Record) -> Result<(), Stopped> {
        let (examined, progress) = match self.stored(record) {
            Ok(stored) => stored,
            Err(refusal) => return self.unreadable(record, &refusal).await,
        };
        self.open_slot(record);
        let engine = Arc::clone(self.engine);
        let mut waiting = Waiting::new(&engine, examined, progress);
        waiting.call_on_approvers().await;
        waiting.take_up_tickets(record).await;
        let mut shown = None;
        loop {
            if waiting.left().is_zero() {
                let outcome = words::expired(&waiting.examined, record.invocation());
                let (state, event) = (State::Expired, "expired");
                return self.give_up(record, &waiting.examined, state, event, outcome, Vec::new()).await;
            }
            let asked = record.invocation().origin.person.clone();
            let stage = gate::stage(&waiting.progress, &asked);
            // Shown before the next step is taken: that may take a while. What waits for nothing is about to run.
            if stage != Stage::Open || engine.lockdown.holds(&waiting.examined) {
                waiting.show(self, record, &stage, &mut shown);
            }
            let follows = match &stage {
                Stage::Open if engine.lockdown.holds(&waiting.examined) => Follows::On,
                // Written down with what was given last.
                Stage::Open if record.invocation().state == State::Running => return Ok(()),
                Stage::Open => {
                    let change = Change {
                        state: Some(State::Running),
                        gate: Some(json!(waiting.progress)),
                        ..Change::default()
                    };
                    return Ok(record.change(change).await?);
                }
                Stage::Word { .. } => Follows::On,
                Stage::Health { or_step_up } => waiting.look(record, or_step_up.as_deref()).await?,
                Stage::StepUp { by } => waiting.prove(record, by).await?,
                Stage::Approvals(_) => waiting.keep_card(record, self.before).await?,
            };
            if let Follows::Over { state, event, outcome, clicks } = follows {
                return self.give_up(record, &waiting.examined, state, event, outcome, clicks).await;
            }
            let after = gate::stage(&waiting.progress, &asked);
            if after != stage {
                continue;
            }
            waiting.show(self, record, &after, &mut shown);
            let mail = self.mail.get_or_insert_with(|| engine.mailboxes.open(&record.invocation().id));
            let nap = waiting.nap();
            let happened = tokio::select! {
                // What was pressed before the end is still dealt with.
                biased;
                Some(press) = mail.receive.recv() => Happened::Press(Box::new(press)),
                Some(end) = waiting.flying.join_next(), if !waiting.flying.is_empty() => match end {
                    Ok(end) => Happened::StepUp(Box::new(end)),
                    // It fell. Whatever it was about is not proven, and the next look begins it anew.
                    Err(error) => {
                        tracing::error!(%error, "a step-up fell");
                        waiting.progress.tickets.clear();
                        Happened::Time
                    }
                },
                () = engine.work.stopping() => return Err(Stopped::Stopping),
                () = tokio::time::sleep(nap) => Happened::Time,
                () = engine.lockdown.changed() => Happened::Time,
            };
            let follows = match happened {
                // Its own time may have run out while it was on its way: then it does not count.
                Happened::Press(press) if waiting.left().is_zero() => {
                    let outcome = words::expired(&waiting.examined, record.invocation());
                    let clicks = press.stored_key().into_iter().collect();
                    Follows::Over { state: State::Expired, event: "expired", outcome, clicks }
                }
                Happened::Press(press) => Box::pin(waiting.press(record, *press)).await?,
                Happened::StepUp(end) => Box::pin(waiting.step_up_ended(record, *end)).await?,
                Happened::Time => Follows::On,
            };
            if let Follows::Over { state, event, outcome, clicks } = follows {
                return self.give_up(record, &waiting.examined, state, event, outcome, clicks).await;
            }
        }
    }
}

impl<'w> Waiting<'w> {
    fn new(engine: &'w Arc<Engine>, examined: Examined, progress: Progress) -> Self {
        Self {
            engine,
            examined,
            progress,
            flying: JoinSet::new(),
            problem: None,
            by: None,
            called: BTreeMap::new(),
            card_is_new: false,
        }
    }

    fn left(&self) -> Duration {
        (self.progress.expires - self.engine.clock.now()).to_std().unwrap_or_default()
    }

    /// How long to sleep before looking again.
    fn nap(&self) -> Duration {
        self.left().min(self.until_card_changes()).min(NAP)
    }

    /// Shows how it stands, if that is not what is shown already.
    fn show(&self, way: &Way<'_>, record: &Record, stage: &Stage, shown: &mut Option<Message>) {
        let standing = words::Standing {
            examined: &self.examined,
            progress: &self.progress,
            record,
            stage,
            instead: way.instead.as_ref(),
            problem: self.problem.as_ref(),
            under_way: !self.flying.is_empty(),
            code: self.by.as_ref().and_then(|by| by.code()),
            takes: &|requirement| self.in_words(requirement),
            held: self.engine.lockdown.holds(&self.examined),
        };
        let message = words::waiting(&standing);
        if shown.as_ref() != Some(&message) {
            way.show(message.clone());
            *shown = Some(message);
        }
    }

    /// What a requirement takes, as in "It takes …".
    fn in_words(&self, requirement: &Requirement) -> Text {
        match requirement {
            Requirement::Confirm => "your word that this is what you want".into(),
            Requirement::Reason => "your reason".into(),
            Requirement::HealthyDevice { .. } => "devices of yours that are in good shape".into(),
            Requirement::StepUp { by } => self.engine.takes(by),
            Requirement::Approvals { count, approvers, .. } => {
                let called = self.called.get(requirement).map(|called| called.words.clone());
                let named =
                    || approvers.iter().map(|name| name.trim_start_matches("slack:")).collect::<Vec<_>>();
                let whom = called.unwrap_or_else(|| named().join(" or ").into());
                Text::new().plain(format!("{count} of ")).then(whom)
            }
        }
    }

    /// Writes down what has been given so far; with the last of it, that the plan runs now, so that nothing is asked
    /// for again after a crash.
    async fn save(
        &self,
        record: &mut Record,
        audit: Vec<AuditEntry>,
        clicks_done: Vec<String>,
    ) -> Result<(), Stopped> {
        let open = gate::stage(&self.progress, Self::asked(record)) == Stage::Open;
        let state = (open && !self.engine.lockdown.holds(&self.examined)).then_some(State::Running);
        let change =
            Change { state, gate: Some(json!(self.progress)), audit, clicks_done, ..Change::default() };
        Ok(record.change(change).await?)
    }

    fn asked(record: &Record) -> &PersonId {
        &record.invocation().origin.person
    }
}
