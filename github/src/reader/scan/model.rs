//! What a scan keeps: only what is judged by it, so that ten thousand repositories take a few megabytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use hubcommander_sdk::clock::Instant;
use serde::Deserialize;

use super::super::{ReadError, User};

/// A level on a repository: `pull`, `triage`, `push`, `maintain`, `admin`, or the name of a role that the
/// organisation made.
pub type Level = Cow<'static, str>;

/// Which people a list is about, by their second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Everybody.
    Any,
    /// Those without one.
    Disabled,
    /// Those whose second factor can be phished: a text message.
    Insecure,
}

/// A repository as a scan saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedRepository {
    /// Stays the same when it is renamed.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// Whether it is read-only.
    pub archived: bool,
    /// Who works on it without being a member; `None` if that could not be read.
    pub outsiders: Option<Vec<Outsider>>,
    /// Its deploy keys that may write; `None` if they could not be read.
    pub writing_keys: Option<Vec<ScannedKey>>,
}

/// An outside collaborator of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outsider {
    /// GitHub's number for the person; 0 if it does not tell.
    pub id: u64,
    /// The login.
    pub login: String,
    /// What they may do there. A role that the organisation made counts as the level it is built on.
    pub level: Level,
}

/// A deploy key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedKey {
    /// What it is called.
    pub title: String,
    /// When it was added.
    pub created_at: Option<Instant>,
}

/// What a scan of all repositories saw.
#[derive(Debug, Default)]
pub struct Scanned {
    /// All repositories that the account can see, the oldest first.
    pub repositories: Vec<ScannedRepository>,
    /// By team: what it may do, by repository id. `Ok(None)` if there is no such team.
    pub teams: BTreeMap<String, Result<Option<HashMap<u64, Level>>, ReadError>>,
    /// Repositories that GitHub counted and did not show.
    pub hidden: usize,
    /// What it cost of GraphQL's hourly points (5,000 for a user).
    pub points: u64,
}

/// An invitation to an organisation that nobody took up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrgInvitation {
    /// GitHub's number for it.
    pub id: u64,
    /// Who is invited, if it was sent to an account.
    pub login: Option<String>,
    /// The address it was sent to, if it was not.
    pub email: Option<String>,
    /// What the person would become: `admin`, `direct_member`, `billing_manager` or `reinstate`.
    #[serde(default)]
    pub role: String,
    /// When it was sent.
    pub created_at: Instant,
    /// When it came to nothing, if it has.
    pub failed_at: Option<Instant>,
    /// Why it came to nothing, in GitHub's words.
    #[serde(default)]
    pub failed_reason: Option<String>,
    /// Who sent it; `None` if that account is gone.
    #[serde(default)]
    pub inviter: Option<User>,
    /// To how many teams it leads: [`Reader::invitation_teams`](super::Reader::invitation_teams) reads which.
    #[serde(default)]
    pub team_count: u64,
}

/// An invitation to a repository that nobody took up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoInvitation {
    /// GitHub's number for it.
    pub id: u64,
    /// Who is invited.
    pub login: Option<String>,
    /// What the person would be able to do: `read`, `write`, ...
    pub permissions: String,
    /// When it was sent.
    pub created_at: Instant,
    /// Whether it came too late to be taken up.
    pub expired: bool,
}

/// An App in an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Installation {
    /// GitHub's number for it.
    pub id: u64,
    /// The App's name in addresses.
    #[serde(default)]
    pub app_slug: String,
    /// `all` or `selected`.
    #[serde(default)]
    pub repository_selection: String,
    /// What it may do: `contents` → `write`.
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    /// Since when it may do nothing, if it was suspended.
    pub suspended_at: Option<Instant>,
}
