//! Execute: runs a [`GatedPlan`], and only that. Each step is journaled before it is tried and after it is
//! done, so that whoever comes after a crash knows where to go on. Recovery goes forward.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Handler, Observed};
use hubcommander_sdk::permit::{PermitIssuer, WritePermit};
use hubcommander_sdk::plan::{Plan, Step, resolve};
use hubcommander_sdk::text::Text;
use serde_json::{Value as Json, json};

use crate::invocation::{State, StepError, StepRecord, StepState};
use crate::pipeline::gate::GatedPlan;
use crate::pipeline::lockdown::Lockdown;
use crate::pipeline::locks::Locks;
use crate::pipeline::record::Record;
use crate::pipeline::waits::{Waited, Waits};
use crate::registry::Operations;
use crate::store::{Change, StoreError};

/// How often a step is tried when the other side says "not now".
const TRIES: u32 = 5;

/// The longest that one pause before another try may be.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// How many steps run side by side: enough for one repository, and a plan over a hundred leaves room for others.
const SIDE_BY_SIDE: usize = 8;

/// The longest that one operation may take, whatever its client's own limits are.
const OPERATION_LIMIT: Duration = Duration::from_secs(60);

/// How an execution ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// All steps went through.
    Done,
    /// Some did, or may have.
    Partial,
    /// None did.
    Failed,
    /// Nothing was tried: what was seen while planning has changed, as this says.
    Void(Text),
    /// Nothing was tried: the world could not be looked at, as this says.
    Blind(Text),
    /// Everything but reading is held since: what was under way came to its end, and nothing more was begun.
    Held,
}

/// Runs plans.
pub struct Executor {
    operations: Operations,
    issuer: PermitIssuer,
    locks: Locks,
    clock: SharedClock,
    unclear_wait: Duration,
    lockdown: Arc<Lockdown>,
}

/// Hears how far a plan has come, and how long it waits since the other side wants us to slow down.
pub type Progress<'a> = dyn Fn(&Record, Option<Duration>) + Send + Sync + 'a;

/// What came of one step.
struct StepEnd {
    step: String,
    result: Result<Applied, Stuck>,
    tries: u32,
    /// By which ids the other side knows the requests of it.
    requests: Vec<String>,
}

/// One step that is being tried.
struct Trying<'a> {
    step: &'a str,
    waits: &'a Waits,
    waited: Waited,
    tries: &'a mut u32,
}

impl Trying<'_> {
    /// Waits since the other side wants us to. Whether that was not too long.
    async fn wait(&mut self, wait: Duration) -> bool {
        self.waits.wait(self.step, wait, &mut self.waited).await
    }
}

/// Why a step did not come to a good end.
struct Stuck {
    /// For the person.
    what: Text,
    /// For the audit.
    log: Option<String>,
    /// What that means for the step.
    how: How,
}

/// What it means for a step that it did not come to a good end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// It was not done. Trying again may help.
    Failed,
    /// It was not done, and trying again cannot help.
    Refused,
    /// It may have been done all the same: it could not be looked at.
    Unclear,
}

impl Stuck {
    fn failed(what: impl Into<Text>, log: impl Into<Option<String>>) -> Self {
        Self { what: what.into(), log: log.into(), how: How::Failed }
    }

    fn refused(what: impl Into<Text>, log: impl Into<Option<String>>) -> Self {
        Self { what: what.into(), log: log.into(), how: How::Refused }
    }

    fn unclear(what: impl Into<Text>, log: impl Into<Option<String>>) -> Self {
        Self { what: what.into(), log: log.into(), how: How::Unclear }
    }
}

impl Executor {
    /// An executor over these operations. `unclear_wait` is how long after an unclear write the other side
    /// may still be at it.
    #[must_use]
    pub fn new(
        operations: Operations,
        issuer: PermitIssuer,
        clock: SharedClock,
        unclear_wait: Duration,
        lockdown: Arc<Lockdown>,
    ) -> Self {
        Self { operations, issuer, locks: Locks::default(), clock, unclear_wait, lockdown }
    }

    /// Runs the plan to its end. `progress` is told of each change, and for how long the other side makes us
    /// wait.
    ///
    /// # Errors
    /// Somebody else works on the same invocation.
    pub async fn execute(
        &self,
        record: &mut Record,
        gated: GatedPlan,
        progress: &Progress<'_>,
    ) -> Result<Ended, StoreError> {
        let plan = gated.examined().plan();
        let held = self.locks.hold(&plan.locks, self.clock.now(), || progress(record, None)).await;
        let ended = self.execute_alone(record, &gated, held.after_others, progress).await;
        held.release(self.clock.now());
        ended
    }

    /// The same for one who holds the plan's locks, perhaps after others.
    async fn execute_alone(
        &self,
        record: &mut Record,
        gated: &GatedPlan,
        after_others: bool,
        progress: &Progress<'_>,
    ) -> Result<Ended, StoreError> {
        let plan = gated.examined().plan();
        let untouched = record.steps().iter().all(|known| known.state.left_nothing());
        let waits = Waits::new();
        if untouched && (after_others || !gated.is_fresh(self.clock.now())) {
            let looked = waits.told(self.changed_since(plan, &waits), |left| progress(record, left));
            match looked.await {
                Ok(None) => {}
                Ok(Some(changed)) => return Ok(Ended::Void(changed)),
                Err(blind) => return Ok(Ended::Blind(blind)),
            }
        }
        let permit = self.issuer.permit(&record.invocation().id);
        let held = self.run(record, gated, &permit, &waits, progress).await?;
        Ok(match verdict(record, plan) {
            Ended::Done => Ended::Done,
            _ if held => Ended::Held,
            other => other,
        })
    }

    /// Looks again at what was seen while planning, all at once.
    async fn changed_since(&self, plan: &Plan, waits: &Waits) -> Result<Option<Text>, Text> {
        let looks = plan.preconditions.iter().map(|seen| async move {
            let Some(probe) = self.operations.probe(&seen.probe) else {
                return Err(Text::from("This program cannot look at what the plan depends on."));
            };
            let mut tries = 0;
            let mut waited = Waited::default();
            loop {
                tries += 1;
                match probe.look(&seen.input).await {
                    Ok(now) => return Ok((now != seen.seen).then(|| seen.changed.clone())),
                    Err(OperationError::Permanent { what, .. } | OperationError::Blocked { what, .. }) => {
                        return Err(what);
                    }
                    Err(OperationError::Limited { what, wait, .. }) => {
                        if !waits.wait(&format!("{} {}", seen.probe, seen.input), wait, &mut waited).await {
                            return Err(what);
                        }
                        tries -= 1;
                    }
                    Err(error) if tries >= 3 => {
                        tracing::warn!(probe = seen.probe, %error, "could not look at the world");
                        let whom = whom(probe.kind());
                        return Err(Text::from(format!(
                            "{whom} could not be asked whether things are still as planned."
                        )));
                    }
                    Err(_) => tokio::time::sleep(Duration::from_secs(tries)).await,
                }
            }
        });
        let seen = futures_util::future::try_join_all(looks).await?;
        Ok(seen.into_iter().flatten().next())
    }

    /// Whether it was stopped since everything but reading is held.
    async fn run(
        &self,
        record: &mut Record,
        gated: &GatedPlan,
        permit: &WritePermit,
        waits: &Waits,
        progress: &Progress<'_>,
    ) -> Result<bool, StoreError> {
        let plan = gated.examined().plan();
        let mut stopped = false;
        let mut flying = FuturesUnordered::new();
        let mut begun: Vec<&str> = Vec::new();
        let mut ended: Option<StepEnd> = None;
        loop {
            // One write tells both what has ended and what is begun next.
            let mut change = Change::default();
            if let Some(end) = ended.take() {
                note_end(record, plan, end, &mut change);
            }
            let held = self.lockdown.holds(gated.examined());
            let ready: Vec<&Step> = plan
                .steps
                .iter()
                .filter(|step| {
                    let wanted = !begun.contains(&step.id.as_str()) && is_ready(record, &change, step);
                    stopped |= wanted && held;
                    wanted && !held
                })
                .take(SIDE_BY_SIDE.saturating_sub(flying.len()))
                .collect();
            for step in &ready {
                begun.push(&step.id);
                self.note_start(record, step, &mut change);
            }
            if !change.steps.is_empty() || record.invocation().state != State::Running {
                change.state = Some(State::Running);
                let doubtful: Vec<bool> = ready.iter().map(|step| is_doubtful(record, &step.id)).collect();
                record.change(change).await?;
                progress(record, waits.longest());
                for (step, doubtful) in ready.iter().zip(doubtful) {
                    let attempt = Attempt {
                        invocation: record.invocation().id.clone(),
                        since: record
                            .step(&step.id)
                            .map_or_else(|| self.clock.now(), |known| known.started_at),
                    };
                    let input = input_of(record, step);
                    flying.push(self.take(step, input, attempt, doubtful, permit, waits));
                }
            }
            match waits.told(flying.next(), |left| progress(record, left)).await {
                Some(end) => ended = Some(end),
                None => return Ok(stopped),
            }
        }
    }

    fn note_start(&self, record: &Record, step: &Step, change: &mut Change) {
        let known = record.step(&step.id);
        let again = known.is_some_and(|known| known.state == StepState::Started);
        change.steps.push(StepRecord {
            step: step.id.clone(),
            state: StepState::Started,
            started_at: known.map_or_else(|| self.clock.now(), |known| known.started_at),
            tries: known.map_or(0, |known| known.tries),
            applied: None,
            error: None,
        });
        change.audit.push(record.entry(
            if again { "operation.resumed" } else { "operation.started" },
            json!({ "step": step.id, "operation": step.operation }),
        ));
    }

    /// Brings one step to its end.
    async fn take(
        &self,
        step: &Step,
        input: Result<Json, Text>,
        attempt: Attempt,
        doubtful: bool,
        permit: &WritePermit,
        waits: &Waits,
    ) -> StepEnd {
        let mut tries = 0;
        let permit = permit.part();
        let ended = match (self.operations.handler(&step.operation), input) {
            (Some(handler), Ok(input)) => {
                self.try_step(
                    handler,
                    &input,
                    &attempt,
                    doubtful,
                    &permit,
                    &mut Trying { step: &step.id, waits, waited: Waited::default(), tries: &mut tries },
                )
                .await
            }
            (None, _) => Err(Stuck::refused("This program does not know this operation.", None)),
            (_, Err(what)) => Err(Stuck::refused(what, None)),
        };
        StepEnd { step: step.id.clone(), result: ended, tries, requests: permit.requests() }
    }

    async fn try_step(
        &self,
        handler: &Arc<dyn Handler>,
        input: &Json,
        attempt: &Attempt,
        doubtful: bool,
        permit: &WritePermit,
        trying: &mut Trying<'_>,
    ) -> Result<Applied, Stuck> {
        // Whoever tried before may have died in the middle of it, just now: GitHub may still be at it.
        if doubtful && let Some(applied) = self.settle(handler, input, attempt, trying).await? {
            return Ok(applied);
        }
        loop {
            *trying.tries += 1;
            if crate::crash::ENABLED {
                crate::crash::point(&format!("execute.before-apply:{}", handler.kind()));
            }
            let applied = tokio::time::timeout(OPERATION_LIMIT, handler.apply(input, permit)).await;
            if crate::crash::ENABLED {
                crate::crash::point(&format!("execute.after-apply:{}", handler.kind()));
            }
            let error = match applied {
                Ok(Ok(applied)) => return Ok(applied),
                Ok(Err(error)) => error,
                Err(_) => OperationError::Unclear { log: "no end within the limit".into() },
            };
            tracing::warn!(invocation = attempt.invocation, kind = handler.kind(), %error, tries = *trying.tries, "an operation did not go through");
            match error {
                OperationError::Permanent { what, log } => return Err(Stuck::refused(what, log)),
                OperationError::Blocked { what, log } => return Err(Stuck::failed(what, log)),
                OperationError::Temporary { what, retry_after, log } => {
                    let pause =
                        retry_after.unwrap_or_else(|| Duration::from_secs(1 << (*trying.tries).min(6)));
                    if *trying.tries >= TRIES || pause > LONGEST_PAUSE {
                        return Err(Stuck::failed(what, log));
                    }
                    tokio::time::sleep(pause).await;
                }
                // To be asked to wait is not to fail.
                OperationError::Limited { what, wait, log } => {
                    *trying.tries -= 1;
                    if !trying.wait(wait).await {
                        return Err(Stuck::failed(what, log));
                    }
                }
                OperationError::Unclear { log } => {
                    if let Some(applied) = self.settle(handler, input, attempt, trying).await? {
                        return Ok(applied);
                    }
                    if *trying.tries >= TRIES {
                        let what = format!(
                            "The answers of {} were lost several times; nothing was done at the last look.",
                            whom(handler.kind())
                        );
                        return Err(Stuck::failed(what, log));
                    }
                }
            }
        }
    }

    /// After an unclear outcome: waits until the other side cannot still be at it, looks, and says what came
    /// of it. `None`: nothing did, so it can be tried again.
    async fn settle(
        &self,
        handler: &Arc<dyn Handler>,
        input: &Json,
        attempt: &Attempt,
        trying: &mut Trying<'_>,
    ) -> Result<Option<Applied>, Stuck> {
        tokio::time::sleep(self.unclear_wait).await;
        let mut tries = 0;
        loop {
            tries += 1;
            match handler.observe(input, attempt).await {
                Ok(Observed::Ours(applied)) => return Ok(Some(applied)),
                Ok(Observed::Absent) => return Ok(None),
                Ok(Observed::SomeoneElses(what) | Observed::Different(what)) => {
                    return Err(Stuck::refused(what, None));
                }
                Err(OperationError::Permanent { what, log } | OperationError::Blocked { what, log }) => {
                    return Err(Stuck::unclear(what, log));
                }
                Err(OperationError::Limited { what, wait, log }) => {
                    if !trying.wait(wait).await {
                        return Err(Stuck::unclear(what, log));
                    }
                    tries -= 1;
                }
                Err(error) if tries >= TRIES => {
                    let what = format!("{} cannot be asked now.", whom(handler.kind()));
                    return Err(Stuck::unclear(what, error.to_string()));
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1 << tries.min(6))).await,
            }
        }
    }
}

/// Who carries out operations of this kind, as a person knows them.
#[must_use]
pub fn whom(kind: &str) -> &'static str {
    match kind.split_once('.').map(|(whose, _)| whose) {
        Some("github") => "GitHub",
        Some("travis") => "Travis",
        _ => "the bot's own store",
    }
}

/// Whether all that the step waits for is done, and it is not.
fn is_ready(record: &Record, change: &Change, step: &Step) -> bool {
    let state = |id: &str| {
        let changed = change.steps.iter().find(|changed| changed.step == id);
        changed.or_else(|| record.step(id)).map(|known| known.state)
    };
    let skipped_now = change.steps.iter().any(|changed| changed.step == step.id);
    !skipped_now
        && state(&step.id) != Some(StepState::Done)
        && step.after.iter().all(|after| state(after) == Some(StepState::Done))
}

/// Whether the journal says that the step was begun and not how it ended.
fn is_doubtful(record: &Record, step: &str) -> bool {
    record.step(step).is_some_and(|known| known.state == StepState::Started)
}

/// The step's input, with what earlier steps gave put in.
fn input_of(record: &Record, step: &Step) -> Result<Json, Text> {
    resolve(&step.operation.input, &|reference| {
        record.step(&reference.step)?.applied.as_ref()?.output.get(&reference.field).cloned()
    })
    .map_err(|missing| {
        Text::from(format!("The step `{}` did not give its `{}`.", missing.step, missing.field))
    })
}

/// Notes how a step ended, and that those that wait for a failed one are not tried. One that may have been
/// done stays *started*: whoever tries again looks first.
fn note_end(record: &Record, plan: &Plan, end: StepEnd, change: &mut Change) {
    let known = record.step(&end.step);
    let started_at = known.map_or(record.invocation().updated_at, |known| known.started_at);
    let tries = known.map_or(0, |known| known.tries) + end.tries;
    let (applied, stuck) = match end.result {
        Ok(applied) => (Some(applied), None),
        Err(stuck) => (None, Some(stuck)),
    };
    let (state, event) = match stuck.as_ref().map(|stuck| stuck.how) {
        None => (StepState::Done, "operation.done"),
        Some(How::Failed) => (StepState::Failed, "operation.failed"),
        Some(How::Refused) => (StepState::Failed, "operation.refused"),
        Some(How::Unclear) => (StepState::Started, "operation.unclear"),
    };
    let log = stuck.as_ref().and_then(|stuck| stuck.log.clone());
    let error = stuck.map(|stuck| StepError { what: stuck.what, lasting: stuck.how == How::Refused });
    change.audit.push(record.entry(
        event,
        json!({
            "step": end.step,
            "applied": applied,
            "error": error.as_ref().map(|error| error.what.words()),
            "log": log,
            "requests": end.requests,
        }),
    ));
    let failed = state != StepState::Done;
    change.steps.push(StepRecord { step: end.step.clone(), state, started_at, tries, applied, error });
    if failed {
        let mut lost = vec![end.step];
        for step in &plan.steps {
            if step.after.iter().any(|after| lost.contains(after)) {
                lost.push(step.id.clone());
                change.steps.push(StepRecord {
                    step: step.id.clone(),
                    state: StepState::Skipped,
                    started_at,
                    tries: 0,
                    applied: None,
                    error: None,
                });
            }
        }
    }
}

fn verdict(record: &Record, plan: &Plan) -> Ended {
    let done = plan
        .steps
        .iter()
        .filter(|step| record.step(&step.id).is_some_and(|known| known.state == StepState::Done))
        .count();
    let unclear = record.steps().iter().any(|known| known.state == StepState::Started);
    match done {
        0 if !unclear => Ended::Failed,
        n if n == plan.steps.len() => Ended::Done,
        _ => Ended::Partial,
    }
}
