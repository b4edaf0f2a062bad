//! Repositories: create, from a template, read, change, rename, delete; topics and branches.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::faults::{Fault, When};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::Permission;

fn only_error(json: &Value) -> &Value {
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(1), "{json}");
    &json["errors"][0]
}

#[tokio::test]
async fn a_repository_is_created_as_asked() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let body = json!({
        "name": "my new  widgets!", "private": true, "description": " About widgets ",
        "homepage": "https://acme.example", "has_wiki": false,
    });
    let made = site.post("/orgs/ACME/repos", body).await?;
    assert_eq!(made.status, 201);
    assert_eq!(made.json["full_name"], "acme/my-new-widgets-");
    assert_eq!(made.header("location"), made.json["url"].as_str().expect("text"));
    assert_eq!(made.header("x-accepted-github-permissions"), "administration=write");
    for (field, value) in [
        ("private", json!(true)),
        ("visibility", json!("private")),
        ("description", json!("About widgets")),
        ("homepage", json!("https://acme.example")),
        ("has_wiki", json!(false)),
        ("has_issues", json!(true)),
        ("default_branch", json!("main")),
        ("created_at", json!("2026-11-24T10:00:00Z")),
        ("topics", json!([])),
    ] {
        assert_eq!(made.json[field], value, "{field}");
    }
    assert_eq!(made.json["permissions"]["admin"], true);
    assert_eq!(made.json["owner"]["type"], "Organization");
    let read = site.get("/repos/acme/my-new-widgets-").await?;
    assert_eq!(read.json, made.json);
    assert_eq!(site.get("/repos/acme/my-new-widgets-/branches").await?.json, json!([]));
    let state = site.github.state();
    let found = state.repository("acme", "my-new-widgets-").expect("it is there");
    assert_eq!(found.collaborators.get("hub-bot"), Some(&Permission::Admin));
    Ok(())
}

#[tokio::test]
async fn a_name_that_exists_is_refused_in_any_case() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let before = site.github.snapshot();
    let reply = site.post("/orgs/acme/repos", json!({"name": "WebSite"})).await?;
    assert_eq!((reply.status, reply.json["message"].as_str()), (422, Some("Repository creation failed.")));
    let expected = json!({
        "resource": "Repository", "code": "custom", "field": "name",
        "message": "name already exists on this account",
    });
    assert_eq!(only_error(&reply.json), &expected);
    assert_eq!(site.github.snapshot(), before);
    Ok(())
}

#[tokio::test]
async fn bad_names_and_descriptions_are_refused() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    for (body, field) in [
        (json!({"name": ".."}), "name"),
        (json!({"name": "a.git"}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "a".repeat(101)}), "name"),
        (json!({"name": "x", "description": "a".repeat(351)}), "description"),
        (json!({"name": "x", "description": "a\u{7}b"}), "description"),
        (json!({"name": "x", "visibility": "internal"}), "visibility"),
        (json!({"name": "x", "team_id": 1}), "team_id"),
    ] {
        let reply = site.post("/orgs/acme/repos", body.clone()).await?;
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(only_error(&reply.json)["field"], field, "{body}");
    }
    assert_eq!(site.post("/orgs/acme/repos", json!({"name": "ünï codé"})).await?.json["name"], "-n-cod-");
    Ok(())
}

#[tokio::test]
async fn the_first_commit_and_the_organisations_branch() -> anyhow::Result<()> {
    let world = World::acme().change("acme", |acme| acme.default_branch = "trunk".to_owned());
    let site = Site::of(world).await?;
    let empty = site.post("/orgs/acme/repos", json!({"name": "empty"})).await?;
    assert_eq!(empty.json["default_branch"], "trunk");
    assert_eq!(empty.json["visibility"], "public", "as GitHub has it when nothing is said");
    assert_eq!(site.get("/repos/acme/empty/branches/trunk").await?.status, 404);
    let refused = site.patch("/repos/acme/empty", json!({"default_branch": "dev"})).await?;
    assert_eq!(refused.status, 422);
    assert!(only_error(&refused.json)["message"].as_str().expect("text").contains("empty repository"));
    site.post("/orgs/acme/repos", json!({"name": "full", "auto_init": true})).await?;
    let branch = site.get("/repos/acme/full/branches/trunk").await?;
    assert_eq!(branch.status, 200);
    assert_eq!(branch.json["commit"]["sha"].as_str().map(str::len), Some(40));
    let unknown = site.patch("/repos/acme/full", json!({"default_branch": "dev"})).await?;
    assert_eq!((unknown.status, &only_error(&unknown.json)["field"]), (422, &json!("default_branch")));
    Ok(())
}

#[tokio::test]
async fn a_branch_is_renamed_and_found_by_its_former_name() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let renamed =
        site.post("/repos/acme/website/branches/main/rename", json!({"new_name": "feature/x"})).await?;
    assert_eq!((renamed.status, renamed.json["name"].as_str()), (201, Some("feature/x")));
    assert_eq!(site.get("/repos/acme/website").await?.json["default_branch"], "feature/x");
    assert_eq!(site.get("/repos/acme/website/branches/feature%2Fx").await?.status, 200);
    assert_eq!(site.get("/repos/acme/website/branches/feature/x").await?.status, 200);
    let former = site.get("/repos/acme/website/branches/main").await?;
    assert_eq!(former.status, 301);
    assert!(former.header("location").ends_with("/branches/feature/x"));
    for (new_name, status) in [("a..b", 422), ("", 422), ("a b", 422), ("ok", 201)] {
        let path = "/repos/acme/website/branches/feature%2Fx/rename";
        assert_eq!(site.post(path, json!({ "new_name": new_name })).await?.status, status, "{new_name}");
    }
    let path = "/repos/acme/website/branches/nothing/rename";
    assert_eq!(site.post(path, json!({"new_name": "y"})).await?.status, 404);
    assert_eq!(site.get("/repos/acme/website/branches/nothing").await?.json["message"], "Branch not found");
    Ok(())
}

#[tokio::test]
async fn changing_changes_what_is_named_and_nothing_when_refused() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.clock.turn(TimeDelta::minutes(5));
    let body = json!({"description": "Shop", "homepage": "https://a.example", "visibility": "public"});
    let changed = site.patch("/repos/acme/website", body).await?;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json["description"], "Shop");
    assert_eq!(changed.json["private"], false);
    assert_eq!(changed.json["topics"], json!(["web", "marketing"]));
    assert_eq!(changed.json["updated_at"], "2026-11-24T10:05:00Z");
    let cleared = site.patch("/repos/acme/website", json!({"description": null, "homepage": ""})).await?;
    assert_eq!((&cleared.json["description"], &cleared.json["homepage"]), (&Value::Null, &Value::Null));
    let before = site.github.snapshot();
    let body = json!({"description": "Never", "name": "shop", "default_branch": "nothing"});
    assert_eq!(site.patch("/repos/acme/website", body).await?.status, 422);
    assert_eq!(site.patch("/repos/acme/website", json!({"name": "api"})).await?.status, 422);
    assert_eq!(site.github.snapshot(), before);
    Ok(())
}

#[tokio::test]
async fn an_archived_repository_is_read_only_until_unarchived() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    assert_eq!(site.patch("/repos/acme/api", json!({"archived": true})).await?.json["archived"], true);
    for reply in [
        site.patch("/repos/acme/api", json!({"description": "x"})).await?,
        site.put("/repos/acme/api/topics", json!({"names": []})).await?,
        site.put("/orgs/acme/teams/bots/repos/acme/api", json!({"permission": "pull"})).await?,
        site.post("/repos/acme/api/branches/main/rename", json!({"new_name": "x"})).await?,
    ] {
        assert_eq!(reply.status, 403);
        assert_eq!(reply.json["message"], "Repository was archived so is read-only.");
    }
    assert_eq!(site.get("/repos/acme/api").await?.status, 200);
    assert_eq!(site.patch("/repos/acme/api", json!({"archived": false})).await?.json["archived"], false);
    assert_eq!(site.patch("/repos/acme/api", json!({"description": "x"})).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_former_name_redirects_and_never_acts() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let id = site.get("/repos/acme/new-name").await?.json["id"].clone();
    let address = format!("{}/repositories/{id}", site.github.url());
    let before = site.github.snapshot();
    for (method, path, status, to) in [
        (Method::GET, "/repos/acme/old-name", 301, address.clone()),
        (Method::GET, "/repos/ACME/Old-Name/topics", 301, format!("{address}/topics")),
        (Method::PATCH, "/repos/acme/old-name", 307, address.clone()),
        (Method::PUT, "/repos/acme/old-name/topics", 307, format!("{address}/topics")),
        (Method::DELETE, "/repos/acme/old-name", 307, address.clone()),
        (Method::POST, "/repos/acme/old-name/generate", 307, format!("{address}/generate")),
    ] {
        let reply = site.as_who("ghp_sandbox", method.clone(), path, Some(json!({"name": "z"}))).await?;
        assert_eq!(reply.status, status, "{method} {path}");
        assert_eq!(reply.header("location"), to);
        assert_eq!((&reply.json["message"], &reply.json["url"]), (&json!("Moved Permanently"), &json!(to)));
    }
    assert_eq!(site.github.snapshot(), before);
    // Who cannot see it learns nothing.
    let hidden = crate::site::read(site.ask(Method::GET, "/repos/acme/old-name")).await?;
    assert_eq!(hidden.status, 404);
    // A new repository takes the name over.
    assert_eq!(site.post("/orgs/acme/repos", json!({"name": "old-name"})).await?.status, 201);
    assert_ne!(site.get("/repos/acme/old-name").await?.json["id"], id);
    Ok(())
}

#[tokio::test]
async fn renaming_leaves_a_redirect_and_back_again_removes_it() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let renamed = site.patch("/repos/acme/website", json!({"name": "web site"})).await?;
    assert_eq!(renamed.json["full_name"], "acme/web-site");
    assert_eq!(site.get("/repos/acme/website").await?.status, 301);
    site.patch("/repos/acme/web-site", json!({"name": "Website"})).await?;
    assert_eq!(site.get("/repos/acme/website").await?.json["name"], "Website");
    assert_eq!(site.get("/repos/acme/web-site").await?.status, 301);
    assert_eq!(site.delete("/repos/acme/website").await?.status, 204);
    assert_eq!(site.get("/repos/acme/web-site").await?.status, 404);
    assert_eq!(site.delete("/repos/acme/website").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn who_lacks_the_right_is_refused_and_who_cannot_see_is_told_nothing() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo", "delete_repo"])
        .token("ghp_gus", "gus-vega", &["repo"])
        .token("ghp_small", "hub-bot", &["repo"])
        .token("ghp_none", "hub-bot", &[]);
    let site = Site::of(world).await?;
    let new = || Some(json!({"name": "x"}));
    let create = site.as_who("ghp_ana", Method::POST, "/orgs/acme/repos", new()).await?;
    assert_eq!(create.status, 403);
    assert!(create.json["message"].as_str().expect("text").contains("admin access to the organization"));
    let delete = site.as_who("ghp_ana", Method::DELETE, "/repos/acme/website", None).await?;
    assert_eq!(
        (delete.status, delete.json["message"].as_str()),
        (403, Some("Must have admin rights to Repository."))
    );
    let change = site.as_who("ghp_ana", Method::PATCH, "/repos/acme/website", new()).await?;
    assert_eq!(change.status, 403);
    assert_eq!(site.as_who("ghp_gus", Method::GET, "/repos/acme/website", None).await?.status, 200);
    assert_eq!(site.as_who("ghp_gus", Method::GET, "/repos/acme/api", None).await?.status, 404);
    assert_eq!(site.as_who("ghp_gus", Method::DELETE, "/repos/acme/api", None).await?.status, 404);
    assert_eq!(site.as_who("ghp_small", Method::DELETE, "/repos/acme/api", None).await?.status, 403);
    assert_eq!(site.as_who("ghp_none", Method::GET, "/repos/acme/api", None).await?.status, 404);
    assert_eq!(site.post("/orgs/nobody/repos", json!({"name": "x"})).await?.status, 404);
    assert_eq!(crate::site::read(site.ask(Method::POST, "/orgs/acme/repos").json(&new())).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn a_template_makes_repositories() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let path = "/repos/acme/templates/generate";
    let made = site.post(path, json!({"owner": "acme", "name": "svc", "private": true})).await?;
    assert_eq!((made.status, made.json["full_name"].as_str()), (201, Some("acme/svc")));
    assert_eq!(made.json["template_repository"]["full_name"], "acme/templates");
    assert_eq!(made.json["visibility"], "private");
    assert_eq!(site.get("/repos/acme/svc/branches").await?.each("name"), ["main"]);
    assert_eq!(site.post(path, json!({"owner": "acme", "name": "svc"})).await?.status, 422);
    assert_eq!(site.post(path, json!({"owner": "nobody", "name": "y"})).await?.status, 404);
    let plain = "/repos/acme/website/generate";
    assert_eq!(site.post(plain, json!({"owner": "acme", "name": "y"})).await?.status, 422);
    let own = site.post(path, json!({"name": "mine"})).await?;
    assert_eq!(own.json["full_name"], "hub-bot/mine");
    assert_eq!(own.json["owner"]["type"], "User");
    Ok(())
}

#[tokio::test]
async fn topics_are_replaced_as_a_whole_in_lower_case() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let path = "/repos/acme/website/topics";
    let reply = site.put(path, json!({"names": ["Rust", "chat-ops", "rust"]})).await?;
    assert_eq!((reply.status, &reply.json["names"]), (200, &json!(["rust", "chat-ops"])));
    for names in [
        json!(["-x"]),
        json!(["a b"]),
        json!(["a".repeat(51)]),
        json!((0..21).map(|n| n.to_string()).collect::<Vec<_>>()),
    ] {
        assert_eq!(site.put(path, json!({"names": names})).await?.status, 422, "{names}");
    }
    assert_eq!(site.put(path, json!({})).await?.status, 422);
    assert_eq!(site.get(path).await?.json, json!({"names": ["rust", "chat-ops"]}));
    Ok(())
}

#[tokio::test]
async fn two_worlds_that_did_the_same_have_the_same_snapshot() -> anyhow::Result<()> {
    let (one, other) = (Site::acme().await?, Site::acme().await?);
    one.post("/orgs/acme/repos", json!({"name": "gone"})).await?;
    one.delete("/repos/acme/gone").await?;
    one.clock.turn(TimeDelta::hours(3));
    for site in [&one, &other] {
        site.post("/orgs/acme/repos", json!({"name": "widgets", "auto_init": true})).await?;
        site.put("/orgs/acme/teams/employees/repos/acme/widgets", json!({"permission": "push"})).await?;
    }
    assert_eq!(one.github.snapshot(), other.github.snapshot());
    assert_eq!(one.github.snapshot()["repositories"]["acme/widgets"]["teams"], json!({"employees": "push"}));
    other.put("/orgs/acme/teams/bots/repos/acme/widgets", json!({"permission": "pull"})).await?;
    assert_ne!(one.github.snapshot(), other.github.snapshot());
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_leaves_a_repository_behind() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.github.faults().add(When::post("/orgs/*/repos"), Fault::LostAnswer);
    assert!(site.post("/orgs/acme/repos", json!({"name": "widgets"})).await.is_err());
    assert_eq!(site.get("/repos/acme/widgets").await?.status, 200);
    assert_eq!(site.post("/orgs/acme/repos", json!({"name": "widgets"})).await?.status, 422);
    Ok(())
}
