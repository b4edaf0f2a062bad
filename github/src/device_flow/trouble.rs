//! Why nobody was proven to be anybody: what the person reads, and what the log holds.

use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::text::Text;

use crate::trouble::TELL_OPERATORS;

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceErrorKind {
    /// The person said no.
    Denied,
    /// The code came to its end before anybody typed it.
    Expired,
    /// GitHub does not know the code, or it was used already.
    WrongCode,
    /// The device flow is switched off for our client id, or there is no such client id.
    NotSetUp,
    /// GitHub was not reached, or has trouble of its own.
    Unreachable,
    /// The person said yes, and GitHub did not say who they are.
    Lost,
    /// GitHub answered with something that we did not expect.
    Unexpected,
}

/// Why nobody was proven to be anybody. `Display` is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{log}")]
pub struct DeviceError {
    /// What kind of trouble it is.
    pub kind: DeviceErrorKind,
    /// One sentence on what is wrong.
    pub what: Text,
    /// One sentence on what to do.
    pub todo: Text,
    /// For the log. Holds no secret.
    pub log: String,
}

impl DeviceError {
    fn new(kind: DeviceErrorKind, what: &str, todo: &str, log: &str) -> Self {
        Self { kind, what: what.into(), todo: todo.into(), log: format!("device flow: {log}") }
    }

    pub(super) fn unreachable(log: &str) -> Self {
        let todo = "Try again in a minute, or see githubstatus.com.";
        Self::new(DeviceErrorKind::Unreachable, "GitHub did not answer.", todo, log)
    }

    /// The person said no.
    #[must_use]
    pub fn denied() -> Self {
        refused("access_denied")
    }

    pub(super) fn lost(log: &str) -> Self {
        let what = "GitHub has your answer, but did not say who you are.";
        Self::new(DeviceErrorKind::Lost, what, "Ask for another code.", &format!("whose a token is: {log}"))
    }
}

impl From<DeviceError> for Refusal {
    fn from(error: DeviceError) -> Self {
        let refusal = Self::new(error.what, error.todo);
        match error.kind {
            // The person's doing.
            DeviceErrorKind::Denied | DeviceErrorKind::Expired => refusal,
            _ => refusal.logged(error.log),
        }
    }
}

pub(super) fn unexpected(log: &str) -> DeviceError {
    let what = "GitHub answered something unexpected.";
    DeviceError::new(DeviceErrorKind::Unexpected, what, TELL_OPERATORS, log)
}

/// What GitHub's names for its refusals mean
/// (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#error-codes-for-the-device-flow>).
pub(super) fn refused(error: &str) -> DeviceError {
    use DeviceErrorKind::{Denied, Expired, NotSetUp, WrongCode};
    let (kind, what, todo) = match error {
        "access_denied" => (Denied, "You said no at GitHub.", "If that was a mistake, ask for another code."),
        // GitHub's documentation has the one, RFC 8628 and others the other.
        "expired_token" | "token_expired" => {
            (Expired, "Nobody typed the code in time.", "Ask for another code.")
        }
        "incorrect_device_code" | "bad_verification_code" => {
            (WrongCode, "GitHub does not know this code any more.", "Ask for another code.")
        }
        "device_flow_disabled" => (
            NotSetUp,
            "The device flow is switched off for this bot at GitHub.",
            "Tell the people who run this bot: it is a box on the page of its OAuth App or GitHub App.",
        ),
        "incorrect_client_credentials" | "Not Found" => {
            (NotSetUp, "GitHub does not know this bot's client id.", TELL_OPERATORS)
        }
        "redirect_uri_mismatch" => {
            (NotSetUp, "GitHub does not know the address of this bot's pages.", TELL_OPERATORS)
        }
        other => {
            let name: String = other.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(60).collect();
            return unexpected(&format!("the error {name:?}"));
        }
    };
    DeviceError::new(kind, what, todo, error)
}
