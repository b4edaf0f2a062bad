//! Lists, read page by page. Pages are counted, never followed: an address in an answer is not ours.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;

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
/// How long the names of an organisation's repositories are taken as known.
const NAMES_KEPT: Duration = Duration::from_secs(60);

/// The names of repositories, kept shortly, per organisation. Each has a lock of its own, so that many who
/// ask at one time ask GitHub once.
#[derive(Debug, Default)]
pub(crate) struct NameCache(Mutex<HashMap<String, Arc<Mutex<Option<Names>>>>>);

#[derive(Debug)]
struct Names {
    read_at: Instant,
    names: Vec<String>,
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

    /// The names of an organisation's repositories, sorted, not older than a minute: for completion while a
    /// person types.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn repository_names(&self, org: &str) -> Result<Vec<String>, ReadError> {
        let key = Owner::parse(org)?.as_str().to_ascii_lowercase();
        let slot = {
            let mut cache = self.0.repository_names.0.lock().await;
            if cache.len() > 200 {
                cache.clear();
            }
            Arc::clone(cache.entry(key).or_default())
        };
        let mut kept = slot.lock().await;
        if let Some(names) = kept.as_ref().filter(|names| names.read_at.elapsed() < NAMES_KEPT) {
            return Ok(names.names.clone());
        }
        let listing = self.repositories(org).await?;
        let name = |full_name: &str| full_name.rsplit('/').next().unwrap_or_default().to_owned();
        let mut names: Vec<String> = listing.items.iter().map(|repo| name(&repo.full_name)).collect();
        names.sort_by_key(|name| name.to_lowercase());
        *kept = Some(Names { read_at: Instant::now(), names: names.clone() });
        Ok(names)
    }

    async fn pages<T: DeserializeOwned + Send>(
        &self,
        org: &Owner,
        path: &Path,
        subject: &str,
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
        while read < last.min(MOST_PAGES) {
            let batch = (read + 1)..=last.min(MOST_PAGES);
            let answers: Vec<Answer> =
                stream::iter(batch.map(page)).buffered(SIDE_BY_SIDE).try_collect().await?;
            for answer in &answers {
                items.extend(self::items::<T>(answer, subject)?);
            }
            read = last.min(MOST_PAGES);
            last = answers.last().and_then(Answer::last_page).map_or(last, |further| further.max(last));
        }
        Ok(Listing { items, complete: last <= MOST_PAGES })
    }
}

fn items<T: DeserializeOwned>(answer: &Answer, subject: &str) -> Result<Vec<T>, ReadError> {
    if answer.status.as_u16() != 200 {
        return Err(ReadError::unexpected_answer(answer, subject));
    }
    answer.json().map_err(|error| ReadError::unexpected(subject, &error.to_string()))
}
