//! The reading client: what plugins get. It cannot write, by type.

mod about;
mod actions;
mod asking;
mod audit_log;
mod connection;
mod deploy_keys;
mod error;
mod identities;
mod lately;
mod lists;
mod members;
mod model;
mod ourselves;
mod people;
mod pulls;
mod rules;
mod scan;

use std::sync::Arc;

use hubcommander_sdk::command::Headway;
use serde::de::DeserializeOwned;

pub(crate) use asking::Patience;
pub(crate) use lately::Lately;

pub use about::{About, ClassicProtection, Guarded, TeamAccess};
pub use actions::{Actions, ActionsWhere};
pub use audit_log::{Log, LogEvent, OneOrMore};
pub use deploy_keys::DeployKey;
pub use error::{ReadError, ReadErrorKind};
pub use identities::{ExternalIdentity, SignOn};
pub use lists::RepositoryNames;
pub use members::{Member, OutsideAccess, OutsideAccesses, TeamPlace};
pub use model::{
    Branch, Listing, Lookup, Organization, ParentTeam, Rate, Repository, Team, Visibility, WhoAmI,
};
pub use people::{Collaborator, Invitation, Membership, Standing, TeamMembership, User};
pub use pulls::{More, PullFilter, PullRequest, PullState, Pulls};
pub use scan::{
    Installation, Level, OrgInvitation, Outsider, RepoInvitation, Scan, Scanned, ScannedKey,
    ScannedRepository, SecondFactor,
};

use asking::Asking;

use crate::account::Account;
use crate::answer::Answer;
use crate::names::{BranchName, FullName, Owner, TeamSlug};
use crate::path::Path;
use crate::transport::{JSON, REPOSITORY};

/// Reads from GitHub. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Asking);

impl Reader {
    pub(crate) fn new(account: Arc<Account>) -> Self {
        Self(Asking::new(account))
    }

    /// The same with patience: where GitHub asks us to slow down it waits, minutes if need be, and says so. For
    /// commands that read much. Others are refused with the time to try again.
    #[must_use]
    pub fn patient(&self, headway: &Headway) -> Self {
        Self(self.0.patient(headway))
    }

    /// What stands under a repository's name. A redirect is told, not followed.
    ///
    /// # Errors
    /// It could not be read. That it is absent is no error.
    pub async fn repository(&self, org: &str, name: &str) -> Result<Lookup, ReadError> {
        self.lookup(&FullName::new(org, name)?).await
    }

    pub(crate) async fn lookup(&self, name: &FullName) -> Result<Lookup, ReadError> {
        let subject = name.to_string();
        let answer = self.0.read(&name.owner, Path::repository(name), JSON).await?;
        if answer.is_redirect() {
            let id = answer
                .redirected_to()
                .ok_or_else(|| ReadError::unexpected(&subject, "a redirect to no repository"))?;
            return Ok(match self.by_id(&name.owner, id).await? {
                Some(now) => Lookup::Moved { full_name: now.full_name, id },
                None => Lookup::Absent,
            });
        }
        Ok(found(&answer, &subject)?.map_or(Lookup::Absent, Lookup::Found))
    }

    /// The repository with this id, whatever it is called by now; `None` if the account cannot see it. The
    /// organisation tells an App as which installation to ask.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn repository_by_id(&self, org: &str, id: u64) -> Result<Option<Repository>, ReadError> {
        self.by_id(&Owner::parse(org)?, id).await
    }

    pub(crate) async fn by_id(&self, org: &Owner, id: u64) -> Result<Option<Repository>, ReadError> {
        let answer = self.0.read(org, Path::repository_id(id), JSON).await?;
        found(&answer, &format!("the repository with the id {id}"))
    }

    /// An organisation; `None` if the account cannot see it.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn organization(&self, org: &str) -> Result<Option<Organization>, ReadError> {
        let org = Owner::parse(org)?;
        let answer = self.0.read(&org, Path::org(&org), JSON).await?;
        found(&answer, org.as_str())
    }

    /// A team by its slug; `None` if the account cannot see it.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn team(&self, org: &str, slug: &str) -> Result<Option<Team>, ReadError> {
        let (org, slug) = (Owner::parse(org)?, TeamSlug::parse(slug)?);
        let answer = self.0.read(&org, Path::team(&org, &slug), JSON).await?;
        found(&answer, &format!("team {slug} of {org}"))
    }

    /// A branch; `None` if there is none of that name.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn branch(&self, org: &str, name: &str, branch: &str) -> Result<Option<Branch>, ReadError> {
        let repo = FullName::new(org, name)?;
        let branch = BranchName::parse(branch)?;
        let answer = self.0.read(&repo.owner, Path::repository(&repo).branch(&branch), JSON).await?;
        found(&answer, &format!("branch {branch} of {repo}"))
    }

    /// What a team may do on a repository: `pull`, `triage`, `push`, `maintain`, `admin`, or the name of a
    /// role that the organisation made; `None` if nothing, or if there is no such team or repository.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn team_permission(
        &self,
        org: &str,
        slug: &str,
        repository: &str,
    ) -> Result<Option<String>, ReadError> {
        let repo = FullName::parse(repository)?;
        self.level_of(&Owner::parse(org)?, &TeamSlug::parse(slug)?, &repo).await
    }

    pub(crate) async fn level_of(
        &self,
        org: &Owner,
        slug: &TeamSlug,
        repo: &FullName,
    ) -> Result<Option<String>, ReadError> {
        let subject = format!("what team {slug} may do on {repo}");
        let answer = self.0.read(org, Path::team_repository(org, slug, repo), REPOSITORY).await?;
        let granted: Option<Granted> = found(&answer, &subject)?;
        Ok(granted.as_ref().and_then(Granted::level))
    }
}

/// A repository as a team has it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
struct Granted {
    role_name: Option<String>,
    #[serde(default)]
    permissions: std::collections::BTreeMap<String, bool>,
}

impl Granted {
    fn level(&self) -> Option<String> {
        if let Some(role) = self.role_name.as_deref().filter(|role| !role.is_empty()) {
            return Some(crate::words::level(role).to_owned());
        }
        ["admin", "maintain", "push", "triage", "pull"]
            .into_iter()
            .find(|level| self.permissions.get(*level) == Some(&true))
            .map(str::to_owned)
    }
}

/// What was found, or `None` where GitHub says that there is nothing, which may also mean that the account
/// cannot see it, or that it bears another name now.
fn found<T: DeserializeOwned>(answer: &Answer, subject: &str) -> Result<Option<T>, ReadError> {
    match answer.status.as_u16() {
        200 => answer.json().map(Some).map_err(|error| ReadError::unexpected(subject, &error.to_string())),
        404 => Ok(None),
        _ if answer.is_redirect() => Ok(None),
        _ => Err(ReadError::unexpected_answer(answer, subject)),
    }
}
