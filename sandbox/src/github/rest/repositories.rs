//! Repositories: create, from a template, read, change, delete.

use super::repository_input as check;
use super::{At, show, users};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;
use crate::github::front::input::Input;
use crate::github::model::{Branch, OrgRole, Permission, Repository, Visibility};

const ADMINISTRATION: &[(&str, &str)] = &[("administration", "write")];
const CREATION_FAILED: &str = "Repository creation failed.";
const INVALID: &str = "Validation Failed";

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("POST", ["orgs", login, "repos"]) => Some(create(call, login)),
        ("POST", ["user", "repos"]) => Some(create_own(call)),
        ("POST", ["repos", owner, name, "generate"]) => Some(generate(call, owner, name)),
        ("GET", ["repos", owner, name]) => Some(read(call, owner, name)),
        ("PATCH", ["repos", owner, name]) => Some(change(call, owner, name)),
        ("DELETE", ["repos", owner, name]) => Some(delete(call, owner, name)),
        _ => None,
    }
}

fn read(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs(&[("metadata", "read")])?;
    let repository = call.repository(owner, name)?;
    Ok(Answer::ok(show::repository_in_full(call, repository)))
}

fn shown(call: &Call<'_>, id: u64) -> Result<serde_json::Value, Refused> {
    let repository = call.state.repositories.get(&id).ok_or_else(Refused::not_found)?;
    Ok(show::repository_in_full(call, repository))
}

/// Who may create repositories in an organisation: owners, and members where the organisation lets them.
fn may_create(call: &Call<'_>, login: &str) -> Result<(), Refused> {
    let organisation = call.organisation(login)?;
    if call.actor == Actor::Anonymous {
        return Err(Refused::unauthenticated());
    }
    if let Actor::User { scopes, .. } = &call.actor
        && !scopes.contains("repo")
        && !scopes.contains("public_repo")
    {
        return Err(Refused::not_found());
    }
    match call.role_in(organisation) {
        Some(OrgRole::Admin) => Ok(()),
        Some(OrgRole::Member) if organisation.members_create_repositories => Ok(()),
        _ => Err(Refused::forbidden(
            "You need admin access to the organization before adding a repository to it.",
        )),
    }
}

fn create(call: &mut Call<'_>, login: &str) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    may_create(call, login)?;
    let owner = call.organisation(login)?.login.clone();
    create_for(call, &owner)
}

fn create_own(call: &mut Call<'_>) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    let login = users::own_login(call)?;
    create_for(call, &login)
}

fn create_for(call: &mut Call<'_>, owner: &str) -> Outcome {
    let input = call.input()?;
    let asked = input.required_text("name")?;
    let organisation = call.state.organisation(owner);
    let visibility = check::visibility(&input, organisation, CREATION_FAILED)?.unwrap_or(Visibility::Public);
    let name = check::name(call, owner, &asked, CREATION_FAILED, None)?;
    let mut repository = Repository::new(0, owner, &name, call.now);
    repository.visibility = visibility;
    repository.description = check::description(input.text("description")?, CREATION_FAILED)?;
    repository.homepage = check::homepage(input.text("homepage")?, CREATION_FAILED)?;
    repository.is_template = input.flag("is_template")?.unwrap_or(false);
    check::switches(&input, &mut repository)?;
    if let Some(id) = input.number("team_id")? {
        let team = organisation.and_then(|organisation| organisation.teams.get(&id));
        let team = team.ok_or_else(|| Refused::invalid("Repository", "team_id", "invalid"))?;
        repository.teams.insert(id, team.permission);
    }
    if let Some(organisation) = organisation {
        repository.default_branch = organisation.default_branch.clone();
    }
    // A licence or an ignore file is a first commit too.
    let mut starts_with_commit = input.flag("auto_init")?.unwrap_or(false);
    for file in ["gitignore_template", "license_template"] {
        starts_with_commit |= input.text(file)?.is_some_and(|text| !text.is_empty());
    }
    if starts_with_commit {
        let commit = call.state.next_commit();
        repository.branches.insert(repository.default_branch.clone(), Branch { commit });
    }
    let id = enter(call, repository);
    Ok(Answer::created(shown(call, id)?))
}

/// Takes a new repository into the world, its maker as administrator.
fn enter(call: &mut Call<'_>, mut repository: Repository) -> u64 {
    let id = call.state.next_id();
    repository.id = id;
    if let Actor::User { login, .. } = &call.actor
        && !login.eq_ignore_ascii_case(&repository.owner)
    {
        repository.collaborators.insert(login.to_lowercase(), Permission::Admin);
    }
    // Whoever had this name before is no longer found by it.
    call.state.redirects.remove(&repository.full_name().to_lowercase());
    call.state.repositories.insert(id, repository);
    id
}

fn generate(call: &mut Call<'_>, template_owner: &str, template_name: &str) -> Outcome {
    call.needs_identity(&[("administration", "write"), ("contents", "read")])?;
    let template = call.repository(template_owner, template_name)?.clone();
    let input = call.input()?;
    let asked = input.required_text("name")?;
    let owner = match input.text("owner")? {
        Some(owner) => owner,
        None => users::own_login(call)?,
    };
    let own = call.state.user(&owner).is_some() && users::own_login(call)?.eq_ignore_ascii_case(&owner);
    if !own {
        may_create(call, &owner)?;
    }
    let owner = match call.state.organisation(&owner) {
        Some(organisation) => organisation.login.clone(),
        None => users::own_login(call)?,
    };
    if !template.is_template {
        let words = format!("{} is not a template repository", template.full_name());
        return Err(Refused::custom(INVALID, "Repository", "template", &words));
    }
    let name =
        check::name(call, &owner, &asked, "Could not clone: Name already exists on this account", None)?;
    let mut repository = Repository::new(0, &owner, &name, call.now);
    let private = input.flag("private")?.unwrap_or(false);
    repository.visibility = if private { Visibility::Private } else { Visibility::Public };
    repository.description = check::description(input.text("description")?, CREATION_FAILED)?;
    repository.template = Some(template.id);
    repository.default_branch = template.default_branch.clone();
    let all = input.flag("include_all_branches")?.unwrap_or(false);
    for branch in template.branches.keys().filter(|name| all || **name == template.default_branch) {
        // Its history starts anew.
        let commit = call.state.next_commit();
        repository.branches.insert(branch.clone(), Branch { commit });
    }
    let id = enter(call, repository);
    Ok(Answer::created(shown(call, id)?))
}

fn change(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    let id = call.administered(owner, name)?;
    let input = call.input()?;
    let before = call.repository(owner, name)?;
    let archived = input.flag("archived")?;
    if before.archived && archived != Some(false) {
        return Err(Refused::forbidden("Repository was archived so is read-only."));
    }
    // Everything is checked on a copy first: a refused change changes nothing.
    let mut after = before.clone();
    let new_name = match input.text("name")? {
        Some(asked) => Some(check::name(call, owner, &asked, INVALID, Some(id))?),
        None => None,
    };
    change_fields(call, &input, &mut after)?;
    may_change_visibility(call, &input, before, &after)?;
    after.archived = archived.unwrap_or(after.archived);
    if after != *before || new_name.as_ref().is_some_and(|new| *new != after.name) {
        after.updated_at = call.now;
    }
    call.state.repositories.insert(id, after);
    if let Some(new_name) = new_name {
        call.state.rename(id, &new_name);
    }
    Ok(Answer::ok(shown(call, id)?))
}

/// Only owners, where the organisation says so; and it must be a change.
fn may_change_visibility(
    call: &Call<'_>,
    input: &Input,
    before: &Repository,
    after: &Repository,
) -> Result<(), Refused> {
    if before.visibility == after.visibility {
        return match input.text("visibility")? {
            Some(word) => Err(Refused::new(422, format!("Visibility is already {word}."))),
            None => Ok(()),
        };
    }
    let organisation = call.state.organisation(&before.owner);
    let may = organisation.is_none_or(|one| {
        one.lets("members_can_change_repo_visibility") || call.role_in(one) == Some(OrgRole::Admin)
    });
    if may { Ok(()) } else { Err(Refused::new(422, "Visibility can't be changed by this user.")) }
}

fn change_fields(call: &Call<'_>, input: &Input, after: &mut Repository) -> Result<(), Refused> {
    if let Some(text) = input.nullable_text("description")? {
        after.description = check::description(text, INVALID)?;
    }
    if let Some(text) = input.nullable_text("homepage")? {
        after.homepage = check::homepage(text, INVALID)?;
    }
    if let Some(visibility) = check::visibility(input, call.state.organisation(&after.owner), INVALID)? {
        after.visibility = visibility;
    }
    if let Some(is_template) = input.flag("is_template")? {
        after.is_template = is_template;
    }
    check::switches(input, after)?;
    if let Some(branch) = input.text("default_branch")? {
        change_default_branch(after, branch)?;
    }
    Ok(())
}

fn change_default_branch(after: &mut Repository, branch: String) -> Result<(), Refused> {
    let refuse = |words: &str| Err(Refused::custom(INVALID, "Repository", "default_branch", words));
    if branch == after.default_branch {
        return Ok(());
    }
    if after.branches.is_empty() {
        return refuse(
            "Cannot update default branch for an empty repository. Please init the repository and push first.",
        );
    }
    if !after.branches.contains_key(&branch) {
        let words = format!(
            "The branch {branch} was not found. Please push that ref first or create it via the Git Data API."
        );
        return refuse(&words);
    }
    after.default_branch = branch;
    Ok(())
}

fn delete(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs_identity(ADMINISTRATION)?;
    let id = call.administered(owner, name)?;
    if let Actor::User { scopes, .. } = &call.actor
        && !scopes.contains("delete_repo")
    {
        return Err(Refused::forbidden("Must have admin rights to Repository."));
    }
    let repository = call.repository(owner, name)?;
    let may = call.state.organisation(&repository.owner).is_none_or(|one| {
        one.lets("members_can_delete_repositories") || call.role_in(one) == Some(OrgRole::Admin)
    });
    if !may {
        return Err(Refused::forbidden("Organization members cannot delete repositories."));
    }
    call.state.delete(id);
    Ok(Answer::nothing())
}
