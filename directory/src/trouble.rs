//! Why a directory did not say what it was asked.

use std::time::Duration;

use hubcommander_outbound::Failure;

/// Why a directory did not say what it was asked. None of it names a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is no answer.
    #[error("{directory} did not answer: {failure}")]
    NoAnswer {
        /// Which directory.
        directory: String,
        /// What happened on the way.
        failure: Failure,
    },
    /// It asks us to come back later.
    #[error("{directory} asks to be asked less often")]
    Busy {
        /// Which directory.
        directory: String,
        /// How long it asks us to wait, if it says.
        wait: Option<Duration>,
    },
    /// It refused, for good.
    #[error("{directory} refused with {status}")]
    Refused {
        /// Which directory.
        directory: String,
        /// The HTTP status.
        status: u16,
    },
    /// Its answer cannot be read.
    #[error("{directory} gave an answer that cannot be read: {why}")]
    Unreadable {
        /// Which directory.
        directory: String,
        /// What is wrong, without personal data.
        why: String,
    },
    /// Not everybody was read. Nobody may be taken for having left.
    #[error("{directory} was not read to the end: {why}")]
    Partial {
        /// Which directory.
        directory: String,
        /// What is missing.
        why: String,
    },
    /// More than half of those who worked here at the last reading are gone. Nobody may be taken for having left.
    #[error("{directory} has {now} active people where it had {before}; that is taken for a mistake")]
    Shrunk {
        /// Which directory.
        directory: String,
        /// How many were active at the last reading.
        before: usize,
        /// How many are now.
        now: usize,
    },
    /// It could not be set up.
    #[error("{directory}: {why}")]
    Setup {
        /// Which directory.
        directory: String,
        /// What to do.
        why: String,
    },
}

impl Trouble {
    /// Whether it may be otherwise soon.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Busy { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }
}
