//! Repositories.

use serde_json::{Value, json};

use super::{add_addresses, node_id, owner, permissions, time};
use crate::github::front::auth::Actor;
use crate::github::front::call::{Call, Version};
use crate::github::model::{Repository, Visibility};

/// What a repository is asked for, behind its own address.
const ADDRESSES: &[(&str, &str)] = &[
    ("branches_url", "/branches{/branch}"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// A repository as lists show it.
pub(in crate::github) fn repository(call: &Call<'_>, one: &Repository) -> Value {
    let full_name = one.full_name();
    let (api, html) = (call.api(), format!("{}/{full_name}", call.origin));
    let url = format!("{api}/repos/{full_name}");
    // Pull requests are issues too.
    let open = one.pulls.values().filter(|pull| pull.is_open()).count();
    let host = call.origin.trim_start_matches("http://");
    let mut value = json!({
        "id": one.id,
        "node_id": node_id("R", one.id),
        "name": one.name,
        "full_name": full_name,
        "private": one.visibility != Visibility::Public,
        "owner": owner(call, &one.owner),
        "html_url": html,
        "description": one.description,
        "fork": false,
        "url": url,
        "clone_url": format!("{html}.git"),
        "git_url": format!("git://{host}/{full_name}.git"),
        "ssh_url": format!("git@{host}:{full_name}.git"),
        "svn_url": html,
        "mirror_url": null,
        "homepage": one.homepage,
        "language": null,
        "license": null,
        "size": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "open_issues_count": open,
        "forks": 0,
        "watchers": 0,
        "open_issues": open,
        "has_pages": false,
        "archived": one.archived,
        "disabled": false,
        "is_template": one.is_template,
        "topics": one.topics,
        "visibility": one.visibility.word(),
        "default_branch": one.default_branch,
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "pushed_at": time(one.pushed_at),
        "permissions": permissions(call.level(one)),
    });
    add_addresses(&mut value, &url, ADDRESSES);
    for (name, on) in &one.switches {
        value[name] = json!(on);
    }
    if call.version == Version::First {
        value["has_downloads"] = json!(true);
    } else if let Some(fields) = value.as_object_mut() {
        fields.remove("use_squash_pr_title_as_default");
    }
    if call.actor == Actor::Anonymous
        && let Some(fields) = value.as_object_mut()
    {
        fields.remove("permissions");
    }
    value
}

/// A repository's own answer.
pub(in crate::github) fn repository_in_full(call: &Call<'_>, one: &Repository) -> Value {
    let mut value = repository(call, one);
    if call.state.organisation(&one.owner).is_some() {
        value["organization"] = owner(call, &one.owner);
    }
    if let Some(template) = one.template.and_then(|id| call.state.repositories.get(&id)) {
        let seen = call.level(template).is_some();
        value["template_repository"] = if seen { repository(call, template) } else { Value::Null };
    }
    value["network_count"] = json!(0);
    value["subscribers_count"] = json!(0);
    value
}
