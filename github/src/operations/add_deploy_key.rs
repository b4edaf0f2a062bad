//! `github.add_deploy_key`: a key that lets a machine at one repository.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_public_key::PublicKey;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, DeleteDeployKey, described, operation};
use crate::path::Path;
use crate::reader::DeployKey;
use crate::words::quoted;

const KIND: &str = "github.add_deploy_key";

/// Adds a deploy key. Gives `full_name`, `id`, `fingerprint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddDeployKey {
    /// To which repository.
    pub repo: RepoRef,
    /// What it is for.
    pub title: String,
    /// The key.
    pub key: PublicKey,
    /// Whether it cannot push.
    pub read_only: bool,
}

impl AddDeployKey {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, found: &DeployKey, ours: bool) -> Applied {
        let back = DeleteDeployKey {
            repo: target.as_ref(),
            id: found.id,
            title: self.title.clone(),
            key: self.key.clone(),
            read_only: self.read_only,
        };
        Applied {
            output: json!({
                "full_name": target.full_name, "id": found.id, "fingerprint": self.key.fingerprint(),
            }),
            inverse: ours.then(|| back.operation()),
            note: (!ours).then(|| "already so".into()),
        }
    }

    /// Whether a key that was found is the one to be added, as it is to be.
    fn is(&self, found: &DeployKey) -> bool {
        found.title == self.title && found.read_only == self.read_only
    }
}

/// Whether a key at GitHub has this content, whatever comment it bears.
pub(super) fn same(found: &DeployKey, key: &PublicKey) -> bool {
    PublicKey::parse(&found.key).is_ok_and(|found| found == *key)
}

/// What a key may do, in words.
pub(super) fn may(read_only: bool) -> &'static str {
    if read_only { "may read" } else { "may push" }
}

pub(super) struct Does(pub(super) Access);

impl Does {
    /// The key among those that the repository has.
    async fn found(&self, add: &AddDeployKey, target: &Target) -> Result<Option<DeployKey>, OperationError> {
        let repository = self.0.still_there(target).await?;
        let keys = self.0.reader.deploy_keys(&repository).await?;
        Ok(keys.into_iter().find(|found| same(found, &add.key)))
    }
}

fn there_as_another(add: &AddDeployKey, target: &Target, found: &DeployKey) -> String {
    let is =
        if found.title == add.title { "it".to_owned() } else { format!("it as {}", quoted(&found.title)) };
    format!("{} has that key already: {is} {}.", target.full_name, may(found.read_only))
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let add: AddDeployKey = input(json)?;
        // Whoever has a key that writes can do all that the repository's automation can.
        let risk = if add.read_only { Risk::Reversible } else { Risk::Exposing };
        let words = format!(
            "deploy key {} {} ({}, {})",
            quoted(&add.title),
            may(add.read_only),
            add.key.kind(),
            add.key.fingerprint()
        );
        Ok(described(words, risk))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |add: &AddDeployKey| !add.read_only;
        input(json).ok().filter(uses).map(|_| Power::WritingKey).into_iter().collect()
    }

    async fn observe(&self, json: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let add: AddDeployKey = input(json)?;
        let target = add.repo.target()?;
        Ok(match self.found(&add, &target).await? {
            None => Observed::Absent,
            Some(found) if !add.is(&found) => {
                Observed::Different(there_as_another(&add, &target, &found).into())
            }
            Some(found) if super::since(found.created_at, attempt.since) => {
                Observed::Ours(add.applied(&target, &found, true))
            }
            Some(found) => {
                let who = found.added_by.as_deref().unwrap_or("someone else");
                Observed::SomeoneElses(
                    format!("{} has that key already, added by {who}.", target.full_name).into(),
                )
            }
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let add: AddDeployKey = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = add.repo.target()?;
        let name = &target.full_name;
        let repository = self.0.still_there(&target).await?;
        let keys = self.0.reader.deploy_keys(&repository).await?;
        if let Some(found) = keys.iter().find(|found| same(found, &add.key)) {
            return if add.is(found) {
                Ok(add.applied(&target, found, false))
            } else {
                let what = there_as_another(&add, &target, found);
                Err(OperationError::permanent(what, format!("{name}: key {} is there as another", found.id)))
            };
        }
        let body = json!({ "title": add.title, "key": add.key.as_str(), "read_only": add.read_only });
        let path = Path::repository_id(repository.id).then("keys");
        let answer = writer.post(&name.owner, path, body).await?;
        let log = || format!("{name}: {} (request {})", answer.message(), answer.request_id().unwrap_or("-"));
        match (answer.status.as_u16(), answer.json::<DeployKey>()) {
            (201, Ok(made)) => Ok(add.applied(&target, &made, true)),
            (422, _) if answer.message().contains("already in use") => Err(OperationError::permanent(
                "GitHub knows that key already, from another repository or account. Make a new pair for this one: \
                 ssh-keygen -t ed25519.",
                log(),
            )),
            (422, _) if answer.message().contains("Deploy keys are disabled") => {
                Err(OperationError::blocked(
                    format!(
                        "The organisation of {name} has switched deploy keys off. Ask one of its owners."
                    ),
                    log(),
                ))
            }
            _ => Err(self.0.refused(&answer, name).await),
        }
    }
}
