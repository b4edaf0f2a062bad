//! Somebody, as a directory knows them; and their accounts elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use hubcommander_sdk::clock::Instant;
use serde::{Deserialize, Serialize};

/// An e-mail address, in lower case: addresses are compared without case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Reads an address: something, an `@`, and a host; no blanks or control characters; 254 bytes at most.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, host) = text.rsplit_once('@')?;
        let fine = !name.is_empty()
            && !host.is_empty()
            && text.len() <= 254
            && !name.contains('@')
            && !text.chars().any(|one| one.is_whitespace() || one.is_control() || matches!(one, '<' | '>' | ','));
        fine.then(|| Self(text.to_lowercase()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an e-mail address")
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which directory a person was read from, such as `okta`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source(pub String);

/// Somebody, as a directory knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPerson {
    /// The directory's own id, which never changes; not an e-mail address where the source has anything better.
    pub id: String,
    /// Addresses, the primary one first.
    pub emails: Vec<Email>,
    /// Their name as people say it. May be empty.
    pub name: String,
    /// Whether the account is active; `None` where the source does not say, which is never taken for having left.
    pub active: Option<bool>,
    /// The directory's id, or else the e-mail address, of their manager.
    pub manager: Option<String>,
    /// Names of the groups they are in.
    pub groups: BTreeSet<String>,
    /// When they begin.
    pub start: Option<Instant>,
    /// When they leave.
    pub end: Option<Instant>,
    /// Where this was read.
    pub source: Source,
}

/// Whether somebody works here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Employment {
    /// They do.
    Works,
    /// They are to begin later.
    NotYet,
    /// They do no longer.
    Left,
    /// The directory does not say.
    Unknown,
}

impl DirectoryPerson {
    /// Whether they work here at this moment. An end that has passed outweighs an account that is still active.
    #[must_use]
    pub fn employment(&self, now: Instant) -> Employment {
        let ended = self.end.is_some_and(|end| end <= now);
        let to_begin = self.start.is_some_and(|start| start > now);
        match self.active {
            _ if to_begin => Employment::NotYet,
            _ if ended => Employment::Left,
            Some(true) => Employment::Works,
            Some(false) => Employment::Left,
            None => Employment::Unknown,
        }
    }
}

/// How it was shown that an account belongs to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// They signed in at GitHub by the device flow, from their Slack account.
    DeviceFlow,
    /// The organisation's single sign-on names them.
    Saml,
    /// An administrator said so.
    Administrator,
}

/// One person's accounts. People are told apart by ids; login and address are for reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The directory's id for the person.
    pub person: String,
    /// The id in Slack.
    pub slack_user: String,
    /// GitHub's number of the account. It stays when the login changes.
    pub github_id: u64,
    /// The login when it was linked.
    pub github_login: String,
    /// The address they were linked by.
    pub email: Email,
    /// Since when.
    pub since: Instant,
    /// How it was shown.
    pub proof: Proof,
}
