//! How accounts, organisations, teams and repositories look in JSON.

mod organisations;
mod people;
mod repositories;

use hubcommander_sdk::clock::Instant;
use serde_json::{Map, Value, json};

use crate::github::model::Permission;

pub(in crate::github) use organisations::{
    organisation, organisation_in_brief, sees_team, team, team_in_full,
};
pub(in crate::github) use people::{owner, profile, user, user_by_login};
pub(in crate::github) use repositories::{repository, repository_in_full};

/// `2026-11-24T02:16:40Z`.
pub(in crate::github) fn time(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// GitHub's other name for a thing: opaque, and another one for each kind.
pub(in crate::github) fn node_id(kind: &str, id: u64) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id.to_be_bytes());
    format!("{kind}_kg{encoded}")
}

/// pull, triage, push, maintain, admin, each yes or no.
pub(in crate::github) fn permissions(level: Option<Permission>) -> Value {
    let entries = Permission::ALL.into_iter().map(|one| (one.word().to_owned(), json!(level >= Some(one))));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// Adds addresses: their names, and what comes behind `base`.
fn add_addresses(value: &mut Value, base: &str, addresses: &[(&str, &str)]) {
    for (name, rest) in addresses {
        value[*name] = json!(format!("{base}{rest}"));
    }
}
