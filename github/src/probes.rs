//! What looks at GitHub for a plan's preconditions. [`crate::preconditions`] states them.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::lease::Grant;
use hubcommander_sdk::operation::Probe;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::grants::grants;
use crate::names::{FullName, Owner, RepoName, TeamSlug};
use crate::operations::input::input;
use crate::reader::{Lookup, Reader, Team};

pub(crate) const HELD: &str = "github.held";
pub(crate) const REPOSITORY: &str = "github.repository";
pub(crate) const REPOSITORY_AND_PUSHES: &str = "github.repository_and_pushes";
pub(crate) const TEAM: &str = "github.team";

pub(crate) fn probes(reader: &Reader) -> Vec<Arc<dyn Probe>> {
    vec![
        Arc::new(LooksAtHeld(grants(reader))),
        Arc::new(LooksAtRepository(reader.clone())),
        Arc::new(LooksAtPushes(reader.clone())),
        Arc::new(LooksAtTeam(reader.clone())),
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

/// The same, and when somebody last pushed. Archiving does not change that.
pub(crate) fn repository_and_pushes_seen(lookup: &Lookup) -> Json {
    let mut seen = repository_seen(lookup);
    if let (Lookup::Found(repository), Some(seen)) = (lookup, seen.as_object_mut()) {
        seen.insert("pushed_at".to_owned(), json!(repository.pushed_at));
    }
    seen
}

pub(crate) fn team_seen(team: Option<&Team>) -> Json {
    match team {
        None => json!({ "exists": false }),
        Some(team) => json!({ "exists": true, "id": team.id }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldAt {
    grant: String,
    subject: Json,
}

/// What is held of one holding, as it is compared.
pub(crate) fn held_seen(level: Option<&str>) -> Json {
    json!({ "level": level })
}

struct LooksAtHeld(Vec<Arc<dyn Grant>>);

#[async_trait]
impl Probe for LooksAtHeld {
    fn kind(&self) -> &'static str {
        HELD
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: HeldAt = input(at)?;
        let grant = self.0.iter().find(|grant| grant.kind() == at.grant).ok_or_else(|| {
            OperationError::permanent(
                "This cannot be looked up any more.",
                format!("no grant `{}`", at.grant),
            )
        })?;
        Ok(held_seen(grant.held(&at.subject).await?.as_deref()))
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

struct LooksAtPushes(Reader);

#[async_trait]
impl Probe for LooksAtPushes {
    fn kind(&self) -> &'static str {
        REPOSITORY_AND_PUSHES
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: RepositoryAt = input(at)?;
        let lookup = self.0.lookup(&FullName { owner: at.org, name: at.name }).await?;
        Ok(repository_and_pushes_seen(&lookup))
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
