//! What a plan was made upon, in one line each. The engine looks again before anything runs.

use hubcommander_sdk::lease::Holding;
use hubcommander_sdk::plan::Precondition;
use serde_json::json;

use crate::names::BranchName;
use crate::probes::{
    ACTIONS, BRANCH_RULES, DEPLOY_KEYS, HELD, MEMBERSHIP, REPOSITORY, REPOSITORY_AND_PUSHES, TEAM,
    actions_seen, branch_rules_seen, deploy_keys_seen, held_seen, membership_seen,
    repository_and_pushes_seen, repository_seen, team_seen,
};
use crate::protection::{Protection, Ruleset};
use crate::reader::{Actions, DeployKey, Lookup, Membership, Repository, Team, User};

/// That nothing stands under a repository's name, not even a redirect from what once bore it.
#[must_use]
pub fn absent_repository(org: &str, name: &str) -> Precondition {
    same_lookup(org, name, &Lookup::Absent)
}

/// That a repository is still called so and is still as it was seen.
#[must_use]
pub fn same_repository(seen: &Repository) -> Precondition {
    let (org, name) = seen.full_name.split_once('/').unwrap_or_default();
    same_lookup(org, name, &Lookup::Found(seen.clone()))
}

/// The same, and that nobody has pushed to it since: for what destroys it.
#[must_use]
pub fn untouched_repository(seen: &Repository) -> Precondition {
    Precondition {
        probe: REPOSITORY_AND_PUSHES.to_owned(),
        seen: repository_and_pushes_seen(&Lookup::Found(seen.clone())),
        ..same_repository(seen)
    }
}

/// That what stands under a repository's name is still what was seen there.
#[must_use]
pub fn same_lookup(org: &str, name: &str, seen: &Lookup) -> Precondition {
    let changed = match seen {
        Lookup::Absent => format!("{org}/{name} exists by now"),
        Lookup::Found(_) | Lookup::Moved { .. } => format!("{org}/{name} has been changed meanwhile"),
    };
    Precondition {
        probe: REPOSITORY.to_owned(),
        input: json!({ "org": org, "name": name }),
        seen: repository_seen(seen),
        changed: changed.into(),
    }
}

/// That a team is still the same one: a slug can pass to another team.
#[must_use]
pub fn same_team(org: &str, seen: &Team) -> Precondition {
    Precondition {
        probe: TEAM.to_owned(),
        input: json!({ "org": org, "slug": seen.slug }),
        seen: team_seen(Some(seen)),
        changed: format!("team {} is gone or another one by now", seen.slug).into(),
    }
}

/// That a person is still in an organisation what they were, or still not in it.
#[must_use]
pub fn same_membership(org: &str, user: &User, seen: Option<Membership>) -> Precondition {
    Precondition {
        probe: MEMBERSHIP.to_owned(),
        input: json!({ "org": org, "id": user.id }),
        seen: membership_seen(seen),
        changed: format!("{}'s place in {org} has been changed meanwhile", user.login).into(),
    }
}

/// That the same level is still held; `None` for nothing. `changed` is told if not.
#[must_use]
pub fn same_level(holding: &Holding, seen: Option<&str>) -> Precondition {
    Precondition {
        probe: HELD.to_owned(),
        input: json!({ "grant": holding.grant, "subject": holding.subject }),
        seen: held_seen(seen),
        changed: holding.shown.clone().plain(" has been changed meanwhile"),
    }
}

/// That a branch is still protected as it was seen, by the classic protection and by rulesets of ours.
#[must_use]
pub fn same_branch_rules(
    repository: &Repository,
    branch: &BranchName,
    protection: Option<&Protection>,
    ours: &[Ruleset],
) -> Precondition {
    let (org, _) = repository.full_name.split_once('/').unwrap_or_default();
    Precondition {
        probe: BRANCH_RULES.to_owned(),
        input: json!({ "org": org, "id": repository.id, "branch": branch }),
        seen: branch_rules_seen(protection, ours),
        changed: format!("the protection of {branch} has been changed meanwhile").into(),
    }
}

/// That a repository still has the deploy keys that were seen, and no others.
#[must_use]
pub fn same_deploy_keys(repository: &Repository, seen: &[DeployKey]) -> Precondition {
    in_repository(DEPLOY_KEYS, repository, deploy_keys_seen(seen), "has other deploy keys by now")
}

/// That a repository still stands to Actions as was seen.
#[must_use]
pub fn same_actions(repository: &Repository, seen: &Actions) -> Precondition {
    in_repository(ACTIONS, repository, actions_seen(seen), "has other settings for Actions by now")
}

fn in_repository(
    probe: &str,
    repository: &Repository,
    seen: serde_json::Value,
    changed: &str,
) -> Precondition {
    let (org, _) = repository.full_name.split_once('/').unwrap_or_default();
    Precondition {
        probe: probe.to_owned(),
        input: json!({ "org": org, "id": repository.id }),
        seen,
        changed: format!("{} {changed}", repository.full_name).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preconditions_are_stated_as_they_are_seen() {
        let absent = absent_repository("acme", "widgets");
        assert_eq!(absent.input, json!({ "org": "acme", "name": "widgets" }));
        assert_eq!(absent.seen, json!({ "exists": false }));
        assert_eq!(absent.changed.words(), "acme/widgets exists by now");
        let moved = Lookup::Moved { full_name: "acme/gadgets".into(), id: 7 };
        assert_ne!(same_lookup("acme", "widgets", &moved).seen, absent.seen);
    }
}
