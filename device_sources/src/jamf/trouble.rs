//! Why Jamf did not answer what it was asked.

use std::time::Duration;

use hubcommander_outbound::Failure;
use hubcommander_sdk::devices::SourceError;

/// What is asked for before all else.
pub(super) const TOKEN: &str = "a token";

/// What went wrong. None of it names a person or holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// There is no answer.
    #[error("Jamf, {what}: {failure}")]
    NoAnswer { what: &'static str, failure: Failure },
    /// It refused.
    #[error("Jamf, {what}: {status} {code}")]
    Refused { what: &'static str, status: u16, code: String, wait: Option<Duration> },
    /// Its answer cannot be read.
    #[error("Jamf, {what}: an answer that cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
}

impl Trouble {
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether it may be otherwise soon.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreadable { .. } => false,
        }
    }

    /// How long it asks us to wait.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { wait, .. } => *wait,
            _ => None,
        }
    }
}

impl From<Trouble> for SourceError {
    fn from(trouble: Trouble) -> Self {
        let words = trouble.to_string();
        let token = matches!(&trouble, Trouble::Refused { what, .. } if *what == TOKEN);
        match trouble.status() {
            Some(400) if !token => Self::Misconfigured(format!(
                "{words}. The server does not take what it was asked; set `inventory` to an older version."
            )),
            Some(400 | 401) => Self::Misconfigured(format!(
                "{words}. See that client_id and client_secret are those of an API client that is enabled at Jamf."
            )),
            Some(403) => Self::Misconfigured(format!(
                "{words}. Give the API client's role `Read Computers` and, for mobile devices, `Read Mobile Devices`."
            )),
            Some(404) => Self::Misconfigured(format!(
                "{words}. See that `url` is your Jamf Pro server and not older than this bot asks for; \
                 api = \"classic\" asks for less."
            )),
            _ if trouble.may_pass() => Self::Unavailable { why: words, retry_after: trouble.wait() },
            _ => Self::Unreadable(words),
        }
    }
}
