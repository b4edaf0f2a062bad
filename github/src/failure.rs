//! Why there is no answer to work with, before it is known what the question was.

use std::time::Duration;

use hubcommander_sdk::clock::Instant;

use crate::names::BadName;
use crate::transport::SendError;

/// Why there is no answer to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// It certainly was not sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may have been done.
    #[error("{0}")]
    Unclear(String),
    /// GitHub asked us to slow down, or we would have to wait too long by ourselves. Certainly not done.
    #[error("rate limited for {} s", .wait.as_secs())]
    Limited {
        /// For how long.
        wait: Duration,
        /// Until when.
        until: Instant,
    },
    /// The App is not installed in the organisation.
    #[error("the App is not installed in {0}")]
    NotInstalled(String),
    /// GitHub does not take our credentials, not even new ones.
    #[error("GitHub does not accept the credentials (request {0})")]
    Unauthorized(String),
    /// A name cannot be one.
    #[error("{0}")]
    Name(#[from] BadName),
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotSent(why) => Self::NotSent(why),
            SendError::Lost(_) | SendError::Timeout(_) => Self::Unclear(error.to_string()),
        }
    }
}
