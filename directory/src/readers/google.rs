//! Google's users (<https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/list>), read by a
//! service account that stands in for an administrator.

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_outbound::{Answer, JWT_BEARER, ServiceAccount};
use hubcommander_sdk::clock::SharedClock;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value as Json;
use url::Url;

use super::LastCount;
use super::http::sorted;
use super::web::{Header, Reach, Web, authorization};
use crate::mapping::{Field, Unfit, person, values};
use crate::{Person, Reader, Roll, Trouble};

const NAME: &str = "Google";

/// As many as Google gives at once.
const PAGE: &str = "500";

/// What the token must be good for.
const SCOPE: &str = "https://www.googleapis.com/auth/admin.directory.user.readonly";

/// How Google is asked.
#[derive(Clone, Debug)]
pub struct GoogleSettings {
    /// The key file of a service account with domain-wide delegation for
    /// `https://www.googleapis.com/auth/admin.directory.user.readonly`, whole: its JSON.
    pub key: SecretString,
    /// The administrator whom the service account stands in for, an e-mail address.
    pub subject: String,
    /// Which customer; `my_customer` is that of the administrator.
    pub customer: String,
    /// The Directory API: `https://admin.googleapis.com`.
    pub url: Url,
    /// Where the login at GitHub stands in a user, a JSON pointer such as `/customSchemas/Accounts/github`.
    pub github_login: Option<String>,
    /// Where the id in Slack stands.
    pub slack_user: Option<String>,
    /// How many worked here at the last reading of an earlier run; none if that is not known.
    pub known: usize,
    /// How it is reached.
    pub reach: Reach,
}

impl GoogleSettings {
    /// The usual settings.
    ///
    /// # Errors
    /// None in truth: the address is a constant.
    pub fn new(key: SecretString, subject: impl Into<String>) -> Result<Self, url::ParseError> {
        Ok(Self {
            key,
            subject: subject.into(),
            customer: "my_customer".to_owned(),
            url: Url::parse("https://admin.googleapis.com")?,
            github_login: None,
            slack_user: None,
            known: 0,
            reach: Reach::default(),
        })
    }
}

/// Google Workspace as a directory.
#[derive(Debug)]
pub struct GoogleDirectory {
    web: Web,
    tokens: Web,
    account: ServiceAccount,
    settings: GoogleSettings,
    last: LastCount,
    clock: SharedClock,
}

/// What the token endpoint answers (RFC 6749, 5.1). A reading takes less time than a token lasts.
#[derive(Deserialize)]
struct Issued {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<i64>,
}

impl GoogleDirectory {
    /// Google by this account.
    ///
    /// # Errors
    /// [`Trouble::Setup`].
    pub fn new(settings: GoogleSettings, clock: SharedClock) -> Result<Self, Trouble> {
        let setup = |why: String| Trouble::Setup { directory: NAME.to_owned(), why };
        let account =
            ServiceAccount::parse(&settings.key).map_err(|error| setup(format!("its key: {error}")))?;
        let web = Web::new(NAME, &settings.url, &settings.reach, clock.clone(), too_often)?;
        let tokens = Web::new(NAME, account.token_uri(), &settings.reach, clock.clone(), |_| false)?;
        let last = LastCount::new(settings.known);
        Ok(Self { web, tokens, account, settings, last, clock })
    }

    /// A token for one reading.
    async fn token(&self) -> Result<Header, Trouble> {
        let now = self.clock.now().timestamp();
        let assertion = self.account.assertion(self.settings.subject.trim(), SCOPE, now);
        let assertion = assertion.map_err(|error| self.tokens.unreadable(error))?;
        let fields = [("grant_type", JWT_BEARER), ("assertion", assertion.as_str())];
        let answer = self.tokens.post_form(self.account.token_uri(), &fields).await?;
        let issued: Issued = answer.json().map_err(|_| self.tokens.unreadable("the token cannot be read"))?;
        if issued.expires_in.is_some_and(|seconds| TimeDelta::seconds(seconds) < TimeDelta::minutes(1)) {
            return Err(self.tokens.unreadable("the token does not last"));
        }
        if issued.access_token.expose_secret().trim().is_empty() {
            return Err(self.tokens.unreadable("the token is empty"));
        }
        authorization(NAME, "Bearer", &issued.access_token)
    }

    fn person(&self, record: &Json) -> Result<Option<Person>, Unfit> {
        // An archived account keeps its data and cannot sign in.
        let off = |name: &str| match &record[name] {
            Json::Null => Ok(false),
            Json::Bool(off) => Ok(*off),
            _ => Err(Unfit::Odd(Field::Active)),
        };
        let active = !(off("suspended")? || off("archived")?);
        person(
            |_| true,
            |field| {
                let pointer = match field {
                    Field::Active => return Ok(vec![active.to_string()]),
                    Field::OtherEmails => return Ok(other_emails(record)),
                    Field::Department => return Ok(department(record).into_iter().collect()),
                    Field::Manager => return Ok(manager(record).into_iter().collect()),
                    Field::Id => "/id",
                    Field::UserName | Field::Email => "/primaryEmail",
                    Field::Name => "/name/fullName",
                    Field::Groups | Field::GithubId | Field::Changed => return Ok(Vec::new()),
                    Field::GithubLogin => self.settings.github_login.as_deref().unwrap_or("/-"),
                    Field::SlackUser => self.settings.slack_user.as_deref().unwrap_or("/-"),
                };
                values(field, record, pointer)
            },
        )
        .map(Some)
    }
}

fn list<'a>(record: &'a Json, name: &str) -> impl Iterator<Item = &'a Json> {
    record[name].as_array().into_iter().flatten()
}

fn is_primary(one: &Json) -> bool {
    one["primary"] == Json::Bool(true)
}

/// Other addresses. People write what they like there, so what is none is left out.
fn other_emails(record: &Json) -> Vec<String> {
    let written = list(record, "emails").filter_map(|one| one["address"].as_str());
    let aliases = list(record, "aliases").filter_map(Json::as_str);
    let all = aliases.chain(written).filter(|one| crate::Email::parse(one).is_some());
    all.map(str::to_owned).collect()
}

fn department(record: &Json) -> Option<String> {
    let of = |one: &Json| one["department"].as_str().map(str::to_owned);
    let primary = list(record, "organizations").find(|one| is_primary(one)).and_then(of);
    primary.or_else(|| list(record, "organizations").find_map(of))
}

fn manager(record: &Json) -> Option<String> {
    let found = list(record, "relations").find(|one| one["type"] == "manager")?;
    Some(found["value"].as_str()?.to_owned())
}

/// Google says in the body of a 403 whether it was asked too often, or may not be asked.
fn too_often(body: &Json) -> bool {
    let reason = body.pointer("/error/errors/0/reason").or_else(|| body.pointer("/error/status"));
    matches!(
        reason.and_then(Json::as_str),
        Some("rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" | "RESOURCE_EXHAUSTED")
    )
}

#[async_trait]
impl Reader for GoogleDirectory {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn roll(&self) -> Result<Roll, Trouble> {
        let at = self.clock.now();
        let headers = [self.token().await?];
        let custom = self.settings.github_login.is_some() || self.settings.slack_user.is_some();
        let query = [
            ("customer", self.settings.customer.as_str()),
            ("maxResults", PAGE),
            ("orderBy", "email"),
            // Attributes of the company's own are shown in full only.
            ("projection", if custom { "full" } else { "basic" }),
        ];
        let first = self.web.address(&["admin", "directory", "v1", "users"], &query)?;
        let read = |here: &Url, answer: &Answer| {
            let mut body = self.web.json(answer)?;
            let records = match body.get_mut("users").map(Json::take) {
                Some(Json::Array(records)) => records,
                // Google leaves an empty list out.
                None if body.is_object() => Vec::new(),
                _ => return Err(self.web.unreadable("the users are no list")),
            };
            let next = match &body["nextPageToken"] {
                Json::Null => None,
                Json::String(token) if token.is_empty() => None,
                Json::String(token) => Some(super::http::with_parameter(here, "pageToken", token)),
                _ => return Err(self.web.unreadable("the next page is no text")),
            };
            Ok((records, next))
        };
        let records = self.web.all(first, &headers, read).await?;
        let (people, unread) = sorted(&records, |record| self.person(record));
        self.last.check(Roll::new(NAME, at, people, unread)?)
    }
}
