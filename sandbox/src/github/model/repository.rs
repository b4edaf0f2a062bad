//! Repositories and what one may do with them.

use std::collections::BTreeMap;

use hubcommander_sdk::clock::Instant;

use super::{Block, DeployKey, Invitation, Label, Protection, PullRequest, RepositoryActions, Ruleset};

/// What somebody may do with a repository, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Read.
    Pull,
    /// Read, and sort issues and pull requests.
    Triage,
    /// Write.
    Push,
    /// Write, and manage without what is sensitive or destroys.
    Maintain,
    /// Everything.
    Admin,
}

impl Permission {
    /// All, the least first.
    pub const ALL: [Self; 5] = [Self::Pull, Self::Triage, Self::Push, Self::Maintain, Self::Admin];

    /// As requests write it: pull, triage, push, maintain, admin.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Triage => "triage",
            Self::Push => "push",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// As `role_name` writes it: read, triage, write, maintain, admin.
    pub fn role_name(self) -> &'static str {
        match self {
            Self::Pull => "read",
            Self::Push => "write",
            other => other.word(),
        }
    }

    /// As the older `permission` field writes it, which knows read, write and admin only.
    pub fn coarse(self) -> &'static str {
        match self {
            Self::Pull | Self::Triage => "read",
            Self::Push | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }

    /// The inverse of [`Permission::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// Who sees a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Who was given access.
    Private,
    /// Everyone in the enterprise.
    Internal,
}

impl Visibility {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Internal => "internal",
        }
    }

    /// The inverse of [`Visibility::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Public, Self::Private, Self::Internal].into_iter().find(|one| one.word() == word)
    }
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The commit at its tip.
    pub commit: String,
}

/// Who was given access to a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    /// A person, by login in lower case.
    Person(String),
    /// A team, by id.
    Team(u64),
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// GitHub's number for it: stays when it is renamed.
    pub id: u64,
    /// The login of its owner, as it is written.
    pub owner: String,
    /// Its name, as it is written.
    pub name: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// What it is.
    pub description: Option<String>,
    /// Its page elsewhere.
    pub homepage: Option<String>,
    /// Its topics, in the order given.
    pub topics: Vec<String>,
    /// The branch that is shown; exists only when there are branches.
    pub default_branch: String,
    /// Its branches; none in an empty repository.
    pub branches: BTreeMap<String, Branch>,
    /// Where former branch names lead.
    pub branch_redirects: BTreeMap<String, String>,
    /// Whether it is read-only.
    pub archived: bool,
    /// Whether others may be made from it.
    pub is_template: bool,
    /// The repository it was made from.
    pub template: Option<u64>,
    /// Switches such as `has_issues` and `allow_squash_merge`, by their name in the API.
    pub switches: BTreeMap<String, bool>,
    /// What teams may do, by team id.
    pub teams: BTreeMap<u64, Permission>,
    /// What people were given directly, by login in lower case.
    pub collaborators: BTreeMap<String, Permission>,
    /// Where the level comes from a role that the organisation made: that role's name.
    pub custom_roles: BTreeMap<Grantee, String>,
    /// Invitations that nobody took up yet, by id.
    pub invitations: BTreeMap<u64, Invitation>,
    /// Deploy keys, by id.
    pub deploy_keys: BTreeMap<u64, DeployKey>,
    /// Classic protection, by branch.
    pub protections: BTreeMap<String, Protection>,
    /// Its own rulesets, by id.
    pub rulesets: BTreeMap<u64, Ruleset>,
    /// Labels, by name in lower case.
    pub labels: BTreeMap<String, Label>,
    /// Pull requests, by number.
    pub pulls: BTreeMap<u64, PullRequest>,
    /// How it stands to Actions.
    pub actions: RepositoryActions,
    /// Why nobody gets at it.
    pub blocked: Option<Block>,
    /// Since when it exists.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// When something was last pushed.
    pub pushed_at: Instant,
}

/// The switches there are, and how they stand in a new repository.
pub(crate) const SWITCHES: [(&str, bool); 13] = [
    ("has_issues", true),
    ("has_projects", true),
    ("has_wiki", true),
    ("has_discussions", false),
    ("allow_squash_merge", true),
    ("allow_merge_commit", true),
    ("allow_rebase_merge", true),
    ("allow_auto_merge", false),
    ("allow_update_branch", false),
    ("delete_branch_on_merge", false),
    ("allow_forking", false),
    ("web_commit_signoff_required", false),
    ("use_squash_pr_title_as_default", false),
];

impl Repository {
    /// A new, empty, private one.
    pub(crate) fn new(id: u64, owner: &str, name: &str, at: Instant) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            visibility: Visibility::Private,
            description: None,
            homepage: None,
            topics: Vec::new(),
            default_branch: "main".to_owned(),
            branches: BTreeMap::new(),
            branch_redirects: BTreeMap::new(),
            archived: false,
            is_template: false,
            template: None,
            switches: SWITCHES.iter().map(|(name, on)| ((*name).to_owned(), *on)).collect(),
            teams: BTreeMap::new(),
            collaborators: BTreeMap::new(),
            custom_roles: BTreeMap::new(),
            invitations: BTreeMap::new(),
            deploy_keys: BTreeMap::new(),
            protections: BTreeMap::new(),
            rulesets: BTreeMap::new(),
            labels: BTreeMap::new(),
            pulls: BTreeMap::new(),
            actions: RepositoryActions::default(),
            blocked: None,
            created_at: at,
            updated_at: at,
            pushed_at: at,
        }
    }

    /// `owner/name`, as it is written.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Gives somebody a level; `custom`: the name of the organisation's own role it comes from.
    pub fn grant(&mut self, to: Grantee, level: Permission, custom: Option<&str>) {
        match &to {
            Grantee::Person(login) => self.collaborators.insert(login.clone(), level),
            Grantee::Team(id) => self.teams.insert(*id, level),
        };
        match custom {
            Some(name) => self.custom_roles.insert(to, name.to_owned()),
            None => self.custom_roles.remove(&to),
        };
    }

    /// Takes away what was given; `None`: nothing was.
    pub fn revoke(&mut self, from: &Grantee) -> Option<Permission> {
        self.custom_roles.remove(from);
        match from {
            Grantee::Person(login) => self.collaborators.remove(login),
            Grantee::Team(id) => self.teams.remove(id),
        }
    }

    /// What somebody was given, as `role_name` writes it.
    pub fn role_given(&self, to: &Grantee) -> Option<String> {
        let level = match to {
            Grantee::Person(login) => self.collaborators.get(login),
            Grantee::Team(id) => self.teams.get(id),
        }?;
        Some(self.custom_roles.get(to).cloned().unwrap_or_else(|| level.role_name().to_owned()))
    }
}
