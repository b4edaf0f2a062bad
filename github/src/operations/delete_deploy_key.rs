//! `github.delete_deploy_key`: takes a deploy key away. What comes back is the same key under another number.

use async_trait::async_trait;
use hubcommander_public_key::PublicKey;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::add_deploy_key::same;
use super::input::{RepoRef, Target, input};
use super::{Access, AddDeployKey, described, operation};
use crate::path::Path;
use crate::words::quoted;

const KIND: &str = "github.delete_deploy_key";

/// Takes a deploy key away. Gives `full_name`, `fingerprint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteDeployKey {
    /// From which repository.
    pub repo: RepoRef,
    /// GitHub's number for it.
    pub id: u64,
    /// What it is for, for the way back.
    pub title: String,
    /// The key, for the way back.
    pub key: PublicKey,
    /// Whether it cannot push, for the way back.
    pub read_only: bool,
}

impl DeleteDeployKey {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, done: bool) -> Applied {
        let back = AddDeployKey {
            repo: target.as_ref(),
            title: self.title.clone(),
            key: self.key.clone(),
            read_only: self.read_only,
        };
        Applied {
            output: json!({ "full_name": target.full_name, "fingerprint": self.key.fingerprint() }),
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
        let delete: DeleteDeployKey = input(json)?;
        let words = format!("no deploy key {} ({})", quoted(&delete.title), delete.key.fingerprint());
        Ok(described(words, Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let delete: DeleteDeployKey = input(json)?;
        let target = delete.repo.target()?;
        let repository = self.0.still_there(&target).await?;
        let keys = self.0.reader.deploy_keys(&repository).await?;
        Ok(match keys.iter().find(|found| found.id == delete.id || same(found, &delete.key)) {
            None => Observed::Ours(delete.applied(&target, true)),
            Some(found) if found.id == delete.id => Observed::Absent,
            Some(found) => {
                Observed::Different(format!("That key is there again, as {}.", quoted(&found.title)).into())
            }
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let delete: DeleteDeployKey = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = delete.repo.target()?;
        let name = &target.full_name;
        let repository = self.0.still_there(&target).await?;
        match self.0.reader.deploy_key(&repository, delete.id).await? {
            None => return Ok(delete.applied(&target, false)),
            Some(found) if !same(&found, &delete.key) => {
                return Err(OperationError::permanent(
                    format!("The key {} of {name} is another one by now.", delete.id),
                    format!("{name}: key {} has other content", delete.id),
                ));
            }
            Some(_) => {}
        }
        let path = Path::repository_id(repository.id).then("keys").number(delete.id);
        let answer = writer.delete(&name.owner, path).await?;
        match answer.status.as_u16() {
            204 => Ok(delete.applied(&target, true)),
            404 => {
                self.0.still_there(&target).await?;
                Ok(delete.applied(&target, false))
            }
            _ => Err(self.0.refused(&answer, name).await),
        }
    }
}
