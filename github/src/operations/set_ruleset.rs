//! `github.set_ruleset`: a ruleset of a repository, known by its name, as a whole.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, described, operation};
use crate::path::Path;
use crate::protection::{Ruleset, RulesetBody};

const KIND: &str = "github.set_ruleset";

/// Makes, changes or removes a ruleset. Gives `full_name`, `name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRuleset {
    /// Of which repository.
    pub repo: RepoRef,
    /// Its name, by which it is found. GitHub has no two of one name in a repository.
    pub name: String,
    /// What is to be.
    pub to: Held,
    /// What was when the plan was made, for the way back after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Held>,
}

/// Whether there is a ruleset, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// There is none.
    Not,
    /// This one.
    By(Box<RulesetBody>),
}

impl Held {
    /// Whether this is what `wanted` asks for.
    fn is(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Not, Self::Not) => true,
            (Self::By(found), Self::By(wanted)) => found.is(wanted),
            _ => false,
        }
    }
}

impl From<Option<RulesetBody>> for Held {
    fn from(body: Option<RulesetBody>) -> Self {
        body.map_or(Self::Not, |body| Self::By(Box::new(body)))
    }
}

impl SetRuleset {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn risk(&self) -> Risk {
        match (&self.before, &self.to) {
            (_, Held::Not) => Risk::Exposing,
            (Some(Held::By(before)), Held::By(now)) if now.may_be_weaker_than(before) => Risk::Exposing,
            _ => Risk::Reversible,
        }
    }

    fn applied(&self, target: &Target, before: Option<Held>, note: Option<&str>) -> Applied {
        let back = before.map(|before| Self {
            repo: target.as_ref(),
            name: self.name.clone(),
            to: before,
            before: Some(self.to.clone()),
        });
        Applied {
            output: json!({ "full_name": target.full_name, "name": self.name }),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

pub(super) struct Does(pub(super) Access);

impl Does {
    async fn now(&self, set: &SetRuleset, target: &Target) -> Result<Option<Ruleset>, OperationError> {
        let repository = self.0.still_there(target).await?;
        Ok(self.0.reader.ruleset_named(&repository, &set.name).await?)
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetRuleset = input(json)?;
        let what = match &set.to {
            Held::Not => format!("no ruleset {}", set.name),
            Held::By(body) => format!("ruleset {}: {}", set.name, body.in_words().join(", ")),
        };
        Ok(described(what, set.risk()))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |set: &SetRuleset| set.risk() > Risk::Reversible;
        input(json).ok().filter(uses).map(|_| Power::Unprotect).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetRuleset = input(json)?;
        let target = set.repo.target()?;
        let now = Held::from(self.now(&set, &target).await?.map(|found| found.body));
        Ok(if now.is(&set.to) {
            Observed::Ours(set.applied(&target, set.before.clone(), None))
        } else if set.before.as_ref().is_none_or(|before| now.is(before)) {
            Observed::Absent
        } else {
            Observed::Different(format!("The ruleset {} has been changed by someone else.", set.name).into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetRuleset = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = set.repo.target()?;
        let repository = self.0.still_there(&target).await?;
        let found = self.0.reader.ruleset_named(&repository, &set.name).await?;
        let before = Held::from(found.as_ref().map(|found| found.body.clone()));
        if before.is(&set.to) {
            return Ok(set.applied(&target, None, Some("already so")));
        }
        let owner = &target.full_name.owner;
        let all = Path::repository_id(repository.id).then("rulesets");
        let answer = match (&set.to, &found) {
            (Held::Not, Some(found)) => writer.delete(owner, all.number(found.id)).await?,
            // `is` has said that there is something to do.
            (Held::Not, None) => return Ok(set.applied(&target, None, Some("already so"))),
            (Held::By(body), found) => {
                let mut request = json!(body);
                request["name"] = json!(set.name);
                match found {
                    Some(found) => writer.put(owner, all.number(found.id), request).await?,
                    None => writer.post(owner, all, request).await?,
                }
            }
        };
        match answer.status.as_u16() {
            200 | 201 | 204 => Ok(set.applied(&target, Some(before), None)),
            // Somebody made one of this name in the meantime: look again.
            422 if answer.message().contains("must be unique") => Err(OperationError::Temporary {
                what: format!("{} has another ruleset {} by now.", target.full_name, set.name).into(),
                retry_after: Some(std::time::Duration::from_secs(1)),
                log: format!("{}: {}", target.full_name, answer.message()),
            }),
            _ => Err(self.0.refused(&answer, &target.full_name).await),
        }
    }
}
