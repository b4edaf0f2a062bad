//! Rulesets, and what holds for a branch.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::github::World;

const PATH: &str = "/repos/acme/website/rulesets";

fn body() -> Value {
    json!({
        "name": "default branch", "target": "branch", "enforcement": "active",
        "bypass_actors": [{"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"}],
        "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH", "refs/heads/release/*"], "exclude": [] } },
        "rules": [
            {"type": "deletion"},
            {"type": "pull_request", "parameters": {
                "dismiss_stale_reviews_on_push": true, "require_code_owner_review": false,
                "require_last_push_approval": false, "required_approving_review_count": 1,
                "required_review_thread_resolution": false,
            }},
        ],
    })
}

#[tokio::test]
async fn a_ruleset_is_made_listed_changed_and_deleted() -> anyhow::Result<()> {
    let site = Site::of(World::acme().token("ghp_ana", "ana-lima", &["repo"])).await?;
    assert_eq!(site.get(PATH).await?.json, json!([]));
    let made = site.post(PATH, body()).await?;
    assert_eq!(made.status, 201);
    for (field, value) in [
        ("name", json!("default branch")),
        ("source_type", json!("Repository")),
        ("source", json!("acme/website")),
        ("enforcement", json!("active")),
        ("rules", body()["rules"].clone()),
        ("conditions", body()["conditions"].clone()),
        ("bypass_actors", body()["bypass_actors"].clone()),
    ] {
        assert_eq!(made.json[field], value, "{field}");
    }
    let one = format!("{PATH}/{}", made.json["id"]);
    assert_eq!(site.get(&one).await?.json, made.json);
    let list = site.get(PATH).await?;
    assert_eq!(list.each("name"), ["default branch"]);
    assert!(list.json[0].get("rules").is_none(), "a list is brief");
    assert_eq!(site.get(&format!("{PATH}?targets=tag")).await?.json, json!([]));
    let seen = site.as_who("ghp_ana", Method::GET, &one, None).await?;
    assert_eq!(seen.json["rules"], made.json["rules"]);
    assert!(seen.json.get("bypass_actors").is_none(), "who may pass is for those who may change it");
    let changed = site.put(&one, json!({"enforcement": "disabled"})).await?;
    assert_eq!((changed.status, &changed.json["enforcement"]), (200, &json!("disabled")));
    assert_eq!(changed.json["rules"], made.json["rules"], "what is not said stays");
    assert_eq!(site.as_who("ghp_ana", Method::DELETE, &one, None).await?.status, 403);
    assert_eq!(site.delete(&one).await?.status, 204);
    assert_eq!(site.delete(&one).await?.status, 404);
    assert_eq!(site.get(&one).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn the_rules_of_a_branch_are_those_that_are_active_and_mean_it() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let made = site.post(PATH, body()).await?;
    let rules = |branch: &str| {
        let (site, path) = (&site, format!("/repos/acme/website/rules/branches/{branch}"));
        async move { site.get(&path).await }
    };
    let main = rules("main").await?;
    assert_eq!(main.each("type"), ["deletion", "pull_request"]);
    assert_eq!(main.json[0]["ruleset_id"], made.json["id"]);
    assert_eq!(main.each("ruleset_source"), ["acme/website", "acme/website"]);
    assert_eq!(main.json[1]["parameters"]["required_approving_review_count"], 1);
    assert_eq!(rules("release/1").await?.each("type").len(), 2, "it need not exist");
    assert_eq!(rules("release/1/a").await?.json, json!([]));
    let branch = site.get("/repos/acme/website/branches/main").await?;
    assert_eq!(
        (&branch.json["protected"], &branch.json["protection"]["enabled"]),
        (&json!(true), &json!(false))
    );

    let above = json!({
        "name": "everywhere", "enforcement": "active", "rules": [{"type": "non_fast_forward"}],
        "conditions": {
            "ref_name": { "include": ["~ALL"], "exclude": [] },
            "repository_name": { "include": ["web*"], "exclude": [] },
        },
    });
    let above = site.post("/orgs/acme/rulesets", above).await?;
    assert_eq!((above.status, &above.json["source_type"]), (201, &json!("Organization")));
    let main = rules("main").await?;
    assert_eq!(main.each("type"), ["deletion", "pull_request", "non_fast_forward"]);
    assert_eq!(main.json[2]["ruleset_source_type"], "Organization");
    assert_eq!(site.get(PATH).await?.each("source"), ["acme/website", "acme"]);
    assert_eq!(site.get(&format!("{PATH}?includes_parents=false")).await?.each("source"), ["acme/website"]);
    assert_eq!(site.get("/repos/acme/api/rules/branches/main").await?.json, json!([]));
    site.put(&format!("{PATH}/{}", made.json["id"]), json!({"enforcement": "disabled"})).await?;
    assert_eq!(rules("main").await?.each("type"), ["non_fast_forward"]);
    let id = &above.json["id"];
    assert_eq!(site.get(&format!("{PATH}/{id}")).await?.json["name"], "everywhere");
    assert_eq!(site.delete(&format!("{PATH}/{id}")).await?.status, 404, "it is not the repository's");
    assert_eq!(site.delete(&format!("/orgs/acme/rulesets/{id}")).await?.status, 204);
    Ok(())
}

#[tokio::test]
async fn what_does_not_fit_is_refused() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.post(PATH, body()).await?;
    let twice = site.post(PATH, body()).await?;
    assert_eq!((twice.status, &twice.json["errors"]), (422, &json!(["Name must be unique"])));
    let with = |name: &str, value: Value| {
        let mut changed = body();
        changed["name"] = json!("another");
        changed[name] = value;
        changed
    };
    for bad in [
        json!({"name": "x"}),
        json!({"enforcement": "active"}),
        with("enforcement", json!("on")),
        with("enforcement", json!("evaluate")),
        with("target", json!("commit")),
        with("rules", json!([{"type": "be nice"}])),
        with("rules", json!([{"type": "pull_request"}])),
        with("rules", json!([{"type": "max_file_size", "parameters": {}}])),
        with("conditions", json!({"ref_name": {"include": ["main"], "exclude": []}})),
        with("bypass_actors", json!([{"actor_type": "Cat"}])),
    ] {
        assert_eq!(site.post(PATH, bad.clone()).await?.status, 422, "{bad}");
    }
    let unknown = site.post(PATH, with("rules", json!([{"type": "be nice"}]))).await?;
    assert!(unknown.json["message"].as_str().expect("text").contains("/rules/0"));
    assert_eq!(site.get(PATH).await?.each("name"), ["default branch"]);
    let enterprise = Site::of(World::acme().change("acme", |acme| acme.enterprise = true)).await?;
    assert_eq!(enterprise.post(PATH, with("enforcement", json!("evaluate"))).await?.status, 201);
    Ok(())
}
