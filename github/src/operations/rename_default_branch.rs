//! `github.rename_default_branch`: what a repository's first branch is called.

use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, described, made_since, operation};
use crate::names::BranchName;
use crate::path::Path;

const KIND: &str = "github.rename_default_branch";

/// GitHub fills a repository made after a template a little later.
const FILLED_WITHIN: Duration = Duration::from_secs(60);

/// Renames a repository's default branch, whatever it is called by then. Gives `full_name`, `from`, `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameDefaultBranch {
    /// Which repository.
    pub repo: RepoRef,
    /// What the branch is to be called.
    pub to: BranchName,
    /// What it was called when the plan was made, for the way back after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BranchName>,
}

impl RenameDefaultBranch {
    /// On a repository that an earlier step of the same plan makes. It must begin with a commit: an empty
    /// repository has no branch to rename.
    #[must_use]
    pub fn on_new(step: &str, to: BranchName) -> Self {
        Self { repo: RepoRef::made_by(step), to, from: None }
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, from: Option<BranchName>, note: Option<&str>) -> Applied {
        let back =
            from.clone().map(|from| Self { repo: target.as_ref(), to: from, from: Some(self.to.clone()) });
        Applied {
            output: json!({ "full_name": target.full_name, "from": from, "to": self.to }),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

pub(super) struct Does(pub(super) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let rename: RenameDefaultBranch = input(json)?;
        Ok(described(format!("default branch {}", rename.to), Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let rename: RenameDefaultBranch = input(json)?;
        let target = rename.repo.target()?;
        let now = self.0.still_there(&target).await?;
        Ok(if now.default_branch == rename.to.as_str() {
            Observed::Ours(rename.applied(&target, rename.from.clone(), None))
        } else {
            Observed::Absent
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let rename: RenameDefaultBranch = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = rename.repo.target()?;
        let name = &target.full_name;
        let now = self.0.still_there(&target).await?;
        if now.default_branch == rename.to.as_str() {
            return Ok(rename.applied(&target, None, Some("already so")));
        }
        let from = BranchName::parse(&now.default_branch).map_err(|bad| {
            OperationError::permanent(
                format!("The default branch of {name} cannot be renamed."),
                bad.to_string(),
            )
        })?;
        let path = Path::repository_id(now.id).branch(&from).then("rename");
        let answer = writer.post(&name.owner, path, json!({ "new_name": rename.to })).await?;
        match answer.status.as_u16() {
            201 => Ok(rename.applied(&target, Some(from), None)),
            404 if made_since(&now, self.0.account.clock.now() - FILLED_WITHIN) => {
                Err(OperationError::Temporary {
                    what: format!("{name} has no branch {from} yet. Try again in a minute.").into(),
                    retry_after: Some(Duration::from_secs(2)),
                    log: format!(
                        "{name}: 404 on branch {from} (request {})",
                        answer.request_id().unwrap_or("-")
                    ),
                })
            }
            404 => Err(OperationError::blocked(
                format!("{name} has no branch {from}. Push a first commit to it, then try again."),
                format!("{name}: 404 on branch {from}"),
            )),
            422 if answer.says_taken() => Err(OperationError::permanent(
                format!("{name} has a branch {} already. Choose another name.", rename.to),
                format!("{name}: {}", answer.message()),
            )),
            _ => Err(self.0.refused(&answer, name).await),
        }
    }
}
