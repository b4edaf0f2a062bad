//! Everybody who is known, found by whatever names them.

use std::collections::HashMap;

use hubcommander_github::ExternalIdentity;
use hubcommander_sdk::accounts::{Employee, Linked};

/// Whether somebody works here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Works {
    /// They do.
    Here,
    /// They did.
    Left,
    /// Nobody can tell.
    Unknown,
}

/// What is known of people, to be found in.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// All links.
    pub links: Vec<Linked>,
    /// All that the directory knows; `None` without a directory.
    pub employees: Option<Vec<Employee>>,
    /// What Slack says of people, by their id there: for where no directory tells.
    pub in_slack: HashMap<String, Works>,
}

type Found<'a> = HashMap<&'a str, Vec<&'a Employee>>;

/// What is known of people, found by what names them.
pub struct Roll<'a> {
    has_directory: bool,
    in_slack: &'a HashMap<String, Works>,
    links: HashMap<u64, &'a Linked>,
    by_slack: Found<'a>,
    by_email: Found<'a>,
    by_number: HashMap<u64, Vec<&'a Employee>>,
    by_login: HashMap<String, Vec<&'a Employee>>,
}

/// Of several entries for one person the one that says that they work here: whoever comes back has two.
fn best<'a>(found: impl Iterator<Item = &'a Employee>) -> Option<(&'a Employee, Works)> {
    let one = found.min_by(|one, other| (!one.active, &one.id).cmp(&(!other.active, &other.id)))?;
    Some((one, if one.active { Works::Here } else { Works::Left }))
}

impl<'a> Roll<'a> {
    /// Over this.
    #[must_use]
    pub fn new(known: &'a Known) -> Self {
        let employees = known.employees.as_deref().unwrap_or_default();
        let mut roll = Self {
            has_directory: known.employees.is_some(),
            in_slack: &known.in_slack,
            links: known.links.iter().map(|link| (link.github_id, link)).collect(),
            by_slack: Found::new(),
            by_email: Found::with_capacity(employees.len()),
            by_number: HashMap::new(),
            by_login: HashMap::new(),
        };
        for one in employees {
            for email in &one.emails {
                roll.by_email.entry(email).or_default().push(one);
            }
            if let Some(user) = &one.slack_user {
                roll.by_slack.entry(user).or_default().push(one);
            }
            // Logins change hands; the number does not.
            match (one.github_id, &one.github_login) {
                (Some(id), _) => roll.by_number.entry(id).or_default().push(one),
                (None, Some(login)) => roll.by_login.entry(login.to_lowercase()).or_default().push(one),
                (None, None) => {}
            }
        }
        roll
    }

    /// Whose an account was shown to be.
    pub(super) fn link(&self, account: u64) -> Option<&'a Linked> {
        self.links.get(&account).copied()
    }

    /// Who the owner of a linked account is to the directory.
    #[must_use]
    pub fn employee_of(&self, link: &Linked) -> Option<(&'a Employee, Works)> {
        let user = link.person.user.as_str();
        if let Some(found) = self.by_slack.get(user) {
            return best(found.iter().copied());
        }
        // An address is given to somebody else in time. Who has another id in Slack is somebody else.
        let email = link.email.as_deref().map(str::to_lowercase);
        let by_email = email.and_then(|email| self.by_email.get(email.as_str()));
        let theirs = by_email.into_iter().flatten().filter(|one| one.slack_user.is_none());
        best(theirs.copied()).or_else(|| {
            let claimed = self.by_number.get(&link.github_id).into_iter().flatten();
            best(claimed.filter(|one| one.slack_user.is_none()).copied())
        })
    }

    /// Whether the owner of a linked account works here.
    pub(super) fn owner_of(&self, link: &Linked) -> Works {
        if self.has_directory {
            self.employee_of(link).map_or(Works::Unknown, |(_, works)| works)
        } else {
            self.in_slack.get(&link.person.user).copied().unwrap_or(Works::Unknown)
        }
    }

    /// Who this account belongs to by the directory's word.
    pub(super) fn claimant(&self, account: u64, small_login: &str) -> Option<(&'a Employee, Works)> {
        let by_number = self.by_number.get(&account);
        let by_login = self.by_login.get(small_login);
        best(by_number.into_iter().chain(by_login).flatten().copied())
    }

    /// Who somebody of the single sign-on is to the directory.
    pub(super) fn behind(&self, identity: &ExternalIdentity) -> Option<(&'a Employee, Works)> {
        let found = addresses(identity).into_iter().filter_map(|email| self.by_email.get(email.as_str()));
        best(found.flatten().copied())
    }

    /// Whether anybody of the directory works here. Where nobody does, it is empty, or read wrongly.
    #[must_use]
    pub fn knows_anybody(&self) -> bool {
        self.by_email.values().chain(self.by_slack.values()).flatten().any(|one| one.active)
    }
}

/// All that the single sign-on has in the way of addresses, in lower case.
#[must_use]
pub fn addresses(identity: &ExternalIdentity) -> Vec<String> {
    let named = identity.name_id.iter().chain(&identity.scim_username).chain(&identity.emails);
    let mut all: Vec<String> =
        named.map(|one| one.trim().to_lowercase()).filter(|one| one.contains('@')).collect();
    all.sort();
    all.dedup();
    all
}
