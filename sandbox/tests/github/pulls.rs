//! Pull requests, labels, and the search for them.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, read};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::PullState;

const PATH: &str = "/repos/acme/website/pulls";

#[tokio::test]
async fn pull_requests_are_listed_as_asked() -> anyhow::Result<()> {
    let world = World::acme()
        .pull_request("acme", "website", "gus-vega", "From a fork", |one| {
            one.head_owner = Some("gus-vega".to_owned());
            one.head = "patch-1".to_owned();
            one.base = "next".to_owned();
            one.comments = 9;
        })
        .pull_request("acme", "website", "ana-lima", "Never mind", |one| {
            one.state = PullState::Closed(one.created_at);
            one.updated_at = one.created_at + TimeDelta::days(9);
        });
    let site = Site::of(world).await?;
    for (query, expected) in [
        ("", vec![4, 2, 1]),
        ("?state=closed", vec![5, 3]),
        ("?state=all", vec![5, 4, 3, 2, 1]),
        ("?state=all&direction=asc", vec![1, 2, 3, 4, 5]),
        ("?state=all&sort=updated", vec![1, 2, 4, 3, 5]),
        ("?state=all&sort=updated&direction=desc", vec![5, 3, 4, 2, 1]),
        ("?sort=popularity&direction=desc", vec![4, 2, 1]),
        ("?base=next", vec![4]),
        ("?base=main", vec![2, 1]),
        ("?head=gus-vega:patch-1", vec![4]),
        ("?head=acme:change-1", vec![1]),
        ("?head=acme:patch-1", vec![]),
        ("?head=patch-1", vec![4, 2, 1]),
        ("?per_page=2&page=2", vec![1]),
    ] {
        assert_eq!(site.get(&format!("{PATH}{query}")).await?.numbers(), expected, "{query}");
    }
    let page = site.get(&format!("{PATH}?per_page=2")).await?;
    assert!(page.header("link").contains("rel=\"next\""));
    let refused = site.get(&format!("{PATH}?state=merged")).await?;
    assert_eq!((refused.status, &refused.json["errors"][0]["field"]), (422, &json!("state")));
    Ok(())
}

#[tokio::test]
async fn a_pull_request_says_who_what_and_how_it_stands() -> anyhow::Result<()> {
    let site = Site::of(World::acme().token("ghp_gus", "gus-vega", &["repo"])).await?;
    let list = site.get(&format!("{PATH}?state=all&direction=asc")).await?;
    let (first, draft, merged) = (&list.json[0], &list.json[1], &list.json[2]);
    assert_eq!(first["title"], "Show prices with tax");
    assert_eq!(first["user"]["login"], "ana-lima");
    assert_eq!(first["author_association"], "MEMBER");
    assert_eq!(first["labels"][0]["name"], "bug");
    assert_eq!(
        (&first["state"], &first["draft"], &first["merged_at"]),
        (&json!("open"), &json!(false), &Value::Null)
    );
    assert_eq!((&first["head"]["label"], &first["base"]["ref"]), (&json!("acme:change-1"), &json!("main")));
    assert_eq!(first["html_url"], format!("{}/acme/website/pull/1", site.github.url()));
    assert_eq!(draft["draft"], true);
    assert_eq!((&merged["state"], merged["merged_at"].is_string()), (&json!("closed"), true));
    assert!(first.get("merge_commit_sha").is_some());
    let newest =
        site.ask(Method::GET, PATH).bearer_auth("ghp_sandbox").header("X-GitHub-Api-Version", "2026-03-10");
    assert!(read(newest).await?.json[0].get("merge_commit_sha").is_none());
    let one = site.get(&format!("{PATH}/3")).await?;
    assert_eq!((&one.json["merged"], &one.json["title"]), (&json!(true), &merged["title"]));
    assert_eq!(site.get(&format!("{PATH}/99")).await?.status, 404);
    assert_eq!(site.get("/repos/acme/website/labels").await?.each("name"), ["bug", "design"]);
    assert_eq!(site.get("/repos/acme/website/labels/BUG").await?.json["color"], "d73a4a");
    assert_eq!(site.as_who("ghp_gus", Method::GET, "/repos/acme/api/pulls", None).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_search_finds_by_author_label_and_state() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_gus", "gus-vega", &["repo"])
        .label("acme", "website", "good first issue", "ffffff")
        .pull_request("acme", "website", "gus-vega", "A tax bug", |one| {
            one.labels.insert("good first issue".to_owned());
            one.labels.insert("bug".to_owned());
        })
        .pull_request("acme", "api", "ana-lima", "Faster", |_| ());
    let site = Site::of(world).await?;
    let search = |token: &'static str, query: &str| {
        let q: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let request = site.ask(Method::GET, &format!("/search/issues?q={q}")).bearer_auth(token);
        read(request)
    };
    for (query, expected) in [
        ("repo:acme/website is:pr is:open author:ana-lima", vec![1]),
        ("repo:acme/website is:pr label:bug", vec![4, 1]),
        ("repo:acme/website is:pr label:bug -author:Ana-Lima", vec![4]),
        ("repo:acme/website is:pr label:\"good first issue\"", vec![4]),
        ("repo:acme/website is:pr author:ana-lima author:gus-vega is:open", vec![4, 1]),
        ("repo:acme/website type:pr is:merged", vec![3]),
        ("repo:acme/website is:pr draft:true", vec![2]),
        ("repo:acme/website is:pr is:open draft:false", vec![4, 1]),
        ("repo:acme/website is:pr tax sort:created-asc", vec![1, 4]),
        ("repo:acme/website is:issue", vec![]),
        ("org:acme is:pr Faster", vec![1]),
        ("org:acme is:pr no:label is:open", vec![1]),
        ("repo:acme/website is:pr created:>2030-01-01", vec![]),
    ] {
        let found = search("ghp_sandbox", query).await?;
        assert_eq!((found.status, found.numbers()), (200, expected.clone()), "{query}");
        assert_eq!(found.json["total_count"], expected.len(), "{query}");
        assert_eq!(found.json["incomplete_results"], false);
    }
    let found = search("ghp_sandbox", "repo:acme/website is:pr is:merged").await?;
    let one = &found.json["items"][0];
    assert!(one["pull_request"]["merged_at"].is_string());
    assert_eq!(one["repository_url"], format!("{}/repos/acme/website", site.github.url()));
    let hidden = search("ghp_gus", "repo:acme/api is:pr").await?;
    assert_eq!((hidden.status, &hidden.json["errors"][0]["field"]), (422, &json!("q")));
    assert_eq!(search("ghp_gus", "org:acme is:pr Faster").await?.numbers(), [] as [u64; 0]);
    assert_eq!(search("ghp_sandbox", " ").await?.status, 422);
    assert_eq!(search("ghp_sandbox", &"a".repeat(257)).await?.status, 422);
    Ok(())
}

#[tokio::test]
async fn searching_has_a_limit_of_its_own() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let search = || site.get("/search/issues?q=is:pr");
    let first = search().await?;
    assert_eq!((first.header("x-ratelimit-resource"), first.header("x-ratelimit-limit")), ("search", "30"));
    for _ in 0..29 {
        assert_eq!(search().await?.status, 200);
    }
    assert_eq!(search().await?.status, 403);
    let core = site.get("/user").await?;
    assert_eq!((core.status, core.header("x-ratelimit-resource")), (200, "core"));
    let limits = site.get("/rate_limit").await?;
    assert_eq!(limits.json["resources"]["search"]["remaining"], 0);
    assert_eq!(limits.json["resources"]["graphql"]["remaining"], 5000);
    site.clock.turn(TimeDelta::seconds(61));
    assert_eq!(search().await?.status, 200);
    let end = site.get("/search/issues?q=is:pr&per_page=100&page=11").await?;
    assert_eq!(end.json["message"], "Only the first 1000 search results are available");
    Ok(())
}
