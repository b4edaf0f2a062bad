//! What Travis tells, as far as we ask.

use serde::{Deserialize, Serialize};

use crate::slug::{BadSlug, Slug};

/// A repository as GitHub has it: what is looked for at Travis.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// GitHub's number for it.
    pub github_id: u64,
    /// What it is called there.
    pub full_name: Slug,
}

impl Target {
    /// The repository with this number and name at GitHub.
    ///
    /// # Errors
    /// The name cannot be one.
    pub fn new(github_id: u64, full_name: &str) -> Result<Self, BadSlug> {
        Ok(Self { github_id, full_name: Slug::parse(full_name)? })
    }
}

/// The account at Travis that the token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Travis' number for it.
    pub id: u64,
    /// Its login at GitHub.
    pub login: String,
    /// Whether Travis is looking at GitHub for it just now.
    #[serde(default)]
    pub is_syncing: bool,
    /// When Travis last looked, in its own words.
    #[serde(default)]
    pub synced_at: Option<String>,
}

/// A repository that Travis knows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Travis' number for it.
    pub id: u64,
    /// `owner/name`.
    pub slug: String,
    /// Whether it is built.
    #[serde(default)]
    pub active: bool,
    /// GitHub's number for it.
    #[serde(default)]
    github_id: Option<u64>,
    /// The same, where Travis knows other hosts than GitHub.
    #[serde(default)]
    vcs_id: Option<String>,
    #[serde(default, rename = "@permissions")]
    permissions: Permissions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Permissions {
    activate: Option<bool>,
}

impl Repository {
    /// Whether it is this one at GitHub, whatever Travis calls it.
    pub(crate) fn is(&self, target: &Target) -> bool {
        self.github_id == Some(target.github_id)
            || self.vcs_id.as_deref().is_some_and(|id| id == target.github_id.to_string())
    }

    /// Whether Travis says that the account may not switch it on.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        self.permissions.activate == Some(false)
    }
}

/// An organisation that the account is in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Organisation {
    /// Its login at GitHub.
    pub login: String,
    /// The name it shows.
    #[serde(default)]
    pub name: Option<String>,
}

/// One page of organisations.
#[derive(Debug, Deserialize)]
pub(crate) struct Organisations {
    pub(crate) organizations: Vec<Organisation>,
    #[serde(default, rename = "@pagination")]
    pub(crate) pagination: Pagination,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Pagination {
    /// Left out: there is no other page.
    pub(crate) is_last: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(json: serde_json::Value) -> Repository {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_repository_is_known_by_githubs_number() {
        let target = Target::new(7, "acme/widgets").unwrap();
        let base = serde_json::json!({ "id": 1, "slug": "acme/widgets", "active": true });
        let with = |key: &str, value: serde_json::Value| {
            let mut json = base.clone();
            json[key] = value;
            repository(json)
        };
        assert!(with("github_id", 7.into()).is(&target));
        assert!(with("vcs_id", "7".into()).is(&target));
        assert!(!with("github_id", 8.into()).is(&target), "another one that bore the name");
        assert!(!repository(base.clone()).is(&target));
    }

    #[test]
    fn what_is_left_unsaid_is_not_taken_for_a_no() {
        let base = |permissions| serde_json::json!({ "id": 1, "slug": "a/b", "@permissions": permissions });
        assert!(repository(base(serde_json::json!({ "activate": false }))).is_out_of_reach());
        assert!(!repository(base(serde_json::json!({ "activate": true }))).is_out_of_reach());
        assert!(!repository(base(serde_json::json!({}))).is_out_of_reach());
    }
}
