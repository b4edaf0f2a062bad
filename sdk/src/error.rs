//! Errors have two faces: what the person reads, and what the log holds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Why a request was not answered or planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", log.as_deref().unwrap_or("refused"))]
pub struct Refusal {
    /// One sentence on what is wrong.
    pub what: Text,
    /// One sentence on what to do.
    pub todo: Text,
    /// For the log, if it is more than the person's doing. Holds no secret.
    pub log: Option<String>,
}

impl Refusal {
    /// Something the person can mend.
    #[must_use]
    pub fn new(what: impl Into<Text>, todo: impl Into<Text>) -> Self {
        Self { what: what.into(), todo: todo.into(), log: None }
    }

    /// The same with words for the log.
    #[must_use]
    pub fn logged(mut self, log: impl Into<String>) -> Self {
        self.log = Some(log.into());
        self
    }
}

/// The world could not be looked at while planning.
impl From<OperationError> for Refusal {
    fn from(error: OperationError) -> Self {
        let log = error.to_string();
        let what = match error {
            OperationError::Permanent { what, .. }
            | OperationError::Blocked { what, .. }
            | OperationError::Temporary { what, .. }
            | OperationError::Limited { what, .. } => what,
            OperationError::Unclear { .. } => "This could not be looked up.".into(),
        };
        Self::new(what, "").logged(log)
    }
}

/// Why an operation did not go through, and what follows from that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum OperationError {
    /// It will not go through, however often it is tried: it would have to be something else.
    #[error("refused: {log}")]
    Permanent {
        /// One sentence for the person.
        what: Text,
        /// For the log.
        log: String,
    },
    /// It had no effect, and will have none until somebody mends what is in its way: a permission, a team
    /// that is missing. Then the same may go through.
    #[error("blocked: {log}")]
    Blocked {
        /// One sentence for the person.
        what: Text,
        /// For the log.
        log: String,
    },
    /// It certainly had no effect, and may go through later.
    #[error("not now: {log}")]
    Temporary {
        /// One sentence for the person, if it does not go through in the end.
        what: Text,
        /// How long the other side asks us to wait, if it says.
        retry_after: Option<Duration>,
        /// For the log.
        log: String,
    },
    /// It certainly had no effect: the other side asks us to slow down, or we do so before it has to ask. It goes
    /// through after the wait, unless something else is wrong.
    #[error("slowed down for {} s: {log}", .wait.as_secs())]
    Limited {
        /// One sentence for the person, if that is too long to wait.
        what: Text,
        /// How long to wait.
        wait: Duration,
        /// For the log.
        log: String,
    },
    /// Nobody knows whether it had an effect: a lost answer, a timeout, a server error after a write.
    #[error("unclear: {log}")]
    Unclear {
        /// For the log.
        log: String,
    },
}

impl OperationError {
    /// It will not go through, however often it is tried.
    #[must_use]
    pub fn permanent(what: impl Into<Text>, log: impl Into<String>) -> Self {
        Self::Permanent { what: what.into(), log: log.into() }
    }

    /// It will not go through until somebody mends what is in its way.
    #[must_use]
    pub fn blocked(what: impl Into<Text>, log: impl Into<String>) -> Self {
        Self::Blocked { what: what.into(), log: log.into() }
    }
}
