//! People, teams and repositories as operations and grants name them: by an id, which stays the same, and by
//! what they were called when they were looked at. What is named so is found again under another name; a name
//! that passed on to somebody else leads nowhere.

use hubcommander_sdk::error::OperationError;
use serde::{Deserialize, Serialize};

use crate::names::{BadName, FullName, Login, Owner, TeamSlug};
use crate::reader::{Reader, Repository, Team, User};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRef {
    /// GitHub's number.
    pub id: u64,
    /// The login, as GitHub wrote it then.
    pub login: Login,
}

impl UserRef {
    /// One that was read.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(user: &User) -> Result<Self, BadName> {
        Ok(Self { id: user.id, login: Login::parse(&user.login)? })
    }
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamRef {
    /// Its organisation.
    pub org: Owner,
    /// GitHub's number.
    pub id: u64,
    /// Its name in addresses then.
    pub slug: TeamSlug,
}

impl TeamRef {
    /// One that was read.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(org: &str, team: &Team) -> Result<Self, BadName> {
        Ok(Self { org: Owner::parse(org)?, id: team.id, slug: TeamSlug::parse(&team.slug)? })
    }
}

/// A repository that is there when the plan is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryRef {
    /// GitHub's number.
    pub id: u64,
    /// What it was called then.
    pub full_name: FullName,
}

impl RepositoryRef {
    /// One that was read.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(repository: &Repository) -> Result<Self, BadName> {
        Ok(Self { id: repository.id, full_name: FullName::parse(&repository.full_name)? })
    }

    pub(crate) fn org(&self) -> &Owner {
        &self.full_name.owner
    }
}

impl Reader {
    /// A person's login today; `None` if the account is gone.
    pub(crate) async fn login_of(
        &self,
        org: &Owner,
        user: &UserRef,
    ) -> Result<Option<Login>, OperationError> {
        let found = self.user_by_id(org, user.id).await?;
        Ok(found.map(|user| Login::parse(&user.login)).transpose().map_err(crate::ReadError::from)?)
    }

    /// A repository's name today; `None` if it is gone, or belongs to somebody else by now.
    pub(crate) async fn name_of(&self, repo: &RepositoryRef) -> Result<Option<FullName>, OperationError> {
        let Some(found) = self.by_id(repo.org(), repo.id).await? else { return Ok(None) };
        let name = FullName::parse(&found.full_name).map_err(crate::ReadError::from)?;
        Ok(name.owner.as_str().eq_ignore_ascii_case(repo.org().as_str()).then_some(name))
    }

    /// A team's slug today; `None` if it is gone.
    pub(crate) async fn slug_of(&self, team: &TeamRef) -> Result<Option<TeamSlug>, OperationError> {
        let (org, slug) = (team.org.as_str(), team.slug.as_str());
        if self.team(org, slug).await?.is_some_and(|found| found.id == team.id) {
            return Ok(Some(team.slug.clone()));
        }
        let Some(found) = self.teams(org).await?.into_iter().find(|found| found.id == team.id) else {
            return Ok(None);
        };
        Ok(Some(TeamSlug::parse(&found.slug).map_err(crate::ReadError::from)?))
    }
}
