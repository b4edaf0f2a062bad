//! What a person may do with a repository, from all the ways there are.

use super::{OrgRole, Permission, Repository, State, Visibility};

impl State {
    /// The most that any way gives this person: ownership, direct access, teams (with their parents), the
    /// organisation's base permission. `None` when none of them does; a public repository is readable anyway.
    pub fn level_of(&self, repository: &Repository, login: &str) -> Option<Permission> {
        let key = login.to_lowercase();
        if repository.owner.to_lowercase() == key {
            return Some(Permission::Admin);
        }
        let direct = repository.collaborators.get(&key).copied();
        let Some(organisation) = self.organisation(&repository.owner) else { return direct };
        let base = match organisation.role_of(&key) {
            Some(OrgRole::Admin) => return Some(Permission::Admin),
            Some(OrgRole::Member) if repository.visibility == Visibility::Internal => {
                organisation.base_permission.or(Some(Permission::Pull))
            }
            Some(OrgRole::Member) => organisation.base_permission,
            None => None,
        };
        let by_team = organisation
            .teams
            .values()
            .filter(|team| team.members.contains_key(&key))
            .filter_map(|team| self.team_level(repository, &repository.owner, team.id))
            .max();
        [direct, base, by_team].into_iter().flatten().max()
    }

    /// What a team may do with a repository, also by the teams it belongs to.
    pub fn team_level(&self, repository: &Repository, organisation: &str, team: u64) -> Option<Permission> {
        let teams = &self.organisation(organisation)?.teams;
        let mut level = None;
        let mut next = Some(team);
        // As many steps as there are teams, in case two were made each other's parent.
        for _ in 0..teams.len() {
            let Some(id) = next else { break };
            level = level.max(repository.teams.get(&id).copied());
            next = teams.get(&id).and_then(|team| team.parent);
        }
        level
    }
}
