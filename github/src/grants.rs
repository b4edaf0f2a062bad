//! What can be held at GitHub, and lent: a level, for somebody, on something.

use std::sync::Arc;

use hubcommander_sdk::lease::Grant;

use crate::reader::Reader;

pub(crate) fn grants(reader: &Reader) -> Vec<Arc<dyn Grant>> {
    let _ = reader;
    Vec::new()
}

/// Which of GitHub's permissions on a repository counts as more. A role that the organisation made counts as
/// more than `maintain` and less than `admin`: it may hold anything that an administrator may hand out.
#[must_use]
pub fn permission_rank(permission: &str) -> u8 {
    match crate::words::level(permission) {
        "pull" => 1,
        "triage" => 2,
        "push" => 3,
        "maintain" => 4,
        "admin" => 6,
        _ => 5,
    }
}
