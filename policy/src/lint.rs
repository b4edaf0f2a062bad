//! What Cedar's validator cannot see: names that no person, group or repository could have, so that a rule which
//! names them would never match.

use std::ops::Range;

use crate::annotations::{is_handle, is_id};
use crate::source::{Fault, Source};

/// What is wrong with this name of an entity, if anything.
pub(crate) fn name(source: &Source, at: Option<&Range<usize>>, kind: &str, id: &str) -> Option<Fault> {
    let (wrong, cure) = match kind {
        "Repository" => (!is_path(id), "Write it as `Repository::\"owner/name\"`, in lower case."),
        "GitHubTeam" => (!is_path(id), "Write it as `GitHubTeam::\"owner/slug\"`, in lower case."),
        "Organization" => {
            (id.is_empty() || !is_lower(id) || id.contains('/'), "Write its login in lower case.")
        }
        "Group" => (
            !is_handle(id) && !is_id(id, "S"),
            "Write the group's handle without the `@`, in lower case, or its id `S…`.",
        ),
        "Person" => (!is_person(id), "Write the person's id `U…` or `W…`; for a stranger `TEAM/USER`."),
        "Channel" => (!is_id(id, "CGD"), "Write the channel's id `C…`."),
        _ => return None,
    };
    wrong.then(|| {
        source.fault(at, format!("There can be no `{kind}::\"{id}\"`, so this would never match."), cure)
    })
}

fn is_lower(id: &str) -> bool {
    !id.chars().any(char::is_uppercase)
}

fn is_path(id: &str) -> bool {
    let mut parts = id.split('/');
    let two = parts.by_ref().take(2).filter(|part| !part.is_empty()).count() == 2;
    two && parts.next().is_none() && is_lower(id)
}

fn is_person(id: &str) -> bool {
    match id.split_once('/') {
        Some((team, user)) => is_id(team, "TE") && is_id(user, "UW"),
        None => is_id(id, "UW"),
    }
}
