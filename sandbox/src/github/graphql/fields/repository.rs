//! Repositories and what is inside them.

use serde_json::{Value, json};

use super::super::connection::Item;
use super::super::document::{Asked, Problem};
use super::super::resolve::Run;
use super::{Found, Thing, person, pull_state};
use crate::github::model::{Block, Permission, Protection, PullRequest, Repository, Visibility};
use crate::github::rest::show::{node_id, time};

/// As GraphQL writes levels.
pub(super) fn permission(level: Permission) -> &'static str {
    match level {
        Permission::Pull => "READ",
        Permission::Triage => "TRIAGE",
        Permission::Push => "WRITE",
        Permission::Maintain => "MAINTAIN",
        Permission::Admin => "ADMIN",
    }
}

pub(super) fn field<'a>(run: &Run<'a, '_>, one: &'a Repository, asked: &Asked) -> Result<Found<'a>, Problem> {
    let call = run.call;
    let administers = || call.level(one) == Some(Permission::Admin);
    Ok(Found::Leaf(match asked.name.as_str() {
        "owner" => {
            let organisation = call.state.organisation(&one.owner).is_some();
            return Ok(Found::One(Some(Thing::Owner(&one.owner, organisation))));
        }
        "defaultBranchRef" => {
            let branch = one.branches.get_key_value(&one.default_branch);
            return Ok(Found::One(branch.map(|(name, _)| Thing::Branch(one, name))));
        }
        "repositoryTopics" => {
            let topics = one.topics.iter().map(|topic| Item::new(Thing::Tagged(topic), topic));
            return Ok(Found::Many(topics.collect()));
        }
        "collaborators" => return collaborators(run, one, asked),
        "deployKeys" => {
            let keys = one.deploy_keys.values().filter(|_| administers());
            return Ok(Found::Many(keys.map(|key| Item::new(Thing::Key(key), key.id)).collect()));
        }
        "branchProtectionRules" => {
            let rules = one.protections.iter().filter(|_| administers());
            return Ok(Found::Many(
                rules.map(|(name, rule)| Item::new(Thing::Rule(name, rule), name)).collect(),
            ));
        }
        "pullRequests" => return Ok(Found::Many(pulls(one, asked))),
        "id" => json!(node_id("R", one.id)),
        "databaseId" => json!(one.id),
        "name" => json!(one.name),
        "nameWithOwner" => json!(one.full_name()),
        "description" => json!(one.description),
        "homepageUrl" => json!(one.homepage),
        "url" => json!(format!("{}/{}", call.origin, one.full_name())),
        "isPrivate" => json!(one.visibility != Visibility::Public),
        "isArchived" => json!(one.archived),
        "isTemplate" => json!(one.is_template),
        "isFork" => json!(false),
        "isDisabled" => json!(matches!(one.blocked, Some(Block::Disabled | Block::Legal(_)))),
        "isLocked" => json!(one.blocked == Some(Block::Migrating)),
        "isEmpty" => json!(one.branches.is_empty()),
        "visibility" => json!(one.visibility.word().to_uppercase()),
        "viewerPermission" => json!(call.level(one).map(permission)),
        "createdAt" => json!(time(one.created_at)),
        "updatedAt" => json!(time(one.updated_at)),
        _ => json!(time(one.pushed_at)),
    }))
}

/// Only who may push sees who else has access.
fn collaborators<'a>(run: &Run<'a, '_>, one: &'a Repository, asked: &Asked) -> Result<Found<'a>, Problem> {
    if run.call.level(one) < Some(Permission::Push) {
        let message = "Must have push access to view repository collaborators.";
        return Err(Problem::of("FORBIDDEN", message));
    }
    let organisation = run.call.state.organisation(&one.owner);
    let affiliation = asked.text("affiliation").unwrap_or("ALL");
    let people = run.call.state.people_with_access(one).into_iter().filter(|(login, _)| {
        let direct = one.collaborators.contains_key(*login);
        let member = organisation.is_some_and(|found| found.role_of(login).is_some());
        if asked.text("login").is_some_and(|wanted| !wanted.eq_ignore_ascii_case(login)) {
            return false;
        }
        match affiliation {
            "DIRECT" => direct,
            "OUTSIDE" => direct && !member,
            _ => true,
        }
    });
    let item = |(login, level): (&str, Permission)| {
        Some(Item::new(person(run, login)?, login).with("permission", json!(permission(level))))
    };
    Ok(Found::Many(people.filter_map(item).collect()))
}

fn pulls<'a>(one: &'a Repository, asked: &Asked) -> Vec<Item<'a>> {
    let (states, labels) = (asked.words("states"), asked.words("labels"));
    let wanted = |pull: &&PullRequest| {
        let in_state = states.as_ref().is_none_or(|states| states.contains(&pull_state(pull)));
        let labelled = labels
            .as_ref()
            .is_none_or(|labels| labels.iter().any(|label| pull.labels.contains(&label.to_lowercase())));
        in_state && labelled
    };
    one.pulls.values().filter(wanted).map(|pull| Item::new(Thing::Pull(one, pull), pull.id)).collect()
}

pub(super) fn branch<'a>(repository: &'a Repository, name: &'a str, field: &str) -> Found<'a> {
    match field {
        "branchProtectionRule" => {
            Found::One(repository.protections.get(name).map(|rule| Thing::Rule(name, rule)))
        }
        "name" => Found::leaf(name),
        _ => Found::leaf(format!("REF_{}_{name}", repository.id)),
    }
}

pub(super) fn rule(pattern: &str, one: &Protection, field: &str) -> Value {
    let (reviews, checks) = (one.reviews.as_ref(), one.checks.as_ref());
    match field {
        "id" => json!(format!("BPR_{pattern}")),
        "pattern" => json!(pattern),
        "isAdminEnforced" => json!(one.enforce_admins),
        "requiresApprovingReviews" => json!(reviews.is_some()),
        "requiredApprovingReviewCount" => json!(reviews.map(|one| one.approvals)),
        "requiresCodeOwnerReviews" => json!(reviews.is_some_and(|one| one.code_owners)),
        "dismissesStaleReviews" => json!(reviews.is_some_and(|one| one.dismiss_stale)),
        "requireLastPushApproval" => json!(reviews.is_some_and(|one| one.last_push)),
        "requiresStatusChecks" => json!(checks.is_some()),
        "requiresStrictStatusChecks" => json!(checks.is_some_and(|one| one.strict)),
        "requiredStatusCheckContexts" => {
            let all = checks.map(|one| one.checks.as_slice()).unwrap_or_default();
            all.iter().map(|check| check.context.as_str()).collect()
        }
        "requiresLinearHistory" => json!(one.linear_history),
        "requiresCommitSignatures" => json!(one.signatures),
        "requiresConversationResolution" => json!(one.conversations),
        "allowsForcePushes" => json!(one.force_pushes),
        "allowsDeletions" => json!(one.deletions),
        "restrictsPushes" => json!(one.restrictions.is_some()),
        _ => json!(one.locked),
    }
}
