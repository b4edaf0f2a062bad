//! What is read from GitHub: only what we use, so that a new field at GitHub cannot break us.

use hubcommander_sdk::clock::Instant;
use serde::{Deserialize, Serialize};

/// Who can see a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Those who were let in.
    Private,
    /// Everyone.
    Public,
    /// All members of the enterprise.
    Internal,
}

impl Visibility {
    /// As GitHub writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawRepository")]
pub struct Repository {
    /// Stays the same when it is renamed or moved.
    pub id: u64,
    /// The id for GraphQL.
    pub node_id: String,
    /// `owner/name`, as GitHub writes it now.
    pub full_name: String,
    /// Its page.
    pub html_url: String,
    /// Who can see it.
    pub visibility: Visibility,
    /// Whether it is read-only.
    pub archived: bool,
    /// What it is for; `None` if not said.
    pub description: Option<String>,
    /// Its home page; `None` if not said.
    pub homepage: Option<String>,
    /// Its topics, in order.
    pub topics: Vec<String>,
    /// The branch that people see first. Named even while the repository is empty.
    pub default_branch: String,
    /// Whether others can be made after it.
    pub is_template: bool,
    /// When it was made, to the second.
    pub created_at: Option<Instant>,
    /// When somebody last pushed.
    pub pushed_at: Option<Instant>,
}

#[derive(Deserialize)]
struct RawRepository {
    id: u64,
    #[serde(default)]
    node_id: String,
    full_name: String,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    private: bool,
    visibility: Option<Visibility>,
    #[serde(default)]
    archived: bool,
    description: Option<String>,
    homepage: Option<String>,
    #[serde(default)]
    topics: Vec<String>,
    default_branch: Option<String>,
    #[serde(default)]
    is_template: bool,
    created_at: Option<Instant>,
    pushed_at: Option<Instant>,
}

impl From<RawRepository> for Repository {
    fn from(raw: RawRepository) -> Self {
        let said = |words: Option<String>| words.filter(|words| !words.is_empty());
        let mut topics = raw.topics;
        topics.sort();
        Self {
            id: raw.id,
            node_id: raw.node_id,
            full_name: raw.full_name,
            html_url: raw.html_url,
            // Older servers only say whether it is private.
            visibility: raw.visibility.unwrap_or(if raw.private {
                Visibility::Private
            } else {
                Visibility::Public
            }),
            archived: raw.archived,
            description: said(raw.description),
            homepage: said(raw.homepage),
            topics,
            default_branch: said(raw.default_branch).unwrap_or_else(|| "main".to_owned()),
            is_template: raw.is_template,
            created_at: raw.created_at,
            pushed_at: raw.pushed_at,
        }
    }
}

/// What stands under a repository's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing, or nothing that the account can see.
    Absent,
    /// This repository.
    Found(Repository),
    /// It has been renamed or moved. GitHub would send us there; we go only if a person says so.
    Moved {
        /// What it is called now.
        full_name: String,
        /// Which it is.
        id: u64,
    },
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: u64,
    /// Its login, as GitHub writes it.
    pub login: String,
    /// What every member may do on every repository: `none`, `read`, `write` or `admin`. Only owners see it.
    #[serde(default)]
    pub default_repository_permission: Option<String>,
    /// Whether members must have a second factor. Only owners see it.
    #[serde(default)]
    pub two_factor_requirement_enabled: Option<bool>,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: u64,
    /// The name people see.
    pub name: String,
    /// The name in addresses.
    pub slug: String,
    /// `closed` (seen by all members) or `secret`.
    #[serde(default)]
    pub privacy: Option<String>,
    /// What it is for, if that is said.
    #[serde(default)]
    pub description: Option<String>,
    /// The team it belongs to. What that one may do, this one may too.
    #[serde(default)]
    pub parent: Option<ParentTeam>,
}

/// The team that another one belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ParentTeam {
    /// The name in addresses.
    pub slug: String,
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// Whether a protection holds.
    #[serde(default)]
    pub protected: bool,
}

/// A list that was read page by page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Whether that is all there is; if not, there were more pages than we read.
    pub complete: bool,
}

/// Nothing, and more of it unread.
impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { items: Vec::new(), complete: false }
    }
}

impl<T> IntoIterator for Listing<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// Who we are at GitHub, and what we lack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoAmI {
    /// The login of the token's account, or the name of the App.
    pub login: String,
    /// Whether we are an App.
    pub app: bool,
    /// The scopes of a classic token, or the permissions of the App as `name=level`. `None` for a
    /// fine-grained token, which GitHub does not tell.
    pub allowed: Option<Vec<String>>,
    /// When the token ends, if GitHub says: `2027-01-31 10:00:00 UTC`.
    pub expires: Option<String>,
}

/// The primary limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests an hour.
    pub limit: u64,
    /// How many are left.
    pub remaining: u64,
    /// When it starts over.
    pub reset: Instant,
}
