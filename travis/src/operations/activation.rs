//! `travis.activate` and `travis.deactivate`: whether Travis builds a repository. The one takes the other back.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use serde_json::{Value as Json, json};

use super::{Access, described, input, unknown};
use crate::model::{Repository, Target};
use crate::path::Path;
use crate::writer::refused;

const ACTIVATE: &str = "travis.activate";
const DEACTIVATE: &str = "travis.deactivate";

/// Travis builds a repository from then on. It must know it.
#[must_use]
pub fn activate(target: &Target) -> Operation {
    operation(target, true)
}

/// Travis builds a repository no more.
#[must_use]
pub fn deactivate(target: &Target) -> Operation {
    operation(target, false)
}

fn operation(target: &Target, on: bool) -> Operation {
    Operation::of(if on { ACTIVATE } else { DEACTIVATE }, target)
}

pub(super) struct Does {
    pub(super) access: Access,
    pub(super) on: bool,
}

impl Does {
    fn applied(&self, target: &Target, repository: &Repository) -> Applied {
        Applied {
            output: json!({ "id": repository.id, "slug": repository.slug, "active": self.on }),
            inverse: Some(operation(target, !self.on)),
            note: None,
        }
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        if self.on { ACTIVATE } else { DEACTIVATE }
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let target: Target = input(json)?;
        let name = target.full_name;
        Ok(described(if self.on {
            format!("Travis builds {name}")
        } else {
            format!("Travis builds {name} no more")
        }))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let target: Target = input(json)?;
        let Some(now) = self.access.reader.repository(&target).await? else {
            let what = format!("Travis does not know {} any more.", target.full_name);
            return Ok(Observed::Different(what.into()));
        };
        Ok(if now.active == self.on { Observed::Ours(self.applied(&target, &now)) } else { Observed::Absent })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let target: Target = input(json)?;
        let writer = self.access.account.writer(permit)?;
        let now = self.access.reader.repository(&target).await?.ok_or_else(|| unknown(&target))?;
        if now.active == self.on {
            let applied = self.applied(&target, &now);
            return Ok(Applied { inverse: None, note: Some("already so".into()), ..applied });
        }
        let answer = writer.post(&Path::switch(now.id, self.on)).await?;
        match (answer.status.as_u16(), answer.json::<Repository>()) {
            (200, Ok(after)) if after.active == self.on => Ok(self.applied(&target, &after)),
            _ => Err(refused(&answer, &target.full_name.to_string())),
        }
    }
}
