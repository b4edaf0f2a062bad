//! Searching issues, as far as pull requests are found by it.

use serde_json::{Value, json};

use super::search_query::Query;
use super::{At, labels, pulls, show};
use crate::github::front::answer::{Outcome, Refused};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;
use crate::github::model::{PullRequest, Repository};

/// No search finds more than this, however many there are.
const MOST: usize = 1000;
const NO_ACCESS: &str = "The listed users and repositories cannot be searched either because the resources do not \
    exist or you do not have permission to view them.";

pub(super) fn answer(call: &mut Call<'_>, at: At<'_>) -> Option<Outcome> {
    match at {
        ("GET", ["search", "issues"]) => Some(issues(call)),
        _ => None,
    }
}

fn issues(call: &mut Call<'_>) -> Outcome {
    call.needs(&[("pull_requests", "read")])?;
    let text = call.query.get("q").filter(|text| !text.trim().is_empty()).cloned();
    let text = text.ok_or_else(|| Refused::invalid("Search", "q", "missing"))?;
    if text.chars().count() > 256 {
        let words = "The search is longer than 256 characters.";
        return Err(Refused::coded_custom("Search", "q", "invalid", words));
    }
    let query = Query::read(&text);
    if matches!(call.actor, Actor::Installation { .. }) && !query.says_kind() {
        let words = "Query must include 'is:issue' or 'is:pull-request'";
        return Err(Refused::coded_custom("Search", "q", "invalid", words));
    }
    let mut found = found(call, &query)?;
    sort(call, &query, &mut found);
    let page = number(call, "page", 1);
    if (page - 1).saturating_mul(number(call, "per_page", 30).min(100)) >= MOST {
        return Err(Refused::new(422, "Only the first 1000 search results are available"));
    }
    let total = found.len();
    found.truncate(MOST);
    let mut answer = call.page(&found, |(repository, one)| shown(call, repository, one));
    answer.body = Some(
        json!({ "total_count": total, "incomplete_results": false, "search_type": "lexical", "items": answer.body }),
    );
    Ok(answer)
}

fn number(call: &Call<'_>, name: &str, default: usize) -> usize {
    let asked = call.query.get(name).and_then(|text| text.parse::<usize>().ok());
    asked.filter(|number| *number > 0).unwrap_or(default)
}

/// In the repositories and of the owners that are named, or in all that the caller sees.
fn found<'a>(call: &'a Call<'_>, query: &Query) -> Result<Vec<(&'a Repository, &'a PullRequest)>, Refused> {
    let no_access = || Refused::coded_custom("Search", "q", "invalid", NO_ACCESS);
    let mut places: Vec<&Repository> = Vec::new();
    let (repositories, owners) = (query.repositories(), query.owners());
    for full_name in &repositories {
        let (owner, name) = full_name.split_once('/').ok_or_else(no_access)?;
        places.push(call.repository(owner, name).map_err(|_| no_access())?);
    }
    for owner in &owners {
        if call.state.organisation(owner).is_none() && call.state.user(owner).is_none() {
            return Err(no_access());
        }
        places.extend(call.state.repositories_of(owner));
    }
    if repositories.is_empty() && owners.is_empty() {
        places.extend(call.state.repositories.values());
    }
    if !query.means_pulls() {
        return Ok(Vec::new());
    }
    let pulls = places.into_iter().filter(|one| !one.pulls.is_empty() && call.level(one).is_some());
    let pulls = pulls.flat_map(|repository| repository.pulls.values().map(move |one| (repository, one)));
    Ok(pulls.filter(|(repository, one)| query.means(repository, one)).collect())
}

/// By `sort` and `order`, or by `sort:` among the words; else the newest first.
fn sort(call: &Call<'_>, query: &Query, found: &mut [(&Repository, &PullRequest)]) {
    let words = query.sort().and_then(|words| words.rsplit_once('-'));
    let key = call.query.get("sort").map(String::as_str).or(words.map(|(key, _)| key)).unwrap_or("created");
    let order = call.query.get("order").map(String::as_str).or(words.map(|(_, order)| order));
    match key {
        "updated" => found.sort_by_key(|(_, one)| (one.updated_at, one.id)),
        "comments" => found.sort_by_key(|(_, one)| (one.comments, one.id)),
        _ => found.sort_by_key(|(_, one)| (one.created_at, one.id)),
    }
    if order != Some("asc") {
        found.reverse();
    }
}

/// A pull request as an issue.
fn shown(call: &Call<'_>, repository: &Repository, one: &PullRequest) -> Value {
    let (number, name) = (one.number, repository.full_name());
    let repository_url = format!("{}/repos/{name}", call.api());
    let url = format!("{repository_url}/issues/{number}");
    let html = format!("{}/{name}/pull/{number}", call.origin);
    let labels: Vec<Value> = pulls::labels_of(repository, one)
        .into_iter()
        .map(|label| labels::shown(call, repository, label))
        .collect();
    json!({
        "url": url,
        "repository_url": repository_url,
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "html_url": html,
        "id": one.id,
        "node_id": show::node_id("PR", one.id),
        "number": number,
        "title": one.title,
        "user": show::user_by_login(call, &one.author),
        "labels": labels,
        "state": if one.is_open() { "open" } else { "closed" },
        "locked": false,
        "assignee": null,
        "assignees": [],
        "milestone": null,
        "comments": one.comments,
        "created_at": show::time(one.created_at),
        "updated_at": show::time(one.updated_at),
        "closed_at": one.closed_at().map(show::time),
        "author_association": pulls::association(call, repository, &one.author),
        "draft": one.draft,
        "pull_request": {
            "url": format!("{repository_url}/pulls/{number}"),
            "html_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "merged_at": one.merged_at().map(show::time),
        },
        "body": one.body,
        "score": 1.0,
    })
}
