//! Invitations to repositories and organisations: pending until they are accepted, and void after a week.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use hubcommander_sdk::clock::Instant;

use super::repository::Grantee;
use super::{Membership, OrgRole, Permission, State, TeamRole};

/// How long an invitation can be accepted.
const VALID: TimeDelta = TimeDelta::days(7);

/// An invitation to a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// GitHub's number for it.
    pub id: u64,
    /// Who is invited, in lower case.
    pub invitee: String,
    /// The login of who invited; `None`: an App.
    pub inviter: Option<String>,
    /// What the invited person will be able to do.
    pub level: Permission,
    /// The custom role it comes from.
    pub custom_role: Option<String>,
    /// When it was sent.
    pub created_at: Instant,
}

impl Invitation {
    /// Whether it came too late to be accepted.
    pub fn is_expired(&self, now: Instant) -> bool {
        self.created_at + VALID <= now
    }
}

/// What an invitation to an organisation makes of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitedAs {
    /// An owner.
    Admin,
    /// A member.
    DirectMember,
    /// Somebody who pays and is no member.
    BillingManager,
    /// What that person was before.
    Reinstate,
}

impl InvitedAs {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::DirectMember => "direct_member",
            Self::BillingManager => "billing_manager",
            Self::Reinstate => "reinstate",
        }
    }

    /// The inverse of [`InvitedAs::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Admin, Self::DirectMember, Self::BillingManager, Self::Reinstate]
            .into_iter()
            .find(|one| one.word() == word)
    }

    fn role(self) -> OrgRole {
        if self == Self::Admin { OrgRole::Admin } else { OrgRole::Member }
    }
}

/// An invitation to an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgInvitation {
    /// GitHub's number for it.
    pub id: u64,
    /// Who is invited, in lower case; `None`: only the address is known.
    pub login: Option<String>,
    /// The address it was sent to, if it was not sent to an account.
    pub email: Option<String>,
    /// What the person becomes.
    pub role: InvitedAs,
    /// The login of who invited; `None`: an App.
    pub inviter: Option<String>,
    /// Teams that the person joins with it, and as what.
    pub teams: BTreeMap<u64, TeamRole>,
    /// When it was sent.
    pub created_at: Instant,
    /// When and why it came to nothing.
    pub failed: Option<(Instant, String)>,
}

impl OrgInvitation {
    /// Whether it can still be accepted.
    pub fn is_pending(&self) -> bool {
        self.failed.is_none()
    }

    /// Whether it is this person's and can still be accepted.
    pub fn waits_for(&self, login: &str) -> bool {
        self.is_pending() && self.login.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(login))
    }
}

impl State {
    /// Takes an invitation to a repository up: the person becomes a collaborator. False when there is none,
    /// or it came to its end.
    pub fn accept_invitation(&mut self, id: u64, now: Instant) -> bool {
        let Some(repository) = self.invitation_mut(id, |one| !one.is_expired(now)) else { return false };
        let Some(invitation) = repository.invitations.remove(&id) else { return false };
        let person = Grantee::Person(invitation.invitee);
        repository.grant(person, invitation.level, invitation.custom_role.as_deref());
        true
    }

    /// Takes an invitation to a repository away: declined or cancelled. False when there is none.
    pub fn end_invitation(&mut self, id: u64) -> bool {
        let Some(repository) = self.invitation_mut(id, |_| true) else { return false };
        repository.invitations.remove(&id).is_some()
    }

    fn invitation_mut(
        &mut self,
        id: u64,
        wanted: impl Fn(&Invitation) -> bool,
    ) -> Option<&mut super::Repository> {
        let found = self.repositories.values().find(|one| one.invitations.get(&id).is_some_and(&wanted))?.id;
        self.repositories.get_mut(&found)
    }

    /// Invites to an organisation; who has an account is a pending member from then on.
    pub fn invite(&mut self, organisation: &str, invitation: OrgInvitation) {
        let Some(organisation) = self.organisation_mut(organisation) else { return };
        if let Some(login) = &invitation.login {
            let pending = Membership { role: invitation.role.role(), pending: true, public: false };
            organisation.members.insert(login.clone(), pending);
        }
        organisation.sent.push(invitation.created_at);
        organisation.invitations.insert(invitation.id, invitation);
    }

    /// Takes an invitation to an organisation up: the person becomes a member, also of its teams. False when
    /// none waits for that person.
    pub fn accept_membership(&mut self, organisation: &str, login: &str) -> bool {
        let login = login.to_lowercase();
        let Some(organisation) = self.organisation_mut(organisation) else { return false };
        let pending = organisation.members.get(&login).is_some_and(|place| place.pending);
        let found = organisation.invitations.values().find(|one| one.waits_for(&login)).map(|one| one.id);
        let invitation = found.and_then(|id| organisation.invitations.remove(&id));
        if !pending {
            return false;
        }
        if let Some(place) = organisation.members.get_mut(&login) {
            place.pending = false;
        }
        for (team, role) in invitation.map(|one| one.teams).unwrap_or_default() {
            if let Some(team) = organisation.teams.get_mut(&team) {
                team.members.insert(login.clone(), role);
            }
        }
        true
    }

    /// Takes up an invitation that was sent to an address: who got it says who they are by that. False when there
    /// is none, or no such person, or they belong to it already.
    pub fn accept_by_address(&mut self, organisation: &str, id: u64, login: &str) -> bool {
        let Some(key) = self.user(login).map(|user| user.login.to_lowercase()) else { return false };
        let Some(organisation) = self.organisation_mut(organisation) else { return false };
        let by_address =
            organisation.invitations.get(&id).is_some_and(|one| one.is_pending() && one.login.is_none());
        if !by_address || organisation.role_of(&key).is_some() {
            return false;
        }
        let Some(invitation) = organisation.invitations.remove(&id) else { return false };
        let place = Membership { role: invitation.role.role(), pending: false, public: false };
        organisation.members.insert(key.clone(), place);
        for (team, role) in invitation.teams {
            if let Some(team) = organisation.teams.get_mut(&team) {
                team.members.insert(key.clone(), role);
            }
        }
        true
    }

    /// Takes an invitation to an organisation away. False when there is none that is pending.
    pub fn cancel_membership(&mut self, organisation: &str, id: u64) -> bool {
        let Some(organisation) = self.organisation_mut(organisation) else { return false };
        if !organisation.invitations.get(&id).is_some_and(OrgInvitation::is_pending) {
            return false;
        }
        let invitation = organisation.invitations.remove(&id);
        if let Some(login) = invitation.and_then(|one| one.login) {
            organisation.forget_pending(&login);
        }
        true
    }

    /// Invitations to organisations that nobody took up within a week have failed.
    pub(crate) fn let_invitations_expire(&mut self, now: Instant) {
        for organisation in self.organisations.values_mut() {
            let mut late = Vec::new();
            for one in organisation.invitations.values_mut() {
                let end = one.created_at + VALID;
                if one.is_pending() && end <= now {
                    let why = "Invitation expired. User did not accept this invite for 7 days.";
                    one.failed = Some((end, why.to_owned()));
                    late.extend(one.login.clone());
                }
            }
            for login in late {
                organisation.forget_pending(&login);
            }
        }
    }
}
