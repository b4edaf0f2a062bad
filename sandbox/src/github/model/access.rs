//! What a person may do with a repository, from all the ways there are.

use super::{Grantee, OrgRole, Permission, Repository, State, Visibility};

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

    /// The name of the highest role that this person has here, as `role_name` writes it: one that the
    /// organisation made itself counts for more than the level it is built on.
    pub fn role_name_of(&self, repository: &Repository, login: &str) -> Option<String> {
        let key = login.to_lowercase();
        let level = self.level_of(repository, &key)?;
        let teams = self.organisation(&repository.owner).into_iter().flat_map(|one| one.teams.values());
        let theirs = teams.filter(|team| team.members.contains_key(&key)).map(|team| Grantee::Team(team.id));
        let own = std::iter::once(Grantee::Person(key.clone())).chain(theirs).find_map(|grantee| {
            let given = match &grantee {
                Grantee::Person(login) => repository.collaborators.get(login),
                Grantee::Team(id) => repository.teams.get(id),
            };
            (given == Some(&level)).then(|| repository.custom_roles.get(&grantee).cloned()).flatten()
        });
        Some(own.unwrap_or_else(|| level.role_name().to_owned()))
    }

    /// Logins in lower case of all who may do anything with a repository that not everyone may.
    pub fn people_with_access<'a>(&'a self, repository: &'a Repository) -> Vec<(&'a str, Permission)> {
        let members = self.organisation(&repository.owner).into_iter().flat_map(|one| one.members.keys());
        let owner = self.users.get_key_value(&repository.owner.to_lowercase()).map(|(login, _)| login);
        let mut people: Vec<&String> = repository.collaborators.keys().chain(members).chain(owner).collect();
        people.sort();
        people.dedup();
        let levels =
            people.into_iter().filter_map(|login| Some((login.as_str(), self.level_of(repository, login)?)));
        levels.collect()
    }
}
