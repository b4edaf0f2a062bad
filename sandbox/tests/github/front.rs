//! What holds for every request: identity, versions, shapes, headers, pages of lists, unchanged answers.

use reqwest::Method;
use serde_json::json;

use crate::site::{Site, read};
use hubcommander_sandbox::github::World;

#[tokio::test]
async fn wrong_credentials_are_refused_and_none_see_what_is_public() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let wrong = site.as_who("ghp_wrong", Method::GET, "/user", None).await?;
    assert_eq!((wrong.status, wrong.json["message"].as_str()), (401, Some("Bad credentials")));
    assert!(!wrong.text.contains("ghp_wrong"));
    let nobody = |path: &str| read(site.ask(Method::GET, path));
    assert_eq!(nobody("/user").await?.json["message"], "Requires authentication");
    assert_eq!(nobody("/user").await?.status, 401);
    assert_eq!(nobody("/repos/acme-oss/sdk").await?.status, 200);
    assert!(nobody("/repos/acme-oss/sdk").await?.json["permissions"].is_null());
    assert_eq!(nobody("/repos/acme/website").await?.status, 404);
    let basic = read(site.ask(Method::GET, "/user").basic_auth("x", Some("ghp_sandbox"))).await?;
    assert_eq!(basic.json["login"], "hub-bot");
    let token = read(site.ask(Method::GET, "/user").header("authorization", "token ghp_sandbox")).await?;
    assert_eq!(token.json["login"], "hub-bot");
    Ok(())
}

#[tokio::test]
async fn a_user_agent_is_mandatory() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let bare = reqwest::Client::builder().no_proxy().build()?;
    let reply = read(bare.get(format!("{}/user", site.github.url())).bearer_auth("ghp_sandbox")).await?;
    assert_eq!(reply.status, 403);
    assert!(reply.text.contains("User-Agent") && reply.json.is_null());
    Ok(())
}

#[tokio::test]
async fn versions_differ_and_unknown_ones_are_refused() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let asked = |version: &'static str, path: &str| {
        read(site.ask(Method::GET, path).bearer_auth("ghp_sandbox").header("X-GitHub-Api-Version", version))
    };
    assert_eq!(asked("2021-01-01", "/user").await?.status, 400);
    let default = site.get("/repos/acme/website").await?;
    assert_eq!(default.header("x-github-api-version-selected"), "2022-11-28");
    assert!(default.header("deprecation").contains("2028"));
    assert_eq!(default.json["has_downloads"], true);
    let newest = asked("2026-03-10", "/repos/acme/website").await?;
    assert_eq!(newest.header("x-github-api-version-selected"), "2026-03-10");
    assert_eq!(newest.header("deprecation"), "");
    assert!(newest.json.get("has_downloads").is_none());
    assert!(newest.json.get("use_squash_pr_title_as_default").is_none());
    assert!(site.get("/rate_limit").await?.json.get("rate").is_some());
    assert!(asked("2026-03-10", "/rate_limit").await?.json.get("rate").is_none());
    Ok(())
}

#[tokio::test]
async fn the_answers_carry_githubs_headers() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let one = site.get("/repos/acme/website").await?;
    let other = site.get("/repos/acme/website").await?;
    assert_eq!(one.header("date"), "Tue, 24 Nov 2026 10:00:00 GMT");
    assert_eq!(one.header("x-accepted-github-permissions"), "metadata=read");
    assert_eq!(one.header("content-type"), "application/json; charset=utf-8");
    assert!(one.header("x-oauth-scopes").contains("delete_repo"));
    assert!(one.header("x-github-request-id").len() > 20);
    assert_ne!(one.header("x-github-request-id"), other.header("x-github-request-id"));
    Ok(())
}

#[tokio::test]
async fn paths_are_taken_exactly() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    for path in
        ["/repos/acme/website/", "/repos//website", "/nothing/here", "/repos/acme", "/repos/acme/a%2Fb"]
    {
        let reply = site.get(path).await?;
        assert_eq!((reply.status, reply.json["message"].as_str()), (404, Some("Not Found")), "{path}");
    }
    assert_eq!(site.get("/repos/ACME/%77ebsite").await?.json["full_name"], "acme/website");
    assert_eq!(site.post("/repos/acme/website", json!({})).await?.status, 404);
    let behind = site.get("/api/v3/repos/acme/website").await?;
    assert_eq!(behind.json["url"], format!("{}/api/v3/repos/acme/website", site.github.url()));
    assert_eq!(behind.json["html_url"], format!("{}/acme/website", site.github.url()));
    let id = behind.json["id"].as_u64().expect("an id");
    assert_eq!(site.get(&format!("/repositories/{id}")).await?.json["full_name"], "acme/website");
    assert_eq!(site.get(&format!("/repositories/{id}/topics")).await?.json["names"][0], "web");
    assert_eq!(site.get("/repositories/1").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn bodies_are_checked_before_anything_happens() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let before = site.github.snapshot();
    let raw = |body: &'static str| {
        let request = site.ask(Method::POST, "/orgs/acme/repos").bearer_auth("ghp_sandbox").body(body);
        read(request)
    };
    let broken = raw("{\"name\":").await?;
    assert_eq!((broken.status, broken.json["message"].as_str()), (400, Some("Problems parsing JSON")));
    let list = raw("[1]").await?;
    assert_eq!((list.status, list.json["message"].as_str()), (400, Some("Body should be a JSON object")));
    let absent = raw("").await?;
    assert_eq!(absent.status, 422);
    assert!(absent.json["message"].as_str().expect("text").contains("\"name\" wasn't supplied"));
    for body in [
        json!({"name": 5}),
        json!({"name": "x", "private": "yes"}),
        json!({"name": "x", "visibility": "hidden"}),
        json!({"name": "x", "description": ["a"]}),
        json!({"name": "x", "team_id": "employees"}),
    ] {
        let reply = site.post("/orgs/acme/repos", body.clone()).await?;
        assert_eq!(reply.status, 422, "{body}");
        assert!(reply.json["message"].as_str().expect("text").starts_with("Invalid request."), "{body}");
        assert!(reply.json["documentation_url"].is_string());
    }
    assert_eq!(site.github.snapshot(), before);
    Ok(())
}

#[tokio::test]
async fn an_unsupported_accept_header_and_a_put_without_length_are_refused() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let request = site.ask(Method::GET, "/user").bearer_auth("ghp_sandbox").header("accept", "image/png");
    assert_eq!(read(request).await?.status, 415);
    let path = "/orgs/acme/teams/bots/repos/acme/api";
    let request = site.ask(Method::PUT, path).bearer_auth("ghp_sandbox");
    assert_eq!(read(request).await?.status, 411);
    assert_eq!(site.as_who("ghp_sandbox", Method::PUT, path, None).await?.status, 204);
    Ok(())
}

#[tokio::test]
async fn lists_come_in_pages_with_links_by_number() -> anyhow::Result<()> {
    let mut world = World::acme();
    for number in 0..120 {
        world = world.repository("acme", &format!("repo-{number:03}"), |_| ());
    }
    let site = Site::of(world).await?;
    let first = site.get("/orgs/acme/repos?sort=full_name&per_page=500").await?;
    assert_eq!(first.json.as_array().map(Vec::len), Some(100));
    let link = first.header("link").to_owned();
    assert!(
        link.contains("/organizations/") && link.contains("rel=\"next\"") && link.contains("rel=\"last\"")
    );
    assert!(!link.contains("rel=\"prev\"") && link.contains("sort=full_name"));
    let next = link.split(['<', '>']).nth(1).expect("an address").to_owned();
    let path = next.strip_prefix(&site.github.url()).expect("our address");
    let second = site.get(path).await?;
    assert_eq!(second.json.as_array().map(Vec::len), Some(24));
    assert!(
        second.header("link").contains("rel=\"first\"") && second.header("link").contains("rel=\"prev\"")
    );
    assert!(!second.header("link").contains("rel=\"next\""));
    assert_eq!(site.get("/orgs/acme/repos").await?.json.as_array().map(Vec::len), Some(30));
    assert_eq!(site.get("/orgs/acme/repos?page=99").await?.json, json!([]));
    assert_eq!(site.get("/orgs/acme/repos?page=x&per_page=0").await?.json.as_array().map(Vec::len), Some(30));
    assert_eq!(site.get("/orgs/acme/teams").await?.header("link"), "");
    let behind = site.get("/api/v3/orgs/acme/repos").await?;
    assert!(behind.header("link").contains("/api/v3/organizations/"));
    Ok(())
}

#[tokio::test]
async fn an_unchanged_answer_is_a_free_304() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let first = site.get("/repos/acme/website").await?;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""));
    let again = |tag: String| {
        let request = site.ask(Method::GET, "/repos/acme/website").bearer_auth("ghp_sandbox");
        read(request.header("if-none-match", tag))
    };
    let unchanged = again(tag.clone()).await?;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
    assert_eq!(unchanged.header("x-ratelimit-used"), first.header("x-ratelimit-used"));
    assert_eq!(again("\"other\"".to_owned()).await?.status, 200);
    site.patch("/repos/acme/website", json!({"description": "New"})).await?;
    let changed = again(tag).await?;
    assert_eq!((changed.status, changed.json["description"].as_str()), (200, Some("New")));
    assert_eq!(site.get("/orgs/nobody").await?.header("etag"), "");
    let head = read(site.ask(Method::HEAD, "/repos/acme/website").bearer_auth("ghp_sandbox")).await?;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    Ok(())
}
