//! What organisations set for all: Actions, roles of their own, single sign-on.

use std::collections::BTreeSet;

use hubcommander_sdk::clock::Instant;

use super::Permission;

/// Which actions may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowedActions {
    /// All.
    #[default]
    All,
    /// Those of the same owner.
    LocalOnly,
    /// Those on a list.
    Selected,
}

impl AllowedActions {
    /// As the API writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::LocalOnly => "local_only",
            Self::Selected => "selected",
        }
    }

    /// The inverse of [`AllowedActions::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::All, Self::LocalOnly, Self::Selected].into_iter().find(|one| one.word() == word)
    }
}

/// How a repository stands to Actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryActions {
    /// Whether they run.
    pub enabled: bool,
    /// Which may run.
    pub allowed: AllowedActions,
    /// Whether they must be named by commit.
    pub sha_pinning: bool,
}

impl Default for RepositoryActions {
    fn default() -> Self {
        Self { enabled: true, allowed: AllowedActions::All, sha_pinning: false }
    }
}

/// Where in an organisation Actions run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ActionsWhere {
    /// In all repositories.
    #[default]
    All,
    /// In none.
    Nowhere,
    /// In those on the list.
    Selected,
}

impl ActionsWhere {
    /// As the API writes it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Nowhere => "none",
            Self::Selected => "selected",
        }
    }

    /// The inverse of [`ActionsWhere::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::All, Self::Nowhere, Self::Selected].into_iter().find(|one| one.word() == word)
    }
}

/// How an organisation stands to Actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganisationActions {
    /// Where they run.
    pub place: ActionsWhere,
    /// The repositories on the list, by id.
    pub selected: BTreeSet<u64>,
    /// Which may run.
    pub allowed: AllowedActions,
    /// Whether they must be named by commit.
    pub sha_pinning: bool,
}

/// A role for repositories that an organisation made itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name, as requests write it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it gives at least.
    pub base: Permission,
    /// What it gives beyond that.
    pub permissions: Vec<String>,
    /// Since when it exists.
    pub created_at: Instant,
}

/// A person as the identity provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// GitHub's name for the link.
    pub guid: String,
    /// The name the provider gives, mostly an address.
    pub name_id: String,
    /// The name in provisioning.
    pub scim_username: Option<String>,
    /// Addresses.
    pub emails: Vec<String>,
    /// The linked account, in lower case; `None`: nobody linked one yet.
    pub login: Option<String>,
}

/// Single sign-on of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleSignOn {
    /// Where one signs in.
    pub url: String,
    /// Who the provider knows.
    pub identities: Vec<Identity>,
    /// Logins in lower case of people whose tokens were not authorised for it.
    pub without_authorisation: BTreeSet<String>,
}

impl SingleSignOn {
    /// One that knows these people, by their addresses, each with the account that they have linked. Everybody's tokens
    /// are authorised for it.
    pub fn of(organisation: &str, identities: &[(&str, Option<&str>)]) -> Self {
        let identities = identities.iter().enumerate().map(|(number, (name_id, login))| Identity {
            guid: format!("00000000-0000-4000-8000-{number:012}"),
            name_id: (*name_id).to_owned(),
            scim_username: Some((*name_id).to_owned()),
            emails: vec![(*name_id).to_owned()],
            login: login.map(str::to_lowercase),
        });
        Self {
            url: format!("https://sso.example/{organisation}"),
            identities: identities.collect(),
            without_authorisation: BTreeSet::new(),
        }
    }
}

/// Why nobody gets at a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// By law: 451. Since then.
    Legal(Instant),
    /// GitHub switched it off: 403.
    Disabled,
    /// It is being moved elsewhere: 403 for every change.
    Migrating,
}
