//! The state as plain data by names, without ids and times, to compare two runs.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Grantee, Organisation, Repository, Ruleset, State};

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
        let invitations = one.invitations.values();
        let invitations: Vec<Value> = invitations
            .map(|invitation| {
                let teams = invitation.teams.keys().filter_map(|id| one.teams.get(id)).map(|team| &team.slug);
                json!({
                    "login": invitation.login, "email": invitation.email, "role": invitation.role.word(),
                    "teams": teams.collect::<Vec<_>>(), "pending": invitation.is_pending(),
                })
            })
            .collect();
        let selected = one.actions.selected.iter().filter_map(|id| self.repositories.get(id));
        let selected: Vec<String> = selected.map(Repository::full_name).collect();
        json!({
            "members": members, "teams": teams, "invitations": invitations, "settings": one.switches,
            "rulesets": one.rulesets.values().map(ruleset_snapshot).collect::<Map<_, _>>(),
            "actions": { "enabled_repositories": one.actions.place.word(), "selected": selected },
        })
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
            one.branches.keys().map(|name| (name.clone(), json!(self.is_protected(one, name)))).collect();
        let template = one.template.and_then(|id| self.repositories.get(&id)).map(Repository::full_name);
        // Their order says nothing.
        let topics: BTreeSet<&String> = one.topics.iter().collect();
        json!({
            "visibility": one.visibility.word(), "description": one.description, "homepage": one.homepage,
            "topics": topics, "default_branch": one.default_branch, "branches_protected": branches,
            "archived": one.archived, "is_template": one.is_template, "template": template,
            "switches": one.switches, "teams": teams, "collaborators": collaborators,
            "inside": self.inside_snapshot(one),
        })
    }

    fn inside_snapshot(&self, one: &Repository) -> Value {
        let roles: Map<String, Value> = one
            .custom_roles
            .iter()
            .filter_map(|(grantee, role)| {
                let name = match grantee {
                    Grantee::Person(login) => login.clone(),
                    Grantee::Team(id) => self.organisation(&one.owner)?.teams.get(id)?.slug.clone(),
                };
                Some((name, json!(role)))
            })
            .collect();
        let invitations: Map<String, Value> = one
            .invitations
            .values()
            .map(|invitation| (invitation.invitee.clone(), json!(invitation.level.word())))
            .collect();
        let keys: Map<String, Value> = one
            .deploy_keys
            .values()
            .map(|key| (key.key.clone(), json!({ "title": key.title, "read_only": key.read_only })))
            .collect();
        let pulls: Map<String, Value> = one
            .pulls
            .values()
            .map(|pull| {
                let data = json!({ "title": pull.title, "open": pull.is_open(), "labels": pull.labels });
                (pull.number.to_string(), data)
            })
            .collect();
        let protections: Map<String, Value> = one
            .protections
            .iter()
            // Every field, as it is written in the code: there is no other form without addresses.
            .map(|(branch, protection)| (branch.clone(), json!(format!("{protection:?}"))))
            .collect();
        json!({
            "custom_roles": roles, "invitations": invitations, "deploy_keys": keys, "pulls": pulls,
            "protections": protections,
            "rulesets": one.rulesets.values().map(ruleset_snapshot).collect::<Map<_, _>>(),
            "actions": { "enabled": one.actions.enabled, "allowed": one.actions.allowed.word() },
        })
    }
}

fn ruleset_snapshot(one: &Ruleset) -> (String, Value) {
    let rules: Vec<Value> =
        one.rules.iter().map(|rule| json!({ "type": rule.kind, "parameters": rule.parameters })).collect();
    let data = json!({
        "target": one.target, "enforcement": one.enforcement.word(), "rules": rules,
        "include": one.refs.include, "exclude": one.refs.exclude, "bypass_actors": one.bypass_actors,
    });
    (one.name.clone(), data)
}
