//! The classic protection of a branch. GitHub shows it in another shape than it takes it in
//! (<https://docs.github.com/en/rest/branches/branch-protection>); this one is between the two, and keeps all
//! that is needed to write the same again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// People, teams and Apps that something is limited to, or that may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Actors {
    /// People, by login.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<String>,
    /// Teams of the organisation, by slug.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<String>,
    /// Apps, by slug.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub apps: BTreeSet<String>,
}

impl Actors {
    /// Whether all of these are among the others.
    pub(super) fn are_among(&self, others: &Self) -> bool {
        self.users.is_subset(&others.users)
            && self.teams.is_subset(&others.teams)
            && self.apps.is_subset(&others.apps)
    }

    /// Those of these that are not among the others.
    fn without(&self, others: &Self) -> Self {
        let left = |mine: &BTreeSet<String>, theirs| mine.difference(theirs).cloned().collect();
        Self {
            users: left(&self.users, &others.users),
            teams: left(&self.teams, &others.teams),
            apps: left(&self.apps, &others.apps),
        }
    }

    fn body(&self) -> Json {
        json!({ "users": self.users, "teams": self.teams, "apps": self.apps })
    }
}

/// A check that must pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name.
    pub context: String,
    /// The only App whose word counts, by id; `None`: anybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<u64>,
}

/// Which checks must pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChecks {
    /// Whether a change must be up to date with the branch too.
    pub strict: bool,
    /// The checks.
    pub checks: BTreeSet<Check>,
}

/// What reviews a pull request needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviews {
    /// How many must approve; 0: a pull request without.
    pub approvals: u64,
    /// Whether new commits make approvals void.
    pub dismiss_stale: bool,
    /// Whether code owners must approve what is theirs.
    pub code_owners: bool,
    /// Whether somebody other than the last who pushed must approve.
    pub last_push: bool,
    /// Who alone may dismiss reviews; `None`: everybody who may push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissal: Option<Actors>,
    /// Who needs no pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypass: Option<Actors>,
}

/// The classic protection of a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Checks that must pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<StatusChecks>,
    /// Reviews that a pull request needs; `None`: it takes no pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviews: Option<Reviews>,
    /// Who alone may push; `None`: everybody who may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrictions: Option<Actors>,
    /// Whether it holds for administrators too.
    pub admins: bool,
    /// Whether commits must be signed. GitHub keeps it at an address of its own.
    pub signatures: bool,
    /// Whether merge commits are refused.
    pub linear_history: bool,
    /// Whether history may be rewritten.
    pub force_pushes: bool,
    /// Whether the branch may be deleted.
    pub deletions: bool,
    /// Whether who may not push may not make such a branch either.
    pub block_creations: bool,
    /// Whether every conversation must be resolved.
    pub conversations: bool,
    /// Whether the branch is read-only.
    pub locked: bool,
    /// Whether a locked branch of a fork may still be synchronised.
    pub fork_syncing: bool,
    /// What else is on that this program does not know, and so could not write back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

impl Protection {
    /// The body of the PUT that brings it about, but for [`Protection::signatures`].
    pub(crate) fn body(&self) -> Json {
        let checks = self.checks.as_ref().map(|checks| {
            let each = checks.checks.iter();
            // An App that is left out would be chosen by GitHub: the last that gave the check. -1 is anybody's.
            let each = each.map(|check| {
                let app = check.app.map_or_else(|| json!(-1), |app| json!(app));
                json!({ "context": check.context, "app_id": app })
            });
            json!({ "strict": checks.strict, "checks": each.collect::<Vec<_>>() })
        });
        // An empty object takes the limit away; what is left out might stay.
        let limit = |actors: &Option<Actors>| actors.as_ref().map_or_else(|| json!({}), Actors::body);
        let reviews = self.reviews.as_ref().map(|reviews| {
            json!({
                "dismissal_restrictions": limit(&reviews.dismissal),
                "bypass_pull_request_allowances": limit(&reviews.bypass),
                "dismiss_stale_reviews": reviews.dismiss_stale,
                "require_code_owner_reviews": reviews.code_owners,
                "required_approving_review_count": reviews.approvals,
                "require_last_push_approval": reviews.last_push,
            })
        });
        json!({
            "required_status_checks": checks,
            "enforce_admins": self.admins,
            "required_pull_request_reviews": reviews,
            "restrictions": self.restrictions.as_ref().map(Actors::body),
            "required_linear_history": self.linear_history,
            "allow_force_pushes": self.force_pushes,
            "allow_deletions": self.deletions,
            "block_creations": self.block_creations,
            "required_conversation_resolution": self.conversations,
            "lock_branch": self.locked,
            "allow_fork_syncing": self.fork_syncing,
        })
    }

    /// Whom GitHub left out of `made`, which is what it made of this: it takes nobody who may not push, and
    /// does not say so.
    pub(crate) fn left_out(&self, made: &Self) -> Option<Actors> {
        let none = Actors::default();
        let lists = |one: &Self| {
            let reviews = one.reviews.clone().unwrap_or_default();
            [one.restrictions.clone(), reviews.dismissal, reviews.bypass].map(Option::unwrap_or_default)
        };
        let mut missing = none.clone();
        for (mine, theirs) in lists(self).iter().zip(&lists(made)) {
            let left = mine.without(theirs);
            missing.users.extend(left.users);
            missing.teams.extend(left.teams);
            missing.apps.extend(left.apps);
        }
        (missing != none).then_some(missing)
    }
}

/// As GitHub shows it.
#[derive(Deserialize)]
pub(crate) struct Raw {
    required_status_checks: Option<RawChecks>,
    required_pull_request_reviews: Option<RawReviews>,
    restrictions: Option<RawActors>,
    enforce_admins: Option<Switch>,
    required_signatures: Option<Switch>,
    required_linear_history: Option<Switch>,
    allow_force_pushes: Option<Switch>,
    allow_deletions: Option<Switch>,
    block_creations: Option<Switch>,
    required_conversation_resolution: Option<Switch>,
    lock_branch: Option<Switch>,
    allow_fork_syncing: Option<Switch>,
    #[serde(flatten)]
    rest: BTreeMap<String, Json>,
}

#[derive(Deserialize)]
struct Switch {
    #[serde(default)]
    enabled: bool,
}

#[derive(Deserialize)]
struct RawChecks {
    #[serde(default)]
    strict: bool,
    #[serde(default)]
    contexts: Vec<String>,
    checks: Option<Vec<RawCheck>>,
}

#[derive(Deserialize)]
struct RawCheck {
    context: String,
    app_id: Option<i64>,
}

#[derive(Deserialize)]
struct RawReviews {
    dismissal_restrictions: Option<RawActors>,
    bypass_pull_request_allowances: Option<RawActors>,
    #[serde(default)]
    dismiss_stale_reviews: bool,
    #[serde(default)]
    require_code_owner_reviews: bool,
    required_approving_review_count: Option<u64>,
    #[serde(default)]
    require_last_push_approval: bool,
}

#[derive(Deserialize)]
struct RawActors {
    #[serde(default)]
    users: Vec<RawUser>,
    #[serde(default)]
    teams: Vec<RawNamed>,
    #[serde(default)]
    apps: Vec<RawNamed>,
}

#[derive(Deserialize)]
struct RawUser {
    login: String,
}

#[derive(Deserialize)]
struct RawNamed {
    slug: String,
}

impl From<RawActors> for Actors {
    fn from(raw: RawActors) -> Self {
        Self {
            users: raw.users.into_iter().map(|one| one.login).collect(),
            teams: raw.teams.into_iter().map(|one| one.slug).collect(),
            apps: raw.apps.into_iter().map(|one| one.slug).collect(),
        }
    }
}

impl From<RawChecks> for StatusChecks {
    fn from(raw: RawChecks) -> Self {
        // Older servers only say the names.
        let checks = match raw.checks {
            Some(checks) => checks
                .into_iter()
                .map(|one| Check { context: one.context, app: one.app_id.and_then(|id| id.try_into().ok()) })
                .collect(),
            None => raw.contexts.into_iter().map(|context| Check { context, app: None }).collect(),
        };
        Self { strict: raw.strict, checks }
    }
}

impl From<RawReviews> for Reviews {
    fn from(raw: RawReviews) -> Self {
        Self {
            approvals: raw.required_approving_review_count.unwrap_or(1),
            dismiss_stale: raw.dismiss_stale_reviews,
            code_owners: raw.require_code_owner_reviews,
            last_push: raw.require_last_push_approval,
            dismissal: raw.dismissal_restrictions.map(Into::into),
            bypass: raw.bypass_pull_request_allowances.map(Into::into),
        }
    }
}

impl From<Raw> for Protection {
    fn from(raw: Raw) -> Self {
        let on = |switch: Option<Switch>| switch.is_some_and(|switch| switch.enabled);
        let enabled = |value: &Json| value.get("enabled").and_then(Json::as_bool) == Some(true);
        Self {
            checks: raw.required_status_checks.map(Into::into),
            reviews: raw.required_pull_request_reviews.map(Into::into),
            restrictions: raw.restrictions.map(Into::into),
            admins: on(raw.enforce_admins),
            signatures: on(raw.required_signatures),
            linear_history: on(raw.required_linear_history),
            force_pushes: on(raw.allow_force_pushes),
            deletions: on(raw.allow_deletions),
            block_creations: on(raw.block_creations),
            conversations: on(raw.required_conversation_resolution),
            locked: on(raw.lock_branch),
            fork_syncing: on(raw.allow_fork_syncing),
            others: raw.rest.into_iter().filter(|(_, value)| enabled(value)).map(|(name, _)| name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_shows_is_read_and_written_in_the_shape_it_takes() {
        let shown = json!({
            "url": "https://api.github.com/x", "enabled": true,
            "required_signatures": { "url": "x", "enabled": true },
            "enforce_admins": { "url": "x", "enabled": false },
            "required_linear_history": { "enabled": true },
            "required_status_checks": {
                "url": "x", "strict": true, "contexts": ["a", "b"], "contexts_url": "x",
                "checks": [{ "context": "b", "app_id": 7 }, { "context": "a", "app_id": null }],
            },
            "required_pull_request_reviews": {
                "url": "x", "dismiss_stale_reviews": true, "require_code_owner_reviews": false,
                "required_approving_review_count": 2,
                "dismissal_restrictions": {
                    "url": "x", "users_url": "x", "teams_url": "x",
                    "users": [{ "login": "ana", "id": 1 }], "teams": [], "apps": [{ "slug": "bot", "id": 1 }],
                },
            },
            "restrictions": { "url": "x", "users": [], "teams": [{ "slug": "core", "id": 1 }], "apps": [] },
            "required_something_new": { "enabled": true },
            "something_that_is_off": { "enabled": false },
        });
        let read: Protection = serde_json::from_value::<Raw>(shown).unwrap().into();
        assert!(read.signatures && !read.admins && read.linear_history);
        assert_eq!(read.others, ["required_something_new"]);
        let body = read.body();
        assert_eq!(
            body,
            json!({
                "required_status_checks": {
                    "strict": true,
                    "checks": [{ "context": "a", "app_id": -1 }, { "context": "b", "app_id": 7 }],
                },
                "enforce_admins": false,
                "required_pull_request_reviews": {
                    "dismissal_restrictions": { "users": ["ana"], "teams": [], "apps": ["bot"] },
                    "bypass_pull_request_allowances": {},
                    "dismiss_stale_reviews": true, "require_code_owner_reviews": false,
                    "required_approving_review_count": 2, "require_last_push_approval": false,
                },
                "restrictions": { "users": [], "teams": ["core"], "apps": [] },
                "required_linear_history": true, "allow_force_pushes": false, "allow_deletions": false,
                "block_creations": false, "required_conversation_resolution": false,
                "lock_branch": false, "allow_fork_syncing": false,
            })
        );
        let kept: Protection = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
        assert_eq!(kept, read, "as it stands in a plan");
    }

    #[test]
    fn an_older_server_only_says_the_names_of_checks() {
        let shown = json!({ "required_status_checks": { "contexts": ["ci"] } });
        let read: Protection = serde_json::from_value::<Raw>(shown).unwrap().into();
        assert_eq!(read.checks.unwrap().checks, [Check { context: "ci".into(), app: None }].into());
    }

    #[test]
    fn whom_github_left_out_is_named() {
        let of = |users: &[&str]| Protection {
            restrictions: Some(Actors {
                users: users.iter().map(|one| (*one).to_owned()).collect(),
                ..Actors::default()
            }),
            ..Protection::default()
        };
        assert_eq!(of(&["ana"]).left_out(&of(&["ana"])), None);
        assert_eq!(of(&["ana", "gus"]).left_out(&of(&["ana"])).unwrap().users, ["gus".to_owned()].into());
    }
}
