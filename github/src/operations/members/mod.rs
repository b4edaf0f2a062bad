//! Joining an organisation and leaving it: invitations, roles, and what is left behind.
//!
//! People are named by GitHub's number, so that who took another login since is still found. None of these
//! operations touches this bot's own account. Nobody is removed who is the last owner beside it; an owner can be made
//! a member while it is one itself, so that what it gave it can take back.

pub(crate) mod add_outside;
pub(crate) mod cancel;
pub(crate) mod invite;
mod offer;
mod place;
pub(crate) mod remove;
pub(crate) mod remove_outside;
pub(crate) mod resend;
pub(crate) mod set_role;

use hubcommander_sdk::error::OperationError;
use serde::{Deserialize, Serialize};

pub use add_outside::AddOutsideCollaborator;
pub use cancel::CancelOrgInvitation;
pub use invite::InviteMember;
pub use offer::{InviteAs, Invitee, Offer};
pub use remove::RemoveMember;
pub use remove_outside::RemoveOutsideCollaborator;
pub use resend::ResendOrgInvitation;
pub use set_role::SetMembership;

use super::Access;
use super::refs::{RepositoryRef, TeamRef, UserRef};
use crate::names::{BadName, FullName, Owner, TeamSlug};
use crate::reader::{Membership, OutsideAccess, TeamPlace};

/// What a member is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgRole {
    /// A member.
    Member,
    /// An owner: administrator of all that there is.
    Owner,
}

impl OrgRole {
    /// What somebody is.
    #[must_use]
    pub fn of(membership: Membership) -> Self {
        if membership.owner { Self::Owner } else { Self::Member }
    }

    /// As GitHub writes it.
    fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Owner => "admin",
        }
    }
}

/// A place in a team, to be had with the membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InTeam {
    /// Which team.
    pub team: TeamRef,
    /// Whether they maintain it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maintainer: bool,
}

impl InTeam {
    /// One that was read.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(org: &Owner, place: &TeamPlace) -> Result<Self, BadName> {
        let team = TeamRef { org: org.clone(), id: place.id, slug: TeamSlug::parse(&place.slug)? };
        Ok(Self { team, maintainer: place.maintainer })
    }
}

/// What somebody from outside may do on a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnRepository {
    /// Which.
    pub repo: RepositoryRef,
    /// `pull`, `triage`, `push`, `maintain`, `admin`, or the name of a role that the organisation made.
    pub permission: String,
}

impl OnRepository {
    /// What was read.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(access: &OutsideAccess) -> Result<Self, BadName> {
        let repo = RepositoryRef { id: access.id, full_name: FullName::parse(&access.full_name)? };
        Ok(Self { repo, permission: access.level.clone() })
    }
}

/// "employees, bots and security". What is agreed on is said; only a very long list is cut.
fn listed(names: &[String]) -> String {
    const SAID: usize = 20;
    if names.len() > SAID {
        let (said, rest) = names.split_at(SAID);
        return format!("{} and {} more", said.join(", "), rest.len());
    }
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// " with team employees", " with teams a and b"; nothing for none.
fn with_teams(teams: &[InTeam]) -> String {
    let names: Vec<String> = teams
        .iter()
        .map(|one| {
            let role = if one.maintainer { " (maintainer)" } else { "" };
            format!("{}{role}", one.team.slug)
        })
        .collect();
    match names.len() {
        0 => String::new(),
        1 => format!(" with team {}", listed(&names)),
        _ => format!(" with teams {}", listed(&names)),
    }
}

impl Access {
    /// Refuses what would be done to our own account; its number where we have one.
    async fn not_ourselves(&self, user: &UserRef) -> Result<Option<u64>, OperationError> {
        let own = self.reader.own_id().await?;
        if own == Some(user.id) {
            return Err(OperationError::permanent(
                format!("{} is this bot's own account, which it never changes.", user.login),
                format!("account {}: our own", user.id),
            ));
        }
        Ok(own)
    }

    /// Refuses what would leave the organisation without an owner besides this person and those of `uncounted`.
    async fn not_the_last_owner(
        &self,
        org: &Owner,
        user: &UserRef,
        uncounted: Option<u64>,
    ) -> Result<(), OperationError> {
        let besides: Vec<u64> = uncounted.into_iter().chain([user.id]).collect();
        if self.reader.has_owner_besides(org, &besides).await? {
            return Ok(());
        }
        Err(OperationError::permanent(
            format!("{} is the last owner of {org}. Make somebody else an owner first.", user.login),
            format!("account {} is the last owner of {org}", user.id),
        ))
    }
}
