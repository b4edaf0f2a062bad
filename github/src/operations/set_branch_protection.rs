//! `github.set_branch_protection`: the classic protection of a branch, as a whole.

use std::collections::BTreeSet;

use async_trait::async_trait;
use http::StatusCode;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, described, operation};
use crate::answer::Answer;
use crate::names::BranchName;
use crate::path::Path;
use crate::protection::{Protection, RawProtection};
use crate::reader::Repository;
use crate::writer::Writer;

const KIND: &str = "github.set_branch_protection";

/// Protects a branch so, or not at all. Gives `full_name`, `branch`, `protected`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetBranchProtection {
    /// Of which repository.
    pub repo: RepoRef,
    /// Which branch.
    pub branch: BranchName,
    /// What is to be.
    pub to: Protected,
    /// What was when the plan was made, for the way back after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Protected>,
}

/// Whether a branch is protected, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protected {
    /// Not at all.
    Not,
    /// So.
    By(Box<Protection>),
}

impl Protected {
    fn protection(&self) -> Option<&Protection> {
        match self {
            Self::Not => None,
            Self::By(protection) => Some(protection),
        }
    }
}

impl From<Option<Protection>> for Protected {
    fn from(protection: Option<Protection>) -> Self {
        protection.map_or(Self::Not, |protection| Self::By(Box::new(protection)))
    }
}

impl SetBranchProtection {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    /// In what it asks less than before.
    fn loosened(&self) -> Vec<&'static str> {
        match (self.before.as_ref().and_then(Protected::protection), &self.to) {
            (_, Protected::Not) => vec!["no protection"],
            (Some(before), Protected::By(now)) => now.weaker_than(before),
            (None, Protected::By(_)) => Vec::new(),
        }
    }

    fn applied(&self, target: &Target, before: Option<Protected>, note: Option<String>) -> Applied {
        let back = before.map(|before| Self {
            repo: target.as_ref(),
            branch: self.branch.clone(),
            to: before,
            before: Some(self.to.clone()),
        });
        Applied {
            output: json!({
                "full_name": target.full_name,
                "branch": self.branch,
                "protected": self.to != Protected::Not,
            }),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

pub(super) struct Does(pub(super) Access);

impl Does {
    async fn now(&self, repository: &Repository, branch: &BranchName) -> Result<Protected, OperationError> {
        Ok(self.0.reader.protection(repository, branch).await?.into())
    }

    /// What a refused write means. GitHub does not say whether the branch or the repository is missing.
    async fn refused(&self, set: &SetBranchProtection, target: &Target, answer: &Answer) -> OperationError {
        let name = &target.full_name;
        if answer.status == StatusCode::NOT_FOUND {
            if let Err(error) = self.0.still_there(target).await {
                return error;
            }
            if answer.message().contains("Branch not found") {
                return OperationError::blocked(
                    format!("{name} has no branch {} any more. Check the name.", set.branch),
                    format!("{name}: {}", answer.message()),
                );
            }
        }
        self.0.refused(answer, name).await
    }

    /// Signed commits have an address of their own, which is only there once the branch is protected.
    async fn sign(
        &self,
        writer: &Writer<'_>,
        set: &SetBranchProtection,
        target: &Target,
        id: u64,
        on: bool,
    ) -> Result<(), OperationError> {
        let path = Path::repository_id(id).protection(&set.branch).then("required_signatures");
        let owner = &target.full_name.owner;
        let answer =
            if on { writer.post(owner, path, json!({})).await? } else { writer.delete(owner, path).await? };
        match answer.status.as_u16() {
            200 | 204 => Ok(()),
            _ => Err(self.refused(set, target, &answer).await),
        }
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetBranchProtection = input(json)?;
        let loosened = set.loosened();
        let risk = if loosened.is_empty() { Risk::Reversible } else { Risk::Exposing };
        let what = match &set.to {
            Protected::Not => format!("branch {} without classic protection", set.branch),
            Protected::By(protection) => {
                let less = if loosened.is_empty() {
                    String::new()
                } else {
                    format!("; weaker than now: {}", loosened.join(", "))
                };
                format!("branch {}: {}{less}", set.branch, protection.in_words().join(", "))
            }
        };
        Ok(described(what, risk))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |set: &SetBranchProtection| !set.loosened().is_empty();
        input(json).ok().filter(uses).map(|_| Power::Unprotect).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetBranchProtection = input(json)?;
        let target = set.repo.target()?;
        let repository = self.0.still_there(&target).await?;
        let now = self.now(&repository, &set.branch).await?;
        // It takes two requests to set both; in between, the rest is as wanted already.
        let half = match (&now, &set.to) {
            (Protected::By(now), Protected::By(to)) => {
                Protection { signatures: to.signatures, ..(**now).clone() } == **to
            }
            _ => false,
        };
        Ok(if now == set.to {
            Observed::Ours(set.applied(&target, set.before.clone(), None))
        } else if half || set.before.as_ref().is_none_or(|before| *before == now) {
            Observed::Absent
        } else {
            let name = &target.full_name;
            Observed::Different(
                format!("The protection of {} in {name} has been changed by someone else.", set.branch)
                    .into(),
            )
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetBranchProtection = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = set.repo.target()?;
        let name = &target.full_name;
        let repository = self.0.still_there(&target).await?;
        let before = self.now(&repository, &set.branch).await?;
        if before == set.to {
            return Ok(set.applied(&target, None, Some("already so".to_owned())));
        }
        let unknown = [&before, &set.to].into_iter().filter_map(|one| one.protection());
        if let Some(other) = unknown.flat_map(|one| &one.others).next() {
            return Err(OperationError::permanent(
                format!(
                    "{} in {name} is protected by something that this bot does not know and could not bring \
                         back: {}. Change it on GitHub.",
                    set.branch,
                    other.replace('_', " ")
                ),
                format!("{name}: unknown protection {other}"),
            ));
        }
        let path = Path::repository_id(repository.id).protection(&set.branch);
        let Protected::By(to) = &set.to else {
            let answer = writer.delete(&name.owner, path).await?;
            return match answer.status.as_u16() {
                204 => Ok(set.applied(&target, Some(before), None)),
                _ => Err(self.refused(&set, &target, &answer).await),
            };
        };
        let answer = writer.put(&name.owner, path, to.body()).await?;
        let made: Protection = match (answer.status.as_u16(), answer.json::<RawProtection>()) {
            (200, Ok(made)) => made.into(),
            _ => return Err(self.refused(&set, &target, &answer).await),
        };
        if made.signatures != to.signatures {
            self.sign(&writer, &set, &target, repository.id, to.signatures).await?;
        }
        let note = to
            .left_out(&made)
            .map(|left| format!("GitHub left out {}, who may not push there", left.in_words()));
        Ok(set.applied(&target, Some(before), note))
    }
}
