//! An offer to join an organisation: to whom, as what, and with which teams.

use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Power;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{InTeam, with_teams};
use crate::names::{Email, Login, Owner};
use crate::operations::refs::{TeamRef, UserRef};
use crate::reader::{OrgInvitation, ReadError, Reader};

/// Who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invitee {
    /// An account.
    Account(UserRef),
    /// Whoever reads the mail at this address.
    Email(Email),
}

impl Invitee {
    /// The login or the address.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Account(user) => user.login.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }
}

/// As what somebody is invited
/// (<https://docs.github.com/en/rest/orgs/members#create-an-organization-invitation>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteAs {
    /// A member.
    DirectMember,
    /// An owner.
    Admin,
    /// Somebody who sees to the bills and is no member.
    BillingManager,
    /// What they were when they were removed, whatever that was.
    Reinstate,
}

impl InviteAs {
    /// As GitHub writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DirectMember => "direct_member",
            Self::Admin => "admin",
            Self::BillingManager => "billing_manager",
            Self::Reinstate => "reinstate",
        }
    }

    /// The inverse of [`InviteAs::word`]; `None` for what can be received and not sent (`hiring_manager`).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::DirectMember, Self::Admin, Self::BillingManager, Self::Reinstate]
            .into_iter()
            .find(|role| role.word() == word)
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::DirectMember => "a member",
            Self::Admin => "an owner",
            Self::BillingManager => "a billing manager",
            Self::Reinstate => "what they were before",
        }
    }
}

/// An offer to join an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The organisation.
    pub org: Owner,
    /// To whom.
    pub who: Invitee,
    /// As what.
    pub role: InviteAs,
    /// The teams they join with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<InTeam>,
}

impl Offer {
    /// "octocat is invited to acme as a member with team employees"
    pub(super) fn words(&self, invited: &str) -> String {
        let (who, org, role) = (self.who.name(), &self.org, self.role.words());
        format!("{who} {invited} to {org} as {role}{}", with_teams(&self.teams))
    }

    /// What an operation gives that has sent it, with GitHub's number for the invitation.
    pub(super) fn sent(&self, id: Option<u64>) -> Json {
        json!({ "id": id, "who": self.who.name(), "org": self.org })
    }

    /// They were quicker.
    pub(super) fn accepted(&self) -> String {
        format!("{} has accepted and is a member of {} by now.", self.who.name(), self.org)
    }

    /// The same, for whoever wanted to do something about the invitation of this number.
    pub(super) fn too_late(&self, id: u64) -> OperationError {
        let log = format!("invitation {id} to {}: accepted", self.org);
        OperationError::permanent(self.accepted(), log)
    }

    /// Who may become an owner by it.
    pub(super) fn power(&self) -> Option<Power> {
        matches!(self.role, InviteAs::Admin | InviteAs::Reinstate).then_some(Power::GrantOwner)
    }
}

impl Reader {
    /// What an invitation offers, with its teams and the places in them: to cancel it or to send it again. `None` if
    /// the account is gone, or if it is one that could not be sent again.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn offer(&self, org: &str, invitation: &OrgInvitation) -> Result<Option<Offer>, ReadError> {
        let org = Owner::parse(org)?;
        let Some(role) = InviteAs::from_word(&invitation.role) else { return Ok(None) };
        let (who, login) = match (&invitation.login, &invitation.email) {
            (Some(login), _) => match self.user(org.as_str(), login).await? {
                Some(user) => (Invitee::Account(UserRef::of(&user)?), Some(Login::parse(&user.login)?)),
                None => return Ok(None),
            },
            (None, Some(email)) => (Invitee::Email(Email::parse(email)?), None),
            (None, None) => return Ok(None),
        };
        let found = match invitation.team_count {
            0 => Vec::new(),
            _ => self.teams_of_invitation(&org, invitation.id).await?,
        };
        let mut teams = Vec::new();
        for team in found {
            let team = TeamRef::of(org.as_str(), &team)?;
            // An invitation does not tell the place in the team; the team tells it of accounts.
            let place = match &login {
                Some(login) => self.place_in_team(&org, &team.slug, login).await?,
                None => None,
            };
            teams.push(InTeam { team, maintainer: place.is_some_and(|place| place.role == "maintainer") });
        }
        Ok(Some(Offer { org, who, role, teams }))
    }
}
