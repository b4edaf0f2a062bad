//! What looks at GitHub for a plan's preconditions. [`crate::preconditions`] states them.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::lease::Grant;
use hubcommander_sdk::operation::Probe;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::grants::grants;
use crate::names::{BranchName, FullName, Login, Owner, RepoName, TeamSlug};
use crate::operations::input::input;
use crate::protection::{Protection, Ruleset};
use crate::reader::{Actions, DeployKey, Lookup, Membership, Reader, Repository, Team};

pub(crate) const ACTIONS: &str = "github.actions";
pub(crate) const BRANCH_RULES: &str = "github.branch_rules";
pub(crate) const DEPLOY_KEYS: &str = "github.deploy_keys";

pub(crate) const MEMBERSHIP: &str = "github.membership";
pub(crate) const HELD: &str = "github.held";
pub(crate) const REPOSITORY: &str = "github.repository";
pub(crate) const REPOSITORY_AND_PUSHES: &str = "github.repository_and_pushes";
pub(crate) const TEAM: &str = "github.team";

pub(crate) fn probes(reader: &Reader) -> Vec<Arc<dyn Probe>> {
    vec![
        Arc::new(LooksAtActions(reader.clone())),
        Arc::new(LooksAtBranchRules(reader.clone())),
        Arc::new(LooksAtDeployKeys(reader.clone())),
        Arc::new(LooksAtHeld(grants(reader))),
        Arc::new(LooksAtMembership(reader.clone())),
        Arc::new(LooksAtRepository(reader.clone())),
        Arc::new(LooksAtPushes(reader.clone())),
        Arc::new(LooksAtTeam(reader.clone())),
    ]
}

/// A repository, whatever it is called by then.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InRepository {
    org: Owner,
    id: u64,
    #[serde(default)]
    branch: Option<BranchName>,
}

impl InRepository {
    async fn found(&self, reader: &Reader) -> Result<Option<Repository>, OperationError> {
        Ok(reader.by_id(&self.org, self.id).await?)
    }
}

/// What protects a branch, of what the bot would change.
pub(crate) fn branch_rules_seen(protection: Option<&Protection>, ours: &[Ruleset]) -> Json {
    let ours: Vec<Json> = ours.iter().map(|one| json!({ "name": one.name, "body": one.body })).collect();
    json!({ "protection": protection, "ours": ours })
}

pub(crate) fn deploy_keys_seen(keys: &[DeployKey]) -> Json {
    let mut keys: Vec<&DeployKey> = keys.iter().collect();
    keys.sort_by_key(|key| key.id);
    keys.into_iter()
        .map(|key| json!({ "id": key.id, "key": key.key, "title": key.title, "read_only": key.read_only }))
        .collect()
}

pub(crate) fn actions_seen(actions: &Actions) -> Json {
    json!(actions)
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

/// A person in an organisation, whatever they are called by then.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonIn {
    org: Owner,
    id: u64,
}

/// What somebody is in an organisation.
pub(crate) fn membership_seen(place: Option<Membership>) -> Json {
    match place {
        None => json!("none"),
        Some(Membership { pending: true, .. }) => json!("invited"),
        Some(Membership { owner: true, .. }) => json!("owner"),
        Some(_) => json!("member"),
    }
}

struct LooksAtMembership(Reader);

#[async_trait]
impl Probe for LooksAtMembership {
    fn kind(&self) -> &'static str {
        MEMBERSHIP
    }

    async fn look(&self, json: &Json) -> Result<Json, OperationError> {
        let PersonIn { org, id } = input(json)?;
        let Some(user) = self.0.user_by_id(&org, id).await? else { return Ok(membership_seen(None)) };
        let login = Login::parse(&user.login).map_err(crate::ReadError::from)?;
        Ok(membership_seen(self.0.place(&org, &login).await?))
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

struct LooksAtActions(Reader);

#[async_trait]
impl Probe for LooksAtActions {
    fn kind(&self) -> &'static str {
        ACTIONS
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: InRepository = input(at)?;
        let Some(repository) = at.found(&self.0).await? else { return Ok(Json::Null) };
        Ok(actions_seen(&self.0.actions(&repository).await?))
    }
}

struct LooksAtBranchRules(Reader);

#[async_trait]
impl Probe for LooksAtBranchRules {
    fn kind(&self) -> &'static str {
        BRANCH_RULES
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: InRepository = input(at)?;
        let (Some(repository), Some(branch)) = (at.found(&self.0).await?, &at.branch) else {
            return Ok(Json::Null);
        };
        let (protection, ours) = tokio::try_join!(
            self.0.protection(&repository, branch),
            self.0.our_rulesets(&repository, branch)
        )?;
        Ok(branch_rules_seen(protection.as_ref(), &ours))
    }
}

struct LooksAtDeployKeys(Reader);

#[async_trait]
impl Probe for LooksAtDeployKeys {
    fn kind(&self) -> &'static str {
        DEPLOY_KEYS
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let at: InRepository = input(at)?;
        let Some(repository) = at.found(&self.0).await? else { return Ok(Json::Null) };
        Ok(deploy_keys_seen(&self.0.deploy_keys(&repository).await?))
    }
}
