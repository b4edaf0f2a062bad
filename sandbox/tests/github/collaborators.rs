//! Adding people to repositories, and the invitations that come of it.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::Permission;

const LIN: &str = "/repos/acme/website/collaborators/lin-park";

fn world() -> World {
    World::acme().token("ghp_lin", "lin-park", &["repo"]).token("ghp_ana", "ana-lima", &["repo"])
}

#[tokio::test]
async fn an_outsider_is_invited_and_has_nothing_until_they_accept() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let sent = site.put(LIN, json!({"permission": "maintain"})).await?;
    assert_eq!(sent.status, 201);
    assert_eq!(sent.header("x-accepted-github-permissions"), "administration=write");
    assert_eq!(sent.json["invitee"]["login"], "lin-park");
    assert_eq!(sent.json["inviter"]["login"], "hub-bot");
    assert_eq!(sent.json["repository"]["full_name"], "acme/website");
    assert_eq!(
        (&sent.json["permissions"], &sent.json["expired"], &sent.json["created_at"]),
        (&json!("maintain"), &json!(false), &json!("2026-11-24T10:00:00Z"))
    );
    assert_eq!(site.get(LIN).await?.status, 404);
    let level = site.get(&format!("{LIN}/permission")).await?;
    assert_eq!(level.json["permission"], "none");
    let outside = "/repos/acme/website/collaborators?affiliation=outside";
    assert_eq!(site.get(outside).await?.each("login"), ["gus-vega"]);

    let lin = |method: Method, path: String| {
        let site = &site;
        async move { site.as_who("ghp_lin", method, &path, None).await }
    };
    let waiting = lin(Method::GET, "/user/repository_invitations".to_owned()).await?;
    let mine: Vec<&Value> = waiting.json.as_array().expect("a list").iter().collect();
    assert_eq!(mine.len(), 2, "this one and that of the beginning: {mine:?}");
    let own = format!("/user/repository_invitations/{}", sent.json["id"]);
    let other = site.as_who("ghp_ana", Method::PATCH, &own, None).await?;
    assert_eq!(other.status, 404, "nobody accepts for somebody else");
    assert_eq!(lin(Method::PATCH, own.clone()).await?.status, 204);
    assert_eq!(lin(Method::PATCH, own).await?.status, 404);

    assert_eq!(site.get(LIN).await?.status, 204);
    let level = site.get(&format!("{LIN}/permission")).await?;
    assert_eq!((&level.json["permission"], &level.json["role_name"]), (&json!("write"), &json!("maintain")));
    assert_eq!(site.get(outside).await?.each("role_name"), ["read", "maintain"]);
    assert_eq!(site.get("/orgs/acme/outside_collaborators").await?.each("login"), ["gus-vega", "lin-park"]);
    assert_eq!(site.get("/repos/acme/website/invitations").await?.json, json!([]));
    Ok(())
}

#[tokio::test]
async fn who_is_known_here_gets_the_level_at_once() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let put = |login: &str, permission: &str| {
        let (site, path) = (&site, format!("/repos/acme/new-name/collaborators/{login}"));
        let body = json!({ "permission": permission });
        async move { site.put(&path, body).await }
    };
    assert_eq!(put("Ana-Lima", "push").await?.status, 204, "a member");
    assert_eq!(put("ana-lima", "admin").await?.status, 204, "another level");
    let direct = "/repos/acme/new-name/collaborators?affiliation=direct";
    let list = site.get(direct).await?;
    assert_eq!((list.each("login"), list.each("role_name")), (vec!["ana-lima"], vec!["admin"]));
    let gus = "/repos/acme/website/collaborators/gus-vega";
    assert_eq!(site.put(gus, json!({})).await?.status, 204, "already there, now with the usual level");
    let role = site.get(&format!("{gus}/permission")).await?;
    assert_eq!(role.json["role_name"], "write");

    let below = put("hub-bot", "push").await?;
    let words = below.json["message"].as_str().expect("text");
    assert_eq!((below.status, words), (422, "Cannot assign hub-bot permission of write"));
    for (login, permission, status) in [("ana-lima", "owner", 422), ("nobody", "pull", 404)] {
        assert_eq!(put(login, permission).await?.status, status, "{login}");
    }
    let ana = site.as_who("ghp_ana", Method::PUT, gus, Some(json!({"permission": "admin"}))).await?;
    assert_eq!(
        (ana.status, ana.json["message"].as_str()),
        (403, Some("Must have admin rights to Repository."))
    );
    Ok(())
}

#[tokio::test]
async fn an_invitation_is_listed_changed_repeated_and_cancelled() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let sent = site.put(LIN, json!({"permission": "pull"})).await?;
    let again = site.put(LIN, json!({"permission": "triage"})).await?;
    assert_eq!((again.status, &again.json["id"]), (201, &sent.json["id"]), "the same one, changed");
    let list = site.get("/repos/acme/website/invitations").await?;
    assert_eq!(list.each("permissions"), ["triage"]);
    let path = format!("/repos/acme/website/invitations/{}", sent.json["id"]);
    let changed = site.patch(&path, json!({"permissions": "admin"})).await?;
    assert_eq!((changed.status, &changed.json["permissions"]), (200, &json!("admin")));
    assert_eq!(site.patch(&path, json!({"permissions": "push"})).await?.status, 422, "it is write here");
    let seen = site.as_who("ghp_ana", Method::GET, "/repos/acme/website/invitations", None).await?;
    assert_eq!(seen.status, 404, "for administrators only");
    assert_eq!(site.delete(LIN).await?.status, 404, "an invitation is not a collaborator");
    assert_eq!(site.delete(&path).await?.status, 204);
    assert_eq!(site.delete(&path).await?.status, 404);
    assert_eq!(site.get("/repos/acme/website/invitations").await?.json, json!([]));
    Ok(())
}

#[tokio::test]
async fn after_a_week_an_invitation_is_void() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let sent = site.put(LIN, json!({})).await?;
    site.clock.turn(TimeDelta::days(7));
    let list = site.get("/repos/acme/website/invitations").await?;
    assert_eq!(list.json[0]["expired"], true);
    let own = format!("/user/repository_invitations/{}", sent.json["id"]);
    assert_eq!(site.as_who("ghp_lin", Method::PATCH, &own, None).await?.status, 404);
    let anew = site.put(LIN, json!({})).await?;
    assert_ne!(anew.json["id"], sent.json["id"]);
    assert_eq!(site.get("/repos/acme/website/invitations").await?.json.as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_collaborator_is_removed_and_archived_repositories_change_nobody() -> anyhow::Result<()> {
    let site = Site::of(world().collaborator("acme", "website", "lin-park", Permission::Push)).await?;
    assert_eq!(site.as_who("ghp_lin", Method::DELETE, LIN, None).await?.status, 204, "one may leave");
    assert_eq!(site.get(LIN).await?.status, 404);
    let gus = "/repos/acme/website/collaborators/gus-vega";
    site.patch("/repos/acme/website", json!({"archived": true})).await?;
    for reply in [site.delete(gus).await?, site.put(LIN, json!({})).await?] {
        assert_eq!(reply.json["message"], "Repository was archived so is read-only.");
        assert_eq!(reply.status, 403);
    }
    site.patch("/repos/acme/website", json!({"archived": false})).await?;
    assert_eq!(site.delete(gus).await?.status, 204);
    assert_eq!(site.delete(gus).await?.status, 404);
    assert_eq!(site.get("/orgs/acme/outside_collaborators").await?.json, json!([]));
    Ok(())
}

#[tokio::test]
async fn fifty_invitations_a_day_are_enough() -> anyhow::Result<()> {
    let people: Vec<String> = (0..51).map(|number| format!("person-{number}")).collect();
    let world = people.iter().fold(World::acme(), |world, login| world.user(login, login, None));
    let site = Site::of(world).await?;
    let path = |login: &String| format!("/repos/acme/website/collaborators/{login}");
    for login in &people[..50] {
        assert_eq!(site.put(&path(login), json!({})).await?.status, 201);
    }
    assert_eq!(site.put(&path(&people[50]), json!({})).await?.status, 403);
    assert_eq!(site.put("/repos/acme/website/collaborators/ana-lima", json!({})).await?.status, 204);
    site.clock.turn(TimeDelta::hours(25));
    assert_eq!(site.put(&path(&people[50]), json!({})).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn roles_that_the_organisation_made_are_given_and_named() -> anyhow::Result<()> {
    let world = world().custom_role("acme", "security-engineer", Permission::Maintain).collaborator_in_role(
        "acme",
        "api",
        "gus-vega",
        "security-engineer",
    );
    let site = Site::of(world).await?;
    let roles = site.get("/orgs/acme/custom-repository-roles").await?;
    assert_eq!(roles.json["total_count"], 1);
    assert_eq!(roles.json["custom_roles"][0]["name"], "security-engineer");
    assert_eq!(roles.json["custom_roles"][0]["base_role"], "maintain");
    let level = site.get("/repos/acme/api/collaborators/gus-vega/permission").await?;
    assert_eq!(
        (&level.json["permission"], &level.json["role_name"]),
        (&json!("write"), &json!("security-engineer"))
    );
    let sam = "/repos/acme/website/collaborators/sam-okafor";
    assert_eq!(site.put(sam, json!({"permission": "security-engineer"})).await?.status, 204);
    let role = site.get(&format!("{sam}/permission")).await?;
    assert_eq!(role.json["role_name"], "security-engineer");
    assert_eq!(site.put(sam, json!({"permission": "maintain"})).await?.status, 204);
    assert_eq!(site.get(&format!("{sam}/permission")).await?.json["role_name"], "maintain");
    let team = "/orgs/acme/teams/security/repos/acme/website";
    assert_eq!(site.put(team, json!({"permission": "security-engineer"})).await?.status, 204);
    let teams = site.get("/repos/acme/website/teams").await?;
    let security = teams.json.as_array().and_then(|all| all.iter().find(|one| one["slug"] == "security"));
    assert_eq!(security.expect("the team")["permission"], "security-engineer");
    let listed = site.get("/orgs/acme/teams/security/repos").await?;
    assert_eq!(listed.each("role_name"), ["security-engineer"]);
    Ok(())
}

#[tokio::test]
async fn an_organisation_can_keep_inviting_to_its_owners() -> anyhow::Result<()> {
    let world =
        world().team_access("acme", "website", "platform", Permission::Admin).change("acme", |acme| {
            acme.switches.insert("members_can_invite_outside_collaborators".to_owned(), false);
        });
    let site = Site::of(world).await?;
    assert_eq!(site.as_who("ghp_ana", Method::PUT, LIN, Some(json!({}))).await?.status, 403);
    assert_eq!(site.put(LIN, json!({})).await?.status, 201);
    Ok(())
}
