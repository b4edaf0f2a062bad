//! Ten thousand repositories.

use serde_json::json;

use crate::site::Site;
use hubcommander_sandbox::github::World;

#[tokio::test]
async fn ten_thousand_repositories_are_listed_by_pages_and_found_by_name() -> anyhow::Result<()> {
    let site = Site::of(World::acme().many_repositories("acme", 10_000).many_members("acme", 300)).await?;
    let mut path = "/orgs/acme/repos?per_page=100".to_owned();
    let (mut pages, mut names) = (0, std::collections::BTreeSet::new());
    loop {
        let reply = site.get(&path).await?;
        pages += 1;
        names.extend(reply.each("full_name").into_iter().map(str::to_owned));
        let next = reply.header("link").split(',').find(|link| link.contains("rel=\"next\""));
        let Some(next) = next.and_then(|link| link.split(['<', '>']).nth(1)) else { break };
        path = next.strip_prefix(&site.github.url()).expect("our address").to_owned();
    }
    assert_eq!((pages, names.len()), (101, 10_004));
    for number in (0..10_000).step_by(100) {
        let path = format!("/repos/acme/service-{number:05}/collaborators/person-0001/permission");
        assert_eq!(site.get(&path).await?.json["permission"], "read");
    }
    let query =
        "query($after: String) { organization(login: \"acme\") { repositories(first: 100, after: $after) {
        nodes { nameWithOwner isArchived } pageInfo { hasNextPage endCursor } } } }";
    let (mut after, mut found) = (json!(null), 0);
    loop {
        let reply = site.post("/graphql", json!({"query": query, "variables": {"after": after}})).await?;
        let page = &reply.json["data"]["organization"]["repositories"];
        found += page["nodes"].as_array().map_or(0, Vec::len);
        assert!(found <= 10_004, "it goes round in circles");
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
    }
    assert_eq!(found, 10_004);
    Ok(())
}

#[tokio::test]
async fn the_page_shows_ten_thousand_repositories_by_parts() -> anyhow::Result<()> {
    let site = Site::of(World::acme().many_repositories("acme", 10_000)).await?;
    let look =
        |path: &str| crate::site::read(site.ask(reqwest::Method::GET, path).header("accept", "text/html"));
    let all = look("/").await?;
    assert!(all.text.contains("All 10004 repositories of acme") && all.text.len() < 200_000);
    let first = look("/acme").await?;
    assert!(first.text.contains("Page 1 of 101") && first.text.contains("/acme?page=2"));
    let last = look("/acme?page=101").await?;
    assert!(last.text.contains("Page 101 of 101") && !last.text.contains("Older"));
    assert!(last.text.contains("/acme/website"), "the oldest come last");
    Ok(())
}
