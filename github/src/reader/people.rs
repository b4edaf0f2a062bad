//! People: who they are, and what they were given on a repository or in a team.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_sdk::clock::Instant;
use serde::Deserialize;

use super::{Granted, Listing, ReadError, Reader, Team, Visibility, found};
use crate::grants::permission_rank;
use crate::names::{Login, Owner, TeamSlug};
use crate::path::Path;
use crate::transport::JSON;
use crate::words::level;

/// Memberships that are asked for side by side.
const SIDE_BY_SIDE: usize = 6;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Stays the same when the person takes another login.
    pub id: u64,
    /// The login, as GitHub writes it now.
    pub login: String,
    /// Its page.
    #[serde(default)]
    pub html_url: String,
    /// `User`, `Organization` or `Bot`.
    #[serde(default, rename = "type")]
    pub kind: String,
}

impl User {
    /// Whether it is a person's account.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.kind == "User"
    }
}

/// A person's place in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Whether they own it.
    pub owner: bool,
    /// Whether they were invited and have not accepted yet.
    pub pending: bool,
}

/// A person's place in a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMembership {
    /// `member` or `maintainer`. Owners of the organisation are always shown as maintainers.
    pub role: String,
    /// Whether they were invited and have not accepted yet.
    pub pending: bool,
}

/// Somebody who has access to a repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Collaborator {
    /// Who.
    #[serde(flatten)]
    pub user: User,
    #[serde(flatten)]
    granted: Granted,
}

impl Collaborator {
    /// The most that they may do there, by whatever way: teams and the organisation count too.
    #[must_use]
    pub fn level(&self) -> Option<String> {
        self.granted.level()
    }
}

/// An invitation to a repository that was neither accepted nor declined.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: u64,
    /// Who was invited; `None` if the account is gone.
    pub invitee: Option<User>,
    permissions: String,
    /// When it was sent.
    pub created_at: Instant,
    /// Whether it is too late to accept it.
    #[serde(default)]
    pub expired: bool,
}

impl Invitation {
    /// The level that it offers: `pull`, `triage`, `push`, `maintain`, `admin`.
    #[must_use]
    pub fn level(&self) -> &str {
        level(&self.permissions)
    }
}

/// What a person was given on a repository directly: not by a team, and not by the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Nothing,
    /// This level.
    Has(String),
    /// This level was offered, and they have not accepted yet.
    Invited {
        /// The invitation.
        id: u64,
        /// What it offers. Of a role that the organisation made, what that is built upon.
        level: String,
    },
    /// Something, at most this level. GitHub only tells the greatest of what a member has by all ways, so what
    /// was given directly is hidden where a team or the organisation gives as much.
    Untold(String),
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    state: String,
    #[serde(default)]
    role: String,
}

#[derive(Deserialize)]
struct TeamThere {
    slug: String,
    permission: String,
}

#[derive(Deserialize)]
struct Roles {
    custom_roles: Vec<CustomRole>,
}

#[derive(Deserialize)]
struct CustomRole {
    name: String,
    #[serde(default)]
    base_role: Option<String>,
}

#[derive(Deserialize)]
struct OrgInvitation {
    id: u64,
    login: Option<String>,
    #[serde(default)]
    team_count: u64,
}

impl Reader {
    /// An account by its login; `None` if there is none. The organisation tells an App as which installation
    /// to ask.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn user(&self, org: &str, login: &str) -> Result<Option<User>, ReadError> {
        let (org, login) = (Owner::parse(org)?, Login::parse(login)?);
        let answer = self.0.read(&org, Path::user(&login), JSON).await?;
        found(&answer, &format!("the account {login}"))
    }

    /// The account with this number, whatever its login is by now: renames are followed. `None` if it is gone. The
    /// organisation tells an App as which installation to ask.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn account(&self, org: &str, id: u64) -> Result<Option<User>, ReadError> {
        self.user_by_id(&Owner::parse(org)?, id).await
    }

    pub(crate) async fn user_by_id(&self, org: &Owner, id: u64) -> Result<Option<User>, ReadError> {
        let answer = self.0.read(org, Path::user_id(id), JSON).await?;
        found(&answer, &format!("the account with the id {id}"))
    }

    /// A person's place in an organisation; `None` if they have none.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn membership(&self, org: &str, login: &str) -> Result<Option<Membership>, ReadError> {
        self.place(&Owner::parse(org)?, &Login::parse(login)?).await
    }

    pub(crate) async fn place(&self, org: &Owner, login: &Login) -> Result<Option<Membership>, ReadError> {
        let answer = self.0.read(org, Path::membership(org, login), JSON).await?;
        let place: Option<Place> = found(&answer, &format!("whether {login} is a member of {org}"))?;
        Ok(place.map(|place| Membership { owner: place.role == "admin", pending: place.state == "pending" }))
    }

    /// A person's place in a team; `None` if they have none, or if there is no such team. Who is in a team that
    /// belongs to this one is shown too.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn team_membership(
        &self,
        org: &str,
        slug: &str,
        login: &str,
    ) -> Result<Option<TeamMembership>, ReadError> {
        self.place_in_team(&Owner::parse(org)?, &TeamSlug::parse(slug)?, &Login::parse(login)?).await
    }

    pub(crate) async fn place_in_team(
        &self,
        org: &Owner,
        slug: &TeamSlug,
        login: &Login,
    ) -> Result<Option<TeamMembership>, ReadError> {
        let answer = self.0.read(org, Path::team_membership(org, slug, login), JSON).await?;
        let place: Option<Place> = found(&answer, &format!("whether {login} is in team {slug} of {org}"))?;
        Ok(place.map(|place| TeamMembership { role: place.role, pending: place.state == "pending" }))
    }

    /// The teams that belong to a team.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn child_teams(&self, org: &str, slug: &str) -> Result<Listing<Team>, ReadError> {
        let (org, slug) = (Owner::parse(org)?, TeamSlug::parse(slug)?);
        let subject = format!("the teams within team {slug} of {org}");
        self.pages(&org, &Path::team(&org, &slug).then("teams"), &subject).await
    }

    /// Who was given access to a repository directly. Their level counts all ways.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn collaborators(
        &self,
        org: &str,
        repository: u64,
        outside: bool,
    ) -> Result<Listing<Collaborator>, ReadError> {
        self.given(&Owner::parse(org)?, repository, if outside { "outside" } else { "direct" }).await
    }

    async fn given(
        &self,
        org: &Owner,
        repository: u64,
        affiliation: &'static str,
    ) -> Result<Listing<Collaborator>, ReadError> {
        let path =
            Path::repository_id(repository).then("collaborators").with_word("affiliation", affiliation);
        self.pages(org, &path, "who has access to the repository").await
    }

    /// The invitations to a repository, also those that came to their end.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn invitations(&self, org: &str, repository: u64) -> Result<Listing<Invitation>, ReadError> {
        self.offered(&Owner::parse(org)?, repository).await
    }

    async fn offered(&self, org: &Owner, repository: u64) -> Result<Listing<Invitation>, ReadError> {
        let path = Path::repository_id(repository).then("invitations");
        self.pages(org, &path, "the invitations to the repository").await
    }

    /// What a person was given on a repository directly.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn standing(&self, org: &str, repository: u64, user: &User) -> Result<Standing, ReadError> {
        self.stands(&Owner::parse(org)?, repository, user.id, &Login::parse(&user.login)?).await
    }

    pub(crate) async fn stands(
        &self,
        org: &Owner,
        repository: u64,
        user: u64,
        login: &Login,
    ) -> Result<Standing, ReadError> {
        let given = self.given(org, repository, "direct").await?;
        if let Some(found) = given.items.iter().find(|one| one.user.id == user) {
            let level = found.level().unwrap_or_else(|| "pull".to_owned());
            return Ok(match self.place(org, login).await? {
                // Who is no member has nothing but what was given directly.
                None | Some(Membership { pending: true, .. }) => Standing::Has(level),
                Some(Membership { owner: true, .. }) => Standing::Untold(level),
                Some(_) => self.of_member(org, repository, login, level).await?,
            });
        }
        let offered = self.offered(org, repository).await?;
        let waits = |one: &&Invitation| {
            !one.expired && one.invitee.as_ref().is_some_and(|invitee| invitee.id == user)
        };
        match offered.items.iter().find(waits) {
            Some(one) => Ok(Standing::Invited { id: one.id, level: one.level().to_owned() }),
            None if given.complete && offered.complete => Ok(Standing::Nothing),
            None => {
                Err(ReadError::unexpected("who has access to the repository", "more people than are read"))
            }
        }
    }

    /// A member's level is what was given directly only if no other way gives as much.
    async fn of_member(
        &self,
        org: &Owner,
        repository: u64,
        login: &Login,
        shown: String,
    ) -> Result<Standing, ReadError> {
        let as_much = |other: &str| permission_rank(other) >= permission_rank(&shown);
        let (all, found) = tokio::try_join!(self.organization(org.as_str()), self.by_id(org, repository))?;
        // Only owners are told what all members may do.
        let base = all.and_then(|org| org.default_repository_permission);
        let by_base = base.as_deref().is_none_or(|base| base != "none" && as_much(base));
        let by_sight = found.is_none_or(|found| found.visibility != Visibility::Private) && as_much("pull");
        if by_base || by_sight {
            return Ok(Standing::Untold(shown));
        }
        let path = Path::repository_id(repository).then("teams");
        let teams: Listing<TeamThere> = self.pages(org, &path, "the teams of the repository").await?;
        if !teams.complete {
            return Ok(Standing::Untold(shown));
        }
        let as_strong: Vec<TeamSlug> = teams
            .into_iter()
            .filter(|team| as_much(&team.permission))
            .map(|team| TeamSlug::parse(&team.slug))
            .collect::<Result<_, _>>()?;
        let asked =
            as_strong.into_iter().map(|team| async move { self.place_in_team(org, &team, login).await });
        let places: Vec<Option<TeamMembership>> =
            stream::iter(asked).buffered(SIDE_BY_SIDE).try_collect().await?;
        let by_team = places.into_iter().flatten().any(|place| !place.pending);
        Ok(if by_team { Standing::Untold(shown) } else { Standing::Has(shown) })
    }

    /// What a role that the organisation made is built upon: `pull`, `triage`, `push`, `maintain`. The outer
    /// `None` says that the account may not look; the inner one that there is no such role.
    ///
    /// # Errors
    /// It could not be read.
    #[allow(clippy::option_option, reason = "whether it is known, and what is known")]
    pub async fn role_base(&self, org: &str, role: &str) -> Result<Option<Option<String>>, ReadError> {
        let org = Owner::parse(org)?;
        let answer = self.0.read(&org, Path::org(&org).then("custom-repository-roles"), JSON).await?;
        if answer.status.as_u16() == 403 {
            return Ok(None);
        }
        let roles: Option<Roles> = found(&answer, &format!("the roles of {org}"))?;
        Ok(roles.map(|roles| {
            let role = roles.custom_roles.into_iter().find(|one| one.name.eq_ignore_ascii_case(role))?;
            Some(level(role.base_role.as_deref().unwrap_or("pull")).to_owned())
        }))
    }

    /// The invitation to an organisation that waits for a person, if it is to no team: its id.
    pub(crate) async fn lone_invitation(&self, org: &Owner, login: &Login) -> Result<Option<u64>, ReadError> {
        let path = Path::org(org).then("invitations");
        let all: Listing<OrgInvitation> =
            self.pages(org, &path, &format!("the invitations to {org}")).await?;
        let theirs = |one: &OrgInvitation| {
            one.login.as_deref().is_some_and(|waits| waits.eq_ignore_ascii_case(login.as_str()))
        };
        Ok(all.into_iter().find(|one| theirs(one) && one.team_count == 0).map(|one| one.id))
    }
}
