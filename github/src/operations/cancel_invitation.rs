//! `github.cancel_invitation`: an invitation that nobody took up is taken back.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, input};
use super::{Access, operation};
use crate::names::Owner;
use crate::path::Path;
use crate::reader::ReadErrorKind;
use crate::writer::refused;

const KIND: &str = "github.cancel_invitation";

/// Takes an invitation back. Gives `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelInvitation {
    /// The organisation.
    pub org: Owner,
    /// The repository, if it is an invitation to one and not to the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<RepoRef>,
    /// GitHub's number for the invitation.
    pub id: u64,
    /// Who is invited, for words.
    pub who: String,
}

impl CancelInvitation {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, note: Option<&str>) -> Applied {
        Applied { output: json!({ "id": self.id }), inverse: None, note: note.map(Into::into) }
    }

    fn place(&self) -> String {
        let repo = self.repo.as_ref().and_then(RepoRef::known_name);
        repo.map_or_else(|| self.org.to_string(), ToString::to_string)
    }
}

pub(super) struct Does(pub(super) Access);

impl Does {
    /// Whether it is among those that can still be taken up.
    async fn is_open(&self, cancel: &CancelInvitation) -> Result<bool, OperationError> {
        let scan = self.0.reader.scan(cancel.org.as_str())?;
        let open = match &cancel.repo {
            None => scan.invitations().await.map(|all| all.iter().any(|one| one.id == cancel.id)),
            Some(repo) => {
                let name = repo.target()?.full_name.to_string();
                scan.repository_invitations(&name).await.map(|all| all.iter().any(|one| one.id == cancel.id))
            }
        };
        match open {
            // What is gone or bears another name has no invitations under this one.
            Err(error) if error.kind == ReadErrorKind::Absent => Ok(false),
            open => Ok(open?),
        }
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let cancel: CancelInvitation = input(json)?;
        Ok(Described {
            what: format!("the invitation of {} to {} is cancelled", cancel.who, cancel.place()).into(),
            risk: Risk::Irreversible,
            irreversible: Some(format!("If {} should still come, invite them again.", cancel.who).into()),
        })
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let cancel: CancelInvitation = input(json)?;
        // Whether we cancelled it or somebody took it up meanwhile, GitHub does not tell; either way it waits
        // for nobody any more.
        Ok(if self.is_open(&cancel).await? { Observed::Absent } else { Observed::Ours(cancel.applied(None)) })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let cancel: CancelInvitation = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let (path, target) = match &cancel.repo {
            None => (Path::org(&cancel.org).invitation(cancel.id), None),
            Some(repo) => {
                let target = repo.target()?;
                self.0.still_there(&target).await?;
                (Path::repository(&target.full_name).invitation(cancel.id), Some(target))
            }
        };
        let answer = writer.delete(&cancel.org, path).await?;
        match (answer.status.as_u16(), target) {
            (204, _) => Ok(cancel.applied(None)),
            (404, _) if !self.is_open(&cancel).await? => Ok(cancel.applied(Some("already gone"))),
            (_, Some(target)) => Err(self.0.refused(&answer, &target.full_name).await),
            (_, None) => Err(refused(&answer, cancel.org.as_str())),
        }
    }
}
