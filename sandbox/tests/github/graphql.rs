//! GraphQL: what it answers, what it refuses, what it costs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Reply, Site, read};
use hubcommander_sandbox::github::{Limits, World};

async fn ask(site: &Site, query: &str, variables: Value) -> anyhow::Result<Reply> {
    site.post("/graphql", json!({ "query": query, "variables": variables })).await
}

const REPOSITORIES: &str = "query($org: String!, $after: String) {
  organization(login: $org) {
    repositories(first: 2, after: $after, orderBy: {field: NAME, direction: ASC}) {
      totalCount
      nodes { nameWithOwner isArchived visibility defaultBranchRef { name } repositoryTopics(first: 5) { nodes { topic { name } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
  rateLimit { cost remaining limit }
}";

#[tokio::test]
async fn repositories_come_page_by_page() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let first = ask(&site, REPOSITORIES, json!({"org": "acme"})).await?;
    assert_eq!((first.status, &first.json["errors"]), (200, &Value::Null), "{}", first.text);
    let page = &first.json["data"]["organization"]["repositories"];
    assert_eq!(page["totalCount"], 4);
    assert_eq!(page["nodes"][0]["nameWithOwner"], "acme/api");
    assert_eq!(page["nodes"][0]["defaultBranchRef"]["name"], "main");
    assert_eq!(page["nodes"][0]["visibility"], "PRIVATE");
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    assert_eq!(first.json["data"]["rateLimit"]["cost"], 1);
    assert_eq!(first.header("x-ratelimit-resource"), "graphql");
    assert_eq!(
        first.json["data"]["rateLimit"]["remaining"].to_string(),
        first.header("x-ratelimit-remaining")
    );
    let after = &page["pageInfo"]["endCursor"];
    let second = ask(&site, REPOSITORIES, json!({"org": "acme", "after": after})).await?;
    let page = &second.json["data"]["organization"]["repositories"];
    let names: Vec<&Value> =
        page["nodes"].as_array().expect("a list").iter().map(|one| &one["nameWithOwner"]).collect();
    assert_eq!(names, ["acme/templates", "acme/website"]);
    assert_eq!(page["nodes"][1]["repositoryTopics"]["nodes"][0]["topic"]["name"], "web");
    assert_eq!(page["pageInfo"]["hasNextPage"], false);
    let wrong = ask(&site, REPOSITORIES, json!({"org": "acme", "after": "x"})).await?;
    assert_eq!(wrong.json["errors"][0]["type"], "INVALID_CURSOR_ARGUMENTS");
    let none = ask(&site, REPOSITORIES, json!({"org": "nobody"})).await?;
    assert_eq!(none.json["data"]["organization"], Value::Null);
    assert_eq!(none.json["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(none.json["errors"][0]["path"], json!(["organization"]));
    let message = "Could not resolve to an Organization with the login of 'nobody'.";
    assert_eq!(none.json["errors"][0]["message"], message);
    Ok(())
}

#[tokio::test]
async fn people_teams_and_identities() -> anyhow::Result<()> {
    let identities = [("ana@acme.example", Some("ana-lima")), ("zoe@acme.example", None)];
    let world = World::acme().without_second_factor("acme", "ana-lima").single_sign_on("acme", &identities);
    let site = Site::of(world).await?;
    let query = "{ organization(login: \"acme\") {
        membersWithRole(first: 2) { edges { role hasTwoFactorEnabled node { login } } pageInfo { hasNextPage } }
        teams(first: 10) { nodes { slug members(first: 5) { nodes { login } } repositories(first: 5) { edges { permission node { name } } } } }
        samlIdentityProvider { externalIdentities(first: 10) {
          edges { node { guid samlIdentity { nameId } scimIdentity { username } user { login } } } pageInfo { endCursor } } }
      } }";
    let reply = ask(&site, query, json!({})).await?;
    assert_eq!(reply.json["errors"], Value::Null, "{}", reply.text);
    let acme = &reply.json["data"]["organization"];
    let members = &acme["membersWithRole"];
    let ana = json!({"role": "MEMBER", "hasTwoFactorEnabled": false, "node": {"login": "ana-lima"}});
    assert_eq!(members["edges"][0], ana);
    assert_eq!(
        (&members["edges"][1]["role"], &members["pageInfo"]["hasNextPage"]),
        (&json!("ADMIN"), &json!(true))
    );
    let platform = &acme["teams"]["nodes"][2];
    assert_eq!(
        (&platform["slug"], &platform["members"]["nodes"][0]["login"]),
        (&json!("platform"), &json!("ana-lima"))
    );
    assert_eq!(platform["repositories"]["edges"][0], json!({"permission": "ADMIN", "node": {"name": "api"}}));
    let known = &acme["samlIdentityProvider"]["externalIdentities"]["edges"];
    assert_eq!(known[0]["node"]["user"]["login"], "ana-lima");
    assert_eq!(
        (&known[1]["node"]["samlIdentity"]["nameId"], &known[1]["node"]["user"]),
        (&json!("zoe@acme.example"), &Value::Null)
    );
    Ok(())
}

#[tokio::test]
async fn what_is_inside_a_repository() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let query = "{ api: repository(owner: \"acme\", name: \"api\") {
        deployKeys(first: 5) { nodes { title readOnly } }
        branchProtectionRules(first: 5) { nodes { pattern requiredApprovingReviewCount } }
        collaborators(first: 10, affiliation: DIRECT) { totalCount }
      }
      website: repository(owner: \"acme\", name: \"website\") {
        ...inside
        pullRequests(first: 10, states: [OPEN], labels: [\"bug\"]) { nodes { number title author { login ... on User { name } } } }
      }
      former: repository(owner: \"acme\", name: \"old-name\") { nameWithOwner __typename } }
      fragment inside on Repository { collaborators(first: 10) { edges { permission node { login } } } }";
    let reply = ask(&site, query, json!({})).await?;
    assert_eq!(reply.json["errors"], Value::Null, "{}", reply.text);
    let (api, website) = (&reply.json["data"]["api"], &reply.json["data"]["website"]);
    assert_eq!(api["deployKeys"]["nodes"][0], json!({"title": "build server", "readOnly": false}));
    assert_eq!(
        api["branchProtectionRules"]["nodes"][0],
        json!({"pattern": "main", "requiredApprovingReviewCount": 1})
    );
    assert_eq!(api["collaborators"]["totalCount"], 0);
    assert_eq!(
        website["collaborators"]["edges"][1],
        json!({"permission": "READ", "node": {"login": "gus-vega"}})
    );
    let pulls = &website["pullRequests"]["nodes"];
    assert_eq!((pulls[0]["number"].as_u64(), pulls.as_array().map(Vec::len)), (Some(1), Some(1)));
    assert_eq!(pulls[0]["author"], json!({"login": "ana-lima", "name": "Ana Lima"}));
    assert_eq!(
        reply.json["data"]["former"],
        json!({"nameWithOwner": "acme/new-name", "__typename": "Repository"})
    );
    Ok(())
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_an_error() -> anyhow::Result<()> {
    let site = Site::of(World::acme().token("ghp_small", "hub-bot", &["repo"])).await?;
    let unknown = ask(&site, "{ organization(login: \"acme\") { login mood } }", json!({})).await?;
    assert_eq!((unknown.status, unknown.json.get("data")), (200, None));
    let expected = json!({
        "path": ["query", "organization", "mood"],
        "extensions": {"code": "undefinedField", "typeName": "Organization", "fieldName": "mood"},
        "locations": [{"line": 1, "column": 39}],
        "message": "Field 'mood' doesn't exist on type 'Organization'",
    });
    assert_eq!(unknown.json["errors"], json!([expected]));
    for (query, words) in [
        ("{ organization(login: \"acme\") }", "Field must have selections"),
        ("{ organization(login: \"acme\") { login { x } } }", "Selections can't be made on scalars"),
        ("{ organization { login } }", "missing required arguments: login"),
        ("{ organization(login: \"acme\", colour: 1) { login } }", "doesn't accept argument 'colour'"),
        (
            "{ organization(login: \"acme\") { repositories { totalCount } } }",
            "You must provide a `first` or `last` value",
        ),
        (
            "{ organization(login: \"acme\") { repositories(first: 101) { totalCount } } }",
            "exceeds the `first` limit of 100 records",
        ),
        (
            "{ organization(login: \"acme\") { repositories(first: 1) { edges { weight } } } }",
            "doesn't exist on type 'RepositoryEdge'",
        ),
        ("{ organization(login: $org) { login } }", "Variable $org is used by query but not declared"),
        ("query($org: String!) { organization(login: $org) { login } }", "was provided invalid value"),
        ("{ viewer { ...gone } }", "Fragment gone was used, but not defined"),
        ("{ viewer { login }", "Parse error"),
        ("mutation { x { y } }", "queries only"),
    ] {
        let reply = ask(&site, query, json!({})).await?;
        let message = reply.json["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(reply.status == 200 && message.contains(words), "{query}: {}", reply.text);
        assert!(reply.json.get("data").is_none(), "{query}");
    }
    let body = Some(json!({"query": "{ organization(login: \"acme\") { teams(first: 1) { totalCount } } }"}));
    let scope = site.as_who("ghp_small", Method::POST, "/graphql", body.clone()).await?;
    assert_eq!(scope.json["errors"][0]["type"], "INSUFFICIENT_SCOPES");
    let nobody = read(site.ask(Method::POST, "/graphql").json(&body)).await?;
    assert_eq!(nobody.status, 401);
    assert_eq!(
        site.post("/api/graphql", json!({"query": "{ viewer { login } }"})).await?.json["data"]["viewer"]["login"],
        "hub-bot"
    );
    assert_eq!(site.post("/api/v3/graphql", json!({"query": "{ viewer { login } }"})).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_query_costs_what_its_lists_take() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let query = "{ organization(login: \"acme\") { repositories(first: 100) { nodes {
          collaborators(first: 50) { nodes { login } } deployKeys(first: 10) { totalCount }
          pullRequests(first: 20) { nodes { labels(first: 5) { totalCount } } } } } }
        rateLimit { cost nodeCount used } }";
    let reply = ask(&site, query, json!({})).await?;
    assert_eq!(reply.json["errors"], Value::Null, "{}", reply.text);
    // 1 list of repositories, three lists for each of 100, and one for each of 2,000 pull requests.
    assert_eq!(reply.json["data"]["rateLimit"], json!({"cost": 23, "nodeCount": 18_100, "used": 23}));
    assert_eq!(reply.header("x-ratelimit-used"), "23");
    let cheap = ask(&site, "{ viewer { login } rateLimit { cost used } }", json!({})).await?;
    assert_eq!(cheap.json["data"]["rateLimit"], json!({"cost": 1, "used": 24}));
    let many = "{ organization(login: \"acme\") { repositories(first: 100) { nodes { pullRequests(first: 100) { nodes {
        labels(first: 100) { totalCount } } } } } } }";
    assert_eq!(ask(&site, many, json!({})).await?.json["errors"][0]["type"], "MAX_NODE_LIMIT_EXCEEDED");
    site.github.set_limits(Limits { graphql_per_hour: 1, ..Limits::default() });
    assert_eq!(
        ask(&site, "{ viewer { login } }", json!({})).await?.json["data"]["viewer"]["login"],
        "hub-bot"
    );
    let spent = ask(&site, "{ viewer { login } }", json!({})).await?;
    assert_eq!((spent.status, &spent.json["errors"][0]["type"]), (200, &json!("RATE_LIMITED")));
    assert_eq!(site.get("/user").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn directives_and_pages_from_the_end() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let query = "query($names: Boolean = false) { organization(login: \"acme\") {
        login @skip(if: true) name @include(if: $names)
        repositories(last: 1, orderBy: {field: NAME, direction: ASC}) { nodes { name } pageInfo { hasPreviousPage startCursor } } } }";
    let reply = ask(&site, query, json!({"names": true})).await?;
    let acme = &reply.json["data"]["organization"];
    assert_eq!((acme.get("login"), &acme["name"]), (None, &json!("Acme")));
    assert_eq!(acme["repositories"]["nodes"], json!([{"name": "website"}]));
    assert_eq!(acme["repositories"]["pageInfo"]["hasPreviousPage"], true);
    assert!(ask(&site, query, json!({})).await?.json["data"]["organization"].get("name").is_none());
    Ok(())
}
