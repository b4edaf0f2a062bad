//! `github.set_actions`: whether Actions run in a repository, and which.

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
use crate::reader::Actions;

const KIND: &str = "github.set_actions";

/// Lets Actions run in a repository, or not. Gives `full_name`, `enabled`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetActions {
    /// In which repository.
    pub repo: RepoRef,
    /// What is to be. What is left out stays as it is.
    pub to: Actions,
    /// What was when the plan was made, for the way back after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Actions>,
}

impl SetActions {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    /// Whether this is what is wanted. Of where nothing runs GitHub tells no more than that.
    fn is(now: &Actions, wanted: &Actions) -> bool {
        let same = |wanted: bool| !now.enabled || wanted;
        now.enabled == wanted.enabled
            && same(wanted.allowed_actions.is_none() || wanted.allowed_actions == now.allowed_actions)
            && same(
                wanted.sha_pinning_required.is_none()
                    || wanted.sha_pinning_required == now.sha_pinning_required,
            )
    }

    fn applied(&self, target: &Target, before: Option<Actions>, note: Option<&str>) -> Applied {
        let back =
            before.map(|before| Self { repo: target.as_ref(), to: before, before: Some(self.to.clone()) });
        Applied {
            output: json!({ "full_name": target.full_name, "enabled": self.to.enabled }),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

fn which(actions: &Actions) -> &'static str {
    match actions.allowed_actions.as_deref() {
        Some("local_only") => ", those of the same owner",
        Some("selected") => ", those on the list",
        _ => "",
    }
}

pub(super) struct Does(pub(super) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetActions = input(json)?;
        let what = if set.to.enabled {
            format!("Actions may run{}", which(&set.to))
        } else {
            "Actions may not run".to_owned()
        };
        Ok(described(what, Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetActions = input(json)?;
        let target = set.repo.target()?;
        let repository = self.0.still_there(&target).await?;
        let now = self.0.reader.actions(&repository).await?;
        Ok(if SetActions::is(&now, &set.to) {
            Observed::Ours(set.applied(&target, set.before.clone(), None))
        } else if set.before.as_ref().is_none_or(|before| SetActions::is(&now, before)) {
            Observed::Absent
        } else {
            Observed::Different(format!("{} has other settings for Actions by now.", target.full_name).into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetActions = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = set.repo.target()?;
        let name = &target.full_name;
        let repository = self.0.still_there(&target).await?;
        let before = self.0.reader.actions(&repository).await?;
        if SetActions::is(&before, &set.to) {
            return Ok(set.applied(&target, None, Some("already so")));
        }
        let path = Path::repository_id(repository.id).then("actions").then("permissions");
        let answer = writer.put(&name.owner, path, json!(set.to)).await?;
        match answer.status.as_u16() {
            204 => Ok(set.applied(&target, Some(before), None)),
            // Not that GitHub is busy: the organisation's policy is in the way.
            409 => Err(OperationError::blocked(
                format!(
                    "{} does not let Actions run in {name}. Ask one of its owners to allow it in the organisation's \
                     settings.",
                    name.owner
                ),
                format!("{name}: 409 {}", answer.message()),
            )),
            _ => Err(self.0.refused(&answer, name).await),
        }
    }
}
