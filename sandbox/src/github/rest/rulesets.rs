//! Rulesets of repositories and organisations, and what holds for a branch.

use serde_json::{Value, json};

use super::{At, protection, ruleset_input, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Organisation, Permission, Repository, Rule, Ruleset};

const METADATA: &[(&str, &str)] = &[("metadata", "read")];
const ADMINISTRATION: &[(&str, &str)] = &[("administration", "write")];
const ORGANISATION: &[(&str, &str)] = &[("organization_administration", "write")];
/// In one place.
const MOST: usize = 75;

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "rules", "branches", branch @ ..]) if !branch.is_empty() => {
            Some(for_branch(call, owner, name, &branch.join("/")))
        }
        ("GET", ["repos", owner, name, "rulesets"]) => Some(list(call, owner, name)),
        ("POST", ["repos", owner, name, "rulesets"]) => Some(create(call, owner, name)),
        ("GET", ["repos", owner, name, "rulesets", id]) => Some(read(call, owner, name, id)),
        ("PUT", ["repos", owner, name, "rulesets", id]) => Some(change(call, owner, name, id)),
        ("DELETE", ["repos", owner, name, "rulesets", id]) => Some(remove(call, owner, name, id)),
        ("GET", ["orgs", login, "rulesets"]) => Some(list_all(call, login)),
        ("POST", ["orgs", login, "rulesets"]) => Some(create_for_all(call, login)),
        ("GET", ["orgs", login, "rulesets", id]) => Some(read_for_all(call, login, id)),
        ("PUT", ["orgs", login, "rulesets", id]) => Some(change_for_all(call, login, id)),
        ("DELETE", ["orgs", login, "rulesets", id]) => Some(remove_for_all(call, login, id)),
        _ => None,
    }
}

/// Where a ruleset is at home.
enum Home<'a> {
    Repository(&'a Repository),
    Organisation(&'a Organisation),
}

impl Home<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Repository(_) => "Repository",
            Self::Organisation(_) => "Organization",
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Repository(one) => one.full_name(),
            Self::Organisation(one) => one.login.clone(),
        }
    }
}

fn in_brief(call: &Call<'_>, home: &Home<'_>, one: &Ruleset) -> Value {
    let (name, id) = (home.name(), one.id);
    let (url, html) = match home {
        Home::Repository(_) => (format!("repos/{name}/rulesets/{id}"), format!("{name}/rules/{id}")),
        Home::Organisation(_) => {
            (format!("orgs/{name}/rulesets/{id}"), format!("organizations/{name}/settings/rules/{id}"))
        }
    };
    json!({
        "id": id,
        "node_id": show::node_id("RRS", id),
        "name": one.name,
        "target": one.target,
        "source_type": home.kind(),
        "source": name,
        "enforcement": one.enforcement.word(),
        "_links": {
            "self": { "href": format!("{}/{url}", call.api()) },
            "html": { "href": format!("{}/{html}", call.origin) },
        },
        "created_at": show::time(one.created_at),
        "updated_at": show::time(one.updated_at),
    })
}

fn rule(one: &Rule) -> Value {
    let mut value = json!({ "type": one.kind });
    if let Some(parameters) = &one.parameters {
        value["parameters"] = parameters.clone();
    }
    value
}

/// `writes`: whether the caller may change it; only then it is said who may pass.
fn in_full(call: &Call<'_>, home: &Home<'_>, one: &Ruleset, writes: bool) -> Value {
    let mut value = in_brief(call, home, one);
    value["conditions"] = json!({ "ref_name": { "include": one.refs.include, "exclude": one.refs.exclude } });
    if matches!(home, Home::Organisation(_)) {
        value["conditions"]["repository_name"] =
            json!({ "include": one.repositories.include, "exclude": one.repositories.exclude });
    }
    value["rules"] = one.rules.iter().map(rule).collect();
    value["current_user_can_bypass"] = json!("never");
    if writes {
        value["bypass_actors"] = json!(one.bypass_actors);
    }
    value
}

fn for_branch(call: &mut Call<'_>, owner: &str, name: &str, branch: &str) -> Outcome {
    call.needs(METADATA)?;
    let repository = call.repository(owner, name)?;
    let organisation = call.state.organisation(&repository.owner);
    let holding = call.state.rulesets_for(repository, branch);
    let rules: Vec<(&Ruleset, bool, &Rule)> =
        holding.iter().flat_map(|(one, above)| one.rules.iter().map(|rule| (*one, *above, rule))).collect();
    Ok(call.page(&rules, |(ruleset, above, one)| {
        let home = match organisation.filter(|_| *above) {
            Some(organisation) => Home::Organisation(organisation),
            None => Home::Repository(repository),
        };
        let mut value = rule(one);
        value["ruleset_source_type"] = json!(home.kind());
        value["ruleset_source"] = json!(home.name());
        value["ruleset_id"] = json!(ruleset.id);
        value
    }))
}

/// The repository's own and, unless that is not wanted, those above it.
fn seen<'a>(call: &'a Call<'_>, repository: &'a Repository) -> Vec<(Home<'a>, &'a Ruleset)> {
    let own = repository.rulesets.values().map(|one| (Home::Repository(repository), one));
    let parents = call.query.get("includes_parents").is_none_or(|word| word != "false");
    let organisation = call.state.organisation(&repository.owner).filter(|_| parents);
    let above = call.state.rulesets_above(repository);
    let above = above.filter_map(|one| Some((Home::Organisation(organisation?), one)));
    own.chain(above).collect()
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs(METADATA)?;
    let repository = call.repository(owner, name)?;
    let targets = call.query.get("targets");
    let mut all = seen(call, repository);
    all.retain(|(_, one)| {
        targets.is_none_or(|targets| targets.split(',').any(|target| target == one.target))
    });
    Ok(call.page(&all, |(home, one)| in_brief(call, home, one)))
}

fn read(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    call.needs(METADATA)?;
    let repository = call.repository(owner, name)?;
    let id: u64 = id.parse().map_err(|_| Refused::not_found())?;
    let all = seen(call, repository);
    let (home, one) = all.iter().find(|(_, one)| one.id == id).ok_or_else(Refused::not_found)?;
    let writes = call.level(repository) == Some(Permission::Admin) && matches!(home, Home::Repository(_));
    Ok(Answer::ok(in_full(call, home, one, writes)))
}

fn parsed(id: &str) -> Result<u64, Refused> {
    id.parse().map_err(|_| Refused::not_found())
}

/// The repository, for who may change its rules; and the ruleset of the body. `before`: the one to change.
fn checked(
    call: &mut Call<'_>,
    owner: &str,
    name: &str,
    before: Option<u64>,
) -> Result<(u64, Ruleset), Refused> {
    call.needs_identity(ADMINISTRATION)?;
    let id = call.writable(owner, name)?;
    let repository = call.repository(owner, name)?;
    protection::paid_for(call, repository)?;
    let enterprise = call.state.organisation(&repository.owner).is_some_and(|one| one.enterprise);
    let others = repository.rulesets.values().filter(|one| Some(one.id) != before);
    let names: Vec<&str> = others.map(|one| one.name.as_str()).collect();
    let former = match before {
        Some(id) => Some(repository.rulesets.get(&id).ok_or_else(Refused::not_found)?),
        None if names.len() >= MOST => {
            return Err(Refused::sentence(&format!("A repository can have at most {MOST} rulesets")));
        }
        None => None,
    };
    Ok((id, ruleset_input::ruleset(call, enterprise, former, &names)?))
}

fn entered(call: &mut Call<'_>, repository: u64, ruleset: &Ruleset) -> Result<Value, Refused> {
    let found = call.state.repositories.get_mut(&repository).ok_or_else(Refused::not_found)?;
    found.rulesets.insert(ruleset.id, ruleset.clone());
    let found = call.state.repositories.get(&repository).ok_or_else(Refused::not_found)?;
    Ok(in_full(call, &Home::Repository(found), ruleset, true))
}

fn create(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    let (repository, mut ruleset) = checked(call, owner, name, None)?;
    ruleset.id = call.state.next_id();
    Ok(Answer::made(entered(call, repository, &ruleset)?))
}

fn change(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    let (repository, ruleset) = checked(call, owner, name, Some(parsed(id)?))?;
    Ok(Answer::ok(entered(call, repository, &ruleset)?))
}

fn remove(call: &mut Call<'_>, owner: &str, name: &str, id: &str) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    let repository = call.writable(owner, name)?;
    let id = parsed(id)?;
    let repository = call.state.repositories.get_mut(&repository).ok_or_else(Refused::not_found)?;
    repository.rulesets.remove(&id).map(|_| Answer::nothing()).ok_or_else(Refused::not_found)
}

fn list_all(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(ORGANISATION)?;
    let organisation = call.owned(login)?;
    let all: Vec<&Ruleset> = organisation.rulesets.values().collect();
    Ok(call.page(&all, |one| in_brief(call, &Home::Organisation(organisation), one)))
}

fn read_for_all(call: &mut Call<'_>, login: &str, id: &str) -> Outcome {
    call.needs_identity(ORGANISATION)?;
    let organisation = call.owned(login)?;
    let one = organisation.rulesets.get(&parsed(id)?).ok_or_else(Refused::not_found)?;
    Ok(Answer::ok(in_full(call, &Home::Organisation(organisation), one, true)))
}

fn checked_for_all(call: &mut Call<'_>, login: &str, before: Option<u64>) -> Result<Ruleset, Refused> {
    call.needs_identity(ORGANISATION)?;
    call.needs_scope("admin:org")?;
    let organisation = call.owned(login)?;
    if organisation.free_plan {
        return Err(Refused::forbidden("Upgrade to GitHub Team to enable this feature."));
    }
    let others = organisation.rulesets.values().filter(|one| Some(one.id) != before);
    let names: Vec<&str> = others.map(|one| one.name.as_str()).collect();
    let former = match before {
        Some(id) => Some(organisation.rulesets.get(&id).ok_or_else(Refused::not_found)?),
        None => None,
    };
    ruleset_input::ruleset(call, organisation.enterprise, former, &names)
}

fn entered_for_all(call: &mut Call<'_>, login: &str, ruleset: &Ruleset) -> Result<Value, Refused> {
    let organisation = call.state.organisation_mut(login).ok_or_else(Refused::not_found)?;
    organisation.rulesets.insert(ruleset.id, ruleset.clone());
    Ok(in_full(call, &Home::Organisation(call.owned(login)?), ruleset, true))
}

fn create_for_all(call: &mut Call<'_>, login: &str) -> Outcome {
    let mut ruleset = checked_for_all(call, login, None)?;
    ruleset.id = call.state.next_id();
    Ok(Answer::made(entered_for_all(call, login, &ruleset)?))
}

fn change_for_all(call: &mut Call<'_>, login: &str, id: &str) -> Outcome {
    let ruleset = checked_for_all(call, login, Some(parsed(id)?))?;
    Ok(Answer::ok(entered_for_all(call, login, &ruleset)?))
}

fn remove_for_all(call: &mut Call<'_>, login: &str, id: &str) -> Outcome {
    call.needs_identity(ORGANISATION)?;
    call.needs_scope("admin:org")?;
    call.owned(login)?;
    let id = parsed(id)?;
    let organisation = call.state.organisation_mut(login).ok_or_else(Refused::not_found)?;
    organisation.rulesets.remove(&id).map(|_| Answer::nothing()).ok_or_else(Refused::not_found)
}
