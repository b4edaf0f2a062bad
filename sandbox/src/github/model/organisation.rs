//! Organisations, their members and their teams.

use std::collections::{BTreeMap, BTreeSet};

use hubcommander_sdk::clock::Instant;

use super::invitation::OrgInvitation;
use super::policy::{CustomRole, OrganisationActions, SingleSignOn};
use super::repository::Permission;
use super::ruleset::Ruleset;

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
    /// Whether the identity provider says who is in it; then nobody else may.
    pub synced: bool,
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
    /// Logins in lower case of people whose second factor is a weak one, such as SMS.
    pub insecure_second_factor: BTreeSet<String>,
    /// Whether everyone must have a second factor.
    pub second_factor_required: bool,
    /// Whether nothing is paid: rules for private repositories are not to be had then.
    pub free_plan: bool,
    /// Settings such as `members_can_delete_repositories`, by their name in the API.
    pub switches: BTreeMap<String, bool>,
    /// Invitations, pending and failed, by id.
    pub invitations: BTreeMap<u64, OrgInvitation>,
    /// When invitations were sent, also those that were cancelled since: they count against what may be sent in
    /// a day.
    pub sent: Vec<Instant>,
    /// So many members it has paid for; `None`: no bound.
    pub seats: Option<usize>,
    /// Whether the company makes its members' accounts itself; then nobody is invited.
    pub managed_users: bool,
    /// Roles for repositories that it made itself, by id.
    pub custom_roles: BTreeMap<u64, CustomRole>,
    /// Rulesets for its repositories, by id.
    pub rulesets: BTreeMap<u64, Ruleset>,
    /// How it stands to Actions.
    pub actions: OrganisationActions,
    /// Single sign-on, if it has that.
    pub single_sign_on: Option<SingleSignOn>,
    /// Teams, by id.
    pub teams: BTreeMap<u64, Team>,
    /// Since when it exists.
    pub created_at: Instant,
}

/// The settings there are, and how they stand in a new organisation.
const SWITCHES: [(&str, bool); 12] = [
    ("members_can_create_pages", true),
    ("members_can_create_public_pages", true),
    ("members_can_create_private_pages", true),
    ("members_can_create_teams", true),
    ("members_can_fork_private_repositories", false),
    ("members_can_delete_repositories", true),
    ("members_can_change_repo_visibility", true),
    ("members_can_invite_outside_collaborators", true),
    ("members_can_delete_issues", false),
    ("readers_can_create_discussions", true),
    ("deploy_keys_enabled_for_repositories", true),
    ("web_commit_signoff_required", false),
];

impl Organisation {
    /// A new one with nobody in it. Members who are no owners may read its repositories and create none.
    pub(crate) fn new(id: u64, login: &str, at: Instant) -> Self {
        Self {
            id,
            login: login.to_owned(),
            name: None,
            description: None,
            default_branch: "main".to_owned(),
            base_permission: Some(Permission::Pull),
            members_create_repositories: false,
            enterprise: false,
            members: BTreeMap::new(),
            without_second_factor: BTreeSet::new(),
            insecure_second_factor: BTreeSet::new(),
            second_factor_required: false,
            free_plan: false,
            switches: SWITCHES.iter().map(|(name, on)| ((*name).to_owned(), *on)).collect(),
            teams: BTreeMap::new(),
            invitations: BTreeMap::new(),
            sent: Vec::new(),
            seats: None,
            managed_users: false,
            custom_roles: BTreeMap::new(),
            rulesets: BTreeMap::new(),
            actions: OrganisationActions::default(),
            single_sign_on: None,
            created_at: at,
        }
    }

    /// How a setting stands; one that does not exist is off.
    pub fn lets(&self, setting: &str) -> bool {
        self.switches.get(setting).copied().unwrap_or(false)
    }

    /// The level and, for a role of its own, the name that a request means by `pull`, `push` and so on.
    pub fn role_named(&self, word: &str) -> Option<(Permission, Option<String>)> {
        if let Some(level) = Permission::from_word(word) {
            return Some((level, None));
        }
        let custom = self.custom_roles.values().find(|one| one.name == word)?;
        Some((custom.base, Some(custom.name.clone())))
    }

    /// Whether this person is the only owner.
    pub fn is_last_owner(&self, login: &str) -> bool {
        self.is_owner(login) && self.members.keys().filter(|one| self.is_owner(one)).count() == 1
    }

    /// Who was invited and is not coming is no pending member any more.
    pub(super) fn forget_pending(&mut self, login: &str) {
        if self.members.get(login).is_some_and(|place| place.pending) {
            self.members.remove(login);
        }
    }

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
