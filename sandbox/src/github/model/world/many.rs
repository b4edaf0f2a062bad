//! Large organisations.

use super::World;
use crate::github::model::{Branch, Grantee, Permission, Repository, Visibility, long_ago};

impl World {
    /// Adds this many repositories to an organisation, `service-00000` and so on, the last the youngest. Every
    /// tenth is archived, every twentieth public; every fiftieth lacks the team `employees`, which may push to
    /// all the others if it exists.
    #[must_use]
    pub fn many_repositories(self, organisation: &str, count: usize) -> Self {
        let mut world = self.with_organisation(organisation);
        let owner =
            world.state.organisation(organisation).map_or(organisation, |one| one.login.as_str()).to_owned();
        let employees = world.state.team(organisation, "employees").map(|team| team.id);
        let commit = world.state.next_commit();
        for number in 0..count {
            let id = world.state.next_id();
            let at = long_ago() + chrono::TimeDelta::seconds(number.try_into().unwrap_or(0));
            let mut one = Repository::new(id, &owner, &format!("service-{number:05}"), at);
            one.branches.insert("main".to_owned(), Branch { commit: commit.clone() });
            one.archived = number % 10 == 9;
            if number % 20 == 0 {
                one.visibility = Visibility::Public;
            }
            if let Some(team) = employees.filter(|_| number % 50 != 0) {
                one.grant(Grantee::Team(team), Permission::Push, None);
            }
            world.state.repositories.insert(id, one);
        }
        world
    }

    /// Adds this many members to an organisation, `person-0000` and so on.
    #[must_use]
    pub fn many_members(self, organisation: &str, count: usize) -> Self {
        (0..count).fold(self, |world, number| world.member(organisation, &format!("person-{number:04}")))
    }
}
