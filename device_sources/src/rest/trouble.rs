//! Why an account did not do what it was asked.

use std::time::Duration;

use hubcommander_outbound::Failure;
use hubcommander_sdk::devices::SourceError;

/// Why there is nothing to read. None of it names a person or holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// There is no answer.
    #[error("{who}, {what}: {failure}")]
    NoAnswer { who: &'static str, what: &'static str, failure: Failure },
    /// It refused; `code` is its own word for why.
    #[error("{who}, {what}: {status} {code:?}")]
    Refused {
        who: &'static str,
        what: &'static str,
        status: u16,
        code: String,
        wait: Option<Duration>,
        /// Whether it says that it was asked too often.
        too_often: bool,
    },
    /// Its answer cannot be read.
    #[error("{who}, {what}: an answer that cannot be read: {why}")]
    Unreadable { who: &'static str, what: &'static str, why: String },
    /// It was not even asked.
    #[error("{who}: {why}")]
    Settings { who: &'static str, why: String },
}

impl Trouble {
    /// Whether it may be otherwise soon.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Refused { status, too_often, .. } => *too_often || *status == 429 || *status >= 500,
            Self::Unreadable { .. } | Self::Settings { .. } => false,
        }
    }

    /// How long it asks us to wait.
    pub(crate) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { wait, .. } => *wait,
            _ => None,
        }
    }

    /// How it refused.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

impl From<Trouble> for SourceError {
    fn from(trouble: Trouble) -> Self {
        let why = trouble.to_string();
        match trouble {
            Trouble::Unreadable { .. } => Self::Unreadable(why),
            _ if trouble.may_pass() => Self::Unavailable { why, retry_after: trouble.wait() },
            // Also a 404 and a 400: what we ask for is always there, unless the address or the account is wrong.
            _ => Self::Misconfigured(why),
        }
    }
}
