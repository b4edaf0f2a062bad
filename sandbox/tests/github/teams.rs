//! Teams, and what they may do with repositories.

use reqwest::Method;
use serde_json::json;

use crate::site::{Site, read};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{Permission, Privacy};

const PATH: &str = "/orgs/acme/teams/security/repos/acme/website";
const AS_REPOSITORY: &str = "application/vnd.github.v3.repository+json";

#[tokio::test]
async fn a_team_gets_keeps_and_loses_access() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    assert_eq!(site.get(PATH).await?.status, 404);
    for (body, role) in [
        (json!({"permission": "maintain"}), "maintain"),
        (json!({}), "read"),
        (json!({"permission": "push"}), "write"),
    ] {
        let granted = site.put(PATH, body).await?;
        assert_eq!((granted.status, granted.text.as_str()), (204, ""));
        assert_eq!(granted.header("x-accepted-github-permissions"), "administration=write, members=read");
        assert_eq!(site.get(PATH).await?.status, 204);
        let full =
            read(site.ask(Method::GET, PATH).bearer_auth("ghp_sandbox").header("accept", AS_REPOSITORY))
                .await?;
        assert_eq!((full.status, full.json["role_name"].as_str()), (200, Some(role)));
    }
    let full =
        read(site.ask(Method::GET, PATH).bearer_auth("ghp_sandbox").header("accept", AS_REPOSITORY)).await?;
    assert_eq!(
        (&full.json["permissions"]["push"], &full.json["permissions"]["admin"]),
        (&json!(true), &json!(false))
    );
    let teams = site.get("/repos/acme/website/teams").await?;
    assert_eq!(teams.each("slug"), ["employees", "bots", "security"]);
    assert_eq!(teams.each("permission"), ["push", "pull", "push"]);
    assert_eq!(site.get("/orgs/acme/teams/security/repos").await?.each("full_name"), ["acme/website"]);
    assert_eq!(site.delete(PATH).await?.status, 204);
    assert_eq!(site.get(PATH).await?.status, 404);
    assert_eq!(site.delete(PATH).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_granted_is_refused() -> anyhow::Result<()> {
    let world = World::acme().token("ghp_ana", "ana-lima", &["repo"]);
    let site = Site::of(world).await?;
    let push = || json!({"permission": "push"});
    assert_eq!(site.put(PATH, json!({"permission": "owner"})).await?.status, 422);
    assert_eq!(site.put(PATH, json!({"permission": 1})).await?.status, 422);
    assert_eq!(site.put("/orgs/acme/teams/nobody/repos/acme/website", push()).await?.status, 404);
    assert_eq!(site.put("/orgs/acme/teams/bots/repos/acme/nothing", push()).await?.status, 404);
    assert_eq!(site.put("/orgs/acme/teams/bots/repos/acme-oss/sdk", push()).await?.status, 422);
    assert_eq!(site.as_who("ghp_ana", Method::PUT, PATH, Some(push())).await?.status, 403);
    assert_eq!(site.get(PATH).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn secret_teams_are_seen_by_their_members_and_owners() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo"])
        .token("ghp_sam", "sam-okafor", &["repo"])
        .token("ghp_gus", "gus-vega", &["repo"]);
    let site = Site::of(world).await?;
    let list = |token: &'static str| site.as_who(token, Method::GET, "/orgs/acme/teams", None);
    assert_eq!(list("ghp_sandbox").await?.each("slug"), ["bots", "employees", "platform", "security"]);
    assert_eq!(list("ghp_ana").await?.each("slug"), ["bots", "employees", "platform", "security"]);
    assert_eq!(list("ghp_sam").await?.each("slug"), ["bots", "employees", "security"]);
    assert_eq!(list("ghp_gus").await?.status, 404);
    let platform = "/orgs/acme/teams/platform";
    assert_eq!(site.as_who("ghp_sam", Method::GET, platform, None).await?.status, 404);
    let full = site.get(platform).await?;
    assert_eq!(
        (&full.json["privacy"], &full.json["members_count"], &full.json["repos_count"]),
        (&json!("secret"), &json!(1), &json!(1))
    );
    assert_eq!(full.json["organization"]["login"], "acme");
    assert_eq!(site.get("/orgs/acme/teams/platform/members").await?.each("login"), ["ana-lima"]);
    assert_eq!(site.get("/orgs/acme/teams/platform/memberships/Ana-Lima").await?.json["state"], "active");
    assert_eq!(site.get("/orgs/acme/teams/platform/memberships/sam-okafor").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_team_has_what_its_parent_has() -> anyhow::Result<()> {
    let world =
        World::acme().team("acme", "on-call", Privacy::Closed, &["gus-vega"]).change("acme", |acme| {
            let parent = acme.team("employees").map(|team| team.id);
            acme.team_mut("on-call").expect("a team").parent = parent;
        });
    let site = Site::of(world).await?;
    assert_eq!(site.get("/orgs/acme/teams/on-call").await?.json["parent"]["slug"], "employees");
    assert_eq!(site.get("/orgs/acme/teams/on-call/repos/acme/website").await?.status, 204);
    let state = site.github.state();
    let api = state.repository("acme", "api").expect("a repository");
    assert_eq!(state.level_of(api, "gus-vega"), Some(Permission::Push));
    Ok(())
}
