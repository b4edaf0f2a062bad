//! The classic protection of a branch.

use std::collections::BTreeSet;

/// People, teams and Apps that something is limited to, or that may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actors {
    /// People, by login in lower case.
    pub users: BTreeSet<String>,
    /// Teams, by id.
    pub teams: BTreeSet<u64>,
    /// Apps, by id.
    pub apps: BTreeSet<u64>,
}

impl Actors {
    /// How many they are together.
    pub fn len(&self) -> usize {
        self.users.len() + self.teams.len() + self.apps.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A check that must be green.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub context: String,
    /// The only App whose word counts; `None`: anyone's.
    pub app: Option<u64>,
}

/// Which checks must be green.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusChecks {
    /// Whether the branch must be up to date too.
    pub strict: bool,
    /// The checks.
    pub checks: Vec<Check>,
}

/// What reviews it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviews {
    /// Who may dismiss reviews; `None`: everyone who may push.
    pub dismissal: Option<Actors>,
    /// Who needs no pull request.
    pub bypass: Option<Actors>,
    /// Whether a push makes approvals void.
    pub dismiss_stale: bool,
    /// Whether code owners must approve.
    pub code_owners: bool,
    /// How many must approve: 0 to 6.
    pub approvals: u64,
    /// Whether somebody other than the last who pushed must approve.
    pub last_push: bool,
}

/// The classic protection of a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Checks that must be green.
    pub checks: Option<StatusChecks>,
    /// Whether it holds for administrators too.
    pub enforce_admins: bool,
    /// Reviews that it takes.
    pub reviews: Option<Reviews>,
    /// Who may push at all; `None`: everyone who may write.
    pub restrictions: Option<Actors>,
    /// Whether commits must be signed. Not part of the PUT: it has an address of its own.
    pub signatures: bool,
    /// Whether merge commits are refused.
    pub linear_history: bool,
    /// Whether history may be rewritten.
    pub force_pushes: bool,
    /// Whether the branch may be deleted.
    pub deletions: bool,
    /// Whether the restrictions hold for making such a branch too.
    pub block_creations: bool,
    /// Whether every conversation must be resolved.
    pub conversations: bool,
    /// Whether the branch is read-only.
    pub locked: bool,
    /// Whether a locked branch of a fork may still be synchronised.
    pub fork_syncing: bool,
}
