//! Who may change what of a repository, and repositories that nobody gets at.

use reqwest::Method;
use serde_json::json;

use crate::site::Site;
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::{Block, Permission, Visibility};

#[tokio::test]
async fn visibility_changes_once_and_by_whom_the_organisation_says() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo", "delete_repo"])
        .team_access("acme", "website", "platform", Permission::Admin)
        .change("acme", |acme| {
            acme.switches.insert("members_can_change_repo_visibility".to_owned(), false);
            acme.switches.insert("members_can_delete_repositories".to_owned(), false);
        });
    let site = Site::of(world).await?;
    let path = "/repos/acme/website";
    let public = || json!({"visibility": "public"});
    let member = site.as_who("ghp_ana", Method::PATCH, path, Some(public())).await?;
    let words = Some("Visibility can't be changed by this user.");
    assert_eq!((member.status, member.json["message"].as_str()), (422, words));
    assert_eq!(site.patch(path, public()).await?.json["visibility"], "public");
    let again = site.patch(path, public()).await?;
    assert_eq!((again.status, again.json["message"].as_str()), (422, Some("Visibility is already public.")));
    assert_eq!(site.patch(path, json!({"private": false})).await?.status, 200);
    let delete = site.as_who("ghp_ana", Method::DELETE, path, None).await?;
    let words = Some("Organization members cannot delete repositories.");
    assert_eq!((delete.status, delete.json["message"].as_str()), (403, words));
    assert_eq!(site.delete(path).await?.status, 204);
    Ok(())
}

#[tokio::test]
async fn repositories_that_nobody_gets_at_say_why() -> anyhow::Result<()> {
    let at = "2026-01-02T03:04:05Z".parse()?;
    let world = World::acme()
        .repository("acme", "taken", move |one| one.blocked = Some(Block::Legal(at)))
        .repository("acme", "off", |one| one.blocked = Some(Block::Disabled))
        .repository("acme", "moving", |one| one.blocked = Some(Block::Migrating));
    let site = Site::of(world).await?;
    let taken = site.get("/repos/acme/taken").await?;
    assert_eq!((taken.status, taken.json["message"].as_str()), (451, Some("Repository access blocked")));
    assert_eq!(taken.json["block"]["reason"], "dmca");
    assert_eq!(taken.json["block"]["created_at"], "2026-01-02T03:04:05Z");
    let off = site.get("/repos/acme/off/topics").await?;
    assert_eq!((off.status, &off.json["block"]["reason"]), (403, &json!("tos")));
    assert_eq!(site.get("/repos/acme/moving").await?.status, 200);
    let change = site.patch("/repos/acme/moving", json!({"description": "x"})).await?;
    let words = Some("Repository has been locked for migration.");
    assert_eq!((change.status, change.json["message"].as_str()), (403, words));
    Ok(())
}

#[tokio::test]
async fn a_token_that_single_sign_on_does_not_know_is_told_where_to_go() -> anyhow::Result<()> {
    let world = World::acme().single_sign_on("acme", &[]).change("acme", |acme| {
        let single_sign_on = acme.single_sign_on.as_mut().expect("just set");
        single_sign_on.without_authorisation.insert("hub-bot".to_owned());
    });
    let site = Site::of(world).await?;
    for path in ["/repos/acme/website", "/orgs/acme", "/orgs/acme/repos"] {
        let reply = site.get(path).await?;
        assert_eq!(reply.status, 403, "{path}");
        assert!(
            reply.json["message"]
                .as_str()
                .expect("text")
                .starts_with("Resource protected by organization SAML")
        );
        let page = format!("required; url={}/orgs/acme/sso", site.github.url());
        assert!(reply.header("x-github-sso").starts_with(&page), "{path}");
    }
    assert_eq!(site.get("/repos/acme-oss/sdk").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_number_leads_to_a_repository_under_any_name() -> anyhow::Result<()> {
    let site = Site::of(World::acme().token("ghp_gus", "gus-vega", &["repo"])).await?;
    let id = site.get("/repos/acme/api").await?.json["id"].clone();
    let path = format!("/repositories/{id}");
    site.patch("/repos/acme/api", json!({"name": "core"})).await?;
    assert_eq!(site.get(&path).await?.json["full_name"], "acme/core");
    assert_eq!(site.patch(&path, json!({"archived": true})).await?.json["archived"], true);
    let former = site.delete("/repos/acme/api").await?;
    assert_eq!(
        (former.status, former.header("location")),
        (307, format!("{}{path}", site.github.url()).as_str())
    );
    let hidden = site.as_who("ghp_gus", Method::GET, &path, None).await?;
    assert_eq!(hidden.status, 404);
    assert_eq!(site.delete(&path).await?.status, 204, "archived ones can be deleted");
    assert_eq!(site.get(&path).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_list_is_of_the_kind_that_was_asked_for() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo"])
        .token("ghp_gus", "gus-vega", &["repo"])
        .change("acme", |acme| acme.enterprise = true)
        .repository("acme", "open", |one| one.visibility = Visibility::Public)
        .repository("acme", "shared", |one| one.visibility = Visibility::Internal);
    let site = Site::of(world).await?;
    let list = |token: &'static str, query: &str| {
        let (site, path) = (&site, format!("/orgs/acme/repos?sort=full_name{query}"));
        async move {
            let reply = site.as_who(token, Method::GET, &path, None).await?;
            anyhow::Ok(reply.each("name").into_iter().map(str::to_owned).collect::<Vec<_>>())
        }
    };
    let all = ["api", "new-name", "open", "shared", "templates", "website"];
    for (query, expected) in [
        ("", &all[..]),
        ("&type=sources", &all[..]),
        ("&type=public", &["open"][..]),
        ("&type=internal", &["shared"][..]),
        ("&type=private", &["api", "new-name", "templates", "website"][..]),
        ("&type=forks", &[][..]),
        ("&direction=desc&per_page=2", &["website", "templates"][..]),
        ("&per_page=2&page=3", &["templates", "website"][..]),
    ] {
        assert_eq!(list("ghp_sandbox", query).await?, expected, "{query}");
    }
    assert_eq!(list("ghp_gus", "").await?, ["open", "website"]);
    assert_eq!(list("ghp_gus", "&type=member").await?, ["website"], "not what everyone may read");
    assert_eq!(list("ghp_ana", "&type=member").await?, all);
    Ok(())
}
