//! Okta's users (<https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/>).
//!
//! Without a filter Okta lists everybody but those who are deactivated, so whoever is gone from the list has left.

use async_trait::async_trait;
use hubcommander_outbound::Answer;
use hubcommander_sdk::clock::SharedClock;
use secrecy::SecretString;
use serde_json::Value as Json;
use url::Url;

use super::LastCount;
use super::http::sorted;
use super::web::{Header, Reach, Web, authorization};
use crate::mapping::{Field, Unfit, person, values};
use crate::{Person, Reader, Roll, Trouble};

const NAME: &str = "Okta";

/// As many as Okta gives at once.
const PAGE: &str = "200";

/// How Okta is asked.
#[derive(Clone, Debug)]
pub struct OktaSettings {
    /// `https://example.okta.com`.
    pub url: Url,
    /// An API token of somebody who may read users, or an access token with `okta.users.read`.
    pub token: SecretString,
    /// What stands before the token: `SSWS` for an API token, `Bearer` for an access token.
    pub scheme: String,
    /// The attribute of the profile with the login at GitHub, if there is one.
    pub github_login: Option<String>,
    /// The attribute of the profile with the id in Slack, if there is one.
    pub slack_user: Option<String>,
    /// How many worked here at the last reading of an earlier run; none if that is not known.
    pub known: usize,
    /// How it is reached.
    pub reach: Reach,
}

impl OktaSettings {
    /// The usual settings.
    #[must_use]
    pub fn new(url: Url, token: SecretString) -> Self {
        Self {
            url,
            token,
            scheme: "SSWS".to_owned(),
            github_login: None,
            slack_user: None,
            known: 0,
            reach: Reach::default(),
        }
    }
}

/// Okta as a directory.
#[derive(Debug)]
pub struct OktaDirectory {
    web: Web,
    headers: Vec<Header>,
    /// Pointers to the profile's own attributes.
    accounts: [(Field, Option<String>); 2],
    last: LastCount,
    clock: SharedClock,
}

impl OktaDirectory {
    /// Okta at this address.
    ///
    /// # Errors
    /// [`Trouble::Setup`].
    pub fn new(settings: &OktaSettings, clock: SharedClock) -> Result<Self, Trouble> {
        let web = Web::new(NAME, &settings.url, &settings.reach, clock.clone(), |_| false)?;
        let headers = vec![authorization(NAME, &settings.scheme, &settings.token)?];
        let pointer = |attribute: &Option<String>| {
            attribute.as_ref().map(|one| format!("/profile/{}", one.replace('~', "~0").replace('/', "~1")))
        };
        let accounts = [
            (Field::GithubLogin, pointer(&settings.github_login)),
            (Field::SlackUser, pointer(&settings.slack_user)),
        ];
        Ok(Self { web, headers, accounts, last: LastCount::new(settings.known), clock })
    }

    /// Somebody; `None` if they are not there yet.
    fn person(&self, record: &Json) -> Result<Option<Person>, Unfit> {
        let active = match record["status"].as_str() {
            // Whoever is locked out has mistyped a password, and works here.
            Some("ACTIVE" | "PROVISIONED" | "RECOVERY" | "PASSWORD_EXPIRED" | "LOCKED_OUT") => "true",
            Some("SUSPENDED" | "DEPROVISIONED") => "false",
            Some("STAGED") => return Ok(None),
            Some(_) => return Err(Unfit::Odd(Field::Active)),
            None => return Err(Unfit::Missing(Field::Active)),
        };
        let profile = |name: &str| record["profile"][name].as_str().unwrap_or_default().trim();
        let joined = format!("{} {}", profile("firstName"), profile("lastName"));
        let names = [profile("displayName"), joined.trim()];
        let name = names.into_iter().find(|one| !one.is_empty()).unwrap_or_default();
        person(
            |_| true,
            |field| {
                let pointer = match field {
                    Field::Active => return Ok(vec![active.to_owned()]),
                    Field::Name => return Ok(vec![name.to_owned()]),
                    Field::Id => "/id",
                    Field::UserName => "/profile/login",
                    Field::Email => "/profile/email",
                    Field::OtherEmails => "/profile/secondEmail",
                    Field::Department => "/profile/department",
                    Field::Manager => "/profile/managerId",
                    Field::Changed => "/lastUpdated",
                    Field::Groups | Field::GithubId => return Ok(Vec::new()),
                    Field::GithubLogin | Field::SlackUser => {
                        let found = self.accounts.iter().find(|(one, _)| *one == field);
                        match found.and_then(|(_, pointer)| pointer.as_deref()) {
                            Some(pointer) => pointer,
                            None => return Ok(Vec::new()),
                        }
                    }
                };
                values(field, record, pointer)
            },
        )
        .map(Some)
    }
}

#[async_trait]
impl Reader for OktaDirectory {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn roll(&self) -> Result<Roll, Trouble> {
        let at = self.clock.now();
        let first = self.web.address(&["api", "v1", "users"], &[("limit", PAGE)])?;
        let read = |here: &Url, answer: &Answer| {
            let Json::Array(records) = self.web.json(answer)? else {
                return Err(self.web.unreadable("the users are no list"));
            };
            let next = self.web.next(here, answer)?;
            Ok((records, next))
        };
        let records = self.web.all(first, &self.headers, read).await?;
        let (people, unread) = sorted(&records, |record| self.person(record));
        self.last.check(Roll::new(NAME, at, people, unread)?)
    }
}
