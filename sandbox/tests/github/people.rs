//! Accounts, organisations, members and collaborators.

use reqwest::Method;
use serde_json::json;

use crate::site::{Site, read};
use hubcommander_sandbox::github::World;

#[tokio::test]
async fn accounts_and_organisations() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    assert_eq!(site.get("/user").await?.json["login"], "hub-bot");
    assert_eq!(site.get("/users/Ana-Lima").await?.json["email"], "ana@acme.example");
    assert_eq!(site.get("/users/acme").await?.json["type"], "Organization");
    assert_eq!(site.get("/users/nobody").await?.status, 404);
    assert_eq!(site.get("/user/orgs").await?.each("login"), ["acme", "acme-oss"]);
    let acme = site.get("/orgs/acme").await?;
    assert_eq!(
        (&acme.json["name"], &acme.json["default_repository_permission"]),
        (&json!("Acme"), &json!("read"))
    );
    let seen = read(site.ask(Method::GET, "/orgs/acme")).await?;
    assert!(seen.json.get("default_repository_permission").is_none());
    assert_eq!(site.get("/orgs/nobody").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn lists_of_repositories_show_what_one_may_see() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let path = "/orgs/acme/repos?sort=full_name";
    assert_eq!(site.get(path).await?.each("name"), ["api", "new-name", "templates", "website"]);
    assert_eq!(site.get(&format!("{path}&type=public")).await?.json, json!([]));
    assert_eq!(site.get(&format!("{path}&direction=desc")).await?.each("name")[0], "website");
    assert_eq!(read(site.ask(Method::GET, path)).await?.json, json!([]));
    assert_eq!(read(site.ask(Method::GET, "/orgs/acme-oss/repos")).await?.each("name"), ["legacy", "sdk"]);
    site.post("/orgs/acme/repos", json!({"name": "zz"})).await?;
    assert_eq!(site.get("/orgs/acme/repos").await?.each("name")[0], "zz", "the newest first");
    Ok(())
}

#[tokio::test]
async fn members_and_memberships() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_gus", "gus-vega", &["repo"])
        .token("ghp_ana", "ana-lima", &["repo"])
        .change("acme", |acme| {
            acme.without_second_factor.insert("ana-lima".to_owned());
            acme.members.get_mut("sam-okafor").expect("a member").public = true;
        });
    let site = Site::of(world).await?;
    let list = |token: &'static str, query: &str| {
        let path = format!("/orgs/acme/members{query}");
        async {
            let path = path;
            site.as_who(token, Method::GET, &path, None).await
        }
    };
    assert_eq!(list("ghp_sandbox", "").await?.each("login"), ["ana-lima", "hub-bot", "sam-okafor"]);
    assert_eq!(list("ghp_sandbox", "?role=admin").await?.each("login"), ["hub-bot"]);
    assert_eq!(list("ghp_sandbox", "?filter=2fa_disabled").await?.each("login"), ["ana-lima"]);
    let refused = list("ghp_ana", "?filter=2fa_disabled").await?;
    assert_eq!(
        (refused.status, refused.json["message"].as_str()),
        (422, Some("Only owners can use this filter."))
    );
    assert_eq!(list("ghp_gus", "").await?.each("login"), ["sam-okafor"]);
    assert_eq!(site.get("/orgs/acme/members/ana-lima").await?.status, 204);
    assert_eq!(site.get("/orgs/acme/members/gus-vega").await?.status, 404);
    let stranger = site.as_who("ghp_gus", Method::GET, "/orgs/acme/members/ana-lima", None).await?;
    assert_eq!(stranger.status, 302);
    assert!(stranger.header("location").ends_with("/orgs/acme/public_members/ana-lima"));
    let place = site.get("/orgs/acme/memberships/hub-bot").await?;
    assert_eq!((&place.json["role"], &place.json["state"]), (&json!("admin"), &json!("active")));
    assert_eq!(site.get("/orgs/acme/memberships/gus-vega").await?.status, 404);
    assert_eq!(
        site.as_who("ghp_gus", Method::GET, "/orgs/acme/memberships/gus-vega", None).await?.status,
        403
    );
    assert_eq!(site.get("/orgs/acme/outside_collaborators").await?.each("login"), ["gus-vega"]);
    Ok(())
}

#[tokio::test]
async fn collaborators_and_their_levels() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let list = site.get("/repos/acme/website/collaborators").await?;
    assert_eq!(list.each("login"), ["ana-lima", "gus-vega", "hub-bot", "sam-okafor"]);
    assert_eq!(list.each("role_name"), ["write", "read", "admin", "write"]);
    let outside = site.get("/repos/acme/website/collaborators?affiliation=outside").await?;
    assert_eq!(outside.each("login"), ["gus-vega"]);
    assert_eq!(site.get("/repos/acme/website/collaborators/gus-vega").await?.status, 204);
    assert_eq!(site.get("/repos/acme/api/collaborators/gus-vega").await?.status, 404);
    for (repository, login, permission, role) in [
        ("acme/website", "ana-lima", "write", "write"),
        ("acme/api", "ana-lima", "admin", "admin"),
        ("acme/new-name", "sam-okafor", "read", "read"),
        ("acme/api", "gus-vega", "none", "none"),
        ("acme-oss/sdk", "gus-vega", "read", "read"),
    ] {
        let reply = site.get(&format!("/repos/{repository}/collaborators/{login}/permission")).await?;
        assert_eq!(reply.status, 200);
        let got = (reply.json["permission"].as_str(), reply.json["role_name"].as_str());
        assert_eq!(got, (Some(permission), Some(role)), "{login} on {repository}");
    }
    assert_eq!(site.get("/repos/acme/api/collaborators/nobody/permission").await?.status, 404);
    Ok(())
}
