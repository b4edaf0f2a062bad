//! The audit log: who changed what, for owners in GitHub Enterprise.

use reqwest::Method;
use serde_json::json;

use crate::site::Site;
use hubcommander_sandbox::github::World;

const LOG: &str = "/orgs/acme/audit-log?order=asc&per_page=2";

fn world() -> World {
    World::acme()
        .token("ghp_sandbox", "hub-bot", &["repo", "admin:org", "delete_repo", "read:audit_log"])
        .owner("acme", "eva-owner")
        .token("ghp_eva", "eva-owner", &["repo", "admin:org"])
}

#[tokio::test]
async fn it_holds_what_writes_did_by_whom() -> anyhow::Result<()> {
    let site = Site::of(world().with_audit_log()).await?;
    assert_eq!(site.get(LOG).await?.json, json!([]));
    site.as_who("ghp_eva", Method::PATCH, "/repos/acme/website", Some(json!({ "archived": true }))).await?;
    let read_only =
        site.as_who("ghp_eva", Method::PUT, "/repos/acme/website/collaborators/mia", Some(json!({}))).await?;
    assert_eq!(read_only.status, 403, "what was refused is not in it");
    site.post("/orgs/acme/repos", json!({ "name": "widgets", "visibility": "private" })).await?;
    site.as_who("ghp_sandbox", Method::DELETE, "/repos/acme/widgets", None).await?;
    let page = site.get(LOG).await?;
    let seen = |page: &serde_json::Value| -> Vec<String> {
        let all = page.as_array().into_iter().flatten();
        all.map(|one| format!("{} {} {}", one["actor"], one["action"], one["repo"])).collect()
    };
    assert_eq!(
        seen(&page.json),
        [r#""eva-owner" "repo.archived" "acme/website""#, r#""hub-bot" "repo.create" "acme/widgets""#]
    );
    assert!(page.json[0]["request_id"].is_string());
    let link = page.header("link");
    assert!(link.ends_with("rel=\"next\""), "{link}");
    let next = link.trim_start_matches('<').split('>').next().unwrap_or_default();
    let path = &next[next.find("/organizations").expect("a path")..];
    let second = site.get(path).await?;
    assert_eq!(seen(&second.json), [r#""hub-bot" "repo.destroy" "acme/widgets""#]);
    assert!(!second.headers.contains_key("link"));
    let later = site.get("/orgs/acme/audit-log?phrase=created:%3E%3D2100-01-01T00:00:00Z").await?;
    assert_eq!(later.json, json!([]));
    Ok(())
}

#[tokio::test]
async fn without_enterprise_or_the_scope_it_is_not_there() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    assert_eq!(site.get(LOG).await?.status, 404);
    let site = Site::of(world().with_audit_log()).await?;
    assert_eq!(site.as_who("ghp_eva", Method::GET, LOG, None).await?.status, 404);
    Ok(())
}
