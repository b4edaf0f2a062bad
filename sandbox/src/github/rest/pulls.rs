//! The pull requests of a repository.

use serde_json::{Value, json};

use super::{At, labels, show};
use crate::github::front::answer::{Answer, Outcome, Refused};
use crate::github::front::call::{Call, Version};
use crate::github::model::{Label, OrgRole, PullRequest, Repository};

const READ: &[(&str, &str)] = &[("pull_requests", "read")];

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["repos", owner, name, "pulls"]) => Some(list(call, owner, name)),
        ("GET", ["repos", owner, name, "pulls", number]) => Some(read(call, owner, name, number)),
        _ => None,
    }
}

pub(super) fn labels_of<'a>(repository: &'a Repository, one: &PullRequest) -> Vec<&'a Label> {
    one.labels.iter().filter_map(|name| repository.labels.get(name)).collect()
}

/// What the author is to the repository.
pub(super) fn association(call: &Call<'_>, repository: &Repository, login: &str) -> &'static str {
    let key = login.to_lowercase();
    let role = call.state.organisation(&repository.owner).and_then(|one| one.role_of(&key));
    match role {
        Some(OrgRole::Admin | OrgRole::Member) => "MEMBER",
        None if repository.owner.to_lowercase() == key => "OWNER",
        None if repository.collaborators.contains_key(&key) => "COLLABORATOR",
        None => "CONTRIBUTOR",
    }
}

fn list(call: &mut Call<'_>, owner: &str, name: &str) -> Outcome {
    call.needs(READ)?;
    let repository = call.repository(owner, name)?;
    let asked = |name: &str, default: &'static str| call.query.get(name).map_or(default, String::as_str);
    let (state, sort) = (asked("state", "open"), asked("sort", "created"));
    for (field, word, words) in [
        ("state", state, &["open", "closed", "all"][..]),
        ("sort", sort, &["created", "updated", "popularity", "long-running"][..]),
        ("direction", asked("direction", "asc"), &["asc", "desc"][..]),
    ] {
        if !words.contains(&word) {
            return Err(Refused::invalid("PullRequest", field, "invalid"));
        }
    }
    let (head, base) = (call.query.get("head"), call.query.get("base"));
    let mut shown: Vec<&PullRequest> = repository
        .pulls
        .values()
        .filter(|one| state == "all" || one.is_open() == (state == "open"))
        .filter(|one| base.is_none_or(|base| one.base == *base))
        .filter(|one| head.is_none_or(|head| comes_from(repository, one, head)))
        .collect();
    match sort {
        "updated" => shown.sort_by_key(|one| (one.updated_at, one.number)),
        "popularity" => shown.sort_by_key(|one| (one.comments, one.number)),
        // Those that are old and were touched in the last month, the oldest first.
        "long-running" => shown.sort_by_key(|one| (one.created_at, one.number)),
        _ => shown.sort_by_key(|one| one.number),
    }
    let descending = match call.query.get("direction").map(String::as_str) {
        Some("asc") => false,
        Some(_) => true,
        None => sort == "created",
    };
    if descending {
        shown.reverse();
    }
    Ok(call.page(&shown, |one| in_brief(call, repository, one)))
}

/// `user:branch`. Without a user GitHub takes no notice of it.
fn comes_from(repository: &Repository, one: &PullRequest, head: &str) -> bool {
    let Some((owner, branch)) = head.split_once(':') else { return true };
    let own = one.head_owner.as_ref().unwrap_or(&repository.owner);
    own.eq_ignore_ascii_case(owner) && one.head == branch
}

fn read(call: &mut Call<'_>, owner: &str, name: &str, number: &str) -> Outcome {
    call.needs(READ)?;
    let repository = call.repository(owner, name)?;
    let found = number.parse().ok().and_then(|number: u64| repository.pulls.get(&number));
    let one = found.ok_or_else(Refused::not_found)?;
    let mut value = in_brief(call, repository, one);
    for (field, more) in [
        ("merged", json!(one.merged_at().is_some())),
        ("mergeable", if one.is_open() { json!(true) } else { Value::Null }),
        ("rebaseable", if one.is_open() { json!(true) } else { Value::Null }),
        ("mergeable_state", json!(if one.draft { "draft" } else { "clean" })),
        ("merged_by", Value::Null),
        ("comments", json!(one.comments)),
        ("review_comments", json!(0)),
        ("maintainer_can_modify", json!(false)),
        ("commits", json!(1)),
        ("additions", json!(1)),
        ("deletions", json!(0)),
        ("changed_files", json!(1)),
    ] {
        value[field] = more;
    }
    Ok(Answer::ok(value))
}

fn end(call: &Call<'_>, repository: &Repository, owner: &str, branch: &str, commit: &str) -> Value {
    // A fork is a repository of its own, which this GitHub does not have.
    let own = repository.owner.eq_ignore_ascii_case(owner);
    json!({
        "label": format!("{owner}:{branch}"),
        "ref": branch,
        "sha": commit,
        "user": show::owner(call, owner),
        "repo": if own { show::repository(call, repository) } else { Value::Null },
    })
}

fn in_brief(call: &Call<'_>, repository: &Repository, one: &PullRequest) -> Value {
    let (number, name) = (one.number, repository.full_name());
    let url = format!("{}/repos/{name}/pulls/{number}", call.api());
    let issue = format!("{}/repos/{name}/issues/{number}", call.api());
    let html = format!("{}/{name}/pull/{number}", call.origin);
    let statuses = format!("{}/repos/{name}/statuses/{}", call.api(), one.head_commit);
    let tip = repository.branches.get(&one.base).map_or("", |branch| branch.commit.as_str());
    let head_owner = one.head_owner.as_deref().unwrap_or(&repository.owner);
    let mut value = json!({
        "url": url,
        "id": one.id,
        "node_id": show::node_id("PR", one.id),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "issue_url": issue,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": format!("{}/repos/{name}/pulls/comments{{/number}}", call.api()),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses,
        "number": number,
        "state": if one.is_open() { "open" } else { "closed" },
        "locked": false,
        "title": one.title,
        "user": show::user_by_login(call, &one.author),
        "body": one.body,
        "labels": labels_of(repository, one).into_iter().map(|label| labels::shown(call, repository, label)).collect::<Vec<_>>(),
        "milestone": null,
        "active_lock_reason": null,
        "created_at": show::time(one.created_at),
        "updated_at": show::time(one.updated_at),
        "closed_at": one.closed_at().map(show::time),
        "merged_at": one.merged_at().map(show::time),
        "assignees": [],
        "requested_reviewers": one.reviewers.iter().map(|login| show::user_by_login(call, login)).collect::<Vec<_>>(),
        "requested_teams": [],
        "head": end(call, repository, head_owner, &one.head, &one.head_commit),
        "base": end(call, repository, &repository.owner, &one.base, tip),
        "author_association": association(call, repository, &one.author),
        "auto_merge": null,
        "draft": one.draft,
    });
    value["_links"] = json!({
        "self": { "href": url }, "html": { "href": html }, "issue": { "href": issue },
        "comments": { "href": format!("{issue}/comments") },
        "review_comments": { "href": format!("{url}/comments") },
        "review_comment": { "href": format!("{}/repos/{name}/pulls/comments{{/number}}", call.api()) },
        "commits": { "href": format!("{url}/commits") }, "statuses": { "href": statuses },
    });
    if call.version == Version::First {
        value["merge_commit_sha"] = Value::Null;
        value["assignee"] = Value::Null;
    }
    value
}
