//! Lists, read page by page. Pages are counted, never followed: an address in an answer is not ours.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;

use super::{Listing, ReadError, Reader, Repository, Team};
use crate::answer::Answer;
use crate::names::Owner;
use crate::path::Path;
use crate::transport::JSON;

const PER_PAGE: u64 = 100;
/// We read no more pages than this.
const MOST_PAGES: u64 = 50;
/// Pages that are read side by side.
const SIDE_BY_SIDE: usize = 6;

/// The names of an organisation's repositories, without it, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryNames {
    /// All of them.
    pub all: Vec<String>,
    /// Those that are templates.
    pub templates: Vec<String>,
}

impl RepositoryNames {
    fn of(mut repositories: Vec<Repository>) -> Self {
        repositories.sort_by_cached_key(|repository| repository.full_name.to_lowercase());
        let mut names = Self::default();
        for repository in repositories {
            let name = repository.full_name.rsplit('/').next().unwrap_or_default().to_owned();
            if repository.is_template {
                names.templates.push(name.clone());
            }
            names.all.push(name);
        }
        names
    }
}

impl Reader {
    /// The teams of an organisation that the account can see.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn teams(&self, org: &str) -> Result<Listing<Team>, ReadError> {
        let org = Owner::parse(org)?;
        self.pages(&org, &Path::org(&org).then("teams"), &format!("the teams of {org}")).await
    }

    /// The repositories of an organisation that the account can see, at most 5,000.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn repositories(&self, org: &str) -> Result<Listing<Repository>, ReadError> {
        let org = Owner::parse(org)?;
        self.pages(&org, &Path::org(&org).then("repos"), &format!("the repositories of {org}")).await
    }

    /// The names of an organisation's repositories, not older than a minute: for completion while a person
    /// types. Who stops waiting does not stop the reading, so the next one finds them.
    ///
    /// # Errors
    /// They could not be read, now or a moment ago.
    pub async fn repository_names(&self, org: &str) -> Result<Arc<RepositoryNames>, ReadError> {
        let key = Owner::parse(org)?.as_str().to_ascii_lowercase();
        let (reader, org) = (self.clone(), key.clone());
        self.0
            .repository_names
            .get(&key, || async move { Ok(RepositoryNames::of(reader.repositories(&org).await?.items)) })
            .await
    }

    /// The slugs of an organisation's teams, sorted, not older than a minute; as
    /// [`Reader::repository_names`].
    ///
    /// # Errors
    /// They could not be read, now or a moment ago.
    pub async fn team_slugs(&self, org: &str) -> Result<Arc<Vec<String>>, ReadError> {
        let key = Owner::parse(org)?.as_str().to_ascii_lowercase();
        let (reader, org) = (self.clone(), key.clone());
        let slugs = || async move {
            let teams = reader.teams(&org).await?.items;
            let mut slugs: Vec<String> = teams.into_iter().map(|team| team.slug).collect();
            slugs.sort();
            Ok(slugs)
        };
        self.0.team_slugs.get(&key, slugs).await
    }

    pub(super) async fn pages<T: DeserializeOwned + Send>(
        &self,
        org: &Owner,
        path: &Path,
        subject: &str,
    ) -> Result<Listing<T>, ReadError> {
        self.pages_up_to(org, path, subject, MOST_PAGES).await
    }

    pub(super) async fn pages_up_to<T: DeserializeOwned + Send>(
        &self,
        org: &Owner,
        path: &Path,
        subject: &str,
        most: u64,
    ) -> Result<Listing<T>, ReadError> {
        let page = |number: u64| {
            let path = path.clone().query("per_page", PER_PAGE).query("page", number);
            async move { Ok::<_, ReadError>(self.0.read(org, path, JSON).await?) }
        };
        let first = page(1).await?;
        let mut items: Vec<T> = items(&first, subject)?;
        // GitHub may only name the next page; then the last is not known before it is there.
        let mut read = 1;
        let mut last = first.last_page().unwrap_or(1);
        while read < last.min(most) {
            let batch = (read + 1)..=last.min(most);
            let answers: Vec<Answer> =
                stream::iter(batch.map(page)).buffered(SIDE_BY_SIDE).try_collect().await?;
            for answer in &answers {
                items.extend(self::items::<T>(answer, subject)?);
            }
            read = last.min(most);
            last = answers.last().and_then(Answer::last_page).map_or(last, |further| further.max(last));
        }
        Ok(Listing { items, complete: last <= most })
    }
}

pub(super) fn items<T: DeserializeOwned>(answer: &Answer, subject: &str) -> Result<Vec<T>, ReadError> {
    if answer.status.as_u16() != 200 {
        return Err(ReadError::unexpected_answer(answer, subject));
    }
    answer.json().map_err(|error| ReadError::unexpected(subject, &error.to_string()))
}
