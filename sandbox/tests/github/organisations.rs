//! What an organisation sets for all, and who works in it beside its members.

use reqwest::Method;
use serde_json::json;

use crate::site::Site;
use hubcommander_sandbox::github::World;

#[tokio::test]
async fn its_settings_are_shown_to_owners_with_the_scope() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo", "admin:org"])
        .token("ghp_small", "hub-bot", &["repo"])
        .change("acme", |acme| {
            acme.second_factor_required = true;
            acme.base_permission = None;
            acme.switches.insert("members_can_delete_repositories".to_owned(), false);
        });
    let site = Site::of(world).await?;
    let acme = site.get("/orgs/acme").await?;
    for (field, value) in [
        ("default_repository_permission", json!("none")),
        ("two_factor_requirement_enabled", json!(true)),
        ("members_can_create_repositories", json!(false)),
        ("members_can_delete_repositories", json!(false)),
        ("members_can_change_repo_visibility", json!(true)),
        ("members_can_fork_private_repositories", json!(false)),
        ("deploy_keys_enabled_for_repositories", json!(true)),
        ("total_private_repos", json!(4)),
    ] {
        assert_eq!(acme.json[field], value, "{field}");
    }
    assert_eq!(acme.json["plan"]["name"], "team");
    for token in ["ghp_ana", "ghp_small"] {
        let seen = site.as_who(token, Method::GET, "/orgs/acme", None).await?;
        assert_eq!(seen.json["login"], "acme");
        assert!(seen.json.get("two_factor_requirement_enabled").is_none(), "{token}");
    }
    Ok(())
}

#[tokio::test]
async fn installed_apps_and_roles_are_listed_for_owners() -> anyhow::Result<()> {
    let world = World::acme()
        .app(77, &[("administration", "write")], None)
        .installed(77, "acme", 501)
        .app(78, &[("contents", "read")], None)
        .installed(78, "acme-oss", 502)
        .token("ghp_ana", "ana-lima", &["repo", "admin:org"]);
    let site = Site::of(world).await?;
    let path = "/orgs/acme/installations";
    let list = site.get(path).await?;
    assert_eq!(list.json["total_count"], 1);
    assert_eq!(list.header("x-accepted-github-permissions"), "organization_administration=read");
    let one = &list.json["installations"][0];
    assert_eq!((&one["id"], &one["app_slug"]), (&json!(501), &json!("app-77")));
    assert_eq!(one["permissions"], json!({"administration": "write"}));
    assert_eq!(site.as_who("ghp_ana", Method::GET, path, None).await?.status, 403);
    let roles = site.get("/orgs/acme/organization-roles").await?;
    assert_eq!(roles.json["roles"][0]["name"], "all_repo_read");
    assert_eq!(site.get("/orgs/acme/custom-repository-roles").await?.json["total_count"], 0);
    Ok(())
}

#[tokio::test]
async fn actions_run_where_repository_and_organisation_let_them() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let (own, all) = ("/repos/acme/website/actions/permissions", "/orgs/acme/actions/permissions");
    let expected = json!({"enabled": true, "allowed_actions": "all", "sha_pinning_required": false});
    assert_eq!(site.get(own).await?.json, expected);
    assert_eq!(site.put(own, json!({"enabled": false})).await?.status, 204);
    assert_eq!(site.get(own).await?.json, json!({"enabled": false}));
    let body = json!({"enabled": true, "allowed_actions": "local_only", "sha_pinning_required": true});
    assert_eq!(site.put(own, body.clone()).await?.status, 204);
    assert_eq!(site.get(own).await?.json, body);
    assert_eq!(site.put(own, json!({"allowed_actions": "all"})).await?.status, 422, "enabled must be said");
    assert_eq!(site.put(own, json!({"enabled": true, "allowed_actions": "some"})).await?.status, 422);

    assert_eq!(site.get(all).await?.json["enabled_repositories"], "all");
    assert_eq!(site.put(all, json!({"enabled_repositories": "selected"})).await?.status, 204);
    assert_eq!(site.get(own).await?.json, json!({"enabled": false}), "not on the list");
    assert_eq!(site.put(own, json!({"enabled": true})).await?.status, 409);
    let id = site.get("/repos/acme/website").await?.json["id"].clone();
    let on_list = format!("{all}/repositories/{id}");
    assert_eq!(site.put(&on_list, json!({})).await?.status, 204);
    let list = site.get(&format!("{all}/repositories")).await?;
    assert_eq!(list.json["repositories"][0]["full_name"], "acme/website");
    assert_eq!(site.put(own, json!({"enabled": true})).await?.status, 204);
    assert_eq!(site.get(own).await?.json["enabled"], true);
    assert_eq!(site.delete(&on_list).await?.status, 204);
    assert_eq!(site.put(&format!("{all}/repositories/1"), json!({})).await?.status, 404);
    assert_eq!(site.put(all, json!({"enabled_repositories": "none"})).await?.status, 204);
    assert_eq!(site.put(&on_list, json!({})).await?.status, 409, "there is no list now");
    assert_eq!(site.put(all, json!({"enabled_repositories": "some"})).await?.status, 422);
    Ok(())
}

#[tokio::test]
async fn weak_second_factors_are_found_among_members() -> anyhow::Result<()> {
    let world = World::acme().without_second_factor("acme", "ana-lima").change("acme", |acme| {
        acme.insecure_second_factor.insert("sam-okafor".to_owned());
    });
    let site = Site::of(world).await?;
    for (filter, expected) in [
        ("2fa_disabled", vec!["ana-lima"]),
        ("2fa_insecure", vec!["sam-okafor"]),
        ("all", vec!["ana-lima", "hub-bot", "sam-okafor"]),
    ] {
        let list = site.get(&format!("/orgs/acme/members?filter={filter}")).await?;
        assert_eq!(list.each("login"), expected, "{filter}");
    }
    Ok(())
}
