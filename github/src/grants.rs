//! What can be held at GitHub, and lent: a level, for somebody, on something.
//!
//! Each kind has a type that names who and where, with [`holding`](Collaborator::holding) for the leases. Keys
//! are made of ids, so that a holding is the same one after somebody took another name.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::lease::{Grant, Holding};
use hubcommander_sdk::operation::Operation;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::operations::input::input;
use crate::operations::set_collaborator::held;
use crate::operations::{
    RepositoryRef, Role, SetCollaborator, SetTeamMember, SetTeamPermission, Taken, TeamRef, UserRef,
};
use crate::reader::Reader;

/// A person's permission on a repository, given to them directly.
pub const COLLABORATOR: &str = "github.collaborator";
/// A team's permission on a repository.
pub const TEAM_REPOSITORY: &str = "github.team_repository";
/// A person's place in a team.
pub const TEAM_MEMBER: &str = "github.team_member";

pub(crate) fn grants(reader: &Reader) -> Vec<Arc<dyn Grant>> {
    vec![
        Arc::new(HoldsCollaborator(reader.clone())),
        Arc::new(HoldsTeamRepository(reader.clone())),
        Arc::new(HoldsTeamMember(reader.clone())),
    ]
}

/// Which of GitHub's permissions on a repository counts as more. A role that the organisation made counts as
/// more than `maintain` and less than `admin`: it may hold anything that an administrator may hand out.
#[must_use]
pub fn permission_rank(permission: &str) -> u8 {
    match crate::words::level(permission) {
        "pull" => 1,
        "triage" => 2,
        "push" => 3,
        "maintain" => 4,
        "admin" => 6,
        _ => 5,
    }
}

/// What a person was given on a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collaborator {
    /// Who.
    pub user: UserRef,
    /// Where.
    pub repo: RepositoryRef,
    /// The role that is granted, if it is one that the organisation made: an invitation does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

impl Collaborator {
    /// It as a holding.
    #[must_use]
    pub fn holding(&self) -> Holding {
        let shown = format!("{} on {}", self.user.login, self.repo.full_name);
        holding(COLLABORATOR, person_on(self.repo.id) + &self.user.id.to_string(), self, shown)
    }

    /// Whether a holding is on this repository, whoever holds it.
    #[must_use]
    pub fn is_on(holding: &Holding, repository: u64) -> bool {
        holding.key.starts_with(&person_on(repository))
    }

    /// The id of who holds it; `None` if it is another kind of holding.
    #[must_use]
    pub fn holder(holding: &Holding) -> Option<u64> {
        let holder = holding.key.rsplit('/').next().filter(|_| holding.grant == COLLABORATOR)?;
        holder.parse().ok()
    }
}

/// What a team may do on a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamRepository {
    /// Which team.
    pub team: TeamRef,
    /// Where.
    pub repo: RepositoryRef,
}

impl TeamRepository {
    /// It as a holding.
    #[must_use]
    pub fn holding(&self) -> Holding {
        let shown = format!("team {} on {}", self.team.slug, self.repo.full_name);
        let key = format!("github:repositories/{}/teams/{}", self.repo.id, self.team.id);
        holding(TEAM_REPOSITORY, key, self, shown)
    }
}

/// What a person is in a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamMember {
    /// Who.
    pub user: UserRef,
    /// In which team.
    pub team: TeamRef,
    /// Whether they are invited to the organisation for this: [`SetTeamMember::invites`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invites: bool,
}

impl TeamMember {
    /// It as a holding.
    #[must_use]
    pub fn holding(&self) -> Holding {
        let shown = format!("{} in team {} of {}", self.user.login, self.team.slug, self.team.org);
        let key = format!("github:teams/{}/people/{}", self.team.id, self.user.id);
        holding(TEAM_MEMBER, key, self, shown)
    }
}

/// How the keys begin of what people were given on a repository.
fn person_on(repository: u64) -> String {
    format!("github:repositories/{repository}/people/")
}

fn holding(grant: &str, key: String, subject: &impl Serialize, shown: String) -> Holding {
    Holding {
        grant: grant.to_owned(),
        key,
        // What cannot be written becomes null, which no grant takes.
        subject: serde_json::to_value(subject).unwrap_or(Json::Null),
        shown: shown.into(),
    }
}

struct HoldsCollaborator(Reader);

#[async_trait]
impl Grant for HoldsCollaborator {
    fn kind(&self) -> &'static str {
        COLLABORATOR
    }

    async fn held(&self, subject: &Json) -> Result<Option<String>, OperationError> {
        let Collaborator { user, repo, role } = input(subject)?;
        let (name, login) =
            tokio::try_join!(self.0.name_of(&repo), self.0.login_of(&repo.full_name.owner, &user))?;
        // Whoever or whatever is gone holds nothing.
        let (Some(name), Some(login)) = (name, login) else { return Ok(None) };
        let standing = self.0.stands(&repo.full_name.owner, repo.id, user.id, &login).await?;
        held(&standing, role.as_ref(), &login, &name)
    }

    fn change(
        &self,
        subject: &Json,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Operation, OperationError> {
        let Collaborator { user, repo, role } = input(subject)?;
        let [from, to] = [from, to].map(|level| level.map(str::to_owned));
        Ok(SetCollaborator { user, repo, from, to, role, taken: Taken::AsAgreed }.operation())
    }

    fn rank(&self, level: &str) -> u8 {
        permission_rank(level)
    }
}

struct HoldsTeamRepository(Reader);

#[async_trait]
impl Grant for HoldsTeamRepository {
    fn kind(&self) -> &'static str {
        TEAM_REPOSITORY
    }

    async fn held(&self, subject: &Json) -> Result<Option<String>, OperationError> {
        let TeamRepository { team, repo } = input(subject)?;
        let (name, slug) = tokio::try_join!(self.0.name_of(&repo), self.0.slug_of(&team))?;
        let (Some(name), Some(slug)) = (name, slug) else { return Ok(None) };
        Ok(self.0.level_of(&team.org, &slug, &name).await?)
    }

    fn change(
        &self,
        subject: &Json,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Operation, OperationError> {
        let TeamRepository { team, repo } = input(subject)?;
        let [from, to] = [from, to].map(|level| level.map(str::to_owned));
        Ok(SetTeamPermission { team, repo, from, to }.operation())
    }

    fn rank(&self, level: &str) -> u8 {
        permission_rank(level)
    }
}

struct HoldsTeamMember(Reader);

#[async_trait]
impl Grant for HoldsTeamMember {
    fn kind(&self) -> &'static str {
        TEAM_MEMBER
    }

    async fn held(&self, subject: &Json) -> Result<Option<String>, OperationError> {
        let TeamMember { user, team, .. } = input(subject)?;
        let (login, slug) = tokio::try_join!(self.0.login_of(&team.org, &user), self.0.slug_of(&team))?;
        let (Some(login), Some(slug)) = (login, slug) else { return Ok(None) };
        Ok(self.0.place_in_team(&team.org, &slug, &login).await?.map(|place| place.role))
    }

    fn change(
        &self,
        subject: &Json,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Operation, OperationError> {
        let TeamMember { user, team, invites } = input(subject)?;
        let [from, to] = [from, to].map(|level| level.map(str::to_owned));
        Ok(SetTeamMember { user, team, from, to, invites }.operation())
    }

    fn rank(&self, level: &str) -> u8 {
        if level == "maintainer" { 2 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::names::{FullName, Login};

    #[test]
    fn a_holding_is_known_by_its_ids() {
        let on = |login: &str, name: &str| Collaborator {
            user: UserRef { id: 7, login: Login::parse(login).unwrap() },
            repo: RepositoryRef { id: 3, full_name: FullName::parse(name).unwrap() },
            role: None,
        };
        let (then, now) = (on("octocat", "acme/website").holding(), on("hexacat", "acme/site").holding());
        assert_eq!((then.key.as_str(), &then.key), ("github:repositories/3/people/7", &now.key));
        assert_eq!(then.shown.words(), "octocat on acme/website");
        assert_eq!(then.subject["user"], json!({ "id": 7, "login": "octocat" }));
        assert!(Collaborator::is_on(&then, 3) && !Collaborator::is_on(&then, 33));
        assert_eq!(Collaborator::holder(&then), Some(7));
    }

    #[test]
    fn permissions_are_ranked_with_the_organisations_own_roles_among_them() {
        let mut levels = ["admin", "pull", "release-manager", "maintain", "write", "triage"];
        levels.sort_by_key(|level| permission_rank(level));
        assert_eq!(levels, ["pull", "triage", "write", "maintain", "release-manager", "admin"]);
    }
}
