//! Who we are at GitHub, what we may do there, and how much of the primary limit is left.

use std::collections::BTreeMap;

use chrono::TimeZone as _;
use serde::Deserialize;

use super::{Rate, ReadError, Reader, WhoAmI, found};
use crate::identity::{Identities, Scope};
use crate::names::Owner;
use crate::path::Path;
use crate::transport::JSON;

/// The scopes that a classic token needs, each with those that include it
/// (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps>).
const SCOPES: &[(&str, &[&str])] =
    &[("repo", &[]), ("read:org", &["write:org", "admin:org"]), ("delete_repo", &[])];

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct AppAnswer {
    #[serde(default)]
    name: String,
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
    /// Who we are at GitHub, and what we lack.
    ///
    /// # Errors
    /// It could not be read, or GitHub does not accept the credentials.
    pub async fn whoami(&self) -> Result<WhoAmI, ReadError> {
        const SUBJECT: &str = "this bot's own account";
        let absent = || ReadError::unexpected(SUBJECT, "404");
        if matches!(self.0.identities, Identities::App(_)) {
            let answer = self.0.read_ourselves(Path::fixed("app")).await?;
            let app: AppAnswer = found(&answer, SUBJECT)?.ok_or_else(absent)?;
            return Ok(WhoAmI {
                login: app.name,
                app: true,
                missing: missing_permissions(&app.permissions),
                allowed: Some(
                    app.permissions.iter().map(|(name, level)| format!("{name}={level}")).collect(),
                ),
                expires: None,
            });
        }
        let answer = self.0.read_ourselves(Path::fixed("user")).await?;
        let user: User = found(&answer, SUBJECT)?.ok_or_else(absent)?;
        let scopes = answer.scopes();
        Ok(WhoAmI {
            login: user.login,
            app: false,
            missing: scopes.as_deref().map(missing_scopes).unwrap_or_default(),
            allowed: scopes,
            expires: answer.header("github-authentication-token-expiration").map(str::to_owned),
        })
    }

    /// What the App lacks in one organisation: its owners may have let in less than the App asks for. Empty
    /// for a token, whose scopes hold everywhere ([`Reader::whoami`]).
    ///
    /// # Errors
    /// It could not be read, or the App is not installed there.
    pub async fn missing_in(&self, org: &str) -> Result<Vec<String>, ReadError> {
        let org = Owner::parse(org)?;
        if !matches!(self.0.identities, Identities::App(_)) {
            return Ok(Vec::new());
        }
        let answer = self.0.read_ourselves(Path::org(&org).then("installation")).await?;
        match found::<AppAnswer>(&answer, org.as_str())? {
            Some(installation) => Ok(missing_permissions(&installation.permissions)),
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

fn missing_scopes(have: &[String]) -> Vec<String> {
    let has = |scope: &str| have.iter().any(|have| have == scope);
    SCOPES
        .iter()
        .filter(|(scope, wider)| !has(scope) && !wider.iter().any(|wider| has(wider)))
        .map(|(scope, _)| (*scope).to_owned())
        .collect()
}

fn missing_permissions(have: &BTreeMap<String, String>) -> Vec<String> {
    Scope::Repositories
        .permissions()
        .iter()
        .filter(|(name, level)| {
            !matches!(
                (have.get(*name).map(String::as_str), *level),
                (Some("write" | "admin"), _) | (Some("read"), "read")
            )
        })
        .map(|(name, level)| format!("{name}={level}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_githubs_words() {
        let scopes =
            |list: &[&str]| missing_scopes(&list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(scopes(&["repo", "admin:org", "delete_repo"]), Vec::<String>::new());
        assert_eq!(scopes(&["public_repo"]), ["repo", "read:org", "delete_repo"]);
        let permissions = |list: &[(&str, &str)]| {
            missing_permissions(&list.iter().map(|(n, l)| ((*n).to_owned(), (*l).to_owned())).collect())
        };
        assert_eq!(
            permissions(&[("metadata", "read"), ("administration", "read"), ("members", "write")]),
            ["administration=write", "contents=write"]
        );
    }
}
