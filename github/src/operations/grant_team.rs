//! `github.grant_team`: what a team may do on a repository.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, NOTHING, RevokeTeam, described, operation};
use crate::answer::Answer;
use crate::names::{Owner, TeamSlug};
use crate::path::Path;
use crate::trouble::HOW_TO_TELL;
use crate::words::{level, may};

const KIND: &str = "github.grant_team";

/// What a team may do on a repository from then on. Gives `team`, `permission`, `full_name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTeam {
    /// The team's organisation.
    pub org: Owner,
    /// The team.
    pub team: TeamSlug,
    /// On which repository.
    pub repo: RepoRef,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, or a role that the organisation made.
    pub permission: String,
    /// What it may do before, if that is known: a level, or [`NOTHING`]. On a repository that the same plan
    /// makes it is `NOTHING`, which saves a look. If not known, it is looked up, for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

impl GrantTeam {
    /// On a repository that an earlier step of the same plan makes.
    #[must_use]
    pub fn on_new(step: &str, org: Owner, team: TeamSlug, permission: &str) -> Self {
        Self {
            org,
            team,
            repo: RepoRef::made_by(step),
            permission: permission.to_owned(),
            before: Some(NOTHING.to_owned()),
        }
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, before: Option<&str>, note: Option<&str>) -> Applied {
        let repo = target.as_ref();
        let inverse = before.map(|before| {
            if before == NOTHING {
                RevokeTeam { org: self.org.clone(), team: self.team.clone(), repo }.operation()
            } else {
                Self {
                    repo,
                    permission: before.to_owned(),
                    before: Some(self.permission.clone()),
                    ..self.clone()
                }
                .operation()
            }
        });
        Applied {
            output: json!({
                "team": self.team, "permission": self.permission, "full_name": target.full_name,
            }),
            inverse,
            note: note.map(Into::into),
        }
    }
}

pub(super) struct Does(pub(super) Access);

impl Does {
    /// GitHub does not say whether the team or the repository is missing.
    async fn missing(&self, grant: &GrantTeam, target: &Target, answer: &Answer) -> OperationError {
        let name = &target.full_name;
        let (team, repo) = tokio::join!(
            self.0.reader.team(grant.org.as_str(), grant.team.as_str()),
            self.0.still_there(target)
        );
        match (team, repo) {
            (Ok(None), _) => OperationError::blocked(
                format!(
                    "There is no team {} in {}, or this bot's GitHub account may not see it. {HOW_TO_TELL}",
                    grant.team, grant.org
                ),
                format!("team {} of {}: 404", grant.team, grant.org),
            ),
            (_, Err(error @ (OperationError::Permanent { .. } | OperationError::Blocked { .. }))) => error,
            // Both are there: GitHub is still busy making the repository.
            _ => OperationError::Temporary {
                what: format!("GitHub does not know {name} everywhere yet. Try again in a minute.").into(),
                retry_after: Some(Duration::from_secs(1)),
                log: format!("{name}: 404 (request {})", answer.request_id().unwrap_or("-")),
            },
        }
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let grant: GrantTeam = input(json)?;
        Ok(described(format!("team {} {}", grant.team, may(&grant.permission)), Risk::Reversible))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |grant: &GrantTeam| level(&grant.permission) == "admin";
        input(json).ok().filter(uses).map(|_| Power::GrantAdmin).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let grant: GrantTeam = input(json)?;
        let target = grant.repo.target()?;
        let now = self.0.reader.level_of(&grant.org, &grant.team, &target.full_name).await?;
        let now = now.as_deref().unwrap_or(NOTHING);
        Ok(if now == level(&grant.permission) {
            Observed::Ours(grant.applied(&target, grant.before.as_deref(), None))
        } else if now == NOTHING || grant.before.as_deref().is_none_or(|before| level(before) == now) {
            Observed::Absent
        } else {
            Observed::Different(format!("team {} {} by now.", grant.team, may(now)).into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let grant: GrantTeam = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = grant.repo.target()?;
        let before = match &grant.before {
            Some(before) if before == NOTHING => before.clone(),
            _ => {
                let (repo, now) = tokio::join!(
                    self.0.still_there(&target),
                    self.0.reader.level_of(&grant.org, &grant.team, &target.full_name)
                );
                repo?;
                now?.unwrap_or_else(|| NOTHING.to_owned())
            }
        };
        if before == level(&grant.permission) {
            return Ok(Applied { inverse: None, ..grant.applied(&target, None, Some("already so")) });
        }
        let path = Path::team_repository(&grant.org, &grant.team, &target.full_name);
        let answer = writer.put(&grant.org, path, json!({ "permission": grant.permission })).await?;
        match answer.status.as_u16() {
            204 => Ok(grant.applied(&target, Some(&before), None)),
            404 => Err(self.missing(&grant, &target, &answer).await),
            _ => Err(self.0.refused(&answer, &target.full_name).await),
        }
    }
}
