//! Repositories come into being once, whatever happens on the way, and go only when meant.

use std::time::Duration;

use hubcommander_github::names::{BranchName, FullName, Owner, RepoName, TeamSlug, Topic};
use hubcommander_github::operations::{
    CreateFromTemplate, CreateRepository, GrantTeam, RenameDefaultBranch, ReplaceTopics,
};
use hubcommander_github::{Lookup, Visibility};
use hubcommander_sandbox::faults::{Fault, Hold, When};
use hubcommander_sandbox::github::World;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Observed, Operation};
use hubcommander_sdk::permit::PermitIssuer;
use hubcommander_sdk::plan::resolve;
use serde_json::json;

use crate::world::{Site, blocked, permanent};

const DEADLINE: Duration = Duration::from_secs(20);

fn widgets() -> CreateRepository {
    CreateRepository {
        org: Owner::parse("acme").unwrap(),
        name: RepoName::parse("widgets").unwrap(),
        visibility: Visibility::Private,
        description: Some("All our widgets".into()),
        homepage: None,
        auto_init: true,
    }
}

/// An operation with the references to the new repository replaced, as the engine does it.
fn on(made: &Applied, operation: Operation) -> Operation {
    let input = resolve(&operation.input, &|of| made.output.get(&of.field).cloned()).unwrap();
    Operation { input, ..operation }
}

fn grant(team: &str, permission: &str) -> Operation {
    GrantTeam::on_new("repo", Owner::parse("acme").unwrap(), TeamSlug::parse(team).unwrap(), permission)
        .operation()
}

#[tokio::test]
async fn a_repository_with_its_teams_topics_and_branch() {
    let site = Site::start().await;
    let made = site.apply(&widgets().operation()).await.unwrap();
    assert_eq!(made.output["full_name"], "acme/widgets");
    assert_eq!(made.output["default_branch"], "main");
    assert!(made.output["html_url"].as_str().unwrap().ends_with("/acme/widgets"));
    let id = made.output["id"].as_u64().unwrap();
    let deletion = made.inverse.clone().unwrap();
    assert_eq!((deletion.kind.as_str(), &deletion.input["id"]), ("github.delete_repository", &json!(id)));
    assert!(deletion.input["unless_pushed_since"].is_string(), "{deletion:?}");

    site.apply(&on(&made, grant("employees", "push"))).await.unwrap();
    let topics = vec![Topic::parse("web").unwrap()];
    site.apply(&on(&made, ReplaceTopics::on_new("repo", topics).operation())).await.unwrap();
    let trunk = BranchName::parse("trunk").unwrap();
    let branch = on(&made, RenameDefaultBranch::on_new("repo", trunk).operation());
    let renamed = site.apply(&branch).await.unwrap();
    assert_eq!(renamed.output["from"], "main");

    let reader = site.github.reader();
    let Lookup::Found(found) = reader.repository("acme", "widgets").await.unwrap() else { panic!("absent") };
    assert_eq!(
        (found.default_branch.as_str(), found.topics.as_slice(), found.visibility),
        ("trunk", ["web".to_owned()].as_slice(), Visibility::Private)
    );
    assert_eq!(found.description.as_deref(), Some("All our widgets"));
    let level = reader.team_permission("acme", "employees", "acme/widgets").await.unwrap();
    assert_eq!(level.as_deref(), Some("push"));
    assert_eq!(
        site.writes(),
        [
            "POST /orgs/acme/repos".to_owned(),
            "PUT /orgs/acme/teams/employees/repos/acme/widgets".to_owned(),
            format!("PUT /repositories/{id}/topics"),
            format!("POST /repositories/{id}/branches/main/rename"),
        ]
    );

    // And all the way back.
    let back = renamed.inverse.unwrap();
    site.apply(&back).await.unwrap();
    assert!(reader.branch("acme", "widgets", "main").await.unwrap().is_some());
    site.apply(&made.inverse.unwrap()).await.unwrap();
    assert_eq!(reader.repository("acme", "widgets").await.unwrap(), Lookup::Absent);
}

#[tokio::test]
async fn the_teams_of_a_new_repository_are_granted_side_by_side() {
    let site = Site::start().await;
    let made = site.apply(&widgets().operation()).await.unwrap();
    let before = site.faults.arrived();
    let gate = site.faults.gate(When::put("/orgs/acme/teams/*").times(3), Hold::BeforeEffect);
    let grants = [grant("employees", "push"), grant("bots", "pull"), grant("security", "triage")];
    let grants = grants.map(|operation| on(&made, operation));
    let all = async { tokio::join!(site.apply(&grants[0]), site.apply(&grants[1]), site.apply(&grants[2])) };
    let held = async {
        for _ in 0..3 {
            gate.held().await.unwrap();
        }
        // All three are under way, and nothing else was asked for them.
        assert_eq!(site.faults.arrived() - before, 3);
        gate.release();
    };
    let ((first, second, third), ()) =
        tokio::time::timeout(DEADLINE, async { tokio::join!(all, held) }).await.unwrap();
    for granted in [first, second, third] {
        assert_eq!(granted.unwrap().inverse.unwrap().kind, "github.revoke_team");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_with_what_to_do() {
    let site = Site::start().await;
    let taken = CreateRepository { name: RepoName::parse("Website").unwrap(), ..widgets() };
    assert_eq!(
        permanent(site.apply(&taken.operation()).await),
        "acme/Website exists already. Choose another name, or ask for access to that one."
    );
    let observed = site.observe(&taken.operation()).await.unwrap();
    assert!(matches!(observed, Observed::SomeoneElses(_)), "{observed:?}");
}

#[tokio::test]
async fn a_lost_answer_is_unclear_and_the_repository_is_recognised_as_ours() {
    let site = Site::start().await;
    site.faults.add(When::post("/orgs/acme/repos"), Fault::LostAnswer);
    let lost = site.apply(&widgets().operation()).await;
    assert!(matches!(lost, Err(OperationError::Unclear { .. })), "{lost:?}");
    assert_eq!(site.writes().len(), 1, "a write is never repeated");
    let Observed::Ours(applied) = site.observe(&widgets().operation()).await.unwrap() else {
        panic!("not ours")
    };
    assert_eq!(applied.output["full_name"], "acme/widgets");
    assert_eq!(applied.inverse.unwrap().kind, "github.delete_repository");

    let other = CreateRepository { visibility: Visibility::Public, ..widgets() };
    let observed = site.observe(&other.operation()).await.unwrap();
    assert!(matches!(observed, Observed::Different(_)), "{observed:?}");
}

#[tokio::test]
async fn what_may_have_been_sent_is_unclear_and_what_was_not_is_temporary() {
    let short = |settings: &mut hubcommander_github::Settings| {
        settings.timeouts.request = Duration::from_millis(300);
    };
    for fault in [
        Fault::Dropped,
        Fault::Hang,
        Fault::Status(502, "<html>Bad gateway</html>".into()),
        Fault::Status(500, r#"{"message":"Server Error"}"#.into()),
    ] {
        let site = Site::with(World::acme(), short).await;
        site.faults.add(When::post("/orgs/acme/repos"), fault.clone());
        let result = site.apply(&widgets().operation()).await;
        assert!(matches!(result, Err(OperationError::Unclear { .. })), "{fault:?}: {result:?}");
        assert_eq!(site.writes().len(), 1, "{fault:?}: a write is never repeated");
        let observed = site.observe(&widgets().operation()).await.unwrap();
        assert_eq!(observed, Observed::Absent, "{fault:?}");
    }
    let site = Site::start().await;
    site.local.stop();
    let result = site.apply(&widgets().operation()).await;
    assert!(matches!(result, Err(OperationError::Temporary { .. })), "{result:?}");
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEgrtb96jAK4EprDvytzdpD/6t1xaKfEjlmaeG8gCrYC";

fn offer() -> serde_json::Value {
    json!({
        "org": "acme", "who": { "account": { "id": 1, "login": "octocat" } }, "role": "admin",
        "teams": [{ "team": { "org": "acme", "id": 3, "slug": "bots" }, "maintainer": true }],
    })
}

#[tokio::test]
async fn a_forged_permit_opens_nothing() {
    let site = Site::start().await;
    let (forger, _) = PermitIssuer::new();
    let forged = forger.permit("inv-1");
    for handler in site.github.handlers() {
        let input = match handler.kind() {
            "github.create_repository" => json!(widgets()),
            "github.delete_repository" => json!({ "id": 1, "full_name": "acme/website" }),
            "github.edit_repository" => json!({ "id": 1, "full_name": "acme/website", "changes": {} }),
            "github.create_from_template" => json!({
                "template": { "owner": "acme", "name": "templates" },
                "org": "acme", "name": "widgets", "visibility": "private",
            }),
            "github.grant_team" => json!({
                "org": "acme", "team": "bots", "repo": { "full_name": "acme/api" }, "permission": "admin",
            }),
            "github.cancel_invitation" => json!({ "org": "acme", "id": 1, "who": "octocat" }),
            "github.revoke_team" => {
                json!({ "org": "acme", "team": "bots", "repo": { "full_name": "acme/website" } })
            }
            "github.replace_topics" => json!({ "repo": { "full_name": "acme/website" }, "topics": [] }),
            "github.rename_default_branch" => json!({ "repo": { "full_name": "acme/api" }, "to": "x" }),
            "github.rename_repository" => json!({ "id": 1, "from": "acme/website", "to": "x" }),
            "github.set_default_branch" => json!({ "repo": { "full_name": "acme/api" }, "to": "x" }),
            "github.set_collaborator" => json!({
                "user": { "id": 1, "login": "octocat" }, "repo": { "id": 2, "full_name": "acme/api" },
                "from": null, "to": "admin",
            }),
            "github.set_team_member" => json!({
                "user": { "id": 1, "login": "octocat" }, "team": { "org": "acme", "id": 3, "slug": "bots" },
                "from": null, "to": "maintainer",
            }),
            "github.set_team_permission" => json!({
                "team": { "org": "acme", "id": 3, "slug": "bots" }, "repo": { "id": 2, "full_name": "acme/api" },
                "from": null, "to": "admin",
            }),
            "github.add_deploy_key" => json!({
                "repo": { "full_name": "acme/api" }, "title": "x", "key": KEY, "read_only": true,
            }),
            "github.delete_deploy_key" => json!({
                "repo": { "full_name": "acme/api" }, "id": 4711, "title": "x", "key": KEY, "read_only": true,
            }),
            "github.select_for_actions" => json!({ "repo": { "full_name": "acme/api" }, "selected": true }),
            "github.set_actions" => {
                json!({ "repo": { "full_name": "acme/api" }, "to": { "enabled": false } })
            }
            "github.set_branch_protection" => {
                json!({ "repo": { "full_name": "acme/api" }, "branch": "main", "to": "not" })
            }
            "github.set_ruleset" => json!({ "repo": { "full_name": "acme/api" }, "name": "x", "to": "not" }),
            "github.invite_member" => json!({ "offer": offer() }),
            "github.cancel_org_invitation" | "github.resend_org_invitation" => {
                json!({ "id": 1, "offer": offer() })
            }
            "github.set_membership" => json!({
                "org": "acme", "user": { "id": 1, "login": "octocat" }, "from": "member", "to": "owner",
            }),
            "github.remove_member" => {
                json!({ "org": "acme", "user": { "id": 1, "login": "octocat" }, "role": "member" })
            }
            "github.remove_outside_collaborator" | "github.add_outside_collaborator" => json!({
                "org": "acme", "user": { "id": 1, "login": "octocat" },
                "access": [{ "repo": { "id": 2, "full_name": "acme/api" }, "permission": "admin" }],
            }),
            other => panic!("{other} is not tried here yet"),
        };
        let refused = handler.apply(&input, &forged).await;
        assert_eq!(permanent(refused), "This was not approved, so it was not done.", "{}", handler.kind());
    }
    assert_eq!(site.faults.arrived(), 0, "GitHub is not even asked");
}

#[tokio::test]
async fn a_repository_after_a_template() {
    let site = Site::start().await;
    let new = |template: &str| {
        CreateFromTemplate {
            template: FullName::parse(template).unwrap().into(),
            org: Owner::parse("acme").unwrap(),
            name: RepoName::parse("service").unwrap(),
            visibility: Visibility::Private,
            description: Some("A service".into()),
        }
        .operation()
    };
    let made = site.apply(&new("acme/templates")).await.unwrap();
    assert_eq!(made.output["full_name"], "acme/service");
    assert!(matches!(site.observe(&new("acme/templates")).await.unwrap(), Observed::Ours(_)));
    assert_eq!(
        permanent(site.apply(&new("acme/templates")).await),
        "acme/service exists already. Choose another name, or ask for access to that one."
    );
    assert_eq!(
        blocked(site.apply(&new("acme/nowhere")).await),
        "acme/nowhere is not there, or this bot's GitHub account may not see it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name."
    );
    assert_eq!(
        permanent(site.apply(&new("acme/old-name")).await),
        "acme/old-name has been renamed to acme/new-name. Ask again with that name."
    );
}

#[tokio::test]
async fn only_what_is_still_called_so_is_deleted() {
    let site = Site::start().await;
    let made = site.apply(&widgets().operation()).await.unwrap();
    let deletion = made.inverse.unwrap();
    let id = made.output["id"].as_u64().unwrap();
    site.local.state().rename(id, "gadgets");

    let observed = site.observe(&deletion).await.unwrap();
    assert!(matches!(observed, Observed::Different(_)), "{observed:?}");
    assert_eq!(
        permanent(site.apply(&deletion).await),
        "acme/widgets has been renamed to acme/gadgets. Ask again with that name."
    );
    // Another repository takes over the name; it is not the one that was meant.
    let other = site.apply(&widgets().operation()).await.unwrap();
    assert!(site.apply(&deletion).await.is_err());
    assert_eq!(site.writes(), ["POST /orgs/acme/repos", "POST /orgs/acme/repos"]);

    let deletion = other.inverse.unwrap();
    assert_eq!(site.observe(&deletion).await.unwrap(), Observed::Absent);
    site.apply(&deletion).await.unwrap();
    assert!(matches!(site.observe(&deletion).await.unwrap(), Observed::Ours(_)));
    let again = site.apply(&deletion).await.unwrap();
    assert_eq!(again.note.unwrap().words(), "acme/widgets was gone already");
}

#[tokio::test]
async fn a_branch_that_is_not_there_yet_is_waited_for() {
    let site = Site::start().await;
    let empty = CreateRepository { auto_init: false, ..widgets() };
    let made = site.apply(&empty.operation()).await.unwrap();
    let trunk = BranchName::parse("trunk").unwrap();
    let rename = on(&made, RenameDefaultBranch::on_new("repo", trunk).operation());
    let result = site.apply(&rename).await;
    assert!(matches!(result, Err(OperationError::Temporary { retry_after: Some(_), .. })), "{result:?}");
    assert_eq!(site.observe(&rename).await.unwrap(), Observed::Absent);
}

#[tokio::test]
async fn where_nothing_can_be_made_it_says_why() {
    let site = Site::start().await;
    let elsewhere = CreateRepository { org: Owner::parse("globex").unwrap(), ..widgets() };
    assert_eq!(
        blocked(site.apply(&elsewhere.operation()).await),
        "globex is not there, or this bot's GitHub account may not create repositories in it. If you can open it at GitHub, this bot lacks access: tell the people who run it. If not, check the name."
    );
    let long = CreateRepository { description: Some("x".repeat(400)), ..widgets() };
    let told = permanent(site.apply(&long.operation()).await);
    assert!(
        told.starts_with("GitHub refuses this: ") && told.ends_with("Change it and ask again."),
        "{told}"
    );

    let member = World::acme().token("ghp_member", "ana-lima", &["repo", "read:org"]);
    let site = Site::with(member, |settings| {
        settings.credentials = hubcommander_github::Credentials::Token("ghp_member".into());
    })
    .await;
    let told = blocked(site.apply(&widgets().operation()).await);
    assert!(told.starts_with("This bot's GitHub account may not change acme."), "{told}");
}

/// Through a proxy that refuses, nothing is sent, so it is safe to try again.
#[tokio::test]
async fn a_proxy_that_gives_no_tunnel_means_that_nothing_was_sent() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    let site = Site::with(World::acme(), |settings| {
        settings.api_url = "https://ghes.test/api/v3".parse().unwrap();
        settings.proxies =
            hubcommander_outbound::Proxies::through(&format!("http://user:pass@{address}"), "");
    })
    .await;
    let result = site.apply(&widgets().operation()).await;
    assert!(matches!(result, Err(OperationError::Temporary { .. })), "{result:?}");
    assert!(!format!("{result:?}").contains("pass"), "{result:?}");
    let asked = proxy.await.unwrap();
    assert!(asked.starts_with("CONNECT ghes.test:443 HTTP/1.1\r\n"), "{asked}");
    assert!(!asked.contains("ghp_sandbox"), "the proxy sees no token");
}
