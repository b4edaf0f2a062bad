//! Whether something that was done still stands as it was left: looked at again before it is taken back.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Attempt, Observed, Operation, Probe};
use hubcommander_sdk::plan::Precondition;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::invocation::StepRecord;
use crate::registry::Operations;

const KIND: &str = "operation.stands";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    operation: Operation,
    invocation: String,
    since: Instant,
}

/// Looks whether an operation stands as it was left.
pub struct Stands(Operations);

impl Stands {
    /// A probe over these operations.
    #[must_use]
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }
}

/// That the operation stands as this invocation left it.
pub(super) fn precondition(invocation: &str, record: &StepRecord, operation: &Operation) -> Precondition {
    let left =
        Left { operation: operation.clone(), invocation: invocation.to_owned(), since: record.started_at };
    Precondition {
        probe: KIND.to_owned(),
        input: json!(left),
        seen: json!("ours"),
        changed: "it has been changed meanwhile".into(),
    }
}

#[async_trait]
impl Probe for Stands {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn look(&self, input: &Json) -> Result<Json, OperationError> {
        let unknown = |log: String| {
            OperationError::permanent("This program cannot look at what the plan depends on.", log)
        };
        let left = Left::deserialize(input).map_err(|error| unknown(error.to_string()))?;
        let handler = self
            .0
            .handler(&left.operation)
            .ok_or_else(|| unknown(format!("no handler for `{}`", left.operation.kind)))?;
        let attempt = Attempt { invocation: left.invocation, since: left.since };
        Ok(match handler.observe(&left.operation.input, &attempt).await? {
            Observed::Ours(_) => json!("ours"),
            Observed::Absent => json!("absent"),
            Observed::SomeoneElses(_) => json!("someone else's"),
            Observed::Different(_) => json!("different"),
        })
    }
}
