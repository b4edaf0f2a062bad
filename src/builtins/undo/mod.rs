//! `!Undo`: a new plan that takes back what another did, made of what its steps left in the journal for that.

mod stands;

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::future::join_all;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::operation::{Attempt, Observed, Operation, Power};
use hubcommander_sdk::plan::{Plan, Risk, Title, references, resolve};
use hubcommander_sdk::text::Text;

pub use stands::Stands;

use super::{invocation, is_same, unread};
use crate::invocation::{Invocation, State, StepRecord, StepState, Via};
use crate::later::lines::FAREWELL;
use crate::registry::Operations;
use crate::store::{HistoryFilter, Shelf, person_resource};

/// How far back the newest thing to undo is looked for.
const LOOK_BACK: u32 = 20;

/// How many reasons are told.
const REASONS: usize = 5;

/// The command.
pub struct Undo {
    spec: CommandSpec,
    shelf: Shelf,
    operations: Operations,
}

/// A step that was done, and what takes it back.
struct Done<'a> {
    record: &'a StepRecord,
    /// With what earlier steps gave put in.
    operation: Operation,
    inverse: Operation,
}

impl Undo {
    /// The command over these operations.
    #[must_use]
    pub fn new(shelf: Shelf, operations: Operations) -> Self {
        let spec = CommandSpec::new("Undo", "What was done", "Takes back what a command did")
            .arg(
                ArgSpec::positional("id", ArgKind::Text, "the id in its small print; without one, your last")
                    .optional(),
            )
            .arg(ArgSpec::flag("rest", "leave what somebody has changed since, and take back the rest"))
            .example("!Undo")
            .example("!Undo inv-1RT4Q02M9X")
            .changes(Risk::Reversible);
        Self { spec, shelf, operations }
    }

    /// The newest of what this person did that can be taken back.
    async fn newest(&self, request: &Request) -> Result<Invocation, Refusal> {
        let resource = Some(person_resource(&request.person.id.user));
        let filter = HistoryFilter { resource, before: None };
        let store = self.shelf.get().map_err(unread)?;
        let all = store.history(&filter, LOOK_BACK).await.map_err(unread)?;
        let undone: Vec<String> = all
            .iter()
            .filter(|known| known.state == State::Done)
            .filter_map(|known| known.plan.as_ref()?.undoes.clone())
            .collect();
        let can = |known: &Invocation| {
            matches!(known.state, State::Done | State::Partial)
                && known.plan.as_ref().is_some_and(|plan| plan.undoes.is_none())
                && !undone.contains(&known.id)
        };
        all.into_iter().find(can).ok_or_else(|| {
            Refusal::new(
                "There is nothing of yours to undo.",
                Text::new()
                    .plain("To undo something older, give its id; ")
                    .code("!History")
                    .plain(" lists them."),
            )
        })
    }

    /// What is to be taken back, if this can be taken back at all.
    fn plan_of<'a>(&self, known: &'a Invocation) -> Result<&'a Plan, Refusal> {
        let plan = known.plan.as_ref().filter(|_| known.digest.is_some());
        let todo = plan.map(|plan| plan.title.todo.clone()).unwrap_or_default();
        let refuse = |what: Text, todo: &str| Err(Refusal::new(what, todo));
        match (plan, known.state) {
            (Some(plan), State::Done | State::Partial) => Ok(plan),
            (Some(_), State::Planned | State::Waiting) => {
                refuse(todo.plain(": that has not been done yet."), "Cancel it instead.")
            }
            (Some(_), State::Running | State::Received) => {
                refuse(todo.plain(": that is still being done."), "Undo it when it has ended.")
            }
            _ => refuse(Text::new().code(&known.id).plain(" changed nothing."), "There is nothing to undo."),
        }
    }

    /// The steps that were done and can be taken back. What was made upon something that goes away by that goes
    /// with it.
    fn done<'a>(plan: &Plan, steps: &'a [StepRecord]) -> Vec<Done<'a>> {
        let record = |id: &str| steps.iter().find(|known| known.step == id && known.state == StepState::Done);
        let output = |reference: &hubcommander_sdk::plan::OutputRef| {
            record(&reference.step)?.applied.as_ref()?.output.get(&reference.field).cloned()
        };
        let inverse_of = |id: &str| record(id)?.applied.as_ref()?.inverse.clone();
        let goes_anyway =
            |input| references(input).into_iter().any(|reference| inverse_of(&reference.step).is_some());
        let steps = plan.steps.iter().filter(|step| !goes_anyway(&step.operation.input));
        steps
            .filter_map(|step| {
                let (record, inverse) = (record(&step.id)?, inverse_of(&step.id)?);
                let input = resolve(&step.operation.input, &output).ok()?;
                let operation = Operation { input, ..step.operation.clone() };
                Some(Done { record, operation, inverse })
            })
            .collect()
    }

    /// How each of them stands in the world. Those that somebody has taken back already are left out.
    async fn still_ours<'a>(
        &self,
        id: &str,
        done: Vec<Done<'a>>,
        only_the_rest: bool,
    ) -> Result<Vec<Done<'a>>, Refusal> {
        let looks = done.iter().map(|done| self.look(id, done));
        let seen = join_all(looks).await;
        let (mut ours, mut reasons) = (Vec::new(), Vec::new());
        for (done, seen) in done.into_iter().zip(seen) {
            match seen? {
                Stand::Ours => ours.push(done),
                Stand::Gone => {}
                Stand::Changed(why) => reasons.push(why),
            }
        }
        if !reasons.is_empty() && (!only_the_rest || ours.is_empty()) {
            let more = reasons.len().saturating_sub(REASONS);
            let mut what = Text::from("This has been changed since: ");
            for (index, why) in reasons.into_iter().take(REASONS).enumerate() {
                what = if index == 0 { what } else { what.plain(" ") }.then(why);
            }
            if more > 0 {
                what = what.plain(format!(" And {more} more."));
            }
            let todo = if ours.is_empty() {
                Text::from("Set it by hand as it should be.")
            } else {
                Text::new().plain("Add ").code("--rest").plain(" to take back the rest only.")
            };
            return Err(Refusal::new(what, todo));
        }
        Ok(ours)
    }

    async fn look(&self, id: &str, done: &Done<'_>) -> Result<Stand, Refusal> {
        let unknown =
            || Refusal::new("This program does not know what was done.", "Tell the people who run this bot.");
        let attempt = Attempt { invocation: id.to_owned(), since: done.record.started_at };
        let handler = self.operations.handler(&done.operation).ok_or_else(unknown)?;
        let inverse = self.operations.handler(&done.inverse).ok_or_else(unknown)?;
        let changed = |error: OperationError| match error {
            OperationError::Permanent { what, .. } | OperationError::Blocked { what, .. } => Ok(what),
            other => Err(Refusal::from(other)),
        };
        match handler.observe(&done.operation.input, &attempt).await {
            Ok(Observed::Ours(_)) => {}
            Ok(Observed::Absent) => return Ok(Stand::Gone),
            Ok(Observed::SomeoneElses(why) | Observed::Different(why)) => return Ok(Stand::Changed(why)),
            Err(error) => return changed(error).map(Stand::Changed),
        }
        // What takes it back may be in the way of something that the step itself does not look at.
        Ok(match inverse.observe(&done.inverse.input, &attempt).await {
            Ok(Observed::Absent) => Stand::Ours,
            Ok(Observed::Ours(_)) => Stand::Gone,
            Ok(Observed::SomeoneElses(why) | Observed::Different(why)) => Stand::Changed(why),
            Err(error) => Stand::Changed(changed(error)?),
        })
    }

    /// The inverses, each before those of the steps that its own step waited for.
    fn plan(known: &Invocation, undone: &Plan, done: &[Done<'_>]) -> Plan {
        let todo = &undone.title.todo;
        let title = Title {
            todo: Text::from("Undo: ").then(todo.clone()),
            doing: Text::from("Undoing: ").then(todo.clone()),
            done: Text::from("Undone: ").then(todo.clone()),
        };
        let mut plan = Plan { undoes: Some(known.id.clone()), ..Plan::new(title) };
        plan.locks.clone_from(&undone.locks);
        let taken: BTreeMap<&str, &Done<'_>> =
            done.iter().map(|done| (done.record.step.as_str(), done)).collect();
        for step in undone.steps.iter().rev() {
            let Some(done) = taken.get(step.id.as_str()) else { continue };
            let waited = undone.steps.iter().filter(|later| later.after.contains(&step.id));
            let after: Vec<&str> =
                waited.map(|later| later.id.as_str()).filter(|id| taken.contains_key(id)).collect();
            plan = plan.step(&step.id, done.inverse.clone(), &after);
            plan = plan.precondition(stands::precondition(&known.id, done.record, &done.operation));
        }
        plan
    }
}

/// How a step that was done stands in the world.
enum Stand {
    /// As it was left.
    Ours,
    /// It has been taken back already.
    Gone,
    /// Somebody has changed it.
    Changed(Text),
}

#[async_trait]
impl Command for Undo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let known = match request.args.text("id") {
            Some(id) => invocation(&self.shelf, id).await?,
            None => self.newest(request).await?,
        };
        // What the bot did of its own accord is nobody's, and taking it back takes a second person.
        let by_itself = known.origin.via == Via::Due && known.command.as_deref() == Some(FAREWELL);
        if !by_itself && !is_same(&known.origin.person, &request.person.id) {
            return Err(Refusal::new(
                Text::new()
                    .code(&known.id)
                    .plain(" was asked by ")
                    .person(&known.origin.person.user)
                    .plain("."),
                "Only they can undo it.",
            ));
        }
        let undone = self.plan_of(&known)?;
        let steps = self.shelf.get().map_err(unread)?.steps(&known.id).await.map_err(unread)?;
        if steps.iter().any(|step| step.state == StepState::Started) {
            return Err(Refusal::new(
                undone.title.todo.clone().plain(": it is not clear how far that went."),
                "Press Retry under it first.",
            ));
        }
        let done = Self::done(undone, &steps);
        if done.is_empty() {
            return Err(Refusal::new(
                undone.title.todo.clone().plain(": this cannot be undone."),
                "What it changed was so before, or leaves no way back.",
            ));
        }
        let ours = self.still_ours(&known.id, done, request.args.flag("rest")).await?;
        if ours.is_empty() {
            return Err(Refusal::new(
                undone.title.todo.clone().plain(": this has been undone already."),
                "There is nothing left to do.",
            ));
        }
        let mut plan = Self::plan(&known, undone, &ours);
        // Whoever has somebody's farewell taken back gives them their rights.
        if known.command.as_deref() == Some(FAREWELL) {
            plan.powers.insert(Power::Enrol);
        }
        Ok(Prepared::Plan(plan))
    }
}
