//! Deploy keys (<https://docs.github.com/en/rest/deploy-keys/deploy-keys>).

use hubcommander_sdk::clock::Instant;
use serde::Deserialize;

use super::rules::owner;
use super::{ReadError, Reader, Repository, found};
use crate::path::Path;
use crate::transport::JSON;

/// A key that lets a machine at one repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeployKey {
    /// GitHub's number for it.
    pub id: u64,
    /// Type and content.
    pub key: String,
    /// What it is for.
    #[serde(default)]
    pub title: String,
    /// Whether it cannot push.
    pub read_only: bool,
    /// Who added it, by login.
    #[serde(default)]
    pub added_by: Option<String>,
    /// Since when it is there, to the second.
    #[serde(default)]
    pub created_at: Option<Instant>,
    /// When somebody last came with it.
    #[serde(default)]
    pub last_used: Option<Instant>,
}

impl Reader {
    /// The deploy keys of a repository.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn deploy_keys(&self, repository: &Repository) -> Result<Vec<DeployKey>, ReadError> {
        let path = Path::repository_id(repository.id).then("keys");
        let subject = format!("the deploy keys of {}", repository.full_name);
        Ok(self.pages(&owner(repository)?, &path, &subject).await?.items)
    }

    /// A deploy key of a repository; `None` if there is none of that number.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn deploy_key(&self, repository: &Repository, id: u64) -> Result<Option<DeployKey>, ReadError> {
        let path = Path::repository_id(repository.id).then("keys").number(id);
        let answer = self.0.read(&owner(repository)?, path, JSON).await?;
        found(&answer, &format!("a deploy key of {}", repository.full_name))
    }
}
