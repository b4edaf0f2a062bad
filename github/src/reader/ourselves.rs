//! Who we are at GitHub, what we may do there, and how much of the primary limit is left.

use std::collections::BTreeMap;

use chrono::TimeZone as _;
use serde::Deserialize;

use super::{Rate, ReadError, Reader, WhoAmI, found};
use crate::names::Owner;
use crate::path::Path;
use crate::transport::JSON;

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct AppAnswer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RateAnswer {
    resources: Resources,
}

#[derive(Deserialize)]
struct Resources {
    core: Option<Core>,
}

#[derive(Deserialize)]
struct Core {
    limit: u64,
    remaining: u64,
    reset: i64,
}

impl Reader {
    /// The number of our own account; `None` for an App, which is no member of anything.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn own_id(&self) -> Result<Option<u64>, ReadError> {
        const SUBJECT: &str = "this bot's own account";
        if self.0.identities.has_tokens_of_its_own() {
            return Ok(None);
        }
        let answer = self.0.read_ourselves(Path::fixed("user")).await?;
        let user: Option<super::User> = found(&answer, SUBJECT)?;
        user.map(|user| Some(user.id)).ok_or_else(|| ReadError::unexpected(SUBJECT, "404"))
    }

    /// What GitHub calls us where it says who did something.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn actor(&self) -> Result<String, ReadError> {
        const SUBJECT: &str = "this bot's own account";
        let absent = || ReadError::unexpected(SUBJECT, "404");
        if !self.0.identities.has_tokens_of_its_own() {
            return Ok(self.whoami().await?.login);
        }
        let answer = self.0.read_ourselves(Path::fixed("app")).await?;
        let app: AppAnswer = found(&answer, SUBJECT)?.ok_or_else(absent)?;
        Ok(format!("{}[bot]", app.slug))
    }

    /// Who we are at GitHub, and what we lack.
    ///
    /// # Errors
    /// It could not be read, or GitHub does not accept the credentials.
    pub async fn whoami(&self) -> Result<WhoAmI, ReadError> {
        const SUBJECT: &str = "this bot's own account";
        let absent = || ReadError::unexpected(SUBJECT, "404");
        if self.0.identities.has_tokens_of_its_own() {
            let answer = self.0.read_ourselves(Path::fixed("app")).await?;
            let app: AppAnswer = found(&answer, SUBJECT)?.ok_or_else(absent)?;
            return Ok(WhoAmI {
                login: app.name,
                app: true,
                allowed: Some(in_words(&app.permissions)),
                expires: None,
            });
        }
        let answer = self.0.read_ourselves(Path::fixed("user")).await?;
        let user: User = found(&answer, SUBJECT)?.ok_or_else(absent)?;
        Ok(WhoAmI {
            login: user.login,
            app: false,
            allowed: answer.scopes(),
            expires: answer.header("github-authentication-token-expiration").map(str::to_owned),
        })
    }

    /// What the App may do in one organisation, such as `members=write`: its owners may have let in less than the
    /// App asks for. `None` for a token, whose scopes hold everywhere ([`Reader::whoami`]).
    ///
    /// # Errors
    /// It could not be read, or the App is not installed there.
    pub async fn allowed_in(&self, org: &str) -> Result<Option<Vec<String>>, ReadError> {
        let org = Owner::parse(org)?;
        if !self.0.identities.has_tokens_of_its_own() {
            return Ok(None);
        }
        let answer = self.0.read_ourselves(Path::org(&org).then("installation")).await?;
        match found::<AppAnswer>(&answer, org.as_str())? {
            Some(installation) => Ok(Some(in_words(&installation.permissions))),
            None => Err(crate::failure::Failure::NotInstalled(org.to_string()).into()),
        }
    }

    /// How much of the primary limit is left: of the token, or of the App in this organisation. `None` where
    /// there is no limit, as on most GitHub Enterprise Servers. Asking costs nothing of it.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn rate(&self, org: &str) -> Result<Option<Rate>, ReadError> {
        const SUBJECT: &str = "the rate limit";
        let answer = self.0.read(&Owner::parse(org)?, Path::fixed("rate_limit"), JSON).await?;
        let Some(RateAnswer { resources: Resources { core: Some(core) } }) = found(&answer, SUBJECT)? else {
            return Ok(None);
        };
        let reset = chrono::Utc
            .timestamp_opt(core.reset, 0)
            .single()
            .ok_or_else(|| ReadError::unexpected(SUBJECT, "the reset is no time"))?;
        Ok(Some(Rate { limit: core.limit, remaining: core.remaining, reset }))
    }
}

fn in_words(permissions: &BTreeMap<String, String>) -> Vec<String> {
    permissions.iter().map(|(name, level)| format!("{name}={level}")).collect()
}
