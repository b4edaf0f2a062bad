//! What a plan was made upon, in one line each. The engine looks again before anything runs.

use hubcommander_sdk::plan::Precondition;
use serde_json::json;

use crate::model::{Repository, Target};
use crate::probes::{REPOSITORY, repository_seen};

/// That Travis still knows of a repository what it knew, and no more.
#[must_use]
pub fn same_repository(target: &Target, seen: Option<&Repository>) -> Precondition {
    Precondition {
        probe: REPOSITORY.to_owned(),
        input: json!(target),
        seen: repository_seen(seen),
        changed: format!("Travis knows something else of {} by now", target.full_name).into(),
    }
}
