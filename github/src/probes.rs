//! What looks at GitHub for a plan's preconditions. [`crate::preconditions`] states them.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Probe;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::names::{FullName, Owner, RepoName, TeamSlug};
use crate::operations::input::input;
use crate::reader::{Lookup, Reader, Team};

pub(crate) const REPOSITORY: &str = "github.repository";
pub(crate) const TEAM: &str = "github.team";
pub(crate) const TEAM_LEVEL: &str = "github.team_level";

pub(crate) fn probes(reader: &Reader) -> Vec<Arc<dyn Probe>> {
    vec![
        Arc::new(LooksAtRepository(reader.clone())),
        Arc::new(LooksAtTeam(reader.clone())),
        Arc::new(LooksAtTeamLevel(reader.clone())),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RepositoryAt {
    org: Owner,
    name: RepoName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamAt {
    org: Owner,
    slug: TeamSlug,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamLevelAt {
    org: Owner,
    slug: TeamSlug,
    id: u64,
}

/// What a team may do on a repository, as it is compared; `None` if the repository is gone.
pub(crate) fn team_level_seen(seen: Option<(&str, Option<&str>)>) -> Json {
    match seen {
        None => json!({ "exists": false }),
        Some((full_name, level)) => json!({ "full_name": full_name, "level": level }),
    }
}

/// What stands under a repository's name, as it is compared.
pub(crate) fn repository_seen(lookup: &Lookup) -> Json {
    match lookup {
        Lookup::Absent => json!({ "exists": false }),
        Lookup::Moved { full_name, id } => json!({ "exists": false, "moved_to": full_name, "id": id }),
        Lookup::Found(repository) => json!({
            "id": repository.id,
            "full_name": repository.full_name,
            "archived": repository.archived,
            "visibility": repository.visibility,
            "description": repository.description,
            "homepage": repository.homepage,
            "topics": repository.topics,
            "default_branch": repository.default_branch,
        }),
    }
}

pub(crate) fn team_seen(team: Option<&Team>) -> Json {
    match team {
        None => json!({ "exists": false }),
        Some(team) => json!({ "exists": true, "id": team.id }),
    }
}

struct LooksAtRepository(Reader);

#[async_trait]
impl Probe for LooksAtRepository {
    fn kind(&self) -> &'static str {
        REPOSITORY
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: RepositoryAt = input(at)?;
        let lookup = self.0.lookup(&FullName { owner: at.org, name: at.name }).await?;
        Ok(repository_seen(&lookup))
    }
}

struct LooksAtTeam(Reader);

#[async_trait]
impl Probe for LooksAtTeam {
    fn kind(&self) -> &'static str {
        TEAM
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: TeamAt = input(at)?;
        let team = self.0.team(at.org.as_str(), at.slug.as_str()).await?;
        Ok(team_seen(team.as_ref()))
    }
}

struct LooksAtTeamLevel(Reader);

#[async_trait]
impl Probe for LooksAtTeamLevel {
    fn kind(&self) -> &'static str {
        TEAM_LEVEL
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: TeamLevelAt = input(at)?;
        let Some(repository) = self.0.by_id(&at.org, at.id).await? else { return Ok(team_level_seen(None)) };
        let level = self.0.team_permission(at.org.as_str(), at.slug.as_str(), &repository.full_name).await?;
        Ok(team_level_seen(Some((&repository.full_name, level.as_deref()))))
    }
}
