//! `github.rename_repository`: what a repository is called. It acts by the id, so that it can never rename
//! another one that bears the name by then.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::input;
use super::{Access, described, full_name, gone, operation, renamed, repository_output};
use crate::names::{FullName, RepoName};
use crate::path::Path;
use crate::reader::Repository;

const KIND: &str = "github.rename_repository";

/// Gives a repository another name. Gives the same as [`super::CreateRepository`], with the new name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameRepository {
    /// Which it is, whatever it is called by then.
    pub id: u64,
    /// What people saw it called. If it is called otherwise by then, it is not renamed.
    pub from: FullName,
    /// What it is to be called, in the same organisation.
    pub to: RepoName,
}

impl RenameRepository {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn wanted(&self) -> FullName {
        full_name(&self.from.owner, &self.to)
    }

    /// Whether that is its name, to the letter: another case is another name here.
    fn is_done(&self, now: &Repository) -> bool {
        now.full_name.rsplit('/').next() == Some(self.to.as_str()) && self.wanted().is(&now.full_name)
    }

    fn back(&self) -> Operation {
        Self { id: self.id, from: self.wanted(), to: self.from.name.clone() }.operation()
    }
}

pub(super) struct Does(pub(super) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let rename: RenameRepository = input(json)?;
        let what =
            format!("{} in place of {}; links to the old name lead there", rename.wanted(), rename.from);
        Ok(described(what, Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let rename: RenameRepository = input(json)?;
        let Some(now) = self.0.reader.by_id(&rename.from.owner, rename.id).await? else {
            return Ok(Observed::Different(format!("{} is not there any more.", rename.from).into()));
        };
        Ok(if rename.is_done(&now) {
            let inverse = Some(rename.back());
            Observed::Ours(Applied { output: repository_output(&now), inverse, note: None })
        } else if rename.from.is(&now.full_name) {
            Observed::Absent
        } else {
            let words = format!("{} has been renamed to {}.", rename.from, now.full_name);
            Observed::Different(words.into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let rename: RenameRepository = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let owner = &rename.from.owner;
        let Some(now) = self.0.reader.by_id(owner, rename.id).await? else {
            return Err(gone(&rename.from));
        };
        if rename.is_done(&now) {
            let note = Some("already so".into());
            return Ok(Applied { output: repository_output(&now), inverse: None, note });
        }
        if !rename.from.is(&now.full_name) {
            return Err(renamed(&rename.from, &now.full_name));
        }
        let answer =
            writer.patch(owner, Path::repository_id(rename.id), json!({ "name": rename.to })).await?;
        match (answer.status.as_u16(), answer.json::<Repository>()) {
            (200, Ok(after)) => {
                let inverse = Some(rename.back());
                Ok(Applied { output: repository_output(&after), inverse, note: None })
            }
            (422, _) if answer.says_taken() => Err(OperationError::permanent(
                format!("{} exists by now. Choose another name.", rename.wanted()),
                format!("{}: {}", rename.from, answer.message()),
            )),
            _ => Err(self.0.refused(&answer, &rename.from).await),
        }
    }
}
