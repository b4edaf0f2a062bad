//! Classic protection of branches.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::github::World;

const PATH: &str = "/repos/acme/website/branches/main/protection";

/// The least that must be said.
fn least() -> Value {
    json!({
        "required_status_checks": null, "enforce_admins": null,
        "required_pull_request_reviews": null, "restrictions": null,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = least();
    body[name] = value;
    body
}

#[tokio::test]
async fn a_branch_is_protected_in_full_and_unprotected() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let absent = site.get(PATH).await?;
    assert_eq!((absent.status, absent.json["message"].as_str()), (404, Some("Branch not protected")));
    assert_eq!(site.get("/repos/acme/website/branches/main").await?.json["protected"], false);
    let body = json!({
        "required_status_checks": { "strict": true, "checks": [{"context": "ci"}, {"context": "scan", "app_id": 5}] },
        "enforce_admins": true,
        "required_pull_request_reviews": {
            "required_approving_review_count": 2, "dismiss_stale_reviews": true,
            "dismissal_restrictions": { "users": ["Ana-Lima"], "teams": ["employees"] },
        },
        "restrictions": { "users": [], "teams": ["employees", "bots", "nothing"] },
        "required_linear_history": true,
    });
    let set = site.put(PATH, body).await?;
    assert_eq!(set.status, 200);
    assert_eq!(set.header("x-accepted-github-permissions"), "administration=write");
    let got = site.get(PATH).await?;
    assert_eq!(got.json, set.json);
    let url = format!("{}{PATH}", site.github.url());
    assert_eq!(got.json["url"], url);
    assert_eq!(got.json["enforce_admins"], json!({"url": format!("{url}/enforce_admins"), "enabled": true}));
    let checks = &got.json["required_status_checks"];
    assert_eq!((&checks["strict"], &checks["contexts"]), (&json!(true), &json!(["ci", "scan"])));
    assert_eq!(checks["checks"][1], json!({"context": "scan", "app_id": 5}));
    let reviews = &got.json["required_pull_request_reviews"];
    assert_eq!(reviews["required_approving_review_count"], 2);
    assert_eq!(reviews["require_code_owner_reviews"], false);
    assert_eq!(reviews["dismissal_restrictions"]["users"][0]["login"], "ana-lima");
    let teams = got.json["restrictions"]["teams"].as_array().expect("a list");
    assert_eq!(teams.len(), 1, "who may not push is left out: {teams:?}");
    for (name, on) in
        [("required_linear_history", true), ("allow_force_pushes", false), ("lock_branch", false)]
    {
        assert_eq!(got.json[name], json!({ "enabled": on }), "{name}");
    }
    let branch = site.get("/repos/acme/website/branches/main").await?;
    assert_eq!(branch.json["protected"], true);
    assert_eq!(branch.json["protection"]["required_status_checks"]["enforcement_level"], "everyone");
    assert_eq!(site.get("/repos/acme/website/branches?protected=true").await?.each("name"), ["main"]);

    let anew = site.put(PATH, least()).await?;
    assert!(anew.json.get("required_status_checks").is_none() && anew.json.get("restrictions").is_none());
    assert_eq!(anew.json["required_linear_history"], json!({"enabled": false}), "what is not said is off");
    assert_eq!(site.delete(PATH).await?.status, 204);
    assert_eq!(site.delete(PATH).await?.json["message"], "Branch not protected");
    Ok(())
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let before = site.github.snapshot();
    let refused = |body: Value| {
        let site = &site;
        async move {
            let reply = site.put(PATH, body).await?;
            anyhow::ensure!(reply.status == 422, "{}", reply.text);
            anyhow::Ok(reply.json["message"].as_str().unwrap_or_default().to_owned())
        }
    };
    let one = refused(json!({"required_status_checks": null, "enforce_admins": null, "restrictions": null}))
        .await?;
    assert_eq!(one, "Invalid request.\n\n\"required_pull_request_reviews\" wasn't supplied.");
    let two = refused(json!({"required_status_checks": null, "enforce_admins": true})).await?;
    assert_eq!(
        two,
        "Invalid request.\n\n\"required_pull_request_reviews\", \"restrictions\" weren't supplied."
    );
    for (name, value) in [
        ("required_status_checks", json!({"contexts": []})),
        ("required_status_checks", json!({"strict": true})),
        ("required_status_checks", json!({"strict": true, "contexts": ["a"], "checks": [{"context": "a"}]})),
        ("required_status_checks", json!({"strict": true, "contexts": [], "checks": [{"context": "a"}]})),
        ("required_pull_request_reviews", json!({"required_approving_review_count": 7})),
        ("restrictions", json!({"users": []})),
        ("restrictions", json!({"users": vec!["ana-lima"; 101], "teams": []})),
        ("enforce_admins", json!("yes")),
    ] {
        refused(with(name, value)).await?;
    }
    let nowhere = site.put("/repos/acme/website/branches/dev/protection", least()).await?;
    assert_eq!((nowhere.status, nowhere.json["message"].as_str()), (404, Some("Branch not found")));
    let own = Site::of(World::acme().repository("hub-bot", "mine", |_| ())).await?;
    let path = "/repos/hub-bot/mine/branches/main/protection";
    let refused = own.put(path, with("restrictions", json!({"users": [], "teams": []}))).await?;
    assert_eq!(
        refused.json["errors"],
        json!(["Only organization repositories can have users and team restrictions"])
    );
    assert_eq!(site.github.snapshot(), before);
    Ok(())
}

#[tokio::test]
async fn signatures_and_administrators_have_addresses_of_their_own() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let signatures = format!("{PATH}/required_signatures");
    assert_eq!(site.get(&signatures).await?.status, 404);
    site.put(PATH, least()).await?;
    assert_eq!(site.get(&signatures).await?.json["enabled"], false);
    assert_eq!(site.post(&signatures, json!({})).await?.json["enabled"], true);
    let kept = site.put(PATH, least()).await?;
    assert_eq!(kept.json["required_signatures"]["enabled"], true, "the whole anew leaves it alone");
    assert_eq!(site.delete(&signatures).await?.status, 204);
    let admins = format!("{PATH}/enforce_admins");
    assert_eq!(site.post(&admins, json!({})).await?.json["enabled"], true);
    assert_eq!(site.delete(&admins).await?.status, 204);
    let got = site.get(PATH).await?;
    assert_eq!(got.json["enforce_admins"]["enabled"], false);
    site.post("/repos/acme/website/branches/main/rename", json!({"new_name": "feature/x"})).await?;
    assert_eq!(
        site.get("/repos/acme/website/branches/feature/x/protection").await?.status,
        200,
        "it goes along"
    );
    Ok(())
}

#[tokio::test]
async fn protection_is_for_administrators_and_where_it_is_paid_for() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo"])
        .change("acme-oss", |oss| oss.free_plan = true)
        .repository("acme-oss", "hidden", |_| ());
    let site = Site::of(world).await?;
    assert_eq!(site.as_who("ghp_ana", Method::GET, PATH, None).await?.status, 404);
    assert_eq!(site.as_who("ghp_ana", Method::PUT, PATH, Some(least())).await?.status, 403);
    let unpaid = site.put("/repos/acme-oss/hidden/branches/main/protection", least()).await?;
    assert_eq!(unpaid.status, 403);
    assert!(unpaid.json["message"].as_str().expect("text").starts_with("Upgrade to GitHub Pro"));
    assert_eq!(site.put("/repos/acme-oss/sdk/branches/main/protection", least()).await?.status, 200);
    site.patch("/repos/acme/website", json!({"archived": true})).await?;
    assert_eq!(site.put(PATH, least()).await?.status, 403);
    Ok(())
}
