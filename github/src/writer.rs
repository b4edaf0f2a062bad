//! The writing client, and what a refused write means.

use std::time::Duration;

use http::Method;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::permit::WritePermit;
use serde_json::Value as Json;

use crate::account::Account;
use crate::answer::Answer;
use crate::failure::Failure;
use crate::names::Owner;
use crate::path::Path;
use crate::trouble::{Doing, TELL_OPERATORS, Trouble};
use crate::words::soon;

/// The writing client. It is lent against a permit and cannot outlive it; each request goes out once, and no
/// redirect is followed.
pub(crate) struct Writer<'a> {
    account: &'a Account,
    permit: &'a WritePermit,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(account: &'a Account, permit: &'a WritePermit) -> Self {
        Self { account, permit }
    }

    pub(crate) async fn post(&self, org: &Owner, path: Path, body: Json) -> Result<Answer, OperationError> {
        self.write(org, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, org: &Owner, path: Path, body: Json) -> Result<Answer, OperationError> {
        self.write(org, Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, org: &Owner, path: Path, body: Json) -> Result<Answer, OperationError> {
        self.write(org, Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, org: &Owner, path: Path) -> Result<Answer, OperationError> {
        self.write(org, Method::DELETE, path, None).await
    }

    async fn write(
        &self,
        org: &Owner,
        method: Method,
        path: Path,
        body: Option<Json>,
    ) -> Result<Answer, OperationError> {
        tracing::debug!(invocation = self.permit.invocation(), %method, %path, "writing to GitHub");
        let answer = self.account.write(org, self.permit.invocation(), method, path, body).await?;
        if let Some(id) = answer.request_id() {
            self.permit.note_request(id);
        }
        Ok(answer)
    }
}

impl From<Failure> for OperationError {
    fn from(failure: Failure) -> Self {
        let log = failure.to_string();
        match failure {
            Failure::NotSent(_) => Self::Temporary {
                what: "GitHub could not be reached. Try again in a minute, or see githubstatus.com.".into(),
                retry_after: None,
                log,
            },
            Failure::Unclear(_) => Self::Unclear { log },
            Failure::Limited { wait, .. } => Self::Limited {
                what: format!("GitHub asks this bot to slow down. Try again {}.", soon(wait)).into(),
                wait,
                log,
            },
            Failure::NotInstalled(org) => Self::blocked(
                format!(
                    "This bot's GitHub App is not installed in {org}. Ask an owner of {org} to install it."
                ),
                log,
            ),
            Failure::Unauthorized(_) => {
                Self::blocked(format!("GitHub does not accept this bot's credentials. {TELL_OPERATORS}"), log)
            }
            Failure::Name(bad) => Self::permanent(format!("The {bad}. Check the name."), log),
        }
    }
}

/// What a write means that GitHub did not answer as hoped. `subject` is what was to be changed, as a person
/// knows it. What a 404 or 422 means depends on the operation: those that know better look first.
pub(crate) fn refused(answer: &Answer, subject: &str) -> OperationError {
    let status = answer.status.as_u16();
    let message = answer.message();
    let log = format!(
        "{subject}: GitHub answered {status} {message:?} (request {})",
        answer.request_id().unwrap_or("-")
    );
    let Trouble { what, todo, .. } = Trouble::of(answer, subject, Doing::Changing);
    let what = format!("{what} {todo}");
    match status {
        // It may have been done before the trouble began; and what we hoped for and cannot read has been done all
        // the same.
        500..=599 | 200..=299 => OperationError::Unclear { log },
        409 => {
            OperationError::Temporary { what: what.into(), retry_after: Some(Duration::from_secs(2)), log }
        }
        // It would have to be something else, or under another name.
        301 | 302 | 307 | 308 | 422 | 451 => OperationError::permanent(what, log),
        // Somebody can mend it: a permission, a token, an archived repository.
        _ => OperationError::blocked(what, log),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hubcommander_sandbox::faults::Faults;
    use hubcommander_sandbox::github::{GitHub as LocalGitHub, World};
    use hubcommander_sdk::clock::SystemClock;
    use hubcommander_sdk::permit::PermitIssuer;
    use serde_json::json;

    use super::*;
    use crate::names::FullName;
    use crate::reader::Reader;
    use crate::settings::{Credentials, Settings};
    use crate::transport::answer;

    /// By the handlers' own doing no write goes to a former name; this is what happens if one does.
    #[tokio::test]
    async fn no_write_follows_a_redirect() {
        let faults = Faults::default();
        let local = LocalGitHub::start(World::acme(), Arc::new(SystemClock), faults.clone()).await.unwrap();
        let url = format!("{}/api/v3/", local.url()).parse().unwrap();
        let settings = Settings::new(url, Credentials::Token("ghp_sandbox".into()));
        let (issuer, check) = PermitIssuer::new();
        let account = Account::new(&settings, check, Arc::new(SystemClock)).unwrap();
        let permit = issuer.permit("inv-1");
        let writer = account.writer(&permit).unwrap();
        let name = FullName::parse("acme/old-name").unwrap();
        let path = || Path::repository(&name);
        let before = local.snapshot();
        for answer in [
            writer.delete(&name.owner, path()).await.unwrap(),
            writer.patch(&name.owner, path(), json!({ "description": "x" })).await.unwrap(),
            writer.put(&name.owner, path().then("topics"), json!({ "names": [] })).await.unwrap(),
            writer.post(&name.owner, path().then("generate"), json!({ "name": "y" })).await.unwrap(),
        ] {
            assert_eq!(answer.status.as_u16(), 307);
            assert!(matches!(refused(&answer, "acme/old-name"), OperationError::Permanent { .. }));
        }
        assert_eq!(faults.arrived(), 4, "each went out once, and nowhere else");
        assert_eq!(local.snapshot(), before);
        let reader = Reader::new(Arc::new(account));
        assert!(matches!(reader.lookup(&name).await.unwrap(), crate::Lookup::Moved { .. }));
    }

    fn told(status: u16, headers: &[(&'static str, &str)], body: &str) -> String {
        match refused(&answer(status, headers, body), "acme/widgets") {
            OperationError::Permanent { what, log } => format!("permanent: {} [{log}]", what.words()),
            OperationError::Blocked { what, log } => format!("blocked: {} [{log}]", what.words()),
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
                told(500, &[("x-github-request-id", "AB:1")], r#"{"message":"Server Error"}"#),
                told(502, &[], "<html>"),
                told(201, &[], "{"),
                told(307, &[], ""),
                told(401, &[], "{}"),
                told(403, &[("x-github-sso", "required; url=x")], "{}"),
                told(403, &[], r#"{"message":"Repository was archived so is read-only."}"#),
                told(403, &[("x-accepted-github-permissions", "administration=write")], "{}"),
                told(404, &[], "{}"),
                told(409, &[], "{}"),
                told(422, &[], r#"{"message":"Validation Failed","errors":[{"message":"<!channel>"}]}"#),
                told(451, &[], "{}"),
                told(400, &[], "{}"),
            ]
            .join("\n"),
            @r#"
        unclear: acme/widgets: GitHub answered 500 "Server Error" (request AB:1)
        unclear: acme/widgets: GitHub answered 502 "" (request -)
        unclear: acme/widgets: GitHub answered 201 "" (request -)
        permanent: acme/widgets has been renamed or moved. Ask again with its new name. [acme/widgets: GitHub answered 307 "" (request -)]
        blocked: GitHub does not accept this bot's credentials. Tell the people who run this bot. [acme/widgets: GitHub answered 401 "" (request -)]
        blocked: The organisation wants this bot's token authorised for single sign-on to change acme/widgets. Tell the people who run this bot. [acme/widgets: GitHub answered 403 "" (request -)]
        blocked: acme/widgets is archived and cannot be changed. Unarchive it first. [acme/widgets: GitHub answered 403 "Repository was archived so is read-only." (request -)]
        blocked: This bot's GitHub account may not change acme/widgets. Tell the people who run this bot. It needs administration=write. [acme/widgets: GitHub answered 403 "" (request -)]
        blocked: acme/widgets is not there, or this bot's GitHub account may not see it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name. [acme/widgets: GitHub answered 404 "" (request -)]
        temporary: GitHub is busy with acme/widgets. Try again in a minute. Some(2s)
        permanent: GitHub refuses this: <!channel>. Change it and ask again. [acme/widgets: GitHub answered 422 "Validation Failed <!channel>" (request -)]
        permanent: GitHub refuses to change acme/widgets for legal reasons. Ask GitHub's support. [acme/widgets: GitHub answered 451 "" (request -)]
        blocked: GitHub did not take the change to acme/widgets. Tell the people who run this bot. [acme/widgets: GitHub answered 400 "" (request -)]
        "#
        );
    }

    #[test]
    fn only_what_may_have_been_sent_is_unclear() {
        let not_sent = OperationError::from(Failure::NotSent("no connection".into()));
        assert!(matches!(not_sent, OperationError::Temporary { retry_after: None, .. }));
        let lost = OperationError::from(Failure::Unclear("the answer was lost".into()));
        assert!(matches!(lost, OperationError::Unclear { .. }));
    }
}
