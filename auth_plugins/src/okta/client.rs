//! The account at Okta: sends each request once, and reads the answers
//! (<https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/>).

use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::settings::{Settings, SetupError};
use hubcommander_outbound::{Answer, Failure, client_for, exchange};

use crate::LONGEST_ANSWER;

/// Why Okta did not do what it was asked. None of it names the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// There is no answer.
    #[error("Okta, {what}: {failure}")]
    NoAnswer { what: &'static str, failure: Failure },
    /// It refused.
    #[error("Okta, {what}: {status} {code} {summary:?}")]
    Refused { what: &'static str, status: u16, code: String, summary: String, wait: Option<Duration> },
    /// Its answer cannot be read.
    #[error("Okta, {what}: an answer that cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
}

impl Trouble {
    /// Whether it may be otherwise soon.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreadable { .. } => false,
        }
    }

    /// Whether what was asked has certainly not been done.
    pub(super) fn was_not_done(&self) -> bool {
        match self {
            Self::NoAnswer { failure, .. } => matches!(failure, Failure::NotSent(_)),
            Self::Refused { status, .. } => *status == 429,
            Self::Unreadable { .. } => false,
        }
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

impl crate::again::Trouble for Trouble {
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { wait, .. } => *wait,
            _ => None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    #[serde(rename = "errorCode")]
    code: String,
    #[serde(rename = "errorSummary")]
    summary: String,
}

/// Somebody at Okta.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) profile: Profile,
}

/// What is known of them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Profile {
    #[serde(default)]
    pub(super) login: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
}

/// One way of somebody to prove themselves.
#[derive(Debug, Deserialize)]
struct Factor {
    id: String,
    #[serde(rename = "factorType")]
    kind: String,
    provider: String,
    status: String,
}

/// How a push stands.
#[derive(Debug, Deserialize)]
pub(super) struct Challenged {
    #[serde(rename = "factorResult")]
    pub(super) result: String,
    #[serde(default, rename = "_links")]
    links: Json,
    #[serde(default, rename = "_embedded")]
    embedded: Json,
}

impl Challenged {
    /// The transaction, which is the last part of the address to ask at. The address itself is not followed: it is
    /// Okta's word where our token would be sent.
    pub(super) fn transaction(&self) -> Option<&str> {
        let href = self.links.pointer("/poll/href")?.as_str()?;
        let id = href.rsplit_once("/transactions/")?.1;
        is_id(id).then_some(id)
    }

    /// The number to press, with number matching.
    pub(super) fn number(&self) -> Option<String> {
        let number = match self.embedded.pointer("/challenge/correctAnswer")? {
            Json::Number(number) => number.to_string(),
            Json::String(number) => number.clone(),
            _ => return None,
        };
        ((1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
            .then_some(number)
    }
}

/// Whether this can be an id at Okta, and so a part of a path.
pub(super) fn is_id(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=100).contains(&text.len()) && text.bytes().all(fine)
}

/// The account.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    authorization: HeaderValue,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let mut authorization =
            HeaderValue::from_str(&format!("SSWS {}", settings.api_token.expose_secret()))
                .map_err(|_| SetupError::Token)?;
        authorization.set_sensitive(true);
        Ok(Self {
            http: client_for(&settings.url, &settings.proxies, settings.patience)?,
            base: settings.url.as_str().trim_end_matches('/').to_owned(),
            authorization,
        })
    }

    /// Whether Okta takes our token. Says the login of the account that it belongs to.
    pub(super) async fn whoami(&self) -> Result<User, Trouble> {
        self.ask(Method::GET, "who we are", &["users", "me"], None).await
    }

    /// Somebody by their login, which is an e-mail address.
    pub(super) async fn user(&self, login: &str) -> Result<User, Trouble> {
        self.ask(Method::GET, "a user", &["users", login], None).await
    }

    /// The push of Okta Verify that somebody has, if any.
    pub(super) async fn push_factor(&self, user: &str) -> Result<Option<String>, Trouble> {
        let what = "a user's factors";
        let factors: Vec<Factor> = self.ask(Method::GET, what, &["users", user, "factors"], None).await?;
        let fits = |one: &Factor| {
            one.kind == "push" && one.provider == "OKTA" && one.status == "ACTIVE" && is_id(&one.id)
        };
        Ok(factors.into_iter().find(fits).map(|one| one.id))
    }

    /// Shows a push, with numbers to choose from.
    pub(super) async fn push(&self, user: &str, factor: &str) -> Result<Challenged, Trouble> {
        let path = ["users", user, "factors", factor, "verify"];
        let body = serde_json::json!({ "useNumberMatchingChallenge": true });
        self.ask(Method::POST, "a push", &path, Some(&body)).await
    }

    /// How a push stands.
    pub(super) async fn status(
        &self,
        user: &str,
        factor: &str,
        transaction: &str,
    ) -> Result<Challenged, Trouble> {
        let path = ["users", user, "factors", factor, "transactions", transaction];
        self.ask(Method::GET, "how a push stands", &path, None).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        what: &'static str,
        path: &[&str],
        body: Option<&Json>,
    ) -> Result<T, Trouble> {
        let unreadable = |why: String| Trouble::Unreadable { what, why };
        let mut address = url::Url::parse(&self.base).map_err(|error| unreadable(error.to_string()))?;
        // Each part is encoded by itself: a login is data.
        match address.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(["api", "v1"]).extend(path),
            Err(()) => return Err(unreadable("no address".to_owned())),
        };
        let mut request = self
            .http
            .request(method, address)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let answer =
            exchange(request, LONGEST_ANSWER).await.map_err(|failure| Trouble::NoAnswer { what, failure })?;
        tracing::debug!(what, status = answer.status.as_u16(), "Okta answered");
        read(what, &answer)
    }
}

fn read<T: DeserializeOwned>(what: &'static str, answer: &Answer) -> Result<T, Trouble> {
    if answer.status.is_success() {
        return answer.json().map_err(|error| Trouble::Unreadable { what, why: error.to_string() });
    }
    let error: ErrorBody = answer.json().unwrap_or_default();
    // Okta names the login that was not found; the log does not need it.
    let summary = error.summary.split('(').next().unwrap_or_default().chars().take(200).collect();
    let code = error.code.chars().take(20).collect();
    Err(Trouble::Refused { what, status: answer.status.as_u16(), code, summary, wait: answer.retry_after() })
}
