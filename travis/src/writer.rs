//! The writing client, and what a refused write means.

use hubcommander_outbound::{Answer, Failure};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::permit::WritePermit;

use crate::account::Account;
use crate::path::Path;
use crate::transport::{ErrorBody, described};
use crate::words::{LATER, TELL_OPERATORS, soon};

/// The writing client. It is lent against a permit and cannot outlive it; each request goes out once.
pub(crate) struct Writer<'a> {
    account: &'a Account,
    permit: &'a WritePermit,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(account: &'a Account, permit: &'a WritePermit) -> Self {
        Self { account, permit }
    }

    pub(crate) async fn post(&self, path: &Path) -> Result<Answer, OperationError> {
        tracing::debug!(invocation = self.permit.invocation(), %path, "writing to Travis");
        let answer = self.account.write(path).await.map_err(unanswered)?;
        // Not documented, so it is noted where it comes.
        if let Some(id) = answer.headers.get("x-request-id").and_then(|id| id.to_str().ok()) {
            self.permit.note_request(id);
        }
        Ok(answer)
    }
}

/// What a write means that was not answered.
fn unanswered(failure: Failure) -> OperationError {
    let log = failure.to_string();
    match failure {
        Failure::NotSent(_) => OperationError::Temporary {
            what: format!("Travis could not be reached. {LATER}").into(),
            retry_after: None,
            log,
        },
        Failure::Lost(_) => OperationError::Unclear { log },
    }
}

/// What a write means that Travis did not answer as hoped. `subject` is what was to be changed, as a person
/// knows it.
pub(crate) fn refused(answer: &Answer, subject: &str) -> OperationError {
    let log = described(answer, subject);
    let kind = ErrorBody::of(answer).error_type;
    let what = match answer.status.as_u16() {
        // It may have been done before the trouble began; what we hoped for and cannot read has been done.
        200..=299 | 500..=599 => return OperationError::Unclear { log },
        429 => {
            let wait = answer.retry_after();
            let todo = wait.map_or_else(|| LATER.to_owned(), |wait| format!("Try again {}.", soon(wait)));
            let what = format!("Travis asks this bot to slow down. {todo}").into();
            return match wait {
                Some(wait) => OperationError::Limited { what, wait, log },
                None => OperationError::Temporary { what, retry_after: None, log },
            };
        }
        409 if kind == "repo_ssh_key_missing" => {
            let what = format!("Travis has not made the SSH key of {subject} yet. Try again in a minute.");
            return OperationError::Temporary { what: what.into(), retry_after: None, log };
        }
        409 => {
            let what = format!("Travis is busy with {subject}. Try again in a minute.");
            return OperationError::Temporary { what: what.into(), retry_after: None, log };
        }
        401 => format!("Travis does not accept this bot's token. {TELL_OPERATORS}"),
        403 if kind == "wrong_credentials" => {
            format!("Travis does not accept this bot's token. {TELL_OPERATORS}")
        }
        403 if kind == "login_required" => {
            "Travis wants this bot's account to log in there first. Tell the people who run this bot: they log in at \
             Travis once as its account."
                .to_owned()
        }
        403 if kind == "repo_migrated" => {
            format!("{subject} has moved from this Travis to another one. {TELL_OPERATORS}")
        }
        403 => format!(
            "Travis does not let this bot's account change {subject}: it needs admin access to it at GitHub, and must \
             have logged in at Travis once. {TELL_OPERATORS}"
        ),
        404 => format!(
            "Travis does not know {subject}, or does not show it to this bot's account. {TELL_OPERATORS}"
        ),
        _ => format!("Travis did not take the change to {subject}. {TELL_OPERATORS}"),
    };
    // Somebody can mend each of these: a token, a permission, a login.
    OperationError::blocked(what, log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::answer;

    fn told(status: u16, kind: &str) -> String {
        match refused(&answer(status, kind, "words"), "acme/widgets") {
            OperationError::Permanent { what, .. } => format!("permanent: {}", what.words()),
            OperationError::Blocked { what, .. } => format!("blocked: {}", what.words()),
            OperationError::Temporary { what, retry_after, .. } => {
                format!("temporary: {} {retry_after:?}", what.words())
            }
            OperationError::Limited { what, wait, .. } => format!("limited: {} {wait:?}", what.words()),
            OperationError::Unclear { log } => format!("unclear: {log}"),
        }
    }

    #[test]
    fn each_refusal_is_of_its_kind_and_says_what_to_do() {
        insta::assert_snapshot!(
            [
                told(200, ""),
                told(502, ""),
                told(429, "request_limit_reached"),
                told(409, "repo_ssh_key_missing"),
                told(409, "already_syncing"),
                told(403, "wrong_credentials"),
                told(403, "login_required"),
                told(403, "repo_migrated"),
                told(403, "insufficient_access"),
                told(404, "not_found"),
                told(400, "wrong_params"),
            ]
            .join("\n"),
            @r#"
        unclear: acme/widgets: Travis answered 200 - "words"
        unclear: acme/widgets: Travis answered 502 - "words"
        temporary: Travis asks this bot to slow down. Try again in a minute, or see traviscistatus.com. None
        temporary: Travis has not made the SSH key of acme/widgets yet. Try again in a minute. None
        temporary: Travis is busy with acme/widgets. Try again in a minute. None
        blocked: Travis does not accept this bot's token. Tell the people who run this bot.
        blocked: Travis wants this bot's account to log in there first. Tell the people who run this bot: they log in at Travis once as its account.
        blocked: acme/widgets has moved from this Travis to another one. Tell the people who run this bot.
        blocked: Travis does not let this bot's account change acme/widgets: it needs admin access to it at GitHub, and must have logged in at Travis once. Tell the people who run this bot.
        blocked: Travis does not know acme/widgets, or does not show it to this bot's account. Tell the people who run this bot.
        blocked: Travis did not take the change to acme/widgets. Tell the people who run this bot.
        "#
        );
    }
}
