//! Why something could not be read: what the person reads, and what the log holds.

use std::time::Duration;

use hubcommander_outbound::{Answer, Failure};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::text::Text;

use crate::transport::{ErrorBody, described};
use crate::words::{LATER, TELL_OPERATORS, soon};

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// Travis does not accept the token.
    Unauthorized,
    /// The account has to log in at Travis first.
    LoginRequired,
    /// The account may not read it.
    Forbidden,
    /// Travis asks us to slow down.
    RateLimited,
    /// Travis was not reached, or did not answer in time.
    Unreachable,
    /// Travis answered with something that we did not expect.
    Unexpected,
}

/// Why something could not be read. `Display` is for the log; the person reads [`ReadError::refusal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{log}")]
pub struct ReadError {
    /// What kind of trouble it is.
    pub kind: ReadErrorKind,
    /// One sentence on what is wrong.
    pub what: Text,
    /// One sentence on what to do.
    pub todo: Text,
    /// For the log. Holds no secret.
    pub log: String,
    retry_after: Option<Duration>,
}

impl ReadError {
    fn new(kind: ReadErrorKind, what: impl Into<Text>, todo: impl Into<Text>, log: String) -> Self {
        Self { kind, what: what.into(), todo: todo.into(), log, retry_after: None }
    }

    /// For an answer that is none of those that were expected.
    pub(crate) fn unexpected_answer(answer: &Answer, subject: &str) -> Self {
        let log = described(answer, subject);
        let kind = ErrorBody::of(answer).error_type;
        match answer.status.as_u16() {
            401 => Self::bad_token(log),
            403 if kind == "wrong_credentials" => Self::bad_token(log),
            403 if kind == "login_required" => Self::new(
                ReadErrorKind::LoginRequired,
                "Travis wants this bot's account to log in there first.",
                "Tell the people who run this bot: they log in at Travis once as its account.",
                log,
            ),
            403 => Self::new(
                ReadErrorKind::Forbidden,
                format!("This bot's Travis account may not read {subject}."),
                TELL_OPERATORS,
                log,
            ),
            429 => {
                let wait = answer.retry_after();
                let todo = wait.map_or_else(|| LATER.to_owned(), |wait| format!("Try again {}.", soon(wait)));
                let what = "Travis asks this bot to slow down.";
                Self { retry_after: wait, ..Self::new(ReadErrorKind::RateLimited, what, todo, log) }
            }
            500..=599 => Self::new(ReadErrorKind::Unreachable, "Travis has trouble of its own.", LATER, log),
            _ => Self::unexpected(subject, log),
        }
    }

    fn bad_token(log: String) -> Self {
        let what = "Travis does not accept this bot's token.";
        Self::new(ReadErrorKind::Unauthorized, what, TELL_OPERATORS, log)
    }

    /// For an answer that cannot be read.
    pub(crate) fn unexpected(subject: &str, log: String) -> Self {
        let what = format!("Travis answered something unexpected about {subject}.");
        Self::new(ReadErrorKind::Unexpected, what, TELL_OPERATORS, log)
    }

    /// What the person reads in place of a plan or an answer.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        Refusal::new(self.what.clone(), self.todo.clone()).logged(self.log.clone())
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        Self::new(ReadErrorKind::Unreachable, "Travis did not answer.", LATER, failure.to_string())
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        error.refusal()
    }
}

/// Looking again cannot do harm, so trouble that may pass is temporary.
impl From<ReadError> for OperationError {
    fn from(error: ReadError) -> Self {
        let what = error.what.plain(" ").then(error.todo);
        match error.kind {
            ReadErrorKind::RateLimited | ReadErrorKind::Unreachable => {
                Self::Temporary { what, retry_after: error.retry_after, log: error.log }
            }
            // Somebody may give the account what it lacks.
            _ => Self::blocked(what, error.log),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answer;

    #[test]
    fn each_refusal_says_what_is_wrong_and_what_to_do() {
        let told = |status, kind| {
            let error = ReadError::unexpected_answer(&answer(status, kind, "words"), "acme/widgets");
            format!("{} | {} | {}", error.what.words(), error.todo.words(), error.log)
        };
        insta::assert_snapshot!(
            [
                told(403, "wrong_credentials"),
                told(403, "login_required"),
                told(403, "insufficient_access"),
                told(429, "request_limit_reached"),
                told(502, ""),
                told(418, ""),
            ]
            .join("\n"),
            @r#"
        Travis does not accept this bot's token. | Tell the people who run this bot. | acme/widgets: Travis answered 403 wrong_credentials "words"
        Travis wants this bot's account to log in there first. | Tell the people who run this bot: they log in at Travis once as its account. | acme/widgets: Travis answered 403 login_required "words"
        This bot's Travis account may not read acme/widgets. | Tell the people who run this bot. | acme/widgets: Travis answered 403 insufficient_access "words"
        Travis asks this bot to slow down. | Try again in a minute, or see traviscistatus.com. | acme/widgets: Travis answered 429 request_limit_reached "words"
        Travis has trouble of its own. | Try again in a minute, or see traviscistatus.com. | acme/widgets: Travis answered 502 - "words"
        Travis answered something unexpected about acme/widgets. | Tell the people who run this bot. | acme/widgets: Travis answered 418 - "words"
        "#
        );
    }

    #[test]
    fn trouble_that_may_pass_is_temporary() {
        let busy = ReadError::unexpected_answer(&answer(502, "", ""), "x");
        assert!(matches!(OperationError::from(busy), OperationError::Temporary { .. }));
        let refused = ReadError::unexpected_answer(&answer(403, "", ""), "x");
        assert!(matches!(OperationError::from(refused), OperationError::Blocked { .. }));
    }
}
