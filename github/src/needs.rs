//! What a request needs: the one place for GitHub's permissions, by what is written where
//! (<https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>). Handlers say nothing
//! of it: it follows from the address.

use crate::path::Path;
use crate::scopes;

/// Permissions of an App, each with its level, in GitHub's names.
pub(crate) type Permissions = &'static [(&'static str, &'static str)];

/// What a reading token has, where the organisation granted it. One token serves all reading: an unchanged answer
/// is free only to the token that read it before.
pub(crate) const READING: Permissions = &[
    ("metadata", "read"),
    ("members", "read"),
    ("administration", "read"),
    ("contents", "read"),
    ("actions", "read"),
    ("pull_requests", "read"),
    ("organization_administration", "read"),
];

/// What looking things up takes, for whatever command.
pub const LOOKING: &[&str] = &["metadata=read", "members=read", "administration=read", "contents=read"];

const ADMINISTRATION: Permissions = &[("metadata", "read"), ("administration", "write")];
const GENERATE: Permissions = &[("metadata", "read"), ("administration", "write"), ("contents", "read")];
const BRANCHES: Permissions = &[("metadata", "read"), ("administration", "write"), ("contents", "write")];
const WORKFLOWS: Permissions = &[("metadata", "read"), ("actions", "write")];
const TEAM_ON_REPOSITORY: Permissions =
    &[("metadata", "read"), ("administration", "write"), ("members", "read")];
const MEMBERS: Permissions = &[("metadata", "read"), ("members", "write")];
const ORGANISATION: Permissions = &[("metadata", "read"), ("organization_administration", "write")];

/// What it takes to write there, and the one repository that it is about, if its id is known.
pub(crate) fn to_write(path: &Path) -> (Permissions, Option<u64>) {
    let parts = path.parts();
    match parts[..] {
        ["repositories", id, ref behind @ ..] => (in_repository(behind), id.parse().ok()),
        ["repos", _, _, ref behind @ ..] => (in_repository(behind), None),
        ["orgs", _, "repos", ..] => (ADMINISTRATION, None),
        ["orgs", _, "teams", _, "repos", ..] => (TEAM_ON_REPOSITORY, None),
        ["orgs", _, "teams" | "members" | "memberships" | "invitations" | "outside_collaborators", ..] => {
            (MEMBERS, None)
        }
        _ => (ORGANISATION, None),
    }
}

fn in_repository(behind: &[&str]) -> Permissions {
    match behind {
        ["generate"] => GENERATE,
        ["branches", _, "rename"] => BRANCHES,
        ["actions", "workflows", ..] => WORKFLOWS,
        _ => ADMINISTRATION,
    }
}

/// Which of these needs, such as `members=write`, an account does not have. `have` is what it may do: an App's
/// permissions in the same form, or the scopes of a classic token, for which the scopes are named that hold them.
#[must_use]
pub fn lacking(app: bool, have: &[String], needs: &[&str]) -> Vec<String> {
    let mut lacking: Vec<String> = needs
        .iter()
        .filter_map(|need| {
            if app {
                let (name, level) = need.split_once('=')?;
                let enough = have.iter().any(|have| {
                    have.split_once('=').is_some_and(|(own, own_level)| {
                        own == name && (own_level == level || own_level == "write" || own_level == "admin")
                    })
                });
                (!enough && name != "metadata").then(|| (*need).to_owned())
            } else {
                let scope = scope_for(need);
                (!scopes::includes(have, scope)).then(|| scope.to_owned())
            }
        })
        .collect();
    lacking.sort_unstable();
    lacking.dedup();
    lacking
}

/// The scope of a classic token that holds what an App would need. Deleting has a scope of its own.
fn scope_for(need: &str) -> &str {
    match need {
        "members=read" | "organization_administration=read" => "read:org",
        "members=write" | "organization_administration=write" => "admin:org",
        "delete" => "delete_repo",
        _ => "repo",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{BranchName, FullName, Owner, TeamSlug};

    #[test]
    fn each_write_needs_as_little_as_may_be() {
        let (acme, repo) = (Owner::parse("acme").unwrap(), FullName::parse("acme/widgets").unwrap());
        let team = TeamSlug::parse("bots").unwrap();
        let main = BranchName::parse("main").unwrap();
        let told = |path: Path| {
            let (permissions, repository) = to_write(&path);
            let words: Vec<String> =
                permissions.iter().map(|(name, level)| format!("{name}={level}")).collect();
            format!("{path}: {} {repository:?}", words[1..].join(" "))
        };
        insta::assert_snapshot!(
            [
                told(Path::org(&acme).then("repos")),
                told(Path::repository(&repo).then("generate")),
                told(Path::repository_id(42)),
                told(Path::repository_id(42).then("topics")),
                told(Path::repository_id(42).branch(&main).then("rename")),
                told(Path::repository_id(42).branch(&main).then("protection")),
                told(Path::repository_id(42).then("actions").then("permissions")),
                told(Path::repository_id(42).then("actions").then("workflows")),
                told(Path::repository(&repo).then("keys")),
                told(Path::team_repository(&acme, &team, &repo)),
                told(Path::team(&acme, &team).then("memberships")),
                told(Path::org(&acme).then("memberships")),
                told(Path::org(&acme).then("rulesets")),
            ]
            .join("\n"),
            @r"
        /orgs/acme/repos: administration=write None
        /repos/acme/widgets/generate: administration=write contents=read None
        /repositories/42: administration=write Some(42)
        /repositories/42/topics: administration=write Some(42)
        /repositories/42/branches/main/rename: administration=write contents=write Some(42)
        /repositories/42/branches/main/protection: administration=write Some(42)
        /repositories/42/actions/permissions: administration=write Some(42)
        /repositories/42/actions/workflows: actions=write Some(42)
        /repos/acme/widgets/keys: administration=write None
        /orgs/acme/teams/bots/repos/acme/widgets: administration=write members=read None
        /orgs/acme/teams/bots/memberships: members=write None
        /orgs/acme/memberships: members=write None
        /orgs/acme/rulesets: organization_administration=write None
        "
        );
    }

    #[test]
    fn what_is_lacking_is_named_as_the_account_would_have_it() {
        let have = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let needs = ["metadata=read", "administration=write", "members=read"];
        assert_eq!(lacking(true, &have(&["administration=write", "members=write"]), &needs), [""; 0]);
        assert_eq!(
            lacking(true, &have(&["administration=read"]), &needs),
            ["administration=write", "members=read"]
        );
        assert_eq!(lacking(false, &have(&["repo", "admin:org"]), &needs), [""; 0]);
        assert_eq!(lacking(false, &have(&["public_repo"]), &needs), ["read:org", "repo"]);
        assert_eq!(
            lacking(false, &have(&["repo", "read:org"]), &["members=write", "delete"]),
            ["admin:org", "delete_repo"]
        );
    }
}
