//! `github.revoke_team`: a team has nothing on a repository any more.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, GrantTeam, NOTHING, described, operation};
use crate::names::{Owner, TeamSlug};
use crate::path::Path;

const KIND: &str = "github.revoke_team";

/// Takes a repository away from a team. Gives `team`, `full_name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeTeam {
    /// The team's organisation.
    pub org: Owner,
    /// The team.
    pub team: TeamSlug,
    /// Which repository.
    pub repo: RepoRef,
}

impl RevokeTeam {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, before: Option<String>, note: Option<&str>) -> Applied {
        let inverse = before.map(|permission| {
            GrantTeam {
                org: self.org.clone(),
                team: self.team.clone(),
                repo: target.as_ref(),
                permission,
                before: Some(NOTHING.to_owned()),
            }
            .operation()
        });
        Applied {
            output: json!({ "team": self.team, "full_name": target.full_name }),
            inverse,
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
        let revoke: RevokeTeam = input(json)?;
        Ok(described(format!("team {} no longer has access", revoke.team), Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let revoke: RevokeTeam = input(json)?;
        let target = revoke.repo.target()?;
        Ok(match self.0.reader.level_of(&revoke.org, &revoke.team, &target.full_name).await? {
            // What it had is not known any more, so there is no way back.
            None => Observed::Ours(revoke.applied(&target, None, None)),
            Some(_) => Observed::Absent,
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let revoke: RevokeTeam = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = revoke.repo.target()?;
        let (repo, now) = tokio::join!(
            self.0.still_there(&target),
            self.0.reader.level_of(&revoke.org, &revoke.team, &target.full_name)
        );
        repo?;
        let Some(before) = now? else {
            return Ok(revoke.applied(&target, None, Some("already so")));
        };
        let path = Path::team_repository(&revoke.org, &revoke.team, &target.full_name);
        let answer = writer.delete(&revoke.org, path).await?;
        match answer.status.as_u16() {
            204 | 404 => Ok(revoke.applied(&target, Some(before), None)),
            _ => Err(self.0.refused(&answer, &target.full_name).await),
        }
    }
}
