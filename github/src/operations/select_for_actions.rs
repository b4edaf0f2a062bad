//! `github.select_for_actions`: whether a repository is on its organisation's list of those where Actions may
//! run.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, described, operation};
use crate::path::Path;

const KIND: &str = "github.select_for_actions";

/// Puts a repository on its organisation's list, or takes it off. Gives `full_name`, `selected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectForActions {
    /// Which repository.
    pub repo: RepoRef,
    /// Whether it is to be on the list.
    pub selected: bool,
}

impl SelectForActions {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, done: bool) -> Applied {
        let back = Self { repo: target.as_ref(), selected: !self.selected };
        Applied {
            output: json!({ "full_name": target.full_name, "selected": self.selected }),
            inverse: done.then(|| back.operation()),
            note: (!done).then(|| "already so".into()),
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
        let select: SelectForActions = input(json)?;
        let what = if select.selected {
            "on the organisation's list of repositories where Actions may run"
        } else {
            "off the organisation's list of repositories where Actions may run"
        };
        Ok(described(what, Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let select: SelectForActions = input(json)?;
        let target = select.repo.target()?;
        let repository = self.0.still_there(&target).await?;
        let now = self.0.reader.is_selected_for_actions(&repository).await?;
        Ok(if now == select.selected {
            Observed::Ours(select.applied(&target, true))
        } else {
            Observed::Absent
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let select: SelectForActions = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = select.repo.target()?;
        let owner = &target.full_name.owner;
        let repository = self.0.still_there(&target).await?;
        if self.0.reader.is_selected_for_actions(&repository).await? == select.selected {
            return Ok(select.applied(&target, false));
        }
        let list = Path::org(owner).then("actions").then("permissions").then("repositories");
        let path = list.number(repository.id);
        let answer = if select.selected {
            writer.put(owner, path, json!({})).await?
        } else {
            writer.delete(owner, path).await?
        };
        match answer.status.as_u16() {
            204 => Ok(select.applied(&target, true)),
            409 => Err(OperationError::permanent(
                format!("{owner} has no list any more of repositories where Actions may run. Ask again."),
                format!("{owner}: 409 {}", answer.message()),
            )),
            _ => Err(self.0.refused(&answer, &target.full_name).await),
        }
    }
}
