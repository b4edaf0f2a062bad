//! Which account at GitHub is whose, and who works here.
//!
//! An account is known by GitHub's number for it, since logins change hands. A link is made when somebody has shown
//! that the account is theirs, and never because a list says so.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::clock::Instant;
use crate::command::Headway;
use crate::error::Refusal;
use crate::operation::Operation;
use crate::people::{Person, PersonId};
use crate::plan::Precondition;

/// The kind of the operation that links accounts, and takes links away.
pub const SET: &str = "store.set_links";

/// The kind of the probe that looks at what is linked.
pub const LINKS_PROBE: &str = "store.links";

/// How it was shown that an account belongs to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// They signed in at GitHub by the device flow, from their Slack account.
    DeviceFlow,
    /// They signed in at GitHub and in the web pages of the bot, in one browser.
    Web,
    /// The organisation's single sign-on names them.
    Saml,
    /// An administrator said so.
    Administrator,
}

impl Proof {
    /// "proved at GitHub": after who has linked what.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::DeviceFlow => "proved at GitHub",
            Self::Web => "proved at GitHub and on the web",
            Self::Saml => "by the single sign-on",
            Self::Administrator => "by an administrator",
        }
    }
}

/// An account at GitHub, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    /// Whose.
    pub person: PersonId,
    /// GitHub's number for the account. It stays when they take another login.
    pub github_id: u64,
    /// The login, as it was when GitHub was asked last.
    pub login: String,
    /// The address that Slack had of them when they linked it.
    pub email: Option<String>,
    /// Since when.
    pub since: Instant,
    /// How it was shown.
    pub proof: Proof,
}

/// Puts links in the place of others, all at once. Gives `login`, `github_id` of the first that is there then, or else
/// that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLinks {
    /// What is linked now, of the people and the accounts that this is about: all of it.
    pub from: Vec<Linked>,
    /// What is linked then.
    pub to: Vec<Linked>,
    /// Whether those whose link goes are remembered, so that it is offered to them when they come back: for those who
    /// leave the company.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remember: bool,
}

impl SetLinks {
    /// Links an account. `instead` is what was linked to the person before, `taken` what linked the account to somebody
    /// else; taking over takes a second person.
    #[must_use]
    pub fn link(link: Linked, instead: Option<Linked>, taken: Option<Linked>) -> Self {
        Self { from: instead.into_iter().chain(taken).collect(), to: vec![link], remember: false }
    }

    /// Takes a link away.
    #[must_use]
    pub fn unlink(link: Linked) -> Self {
        Self { from: vec![link], to: Vec::new(), remember: false }
    }

    /// Takes away the link of somebody who leaves.
    #[must_use]
    pub fn let_go(link: Linked) -> Self {
        Self { remember: true, ..Self::unlink(link) }
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(SET, self)
    }

    /// What would take it back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { from: self.to.clone(), to: self.from.clone(), remember: false }
    }

    /// That what is linked is still what the change finds there.
    #[must_use]
    pub fn unchanged(&self) -> Precondition {
        let input = serde_json::to_value(self).unwrap_or_default();
        let changed = "What is linked has changed since.".into();
        Precondition { probe: LINKS_PROBE.to_owned(), input, seen: seen(&self.from), changed }
    }

    /// Whether an account goes from one person to another.
    #[must_use]
    pub fn takes_over(&self) -> bool {
        self.to.iter().any(|new| {
            self.from.iter().any(|old| old.github_id == new.github_id && old.person.user != new.person.user)
        })
    }

    /// The accounts that it is about.
    pub fn accounts(&self) -> impl Iterator<Item = u64> {
        self.from.iter().chain(&self.to).map(|link| link.github_id)
    }

    /// Slack's ids of the people it is about.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        self.from.iter().chain(&self.to).map(|link| link.person.user.as_str())
    }

    /// What a plan with it locks.
    pub fn locks(&self) -> impl Iterator<Item = String> {
        let people = self.people().map(|user| format!("person:{}", user.to_lowercase()));
        self.accounts().map(lock).chain(people)
    }
}

/// Links as the probe tells them: which account is whose, in the order of people.
#[must_use]
pub fn seen(links: &[Linked]) -> Json {
    let mut keys: Vec<(&str, u64)> =
        links.iter().map(|link| (link.person.user.as_str(), link.github_id)).collect();
    keys.sort_unstable();
    serde_json::json!(keys)
}

/// What plans lock that link this account, or take its link away.
#[must_use]
pub fn lock(github_id: u64) -> String {
    format!("account:{github_id}")
}

/// Knows which account is whose.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account of this person.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn of(&self, person: &PersonId) -> Result<Option<Linked>, Refusal>;

    /// Whose this account is, by GitHub's number.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn whose(&self, github_id: u64) -> Result<Option<Linked>, Refusal>;

    /// All links.
    ///
    /// # Errors
    /// They could not be looked up.
    async fn all(&self) -> Result<Vec<Linked>, Refusal>;
}

/// An account that somebody has just shown to be theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// GitHub's number for it.
    pub github_id: u64,
    /// The login, as GitHub writes it now.
    pub login: String,
    /// How they showed it.
    pub proof: Proof,
}

/// Lets people show which account is theirs.
#[async_trait]
pub trait Proves: Send + Sync {
    /// Asks this person, by what it says as headway, and waits until they have shown it: some minutes. What is said is
    /// for them alone: whoever follows it in their place has their own account taken for the person's.
    ///
    /// # Errors
    /// They said no, or nothing; or GitHub does not answer.
    async fn prove(&self, person: &Person, headway: &Headway) -> Result<Shown, Refusal>;
}

/// Somebody, as the directory of the company knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// The directory's own id.
    pub id: String,
    /// Addresses in lower case, the primary one first.
    pub emails: Vec<String>,
    /// Their name. May be empty.
    pub name: String,
    /// Whether they work here.
    pub active: bool,
    /// The login at GitHub that the directory names: a claim.
    pub github_login: Option<String>,
    /// GitHub's number that the directory names: a claim.
    pub github_id: Option<u64>,
    /// The id in Slack that the directory names: a claim.
    pub slack_user: Option<String>,
}

/// Knows who works here.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Whether there is a directory at all. Without one, Slack says who works here.
    fn is_set_up(&self) -> bool;

    /// Everybody that any of the company's directories knows, those who have left among them as long as they are kept.
    ///
    /// # Errors
    /// It is not known: nobody may be taken for having left, or for a stranger.
    async fn everybody(&self) -> Result<Vec<Employee>, Refusal>;

    /// Those who have this address.
    ///
    /// # Errors
    /// It is not known.
    async fn with_email(&self, email: &str) -> Result<Vec<Employee>, Refusal>;
}
