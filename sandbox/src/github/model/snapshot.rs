//! The state as plain data by names, without ids and times, to compare two runs.

use serde_json::{Map, Value, json};

use super::{Organisation, Repository, State};

impl State {
    /// Everything a person could tell apart, without ids, times and commits. Two runs that did the same give
    /// the same value.
    pub fn snapshot(&self) -> Value {
        let organisations: Map<String, Value> = self
            .organisations
            .values()
            .map(|one| (one.login.clone(), self.organisation_snapshot(one)))
            .collect();
        let repositories: Map<String, Value> =
            self.repositories.values().map(|one| (one.full_name(), self.repository_snapshot(one))).collect();
        let redirects: Map<String, Value> = self
            .redirects
            .iter()
            .filter_map(|(from, id)| Some((from.clone(), json!(self.repositories.get(id)?.full_name()))))
            .collect();
        json!({ "organisations": organisations, "repositories": repositories, "redirects": redirects })
    }

    fn organisation_snapshot(&self, one: &Organisation) -> Value {
        let members: Map<String, Value> = one
            .members
            .iter()
            .map(|(login, place)| {
                let word = if place.pending { "invited as " } else { "" };
                (login.clone(), json!(format!("{word}{}", place.role.word())))
            })
            .collect();
        let teams: Map<String, Value> = one
            .teams
            .values()
            .map(|team| {
                let members: Map<String, Value> =
                    team.members.iter().map(|(login, role)| (login.clone(), json!(role.word()))).collect();
                let parent = team.parent.and_then(|id| one.teams.get(&id)).map(|team| &team.slug);
                let data = json!({
                    "name": team.name, "description": team.description, "privacy": team.privacy.word(),
                    "parent": parent, "members": members,
                });
                (team.slug.clone(), data)
            })
            .collect();
        json!({ "members": members, "teams": teams })
    }

    fn repository_snapshot(&self, one: &Repository) -> Value {
        let organisation = self.organisation(&one.owner);
        let teams: Map<String, Value> = one
            .teams
            .iter()
            .filter_map(|(id, permission)| {
                let slug = organisation?.teams.get(id)?.slug.clone();
                Some((slug, json!(permission.word())))
            })
            .collect();
        let collaborators: Map<String, Value> =
            one.collaborators.iter().map(|(login, level)| (login.clone(), json!(level.word()))).collect();
        let branches: Map<String, Value> =
            one.branches.iter().map(|(name, branch)| (name.clone(), json!(branch.protected))).collect();
        let template = one.template.and_then(|id| self.repositories.get(&id)).map(Repository::full_name);
        json!({
            "visibility": one.visibility.word(), "description": one.description, "homepage": one.homepage,
            "topics": one.topics, "default_branch": one.default_branch, "branches_protected": branches,
            "archived": one.archived, "is_template": one.is_template, "template": template,
            "switches": one.switches, "teams": teams, "collaborators": collaborators,
        })
    }
}
