//! The part of GitHub's schema that there is, and what a query must not ask for.

use serde_json::{Value, json};

use super::document::{Asked, Problem};
use crate::github::front::auth::Actor;
use crate::github::front::call::Call;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A value, of this type.
    Leaf(&'static str),
    /// A thing of this type, or none.
    One(&'static str),
    /// All things there are of this type, at once.
    All(&'static str),
    /// Things in pages. The type of what connects them, of its edges and of its nodes.
    Pages(&'static str, &'static str, &'static str),
}

use Holds::{All, Leaf, One, Pages};

/// A field: its name, what it holds, and the arguments it takes beside those of every list in pages.
type Field = (&'static str, Holds, &'static [&'static str]);

const TEXT: Holds = Leaf("String");
const FLAG: Holds = Leaf("Boolean");
const NUMBER: Holds = Leaf("Int");
const ID: Holds = Leaf("ID");
const URI: Holds = Leaf("URI");
const TIME: Holds = Leaf("DateTime");

/// The arguments of every list that comes in pages.
const PAGING: [&str; 4] = ["first", "after", "last", "before"];

const TYPES: &[(&str, &[Field])] = &[
    (
        "Query",
        &[
            ("organization", One("Organization"), &["login"]),
            ("repository", One("Repository"), &["owner", "name", "followRenames"]),
            ("user", One("User"), &["login"]),
            ("viewer", One("User"), &[]),
            ("rateLimit", One("RateLimit"), &[]),
        ],
    ),
    (
        "RateLimit",
        &[
            ("cost", NUMBER, &[]),
            ("limit", NUMBER, &[]),
            ("nodeCount", NUMBER, &[]),
            ("remaining", NUMBER, &[]),
            ("resetAt", TIME, &[]),
            ("used", NUMBER, &[]),
        ],
    ),
    (
        "Organization",
        &[
            ("id", ID, &[]),
            ("databaseId", NUMBER, &[]),
            ("login", TEXT, &[]),
            ("name", TEXT, &[]),
            ("description", TEXT, &[]),
            ("url", URI, &[]),
            ("createdAt", TIME, &[]),
            ("requiresTwoFactorAuthentication", FLAG, &[]),
            ("viewerCanAdminister", FLAG, &[]),
            (
                "repositories",
                Pages("RepositoryConnection", "RepositoryEdge", "Repository"),
                &["orderBy", "isArchived", "visibility"],
            ),
            ("repository", One("Repository"), &["name", "followRenames"]),
            ("membersWithRole", Pages("OrganizationMemberConnection", "OrganizationMemberEdge", "User"), &[]),
            ("pendingMembers", Pages("UserConnection", "UserEdge", "User"), &[]),
            ("teams", Pages("TeamConnection", "TeamEdge", "Team"), &["userLogins"]),
            ("team", One("Team"), &["slug"]),
            ("samlIdentityProvider", One("OrganizationIdentityProvider"), &[]),
        ],
    ),
    (
        "Repository",
        &[
            ("id", ID, &[]),
            ("databaseId", NUMBER, &[]),
            ("name", TEXT, &[]),
            ("nameWithOwner", TEXT, &[]),
            ("description", TEXT, &[]),
            ("homepageUrl", URI, &[]),
            ("url", URI, &[]),
            ("isPrivate", FLAG, &[]),
            ("isArchived", FLAG, &[]),
            ("isTemplate", FLAG, &[]),
            ("isFork", FLAG, &[]),
            ("isDisabled", FLAG, &[]),
            ("isLocked", FLAG, &[]),
            ("isEmpty", FLAG, &[]),
            ("visibility", Leaf("RepositoryVisibility"), &[]),
            ("viewerPermission", Leaf("RepositoryPermission"), &[]),
            ("createdAt", TIME, &[]),
            ("updatedAt", TIME, &[]),
            ("pushedAt", TIME, &[]),
            ("owner", One("RepositoryOwner"), &[]),
            ("defaultBranchRef", One("Ref"), &[]),
            (
                "repositoryTopics",
                Pages("RepositoryTopicConnection", "RepositoryTopicEdge", "RepositoryTopic"),
                &[],
            ),
            (
                "collaborators",
                Pages("RepositoryCollaboratorConnection", "RepositoryCollaboratorEdge", "User"),
                &["affiliation", "login"],
            ),
            ("deployKeys", Pages("DeployKeyConnection", "DeployKeyEdge", "DeployKey"), &[]),
            (
                "branchProtectionRules",
                Pages("BranchProtectionRuleConnection", "BranchProtectionRuleEdge", "BranchProtectionRule"),
                &[],
            ),
            (
                "pullRequests",
                Pages("PullRequestConnection", "PullRequestEdge", "PullRequest"),
                &["states", "labels"],
            ),
        ],
    ),
    ("RepositoryOwner", &[("id", ID, &[]), ("login", TEXT, &[]), ("url", URI, &[])]),
    ("Actor", &[("login", TEXT, &[]), ("url", URI, &[])]),
    (
        "Ref",
        &[("id", ID, &[]), ("name", TEXT, &[]), ("branchProtectionRule", One("BranchProtectionRule"), &[])],
    ),
    ("RepositoryTopic", &[("id", ID, &[]), ("topic", One("Topic"), &[])]),
    ("Topic", &[("id", ID, &[]), ("name", TEXT, &[])]),
    (
        "DeployKey",
        &[
            ("id", ID, &[]),
            ("key", TEXT, &[]),
            ("title", TEXT, &[]),
            ("readOnly", FLAG, &[]),
            ("verified", FLAG, &[]),
            ("createdAt", TIME, &[]),
        ],
    ),
    (
        "BranchProtectionRule",
        &[
            ("id", ID, &[]),
            ("pattern", TEXT, &[]),
            ("isAdminEnforced", FLAG, &[]),
            ("requiresApprovingReviews", FLAG, &[]),
            ("requiredApprovingReviewCount", NUMBER, &[]),
            ("requiresCodeOwnerReviews", FLAG, &[]),
            ("dismissesStaleReviews", FLAG, &[]),
            ("requireLastPushApproval", FLAG, &[]),
            ("requiresStatusChecks", FLAG, &[]),
            ("requiresStrictStatusChecks", FLAG, &[]),
            ("requiredStatusCheckContexts", Leaf("[String]"), &[]),
            ("requiresLinearHistory", FLAG, &[]),
            ("requiresCommitSignatures", FLAG, &[]),
            ("requiresConversationResolution", FLAG, &[]),
            ("allowsForcePushes", FLAG, &[]),
            ("allowsDeletions", FLAG, &[]),
            ("restrictsPushes", FLAG, &[]),
            ("lockBranch", FLAG, &[]),
        ],
    ),
    (
        "PullRequest",
        &[
            ("id", ID, &[]),
            ("databaseId", NUMBER, &[]),
            ("number", NUMBER, &[]),
            ("title", TEXT, &[]),
            ("state", Leaf("PullRequestState"), &[]),
            ("isDraft", FLAG, &[]),
            ("url", URI, &[]),
            ("createdAt", TIME, &[]),
            ("updatedAt", TIME, &[]),
            ("closedAt", TIME, &[]),
            ("mergedAt", TIME, &[]),
            ("headRefName", TEXT, &[]),
            ("baseRefName", TEXT, &[]),
            ("author", One("Actor"), &[]),
            ("repository", One("Repository"), &[]),
            ("labels", Pages("LabelConnection", "LabelEdge", "Label"), &[]),
        ],
    ),
    ("Label", &[("id", ID, &[]), ("name", TEXT, &[]), ("color", TEXT, &[]), ("description", TEXT, &[])]),
    (
        "Team",
        &[
            ("id", ID, &[]),
            ("databaseId", NUMBER, &[]),
            ("slug", TEXT, &[]),
            ("combinedSlug", TEXT, &[]),
            ("name", TEXT, &[]),
            ("description", TEXT, &[]),
            ("privacy", Leaf("TeamPrivacy"), &[]),
            ("url", URI, &[]),
            ("parentTeam", One("Team"), &[]),
            ("organization", One("Organization"), &[]),
            (
                "members",
                Pages("TeamMemberConnection", "TeamMemberEdge", "User"),
                &["query", "membership", "role"],
            ),
            ("repositories", Pages("TeamRepositoryConnection", "TeamRepositoryEdge", "Repository"), &[]),
        ],
    ),
    (
        "User",
        &[
            ("id", ID, &[]),
            ("databaseId", NUMBER, &[]),
            ("login", TEXT, &[]),
            ("name", TEXT, &[]),
            ("email", TEXT, &[]),
            ("url", URI, &[]),
            ("createdAt", TIME, &[]),
        ],
    ),
    (
        "OrganizationIdentityProvider",
        &[
            ("id", ID, &[]),
            ("ssoUrl", URI, &[]),
            ("organization", One("Organization"), &[]),
            (
                "externalIdentities",
                Pages("ExternalIdentityConnection", "ExternalIdentityEdge", "ExternalIdentity"),
                &["login", "userName", "membersOnly"],
            ),
        ],
    ),
    (
        "ExternalIdentity",
        &[
            ("id", ID, &[]),
            ("guid", TEXT, &[]),
            ("samlIdentity", One("ExternalIdentitySamlAttributes"), &[]),
            ("scimIdentity", One("ExternalIdentityScimAttributes"), &[]),
            ("user", One("User"), &[]),
        ],
    ),
    (
        "ExternalIdentitySamlAttributes",
        &[("nameId", TEXT, &[]), ("username", TEXT, &[]), ("emails", All("UserEmailMetadata"), &[])],
    ),
    ("ExternalIdentityScimAttributes", &[("username", TEXT, &[]), ("emails", All("UserEmailMetadata"), &[])]),
    ("UserEmailMetadata", &[("primary", FLAG, &[]), ("type", TEXT, &[]), ("value", TEXT, &[])]),
    (
        "PageInfo",
        &[
            ("hasNextPage", FLAG, &[]),
            ("hasPreviousPage", FLAG, &[]),
            ("startCursor", TEXT, &[]),
            ("endCursor", TEXT, &[]),
        ],
    ),
];

/// What edges tell beside their node and its place.
const EDGES: &[(&str, &[Field])] = &[
    (
        "OrganizationMemberEdge",
        &[("role", Leaf("OrganizationMemberRole"), &[]), ("hasTwoFactorEnabled", FLAG, &[])],
    ),
    ("TeamMemberEdge", &[("role", Leaf("TeamMemberRole"), &[])]),
    ("TeamRepositoryEdge", &[("permission", Leaf("RepositoryPermission"), &[])]),
    ("RepositoryCollaboratorEdge", &[("permission", Leaf("RepositoryPermission"), &[])]),
];

/// Fields that a personal access token needs a scope for.
const SCOPED: [&str; 5] = ["membersWithRole", "pendingMembers", "teams", "team", "samlIdentityProvider"];
const ORGANISATION_SCOPES: [&str; 3] = ["read:org", "write:org", "admin:org"];

/// The field of a type, if it has one of this name.
pub(super) fn field(kind: &str, name: &str) -> Option<&'static Field> {
    let (_, fields) = TYPES.iter().find(|(own, _)| *own == kind)?;
    fields.iter().find(|(own, _, _)| *own == name)
}

/// Everything that is wrong with a query before it is run.
pub(super) fn check(call: &Call<'_>, fields: &[Asked]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut path = vec![json!("query")];
    check_type(call, "Query", fields, &mut path, &mut problems);
    problems
}

fn undefined(kind: &str, asked: &Asked, path: &[Value]) -> Problem {
    let mut path = path.to_vec();
    path.push(json!(asked.key));
    Problem::new(format!("Field '{}' doesn't exist on type '{kind}'", asked.name))
        .at(asked.at)
        .path(&path)
        .extensions(json!({ "code": "undefinedField", "typeName": kind, "fieldName": asked.name }))
}

fn check_type(
    call: &Call<'_>,
    kind: &str,
    fields: &[Asked],
    path: &mut Vec<Value>,
    problems: &mut Vec<Problem>,
) {
    for asked in fields {
        let kind = asked.only_on.as_deref().unwrap_or(kind);
        if asked.name == "__typename" {
            continue;
        }
        let Some((_, holds, arguments)) = field(kind, &asked.name) else {
            problems.push(undefined(kind, asked, path));
            continue;
        };
        path.push(json!(asked.key));
        check_arguments(asked, *holds, arguments, path, problems);
        if SCOPED.contains(&asked.name.as_str()) {
            problems.extend(lacking_scope(call, asked));
        }
        match *holds {
            Leaf(leaf) if !asked.fields.is_empty() => {
                let message = format!(
                    "Selections can't be made on scalars (field '{}' returns {leaf} but has selections)",
                    asked.name
                );
                let extensions = json!({ "code": "selectionMismatch", "nodeName": format!("field '{}'", asked.name), "typeName": leaf });
                problems.push(Problem::new(message).at(asked.at).path(path).extensions(extensions));
            }
            Leaf(_) => {}
            One(held) | All(held) | Pages(held, _, _) if asked.fields.is_empty() => {
                let message = format!(
                    "Field must have selections (field '{0}' returns {held} but has no selections. Did you mean '{0} {{ ... }}'?)",
                    asked.name
                );
                let extensions = json!({ "code": "selectionMismatch", "nodeName": format!("field '{}'", asked.name), "typeName": held });
                problems.push(Problem::new(message).at(asked.at).path(path).extensions(extensions));
            }
            One(held) | All(held) => check_type(call, held, &asked.fields, path, problems),
            Pages(connection, edge, node) => {
                check_connection(call, (connection, edge, node), &asked.fields, path, problems);
            }
        }
        path.pop();
    }
}

fn check_connection(
    call: &Call<'_>,
    (connection, edge, node): (&str, &str, &str),
    fields: &[Asked],
    path: &mut Vec<Value>,
    problems: &mut Vec<Problem>,
) {
    for asked in fields {
        path.push(json!(asked.key));
        match asked.name.as_str() {
            "__typename" | "totalCount" => {}
            "pageInfo" => check_type(call, "PageInfo", &asked.fields, path, problems),
            "nodes" => check_type(call, node, &asked.fields, path, problems),
            "edges" => {
                let more = EDGES.iter().find(|(own, _)| *own == edge).map_or(&[][..], |(_, fields)| fields);
                for inner in &asked.fields {
                    path.push(json!(inner.key));
                    match inner.name.as_str() {
                        "__typename" | "cursor" => {}
                        "node" => check_type(call, node, &inner.fields, path, problems),
                        name if more.iter().any(|(own, _, _)| *own == name) => {}
                        _ => problems.push(undefined(edge, inner, &path[..path.len() - 1])),
                    }
                    path.pop();
                }
            }
            _ => problems.push(undefined(connection, asked, &path[..path.len() - 1])),
        }
        path.pop();
    }
}

fn check_arguments(asked: &Asked, holds: Holds, own: &[&str], path: &[Value], problems: &mut Vec<Problem>) {
    let paging = matches!(holds, Pages(..));
    for name in asked.arguments.keys() {
        if own.contains(&name.as_str()) || (paging && PAGING.contains(&name.as_str())) {
            continue;
        }
        let message = format!("Field '{}' doesn't accept argument '{name}'", asked.name);
        let extensions = json!({ "code": "argumentNotAccepted", "name": asked.name, "typeName": "Field", "argumentName": name });
        problems.push(Problem::new(message).at(asked.at).path(path).extensions(extensions));
    }
    for name in ["login", "owner", "name", "slug"].iter().filter(|name| own.contains(name)) {
        let required = matches!(holds, One(_));
        if required && !asked.arguments.contains_key(*name) {
            let message = format!("Field '{}' is missing required arguments: {name}", asked.name);
            let extensions = json!({ "code": "missingRequiredArguments", "className": "Field", "name": asked.name, "arguments": name });
            problems.push(Problem::new(message).at(asked.at).path(path).extensions(extensions));
        }
    }
}

fn lacking_scope(call: &Call<'_>, asked: &Asked) -> Option<Problem> {
    let Actor::User { scopes, .. } = &call.actor else { return None };
    if ORGANISATION_SCOPES.iter().any(|one| scopes.contains(*one)) {
        return None;
    }
    let own: Vec<String> = scopes.iter().map(|one| format!("'{one}'")).collect();
    let message = format!(
        "Your token has not been granted the required scopes to execute this query. The '{}' field requires one of \
         the following scopes: ['read:org'], but your token has only been granted the: [{}] scopes. Please modify \
         your token's scopes at: https://github.com/settings/tokens.",
        asked.name,
        own.join(", ")
    );
    Some(Problem::of("INSUFFICIENT_SCOPES", message).at(asked.at))
}
