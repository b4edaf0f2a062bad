//! The branches of a repository.

use serde_json::{Value, json};

use super::{At, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::Call;
use crate::github::model::{Branch, Permission, Repository};

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "branches"]) => Some(list(call, owner, name)),
        ("POST", ["repos", owner, name, "branches", branch @ .., "rename"]) if !branch.is_empty() => {
            Some(rename(call, owner, name, &branch.join("/")))
        }
        ("GET", ["repos", owner, name, "branches", branch @ ..]) => {
            Some(read(call, owner, name, &branch.join("/")))
        }
        _ => None,
    }
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs(&[("contents", "read")])?;
    let repository = call.repository(owner, name)?;
    let protected = call.query.get("protected").map(|text| text == "true");
    let branches: Vec<(&String, &Branch)> = repository
        .branches
        .iter()
        .filter(|(name, _)| {
            protected.is_none_or(|wanted| call.state.is_protected(repository, name) == wanted)
        })
        .collect();
    Ok(call.page(&branches, |(name, branch)| in_brief(call, repository, name, branch)))
}

fn in_brief(call: &Call<'_>, repository: &Repository, name: &str, branch: &Branch) -> Value {
    let url = format!("{}/repos/{}", call.api(), repository.full_name());
    json!({
        "name": name,
        "commit": { "sha": branch.commit, "url": format!("{url}/commits/{}", branch.commit) },
        "protected": call.state.is_protected(repository, name),
    })
}

fn in_full(call: &Call<'_>, repository: &Repository, name: &str, branch: &Branch) -> Value {
    let mut value = in_brief(call, repository, name, branch);
    let url = format!("{}/repos/{}/branches/{name}", call.api(), repository.full_name());
    let html = format!("{}/{}/tree/{name}", call.origin, repository.full_name());
    value["_links"] = json!({ "self": url, "html": html });
    add_commit(call, repository, branch, &mut value["commit"]);
    let classic = repository.protections.get(name);
    let checks = classic.and_then(|one| one.checks.as_ref());
    let level = match (checks, classic.is_some_and(|one| one.enforce_admins)) {
        (None, _) => "off",
        (Some(_), true) => "everyone",
        (Some(_), false) => "non_admins",
    };
    let checks = checks.map(|one| one.checks.as_slice()).unwrap_or_default();
    value["protection"] = json!({
        "enabled": classic.is_some(),
        "required_status_checks": {
            "enforcement_level": level,
            "contexts": checks.iter().map(|one| &one.context).collect::<Vec<_>>(),
            "checks": checks.iter().map(|one| json!({ "context": one.context, "app_id": one.app })).collect::<Vec<_>>(),
        },
    });
    value["protection_url"] = json!(format!("{url}/protection"));
    value
}

/// A branch's own answer tells of its last commit at length.
fn add_commit(call: &Call<'_>, repository: &Repository, branch: &Branch, value: &mut Value) {
    let (api, name, sha) = (call.api(), repository.full_name(), &branch.commit);
    let signed = json!({ "name": repository.owner, "email": "noreply@github.com", "date": show::time(repository.pushed_at) });
    let tree = json!({ "sha": sha, "url": format!("{api}/repos/{name}/git/trees/{sha}") });
    value["node_id"] = json!(format!("C_{sha}"));
    value["html_url"] = json!(format!("{}/{name}/commit/{sha}", call.origin));
    value["comments_url"] = json!(format!("{api}/repos/{name}/commits/{sha}/comments"));
    value["author"] = Value::Null;
    value["committer"] = Value::Null;
    value["parents"] = json!([]);
    value["commit"] = json!({
        "url": format!("{api}/repos/{name}/git/commits/{sha}"), "author": signed, "committer": signed,
        "message": "Initial commit", "comment_count": 0, "tree": tree,
        "verification": { "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null },
    });
}

fn read(call: &mut Call<'_>, owner: &str, name: &str, branch: &str) -> Outcome {
    call.needs(&[("contents", "read")])?;
    let repository = call.repository(owner, name)?;
    if let Some(found) = repository.branches.get(branch) {
        return Ok(Answer::ok(in_full(call, repository, branch, found)));
    }
    match repository.branch_redirects.get(branch) {
        Some(current) => {
            let to = format!("{}/repositories/{}/branches/{current}", call.api(), repository.id);
            Err(Refused::moved(true, to))
        }
        None => Err(Refused::new(404, "Branch not found")),
    }
}

/// Renaming the default branch takes administration, any other one writing.
fn rename(call: &mut Call<'_>, owner: &str, name: &str, branch: &str) -> Outcome {
    call.needs_identity(&[("administration", "write"), ("contents", "write")])?;
    let repository = call.repository(owner, name)?;
    let least = if repository.default_branch == branch { Permission::Admin } else { Permission::Push };
    if call.level(repository) < Some(least) {
        return Err(Refused::forbidden("Resource not accessible with these rights"));
    }
    if repository.archived {
        return Err(Refused::forbidden("Repository was archived so is read-only."));
    }
    let new_name = call.input()?.required_text("new_name")?;
    let id = repository.id;
    let Some(found) = repository.branches.get(branch).cloned() else {
        return Err(Refused::new(404, "Branch not found"));
    };
    if !is_branch_name(&new_name) {
        return Err(Refused::invalid("Branch", "new_name", "invalid"));
    }
    if new_name != branch && repository.branches.contains_key(&new_name) {
        return Err(Refused::invalid("Branch", "new_name", "already_exists"));
    }
    let now = call.now;
    let repository = call.state.repositories.get_mut(&id).ok_or_else(Refused::not_found)?;
    if new_name != branch {
        repository.branches.remove(branch);
        repository.branches.insert(new_name.clone(), found.clone());
        if let Some(protection) = repository.protections.remove(branch) {
            repository.protections.insert(new_name.clone(), protection);
        }
        repository.branch_redirects.remove(&new_name);
        repository.branch_redirects.insert(branch.to_owned(), new_name.clone());
        if repository.default_branch == branch {
            repository.default_branch.clone_from(&new_name);
        }
        repository.updated_at = now;
    }
    let repository = call.state.repositories.get(&id).ok_or_else(Refused::not_found)?;
    let mut answer = Answer::ok(in_full(call, repository, &new_name, &found));
    answer.status = 201;
    Ok(answer)
}

/// What git lets a branch be called, in short.
fn is_branch_name(name: &str) -> bool {
    let bad = |one: char| one.is_control() || one.is_whitespace() || "~^:?*[\\".contains(one);
    !name.is_empty()
        && name.len() <= 255
        && !name.contains(bad)
        && !name.contains("..")
        && !name.contains("//")
        && !name.contains("@{")
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['/', '.'])
        && !name.ends_with(".lock")
        && name != "@"
}
