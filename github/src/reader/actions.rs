//! Whether Actions run (<https://docs.github.com/en/rest/actions/permissions>).

use serde::{Deserialize, Serialize};

use super::rules::owner;
use super::{ReadError, ReadErrorKind, Reader, Repository, found};
use crate::names::Owner;
use crate::path::Path;
use crate::transport::JSON;

/// So many pages of 100 of an organisation's list are read.
const MOST_PAGES: u64 = 50;

/// How a repository stands to Actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actions {
    /// Whether they run.
    pub enabled: bool,
    /// Which may run: `all`, `local_only` or `selected`. Only told where they run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_actions: Option<String>,
    /// Whether they must be named by commit. Only told where they run, and not by all servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha_pinning_required: Option<bool>,
}

/// In which of its repositories an organisation lets Actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionsWhere {
    /// In all.
    All,
    /// In none.
    None,
    /// In those on a list.
    Selected,
}

#[derive(Deserialize)]
struct Policy {
    enabled_repositories: ActionsWhere,
}

#[derive(Deserialize)]
struct Selected {
    repositories: Vec<WithId>,
}

#[derive(Deserialize)]
struct WithId {
    id: u64,
}

impl Reader {
    /// How a repository stands to Actions.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn actions(&self, repository: &Repository) -> Result<Actions, ReadError> {
        let path = Path::repository_id(repository.id).then("actions").then("permissions");
        let subject = format!("whether Actions run in {}", repository.full_name);
        let answer = self.0.read(&owner(repository)?, path, JSON).await?;
        found(&answer, &subject)?.ok_or_else(|| ReadError::unexpected_answer(&answer, &subject))
    }

    /// In which of its repositories an organisation lets Actions run; `None` if we may not know.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn actions_where(&self, org: &str) -> Result<Option<ActionsWhere>, ReadError> {
        let org = Owner::parse(org)?;
        let path = Path::org(&org).then("actions").then("permissions");
        let answer = self.0.read(&org, path, JSON).await?;
        match found::<Policy>(&answer, &format!("where Actions run in {org}")) {
            Ok(policy) => Ok(policy.map(|policy| policy.enabled_repositories)),
            Err(error) if matches!(error.kind, ReadErrorKind::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a repository is on its organisation's list of those where Actions may run. Not if there is no
    /// such list.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn is_selected_for_actions(&self, repository: &Repository) -> Result<bool, ReadError> {
        let owner = owner(repository)?;
        let subject = format!("where Actions run in {owner}");
        for page in 1..=MOST_PAGES {
            let path = Path::org(&owner).then("actions").then("permissions").then("repositories");
            let answer = self.0.read(&owner, path.query("per_page", 100).query("page", page), JSON).await?;
            // There is a list only where some are selected.
            if answer.status.as_u16() == 409 {
                return Ok(false);
            }
            let selected: Selected =
                found(&answer, &subject)?.ok_or_else(|| ReadError::unexpected_answer(&answer, &subject))?;
            if selected.repositories.iter().any(|one| one.id == repository.id) {
                return Ok(true);
            }
            if answer.last_page().is_none_or(|last| last <= page) {
                return Ok(false);
            }
        }
        Ok(false)
    }
}
