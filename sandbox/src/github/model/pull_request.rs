//! Pull requests and labels.

use std::collections::BTreeSet;

use hubcommander_sdk::clock::Instant;

/// A label of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// GitHub's number for it.
    pub id: u64,
    /// Its name, as it is written.
    pub name: String,
    /// Six hexadecimal digits.
    pub color: String,
    /// What it is for.
    pub description: Option<String>,
}

/// How a pull request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullState {
    /// Open.
    Open,
    /// Closed without being merged, at this time.
    Closed(Instant),
    /// Merged, at this time.
    Merged(Instant),
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// GitHub's number for it.
    pub id: u64,
    /// Its number in the repository.
    pub number: u64,
    /// What it does, in a line.
    pub title: String,
    /// What it does, at length.
    pub body: Option<String>,
    /// The login of its author.
    pub author: String,
    /// How it stands.
    pub state: PullState,
    /// Whether it is not to be merged yet.
    pub draft: bool,
    /// The owner of the repository it comes from, if that is another one (a fork).
    pub head_owner: Option<String>,
    /// The branch it comes from.
    pub head: String,
    /// The commit at its tip.
    pub head_commit: String,
    /// The branch it goes into.
    pub base: String,
    /// Its labels, by name in lower case.
    pub labels: BTreeSet<String>,
    /// Logins of people who are asked to review.
    pub reviewers: Vec<String>,
    /// How many comments it has.
    pub comments: u64,
    /// Since when it exists.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl PullRequest {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.state == PullState::Open
    }

    /// When it was closed, merged or not.
    pub fn closed_at(&self) -> Option<Instant> {
        match self.state {
            PullState::Open => None,
            PullState::Closed(at) | PullState::Merged(at) => Some(at),
        }
    }

    /// When it was merged.
    pub fn merged_at(&self) -> Option<Instant> {
        match self.state {
            PullState::Merged(at) => Some(at),
            _ => None,
        }
    }
}
