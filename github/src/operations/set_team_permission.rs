//! `github.set_team_permission`: what a team may do on a repository that is there. As
//! [`super::GrantTeam`] and [`super::RevokeTeam`], but it acts by ids, so that what was lent can be taken back
//! weeks later, whatever team and repository are called by then.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::input;
use super::refs::{RepositoryRef, TeamRef};
use super::{Access, described, gone, operation};
use crate::names::{FullName, TeamSlug};
use crate::path::Path;
use crate::words::{may, on};

pub(crate) const KIND: &str = "github.set_team_permission";

/// Sets what a team may do on a repository. Gives `team`, `full_name`, `permission`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTeamPermission {
    /// Which team.
    pub team: TeamRef,
    /// Where.
    pub repo: RepositoryRef,
    /// What it had when the plan was made: a level as in `to`. For the way back after a crash.
    pub from: Option<String>,
    /// What it shall have: `pull`, `triage`, `push`, `maintain`, `admin`, or a role that the organisation made;
    /// `None` for nothing.
    pub to: Option<String>,
}

impl SetTeamPermission {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, from: Option<&str>, back: bool, note: Option<&str>) -> Applied {
        let inverse = back
            .then(|| Self { from: self.to.clone(), to: from.map(str::to_owned), ..self.clone() }.operation());
        Applied {
            output: json!({
                "team": self.team.slug, "full_name": self.repo.full_name, "permission": self.to,
            }),
            inverse,
            note: note.map(Into::into),
        }
    }
}

/// What is there now.
struct Now {
    slug: TeamSlug,
    full_name: FullName,
    level: Option<String>,
}

pub(super) struct Does(pub(super) Access);

impl Does {
    /// `None` if the team is gone.
    async fn now(&self, set: &SetTeamPermission) -> Result<Option<Now>, OperationError> {
        let reader = &self.0.reader;
        let (full_name, slug) = tokio::try_join!(reader.name_of(&set.repo), reader.slug_of(&set.team))?;
        let full_name = full_name.ok_or_else(|| gone(&set.repo.full_name))?;
        let Some(slug) = slug else { return Ok(None) };
        let level = reader.level_of(&set.team.org, &slug, &full_name).await?;
        Ok(Some(Now { slug, full_name, level }))
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetTeamPermission = input(json)?;
        let (team, name) = (&set.team.slug, &set.repo.full_name);
        let Some(to) = &set.to else {
            return Ok(described(format!("team {team} no longer has access to {name}"), Risk::Reversible));
        };
        let risk = if to == "admin" { Risk::Exposing } else { Risk::Reversible };
        Ok(described(
            format!("team {team} {} {name}{}", on(to), crate::words::before(set.from.as_deref())),
            risk,
        ))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |set: &SetTeamPermission| set.to.as_deref() == Some("admin");
        input(json).ok().filter(uses).map(|_| Power::GrantAdmin).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetTeamPermission = input(json)?;
        let now = match self.now(&set).await {
            Ok(Some(now)) => now,
            Ok(None) if set.to.is_none() => return Ok(Observed::Ours(set.applied(None, false, None))),
            Ok(None) => {
                return Ok(Observed::Different(
                    format!("There is no team {} any more.", set.team.slug).into(),
                ));
            }
            Err(OperationError::Blocked { what, .. }) => return Ok(Observed::Different(what)),
            Err(error) => return Err(error),
        };
        Ok(if now.level == set.to {
            Observed::Ours(set.applied(set.from.as_deref(), true, None))
        } else if now.level == set.from {
            Observed::Absent
        } else {
            let words = match &now.level {
                None => format!("Team {} has no access to {} by now.", now.slug, now.full_name),
                Some(level) => format!("Team {} {} {} by now.", now.slug, on(level), now.full_name),
            };
            Observed::Different(words.into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetTeamPermission = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let Some(now) = self.now(&set).await? else {
            return match set.to {
                None => Ok(set.applied(None, false, Some("already so"))),
                Some(_) => Err(OperationError::permanent(
                    format!("There is no team {} in {} any more.", set.team.slug, set.team.org),
                    format!("team {} of {} ({}): absent", set.team.slug, set.team.org, set.team.id),
                )),
            };
        };
        if now.level == set.to {
            return Ok(set.applied(None, false, Some("already so")));
        }
        let path = Path::team_repository(&set.team.org, &now.slug, &now.full_name);
        let answer = match &set.to {
            Some(to) => writer.put(&set.team.org, path, json!({ "permission": to })).await?,
            None => writer.delete(&set.team.org, path).await?,
        };
        match (answer.status.as_u16(), &set.to) {
            (204, _) | (404, None) => Ok(set.applied(now.level.as_deref(), true, None)),
            // Both were there a moment ago.
            (404, Some(_)) => Err(OperationError::Temporary {
                what: format!(
                    "GitHub does not find team {} or {} just now. Try again in a minute.",
                    now.slug, now.full_name
                )
                .into(),
                retry_after: Some(Duration::from_secs(1)),
                log: format!("{}: 404 (request {})", now.full_name, answer.request_id().unwrap_or("-")),
            }),
            (422, Some(to))
                if answer.message().to_lowercase().contains("permission") && !may(to).starts_with("may ") =>
            {
                Err(OperationError::permanent(
                    format!("{} has no role {to}. Check its name.", set.team.org),
                    format!("{}: 422 {:?}", now.full_name, answer.message()),
                ))
            }
            _ => Err(self.0.refused(&answer, &now.full_name).await),
        }
    }
}
