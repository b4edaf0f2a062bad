//! `github.delete_repository`: deletes one repository, and only the one that was meant.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Access, input::input, operation, renamed};
use crate::names::FullName;
use crate::path::Path;
use crate::reader::Repository;

const KIND: &str = "github.delete_repository";

/// Deletes a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteRepository {
    /// Which it is, whatever it is called by then.
    pub id: u64,
    /// What people saw it called. If it is called otherwise by then, nothing is deleted.
    pub full_name: FullName,
    /// Only if nobody has pushed since about then: where its making is taken back, not what people put into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless_pushed_since: Option<Instant>,
}

/// GitHub fills a repository that begins with a commit or after a template a little after it was made.
const FILLED_WITHIN: Duration = Duration::from_secs(60);

impl DeleteRepository {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    /// Why it is not to be deleted, if it is not.
    fn kept(&self, now: &Repository) -> Option<String> {
        let since = self.unless_pushed_since? + FILLED_WITHIN;
        now.pushed_at.is_some_and(|pushed| pushed > since).then(|| {
            format!(
                "Somebody has pushed to {} since it was made. !DeleteRepo deletes it all the same.",
                now.full_name
            )
        })
    }

    fn done(&self, note: Option<String>) -> Applied {
        Applied {
            output: json!({ "id": self.id, "full_name": self.full_name }),
            inverse: None,
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
        let it: DeleteRepository = input(json)?;
        Ok(Described {
            what: format!("delete {}", it.full_name).into(),
            risk: Risk::Irreversible,
            irreversible: Some("Its code, issues and settings are gone for good.".into()),
        })
    }

    fn powers(&self, _: &Json) -> BTreeSet<Power> {
        BTreeSet::from([Power::Delete])
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let it: DeleteRepository = input(json)?;
        Ok(match self.0.reader.by_id(&it.full_name.owner, it.id).await? {
            None => Observed::Ours(it.done(None)),
            Some(now) if it.full_name.is(&now.full_name) => match it.kept(&now) {
                Some(why) => Observed::Different(why.into()),
                None => Observed::Absent,
            },
            Some(now) => {
                Observed::Different(format!("{} has been renamed to {}.", it.full_name, now.full_name).into())
            }
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let it: DeleteRepository = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let owner = &it.full_name.owner;
        let Some(now) = self.0.reader.by_id(owner, it.id).await? else {
            return Ok(it.done(Some(format!("{} was gone already", it.full_name))));
        };
        if !it.full_name.is(&now.full_name) {
            return Err(renamed(&it.full_name, &now.full_name));
        }
        if let Some(why) = it.kept(&now) {
            return Err(OperationError::permanent(why, format!("{}: pushed since", it.full_name)));
        }
        // By its id: whoever takes over the name meanwhile loses nothing.
        let answer = writer.delete(owner, Path::repository_id(it.id)).await?;
        match answer.status.as_u16() {
            204 => Ok(it.done(None)),
            404 => Ok(it.done(Some(format!("{} was gone already", it.full_name)))),
            _ => Err(self.0.refused(&answer, &it.full_name).await),
        }
    }
}
