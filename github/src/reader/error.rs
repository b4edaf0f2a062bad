//! Why something could not be read: what the person reads, and what the log holds.

use std::time::Duration;

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::text::Text;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::graphql::Problem;
use crate::names::BadName;
use crate::trouble::{Doing, TELL_OPERATORS, Trouble};

/// What kind of trouble it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// The name cannot be one at GitHub; nothing was asked.
    Name(Box<BadName>),
    /// It is not there, or the account cannot see it: GitHub does not tell which.
    Absent,
    /// The account may not read it. The permissions (or scopes) that would be needed, as GitHub names them.
    Forbidden(Vec<String>),
    /// The organisation wants the token authorised for single sign-on.
    SignOn,
    /// The App is not installed in the organisation.
    NotInstalled,
    /// GitHub does not accept the credentials.
    Unauthorized,
    /// GitHub asks us to slow down, until then.
    RateLimited(Instant),
    /// GitHub was not reached, or did not answer in time.
    Unreachable,
    /// GitHub answered with something that we did not expect.
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
        let log = format!(
            "{subject}: GitHub answered {} {:?} (request {})",
            answer.status.as_u16(),
            answer.message(),
            answer.request_id().unwrap_or("-")
        );
        let Trouble { kind, what, todo } = Trouble::of(answer, subject, Doing::Reading);
        Self::new(kind, what, todo, log)
    }

    /// For a query of GraphQL that gave nothing, though the answer had status 200.
    pub(crate) fn of_query(problems: &[Problem], subject: &str) -> Self {
        let words: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let log = format!(
            "{subject}: GraphQL answered {:?}",
            words.join("; ").chars().take(400).collect::<String>()
        );
        let any = |kinds: &[&str]| problems.iter().any(|problem| kinds.iter().any(|kind| problem.is(kind)));
        if any(&["NOT_FOUND"]) {
            let what = format!("{subject} is not there, or this bot's GitHub account cannot see it.");
            return Self::new(ReadErrorKind::Absent, what, "Check the name.", log);
        }
        if words.iter().any(|words| words.contains("SAML enforcement")) {
            let what = format!(
                "The organisation wants this bot's token authorised for single sign-on to show {subject}."
            );
            return Self::new(ReadErrorKind::SignOn, what, TELL_OPERATORS, log);
        }
        if any(&["FORBIDDEN", "INSUFFICIENT_SCOPES"]) {
            let what = format!("This bot's GitHub account may not read {subject}.");
            return Self::new(ReadErrorKind::Forbidden(Vec::new()), what, TELL_OPERATORS, log);
        }
        Self::unexpected(subject, &log)
    }

    /// For an answer that cannot be read.
    pub(crate) fn unexpected(subject: &str, log: &str) -> Self {
        Self::new(
            ReadErrorKind::Unexpected,
            format!("GitHub answered something unexpected about {subject}."),
            TELL_OPERATORS,
            format!("{subject}: {log}"),
        )
    }

    /// What the person reads in place of a plan or an answer.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let refusal = Refusal::new(self.what.clone(), self.todo.clone());
        match self.kind {
            // The person's doing.
            ReadErrorKind::Name(_) | ReadErrorKind::Absent => refusal,
            _ => refusal.logged(self.log.clone()),
        }
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        let log = failure.to_string();
        match failure {
            Failure::NotSent(_) | Failure::Unclear(_) => Self::new(
                ReadErrorKind::Unreachable,
                "GitHub did not answer.",
                "Try again in a minute, or see githubstatus.com.",
                log,
            ),
            Failure::Limited { wait, until } => Self {
                retry_after: Some(wait),
                ..Self::new(
                    ReadErrorKind::RateLimited(until),
                    "GitHub asks this bot to slow down.",
                    format!("Try again {}.", crate::words::soon(wait)),
                    log,
                )
            },
            Failure::NotInstalled(org) => Self::new(
                ReadErrorKind::NotInstalled,
                format!("This bot's GitHub App is not installed in {org}."),
                format!("Ask an owner of {org} to install it."),
                log,
            ),
            Failure::Unauthorized(_) => Self::new(
                ReadErrorKind::Unauthorized,
                "GitHub does not accept this bot's credentials.",
                TELL_OPERATORS,
                log,
            ),
            Failure::Name(bad) => bad.into(),
        }
    }
}

impl From<BadName> for ReadError {
    fn from(bad: BadName) -> Self {
        let what = format!("The {bad}.");
        Self::new(ReadErrorKind::Name(Box::new(bad.clone())), what, "Check the name.", bad.to_string())
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
        match error.kind {
            ReadErrorKind::RateLimited(_) => Self::Limited {
                what: error.what.plain(" ").then(error.todo),
                wait: error.retry_after.unwrap_or(Duration::from_secs(60)),
                log: error.log,
            },
            ReadErrorKind::Unreachable => {
                Self::Temporary { what: error.what, retry_after: error.retry_after, log: error.log }
            }
            ReadErrorKind::Name(_) => Self::permanent(error.what.plain(" ").then(error.todo), error.log),
            // Somebody may give the account what it lacks, or make what is missing.
            _ => Self::blocked(error.what.plain(" ").then(error.todo), error.log),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answer;

    #[test]
    fn each_refusal_says_what_is_wrong_and_what_to_do() {
        let told = |status, headers: &[(&'static str, &str)], body| {
            let error = ReadError::unexpected_answer(&answer(status, headers, body), "acme/widgets");
            format!("{} | {} | {}", error.what.words(), error.todo.words(), error.log)
        };
        insta::assert_snapshot!(
            [
                told(401, &[("x-github-request-id", "AB:1")], r#"{"message":"Bad credentials"}"#),
                told(403, &[("x-accepted-github-permissions", "administration=read")], "{}"),
                told(403, &[("x-github-sso", "required; url=x")], "{}"),
                told(404, &[], r#"{"message":"Not Found"}"#),
                told(451, &[], "{}"),
                told(502, &[], "<html>"),
                told(418, &[], "{}"),
            ]
            .join("\n"),
            @r#"
        GitHub does not accept this bot's credentials. | Tell the people who run this bot. | acme/widgets: GitHub answered 401 "Bad credentials" (request AB:1)
        This bot's GitHub account may not read acme/widgets. | Tell the people who run this bot. It needs administration=read. | acme/widgets: GitHub answered 403 "" (request -)
        The organisation wants this bot's token authorised for single sign-on to show acme/widgets. | Tell the people who run this bot. | acme/widgets: GitHub answered 403 "" (request -)
        acme/widgets is not there, or this bot's GitHub account may not see it. | If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name. | acme/widgets: GitHub answered 404 "Not Found" (request -)
        GitHub does not show acme/widgets for legal reasons. | Ask GitHub's support. | acme/widgets: GitHub answered 451 "" (request -)
        GitHub has trouble of its own. | Try again in a minute, or see githubstatus.com. | acme/widgets: GitHub answered 502 "" (request -)
        GitHub answered something unexpected about acme/widgets. | Tell the people who run this bot. | acme/widgets: GitHub answered 418 "" (request -)
        "#
        );
    }

    #[test]
    fn trouble_that_may_pass_is_temporary() {
        let busy = ReadError::unexpected_answer(&answer(502, &[], ""), "x");
        assert!(matches!(OperationError::from(busy), OperationError::Temporary { .. }));
        let gone = ReadError::unexpected_answer(&answer(404, &[], ""), "x");
        assert!(matches!(OperationError::from(gone), OperationError::Blocked { .. }));
        let name = ReadError::from(crate::names::RepoName::parse("..").unwrap_err());
        assert!(matches!(OperationError::from(name), OperationError::Permanent { .. }));
    }
}
