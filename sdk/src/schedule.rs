//! What is to happen later: a whole plan, approved now with the one that holds it.

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::operation::Operation;
use crate::plan::Plan;

/// The kind of the operation that puts a plan off.
pub const PLAN_LATER: &str = "schedule.plan";
/// The kind of the operation that takes that back.
pub const DROP_LATER: &str = "schedule.drop";

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// So many seconds after the operation was carried out.
    In(i64),
    /// At this time.
    At(Instant),
}

/// Puts a plan off. The words shown for it are those of the plan that comes later, so whoever approves the
/// one that holds this approves the other as well. Gives `id`, `at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanLater {
    /// Tells it from all others; made from the invocation's id.
    pub id: String,
    /// When it is due.
    pub when: When,
    /// What is done then, if its preconditions still hold.
    pub plan: Plan,
}

/// Drops what was put off: it is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropLater {
    /// What was put off.
    pub id: String,
}

impl PlanLater {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(PLAN_LATER, self)
    }
}

impl DropLater {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(DROP_LATER, self)
    }
}
