//! Commands about people and teams: who may do what where, and for how long.

mod add_collab;
mod add_to_team;
mod list_collabs;
mod list_teams;
mod places;
mod remove_collab;
mod remove_from_team;
mod set_permissions;
mod settings;
pub(crate) mod whom;

pub use add_collab::AddCollab;
pub use add_to_team::AddUserToTeam;
pub use list_collabs::ListCollabs;
pub use list_teams::ListTeams;
pub use remove_collab::RemoveCollab;
pub use remove_from_team::RemoveUserFromTeam;
pub use set_permissions::SetRepoPermissions;
pub use settings::{AddCollabSettings, AddUserToTeamSettings, SetRepoPermissionsSettings};

use std::sync::Arc;

use hubcommander_github::Reader;
use hubcommander_sdk::command::{ArgKind, ArgSpec};
use hubcommander_sdk::lease::{Grant, Leases};
use hubcommander_sdk::orgs::Orgs;

use super::lending::Lending;

/// The heading in `!Help`.
const GROUP: &str = "People and teams";

/// What these commands are made of.
#[derive(Clone)]
pub struct People {
    reader: Reader,
    orgs: Arc<Orgs>,
    grants: Vec<Arc<dyn Grant>>,
    leases: Arc<dyn Leases>,
}

impl People {
    /// Over these organisations.
    #[must_use]
    pub fn new(
        reader: Reader,
        orgs: Arc<Orgs>,
        grants: Vec<Arc<dyn Grant>>,
        leases: Arc<dyn Leases>,
    ) -> Self {
        Self { reader, orgs, grants, leases }
    }

    fn lending(&self, kind: &str) -> Option<Lending> {
        Lending::find(&self.grants, kind, &self.leases)
    }
}

fn user() -> ArgSpec {
    ArgSpec::positional("user", ArgKind::Login, "their login at GitHub")
}

fn org() -> ArgSpec {
    ArgSpec::positional("org", ArgKind::Organization, "the organisation")
}

fn repositories() -> ArgSpec {
    ArgSpec::positional("repos", ArgKind::Repositories, "one or more repositories, separated by commas")
}

fn team() -> ArgSpec {
    ArgSpec::positional("team", ArgKind::Team, "the name in the team's address")
}

fn reason() -> ArgSpec {
    ArgSpec::option("reason", ArgKind::Text, "why, for those who look later")
}
