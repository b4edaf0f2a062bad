//! What a plan was made upon, in one line each. The engine looks again before anything runs.

use hubcommander_sdk::plan::Precondition;
use serde_json::json;

use crate::probes::{REPOSITORY, TEAM, TEAM_LEVEL, repository_seen, team_level_seen, team_seen};
use crate::reader::{Lookup, Repository, Team};

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

/// That a team may still do on a repository what it was seen to, and that the repository is still called so.
#[must_use]
pub fn same_team_level(slug: &str, repository: &Repository, seen: Option<&str>) -> Precondition {
    let (org, _) = repository.full_name.split_once('/').unwrap_or_default();
    Precondition {
        probe: TEAM_LEVEL.to_owned(),
        input: json!({ "org": org, "slug": slug, "id": repository.id }),
        seen: team_level_seen(Some((&repository.full_name, seen))),
        changed: format!("what team {slug} may do on {} has been changed meanwhile", repository.full_name)
            .into(),
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
