//! Organisations, their members and their teams.

use std::collections::{BTreeMap, BTreeSet};

use hubcommander_sdk::clock::Instant;

use super::repository::Permission;

/// What a person is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrgRole {
    /// An owner.
    Admin,
    /// A member.
    Member,
}

impl OrgRole {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// A person's place in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Owner or member.
    pub role: OrgRole,
    /// Invited, and not a member yet.
    pub pending: bool,
    /// Whether the membership is shown to everyone.
    pub public: bool,
}

/// Who sees a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Privacy {
    /// Every member of the organisation.
    Closed,
    /// Its members and the owners.
    Secret,
}

impl Privacy {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Secret => "secret",
        }
    }
}

/// What a person is in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TeamRole {
    /// May add and remove members.
    Maintainer,
    /// A member.
    Member,
}

impl TeamRole {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Maintainer => "maintainer",
            Self::Member => "member",
        }
    }
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who sees it.
    pub privacy: Privacy,
    /// What it gets on a repository when nothing is said.
    pub permission: Permission,
    /// The team it belongs to.
    pub parent: Option<u64>,
    /// Its members, by login in lower case.
    pub members: BTreeMap<String, TeamRole>,
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name in addresses, as it is written.
    pub login: String,
    /// Its name for people.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// What the first branch of a new repository is called.
    pub default_branch: String,
    /// What every member may do with every repository; `None`: nothing.
    pub base_permission: Option<Permission>,
    /// Whether members who are no owners create repositories.
    pub members_create_repositories: bool,
    /// Whether it belongs to an enterprise, and so may have internal repositories.
    pub enterprise: bool,
    /// Members and invited people, by login in lower case.
    pub members: BTreeMap<String, Membership>,
    /// Logins in lower case of members without a second factor.
    pub without_second_factor: BTreeSet<String>,
    /// Teams, by id.
    pub teams: BTreeMap<u64, Team>,
    /// Since when it exists.
    pub created_at: Instant,
}

impl Organisation {
    /// The team of this slug.
    pub fn team(&self, slug: &str) -> Option<&Team> {
        self.teams.values().find(|team| team.slug.eq_ignore_ascii_case(slug))
    }

    /// As [`Organisation::team`], to change it.
    pub fn team_mut(&mut self, slug: &str) -> Option<&mut Team> {
        self.teams.values_mut().find(|team| team.slug.eq_ignore_ascii_case(slug))
    }

    /// What this person is in it; `None` also for who is only invited.
    pub fn role_of(&self, login: &str) -> Option<OrgRole> {
        let membership = self.members.get(&login.to_lowercase())?;
        (!membership.pending).then_some(membership.role)
    }

    /// Whether this person is an owner.
    pub fn is_owner(&self, login: &str) -> bool {
        self.role_of(login) == Some(OrgRole::Admin)
    }
}
