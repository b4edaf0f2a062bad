//! What was read of an organisation, before anybody judges it. What could not be read is here as such, with the
//! reason: it must never look like nothing.

use std::collections::{BTreeMap, HashMap};

use hubcommander_github::grants::{COLLABORATOR, Collaborator};
use hubcommander_github::{Installation, Level, OrgInvitation, ReadError, RepoInvitation, ScannedRepository};
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::lease::Lease;

/// What was read, or why it was not.
pub(super) type Read<T> = Result<T, Unread>;

/// Why something could not be read, as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread(pub(super) String);

impl From<ReadError> for Unread {
    fn from(error: ReadError) -> Self {
        let (what, todo) = (error.what.words(), error.todo.words());
        Self(if todo.is_empty() { what } else { format!("{what} {todo}") })
    }
}

/// All that an audit looks at.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The organisation.
    pub(super) org: String,
    /// When it was read.
    pub(super) at: Instant,
    pub(super) settings: Read<Settings>,
    /// The logins of the owners.
    pub(super) owners: Read<Vec<String>>,
    pub(super) members: Factors,
    pub(super) outsiders: Factors,
    pub(super) repositories: Read<Vec<ScannedRepository>>,
    /// Repositories that GitHub counts and does not show.
    pub(super) hidden: usize,
    /// By team: what it may do, by repository id; `None` if there is no such team.
    pub(super) teams: BTreeMap<String, Read<Option<HashMap<u64, Level>>>>,
    /// Invitations to the organisation, also those that came to nothing.
    pub(super) invitations: Read<Vec<OrgInvitation>>,
    pub(super) repo_invitations: Read<Vec<ToRepository>>,
    pub(super) apps: Read<Vec<Installation>>,
    pub(super) leases: Read<Vec<Lent>>,
}

/// What the organisation says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// `none`, `read`, `write` or `admin`; `None` if GitHub does not tell us, since we are no owner.
    pub(super) base_permission: Option<String>,
    /// Whether members must have a second factor; `None` likewise.
    pub(super) second_factor_required: Option<bool>,
}

/// Who has no second factor, or a weak one.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    pub(super) without: Read<Vec<String>>,
    pub(super) insecure: Read<Vec<String>>,
}

/// An invitation to a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToRepository {
    pub(super) repository: (u64, String),
    pub(super) invitation: RepoInvitation,
}

/// A person's access to a repository that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lent {
    /// GitHub's number for the person.
    pub(super) person: u64,
    /// GitHub's number for the repository.
    pub(super) repository: u64,
    pub(super) reason: Option<String>,
}

impl Lent {
    /// What a lease says of a person and a repository, if it is about these.
    pub(super) fn of(lease: &Lease) -> Option<Self> {
        if lease.holding.grant != COLLABORATOR {
            return None;
        }
        let held: Collaborator = serde_json::from_value(lease.holding.subject.clone()).ok()?;
        Some(Self {
            person: held.user.id,
            repository: held.repo.id,
            reason: lease.reason.clone().filter(|reason| !reason.trim().is_empty()),
        })
    }
}
