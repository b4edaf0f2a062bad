//! What an organisation's audit log holds: who changed what.

use hubcommander_sdk::clock::Instant;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Instant,
    /// What, in GitHub's words: `repo.create`, `team.add_member`.
    pub action: String,
    /// Who.
    pub actor: String,
    /// In which organisation.
    pub org: String,
    /// About which repository, `owner/name`.
    pub repo: Option<String>,
    /// About which team, `organisation/slug`.
    pub team: Option<String>,
    /// About whom.
    pub user: Option<String>,
    /// By which request.
    pub request_id: Option<String>,
}

/// The audit logs of all organisations, the oldest entry first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditLog {
    /// Whether it is shown by API, as in GitHub Enterprise Cloud.
    pub shown: bool,
    /// What it holds.
    pub events: Vec<AuditEvent>,
}
