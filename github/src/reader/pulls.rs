//! Pull requests (<https://docs.github.com/en/rest/pulls/pulls#list-pull-requests>).

use hubcommander_sdk::clock::Instant;
use serde::Deserialize;

use super::rules::owner;
use super::{ReadError, Reader, Repository};
use crate::path::Path;
use crate::transport::JSON;

/// So many pages of 100 are looked through for the few that fit.
const MOST_PAGES: u64 = 10;

/// Which pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullState {
    /// Those that are open.
    Open,
    /// Those that are not, merged or not.
    Closed,
    /// All.
    All,
}

impl PullState {
    /// As GitHub writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }
}

/// Which pull requests are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFilter {
    /// How they stand.
    pub state: PullState,
    /// By whom, if by one only.
    pub author: Option<String>,
    /// With which label, if with one only.
    pub label: Option<String>,
}

impl PullFilter {
    /// Whether one is wanted. GitHub does not tell upper from lower case in logins and labels.
    fn takes(&self, pull: &PullRequest) -> bool {
        let by =
            |login: &String| pull.author.as_ref().is_some_and(|author| author.eq_ignore_ascii_case(login));
        let has = |name: &String| pull.labels.iter().any(|label| label.to_lowercase() == name.to_lowercase());
        self.author.as_ref().is_none_or(by) && self.label.as_ref().is_none_or(has)
    }

    fn takes_all(&self) -> bool {
        self.author.is_none() && self.label.is_none()
    }
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Raw")]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// What it does, in a line.
    pub title: String,
    /// Its page.
    pub html_url: String,
    /// The login of its author; `None` if the account is gone.
    pub author: Option<String>,
    /// Whether it is open.
    pub open: bool,
    /// Whether it has been merged.
    pub merged: bool,
    /// Whether it is not to be merged yet.
    pub draft: bool,
    /// Its labels, as they are written.
    pub labels: Vec<String>,
    /// When it was made.
    pub created_at: Instant,
}

#[derive(Deserialize)]
struct Raw {
    number: u64,
    title: String,
    #[serde(default)]
    html_url: String,
    user: Option<RawUser>,
    state: String,
    merged_at: Option<Instant>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    labels: Vec<RawLabel>,
    created_at: Instant,
}

#[derive(Deserialize)]
struct RawUser {
    login: String,
}

#[derive(Deserialize)]
struct RawLabel {
    #[serde(default)]
    name: String,
}

impl From<Raw> for PullRequest {
    fn from(raw: Raw) -> Self {
        Self {
            number: raw.number,
            title: raw.title,
            html_url: raw.html_url,
            author: raw.user.map(|user| user.login),
            open: raw.state == "open",
            merged: raw.merged_at.is_some(),
            draft: raw.draft,
            labels: raw.labels.into_iter().map(|label| label.name).collect(),
            created_at: raw.created_at,
        }
    }
}

/// Whether there are more than were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// No.
    None,
    /// Yes.
    There,
    /// Not known: only so many of the newest were looked at.
    LookedAt(u64),
}

/// Pull requests, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulls {
    /// Those that were wanted.
    pub items: Vec<PullRequest>,
    /// Whether there are more.
    pub more: More,
}

impl Reader {
    /// The newest pull requests of a repository that are wanted, at most so many. GitHub's list knows neither
    /// authors nor labels: with one of these the newest 1,000 are looked through.
    ///
    /// # Errors
    /// They could not be read.
    pub async fn pull_requests(
        &self,
        repository: &Repository,
        wanted: &PullFilter,
        most: usize,
    ) -> Result<Pulls, ReadError> {
        let per_page =
            if wanted.takes_all() { u64::try_from(most.clamp(1, 100)).unwrap_or(100) } else { 100 };
        let subject = format!("the pull requests of {}", repository.full_name);
        let owner = owner(repository)?;
        let mut items = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = Path::repository_id(repository.id)
                .then("pulls")
                .query_word("state", wanted.state.as_str())
                .query("per_page", per_page)
                .query("page", page);
            let answer = self.0.read(&owner, path, JSON).await?;
            if answer.status.as_u16() != 200 {
                return Err(ReadError::unexpected_answer(&answer, &subject));
            }
            let read: Vec<PullRequest> =
                answer.json().map_err(|error| ReadError::unexpected(&subject, &error.to_string()))?;
            items.extend(read.into_iter().filter(|pull| wanted.takes(pull)));
            let last = answer.last_page().is_none_or(|last| last <= page);
            if items.len() > most || (items.len() == most && !last && wanted.takes_all()) {
                items.truncate(most);
                return Ok(Pulls { items, more: More::There });
            }
            if last {
                return Ok(Pulls { items, more: More::None });
            }
        }
        Ok(Pulls { items, more: More::LookedAt(MOST_PAGES * per_page) })
    }
}
