//! `github.set_default_branch`: which of a repository's branches people see first and pull requests go into.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, described, operation};
use crate::names::BranchName;
use crate::path::Path;

const KIND: &str = "github.set_default_branch";

/// Makes a branch that exists the default one. Gives `full_name`, `from`, `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetDefaultBranch {
    /// Which repository.
    pub repo: RepoRef,
    /// The branch.
    pub to: BranchName,
    /// Which it was when the plan was made, for the way back after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BranchName>,
}

impl SetDefaultBranch {
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
        let set: SetDefaultBranch = input(json)?;
        let what = match &set.from {
            Some(from) => format!("default branch {} in place of {from}", set.to),
            None => format!("default branch {}", set.to),
        };
        Ok(described(what, Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetDefaultBranch = input(json)?;
        let target = set.repo.target()?;
        let now = self.0.still_there(&target).await?.default_branch;
        Ok(if now == set.to.as_str() {
            Observed::Ours(set.applied(&target, set.from.clone(), None))
        } else if set.from.as_ref().is_none_or(|from| from.as_str() == now) {
            Observed::Absent
        } else {
            let words = format!("The default branch of {} is {now} by now.", target.full_name);
            Observed::Different(words.into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetDefaultBranch = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = set.repo.target()?;
        let name = &target.full_name;
        let now = self.0.still_there(&target).await?;
        if now.default_branch == set.to.as_str() {
            return Ok(set.applied(&target, None, Some("already so")));
        }
        let body = json!({ "default_branch": set.to });
        let answer = writer.patch(&name.owner, Path::repository_id(now.id), body).await?;
        match answer.status.as_u16() {
            // A name that we would not take cannot be set back by us either.
            200 => Ok(set.applied(&target, BranchName::parse(&now.default_branch).ok(), None)),
            422 if answer.message().contains("not found") => Err(OperationError::blocked(
                format!("{name} has no branch {}. Push it first, then try again.", set.to),
                format!("{name}: {}", answer.message()),
            )),
            _ => Err(self.0.refused(&answer, name).await),
        }
    }
}
