//! Plans that are put off: `schedule.plan` and `schedule.drop`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, resolve};
use hubcommander_sdk::schedule::{DROP_LATER, DropLater, PLAN_LATER, PlanLater, When};
use hubcommander_sdk::text::{Text, length};
use serde_json::{Value as Json, json};

use super::booked::Book;
use super::lease_steps::{described, read};
use super::lines;
use crate::invocation::{Invocation, StepRecord};
use crate::registry::Operations;
use crate::store::{Booking, Due};

/// `schedule.plan`
pub(super) struct PutsOff {
    book: Book,
    known: Operations,
}

impl PutsOff {
    pub fn new(book: Book, known: Operations) -> Self {
        Self { book, known }
    }

    fn applied(due: &Due) -> Applied {
        Applied {
            output: json!({ "id": due.key, "at": due.at }),
            inverse: Some(DropLater { id: due.key.clone() }.operation()),
            note: Some(Text::new().plain("due ").time(due.at)),
        }
    }
}

#[async_trait]
impl Handler for PutsOff {
    fn kind(&self) -> &'static str {
        PLAN_LATER
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let later: PlanLater = read(input)?;
        let mut what = match later.when {
            When::In(seconds) => Text::new().plain(format!("in {}: ", length(seconds))),
            When::At(at) => Text::new().time(at).plain(": "),
        };
        let (mut risk, mut irreversible) = (Risk::Reversible, None);
        for (index, step) in later.plan.steps.iter().enumerate() {
            let handler = self.known.handler(&step.operation).ok_or_else(|| {
                OperationError::permanent(
                    "This program does not know what was put off.",
                    format!("no handler for `{}`", step.operation.kind),
                )
            })?;
            let words = handler.describe(&step.operation.input)?;
            what = if index == 0 { what } else { what.plain(", ") }.then(words.what);
            risk = risk.max(words.risk);
            irreversible = irreversible.or(words.irreversible);
        }
        if later.plan.steps.is_empty() {
            return Err(OperationError::permanent("There is nothing to put off.", "an empty plan"));
        }
        let until = irreversible.map(|note| note.plain(" Until then it can be undone."));
        Ok(Described { what, risk, irreversible: until })
    }

    fn powers(&self, input: &Json) -> BTreeSet<Power> {
        let Ok(later) = read::<PlanLater>(input) else { return BTreeSet::new() };
        self.known.powers(&later.plan)
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let later: PlanLater = read(input)?;
        Ok(match self.book.due(&later.id).await? {
            Some(due) => Observed::Ours(Self::applied(&due)),
            None => Observed::Absent,
        })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let later: PlanLater = read(input)?;
        let origin = self.book.origin(permit).await?;
        let text = format!("{} {} {}", lines::PLAN_IS_DUE, permit.invocation(), later.id);
        let due =
            Due { origin: origin.later(&later.id, 0, text), at: self.book.at(later.when), key: later.id };
        self.book.put_down(&Booking { due: vec![due.clone()], ..Booking::default() }).await?;
        Ok(Self::applied(&due))
    }
}

/// `schedule.drop`
pub(super) struct Drops(pub(super) Book);

#[async_trait]
impl Handler for Drops {
    fn kind(&self) -> &'static str {
        DROP_LATER
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let _: DropLater = read(input)?;
        Ok(described("what was put off is dropped".into()))
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let drop: DropLater = read(input)?;
        let applied = Applied { output: json!({ "id": drop.id }), inverse: None, note: None };
        let is_due = self.0.due(&drop.id).await?.is_some();
        Ok(if is_due { Observed::Absent } else { Observed::Ours(applied) })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let drop: DropLater = read(input)?;
        let note = match self.0.due(&drop.id).await? {
            Some(_) => None,
            None => Some("it was not due any more".into()),
        };
        self.0.put_down(&Booking { dropped: vec![drop.id.clone()], ..Booking::default() }).await?;
        Ok(Applied { output: json!({ "id": drop.id }), inverse: None, note })
    }
}

/// The plan that an invocation put off under this id, with what its steps gave put in.
#[must_use]
pub fn put_off(invocation: &Invocation, steps: &[StepRecord], id: &str) -> Option<Plan> {
    let output = |reference: &hubcommander_sdk::plan::OutputRef| {
        let step = steps.iter().find(|known| known.step == reference.step)?;
        step.applied.as_ref()?.output.get(&reference.field).cloned()
    };
    let later =
        invocation.plan.iter().flat_map(|plan| &plan.steps).filter(|step| step.operation.kind == PLAN_LATER);
    later
        .filter_map(|step| resolve(&step.operation.input, &output).ok())
        .filter_map(|input| serde_json::from_value::<PlanLater>(input).ok())
        .find(|later| later.id == id)
        .map(|later| later.plan)
}
