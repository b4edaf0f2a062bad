//! How branches are protected, as config.toml states it: profiles with names that people type.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// By what GitHub keeps a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProtectionKind {
    /// The protection of one branch.
    #[default]
    Classic,
    /// A ruleset of the repository. Several hold at once, and everybody who may read sees them.
    Ruleset,
}

/// What a branch asks of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// By what GitHub keeps it.
    pub kind: ProtectionKind,
    /// How many must approve a pull request, 0 to 6; `None`: it takes no pull request.
    pub reviews: Option<u8>,
    /// Whether new commits make approvals void.
    pub dismiss_stale: bool,
    /// Whether code owners must approve what is theirs.
    pub code_owners: bool,
    /// Names of checks that must pass.
    pub checks: Vec<String>,
    /// Whether a change must be up to date with the branch before it goes in.
    pub up_to_date: bool,
    /// Whether it holds for administrators too.
    pub admins: bool,
    /// Whether merge commits are refused.
    pub linear_history: bool,
    /// Whether commits must be signed.
    pub signatures: bool,
    /// Whether history may be rewritten.
    pub allow_force_pushes: bool,
    /// Whether the branch may be deleted.
    pub allow_deletions: bool,
    /// Whether every conversation must be resolved.
    pub conversation_resolution: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            kind: ProtectionKind::Classic,
            reviews: None,
            dismiss_stale: false,
            code_owners: false,
            checks: Vec::new(),
            up_to_date: false,
            admins: true,
            linear_history: false,
            signatures: false,
            allow_force_pushes: false,
            allow_deletions: false,
            conversation_resolution: false,
        }
    }
}

/// All profiles by name.
pub type Profiles = BTreeMap<String, Profile>;
