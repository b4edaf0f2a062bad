//! The REST API, a file per family of resources. A family answers the paths it knows; to add one, write a
//! file with `answer` and name it in [`FAMILIES`].

mod actions;
mod apps;
pub(super) mod audit_log;
mod branches;
mod collaborator_changes;
mod collaborators;
mod deploy_keys;
mod invitations;
mod labels;
mod members;
mod memberships;
mod org_invitations;
mod organisations;
mod outside_collaborators;
mod protection;
mod protection_input;
mod pulls;
mod repositories;
mod repository_input;
mod roles;
mod root;
mod ruleset_input;
mod rulesets;
mod search;
mod search_query;
pub(super) mod show;
mod team_members;
mod team_repositories;
mod teams;
mod topics;
mod users;

use super::front::answer::Outcome;
use super::front::call::Call;

/// A method and a path in decoded segments.
type At<'a> = (&'a str, &'a [&'a str]);

/// Answers what it knows, and leaves the rest to others.
type Family = fn(&mut Call<'_>, At<'_>) -> Option<Outcome>;

pub(super) const FAMILIES: &[Family] = &[
    root::answer,
    users::answer,
    organisations::answer,
    members::answer,
    memberships::answer,
    org_invitations::answer,
    outside_collaborators::answer,
    roles::answer,
    repositories::answer,
    topics::answer,
    // Before the branches, whose names may hold slashes.
    protection::answer,
    branches::answer,
    rulesets::answer,
    deploy_keys::answer,
    pulls::answer,
    labels::answer,
    search::answer,
    actions::answer,
    teams::answer,
    team_members::answer,
    team_repositories::answer,
    collaborators::answer,
    collaborator_changes::answer,
    invitations::answer,
    apps::answer,
    audit_log::answer,
];
