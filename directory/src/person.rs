//! Somebody, as a directory knows them; and their accounts elsewhere.

use std::collections::BTreeSet;
use std::fmt;

pub use hubcommander_sdk::accounts::Proof;
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
        let odd = |one: char| one.is_whitespace() || one.is_control() || matches!(one, '<' | '>' | ',');
        let fine = !name.is_empty()
            && !host.is_empty()
            && text.len() <= 254
            && !name.contains('@')
            && !text.chars().any(odd);
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

/// Accounts elsewhere that the directory itself knows of. They are claims: nobody has proved them to us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    /// GitHub's number of the account.
    pub github_id: Option<u64>,
    /// The login at GitHub, as it was written there.
    pub github_login: Option<String>,
    /// The id in Slack.
    pub slack_user: Option<String>,
}

/// Somebody, as a directory knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The directory's own id, which never changes; not an e-mail address where the source has anything better.
    pub id: String,
    /// What they sign in with there. Often an e-mail address.
    pub user_name: String,
    /// Addresses, the primary one first, each once.
    pub emails: Vec<Email>,
    /// Their name as people say it. May be empty.
    pub name: String,
    /// Whether they work here, as the directory says.
    pub active: bool,
    /// Their department.
    pub department: Option<String>,
    /// The directory's id, or else the e-mail address, of their manager.
    pub manager: Option<String>,
    /// Names of the groups they are in.
    pub groups: BTreeSet<String>,
    /// Accounts elsewhere that the directory knows of.
    pub accounts: Accounts,
    /// When the directory last changed what it knows of them, where it says.
    pub changed: Option<Instant>,
}

impl Person {
    /// Somebody active of whom nothing else is known.
    #[must_use]
    pub fn new(id: impl Into<String>, user_name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            user_name: user_name.into(),
            emails: Vec::new(),
            name: String::new(),
            active: true,
            department: None,
            manager: None,
            groups: BTreeSet::new(),
            accounts: Accounts::default(),
            changed: None,
        }
    }

    /// The address to use, if there is any.
    #[must_use]
    pub fn primary(&self) -> Option<&Email> {
        self.emails.first()
    }

    /// Adds an address at the end, unless it is there already.
    pub fn add_email(&mut self, email: Email) {
        if !self.emails.contains(&email) {
            self.emails.push(email);
        }
    }

    /// Whether the same is known of both, whenever it was written down.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.id == other.id
            && self.user_name == other.user_name
            && self.emails == other.emails
            && self.name == other.name
            && self.active == other.active
            && self.department == other.department
            && self.manager == other.manager
            && self.groups == other.groups
            && self.accounts == other.accounts
    }
}

/// One person's accounts. People are told apart by ids; login and address are for reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The directory's id for the person, if it knows them.
    pub person: Option<String>,
    /// The id in Slack.
    pub slack_user: String,
    /// GitHub's number of the account. It stays when the login changes.
    pub github_id: u64,
    /// The login when it was linked.
    pub github_login: String,
    /// The address they were linked by, if they had one.
    pub email: Option<Email>,
    /// Since when.
    pub since: Instant,
    /// How it was shown.
    pub proof: Proof,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_what_only_looks_like_one() {
        for good in ["ana@example.com", " Ana.B+x@Example.COM ", "\"o\"@host"] {
            assert!(Email::parse(good).is_some(), "{good}");
        }
        assert_eq!(Email::parse("Ana@Example.com"), Email::parse("ana@example.COM"));
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in ["", "@", "a@", "@b", "a b@c", "a@b@c", "Ana <a@b>", "a@b,c@d", "a\u{0}@b", long.as_str()]
        {
            assert!(Email::parse(bad).is_none(), "{bad}");
        }
    }
}
