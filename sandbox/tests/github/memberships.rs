//! Joining an organisation and its teams, and leaving them.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;
use hubcommander_sandbox::github::World;

const LIN: &str = "/orgs/acme/memberships/lin-park";

fn world() -> World {
    World::acme()
        .token("ghp_lin", "lin-park", &["repo"])
        .token("ghp_ana", "ana-lima", &["repo", "admin:org"])
        .token("ghp_small", "hub-bot", &["repo"])
}

fn only_error(json: &Value) -> &Value {
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(1), "{json}");
    &json["errors"][0]
}

#[tokio::test]
async fn a_stranger_is_invited_and_becomes_a_member_by_accepting() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let sent = site.put(LIN, json!({"role": "admin"})).await?;
    assert_eq!(sent.header("x-accepted-github-permissions"), "members=write");
    assert_eq!(
        (sent.status, &sent.json["state"], &sent.json["role"]),
        (200, &json!("pending"), &json!("admin"))
    );
    let list = site.get("/orgs/acme/invitations").await?;
    assert_eq!((list.each("login"), list.each("role")), (vec!["lin-park"], vec!["admin"]));
    assert_eq!(site.get("/orgs/acme/members/lin-park").await?.status, 404);
    let lesser = site.put(LIN, json!({})).await?;
    assert_eq!((&lesser.json["state"], &lesser.json["role"]), (&json!("pending"), &json!("member")));
    assert_eq!(site.get("/orgs/acme/invitations").await?.each("role"), ["direct_member"]);
    let own = "/user/memberships/orgs/acme";
    let accept = || Some(json!({"state": "active"}));
    assert_eq!(site.as_who("ghp_lin", Method::GET, own, None).await?.json["state"], "pending");
    assert_eq!(site.as_who("ghp_lin", Method::PATCH, own, accept()).await?.json["state"], "active");
    assert_eq!(site.get("/orgs/acme/members/lin-park").await?.status, 204);
    assert_eq!(site.get("/orgs/acme/invitations").await?.json, json!([]));
    assert_eq!(site.as_who("ghp_lin", Method::GET, "/repos/acme/website", None).await?.status, 200);
    let owner = site.put(LIN, json!({"role": "admin"})).await?;
    assert_eq!((&owner.json["state"], &owner.json["role"]), (&json!("active"), &json!("admin")));
    Ok(())
}

#[tokio::test]
async fn only_owners_with_the_scope_change_memberships() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let before = site.github.snapshot();
    let put = |token: &'static str| site.as_who(token, Method::PUT, LIN, Some(json!({})));
    assert_eq!(put("ghp_ana").await?.status, 403, "a member");
    assert_eq!(put("ghp_lin").await?.status, 404, "a stranger");
    let small = put("ghp_small").await?;
    assert_eq!((small.status, small.header("x-accepted-oauth-scopes")), (404, "admin:org, write:org"));
    assert_eq!(small.header("x-oauth-scopes"), "repo");
    assert_eq!(site.put("/orgs/acme/memberships/nobody", json!({})).await?.status, 404);
    assert_eq!(site.put(LIN, json!({"role": "owner"})).await?.status, 422);
    let last = "/orgs/acme/memberships/hub-bot";
    assert_eq!(site.put(last, json!({"role": "member"})).await?.status, 403);
    assert_eq!(site.delete(last).await?.status, 403);
    assert_eq!(site.github.snapshot(), before);
    Ok(())
}

#[tokio::test]
async fn removing_a_member_takes_teams_and_direct_access_with_it() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    site.put("/repos/acme/api/collaborators/ana-lima", json!({"permission": "push"})).await?;
    assert_eq!(site.delete("/orgs/acme/members/ana-lima").await?.status, 204);
    assert_eq!(site.get("/orgs/acme/memberships/ana-lima").await?.status, 404);
    assert_eq!(site.get("/orgs/acme/teams/platform/members").await?.json, json!([]));
    assert_eq!(site.get("/repos/acme/api/collaborators/ana-lima").await?.status, 404);
    assert_eq!(site.delete("/orgs/acme/members/ana-lima").await?.status, 404);

    site.put(LIN, json!({})).await?;
    assert_eq!(site.delete("/orgs/acme/members/lin-park").await?.status, 404, "not a member yet");
    assert_eq!(site.delete(LIN).await?.status, 204, "the invitation is cancelled");
    assert_eq!(site.get(LIN).await?.status, 404);
    assert_eq!(site.get("/orgs/acme/invitations").await?.json, json!([]));
    Ok(())
}

#[tokio::test]
async fn invitations_are_sent_cancelled_and_fail_after_a_week() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let teams = site.get("/orgs/acme/teams").await?;
    let team = teams.json.as_array().and_then(|all| all.iter().find(|one| one["slug"] == "employees"));
    let team = team.expect("the team")["id"].clone();
    let lin = site.get("/users/lin-park").await?.json["id"].clone();
    let path = "/orgs/acme/invitations";
    let sent = site.post(path, json!({"invitee_id": lin, "team_ids": [team]})).await?;
    assert_eq!(sent.status, 201);
    assert_eq!((&sent.json["login"], &sent.json["email"]), (&json!("lin-park"), &Value::Null));
    assert_eq!((&sent.json["role"], &sent.json["team_count"]), (&json!("direct_member"), &json!(1)));
    let its_teams = format!("{path}/{}/teams", sent.json["id"]);
    assert_eq!(site.get(&its_teams).await?.each("slug"), ["employees"]);
    let by_mail = site.post(path, json!({"email": "mia@acme.example", "role": "admin"})).await?;
    assert_eq!((by_mail.status, &by_mail.json["login"]), (201, &Value::Null));
    for (body, words) in [
        (json!({"invitee_id": lin}), "Invitee has already been invited to this organization"),
        (
            json!({"email": "ana@acme.example"}),
            "A user with this email address is already a part of this organization",
        ),
        (
            json!({"email": "MIA@acme.example"}),
            "A user with this email address has already been invited to this organization",
        ),
        (json!({}), "You must provide either an invitee_id or an email"),
    ] {
        let refused = site.post(path, body.clone()).await?;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(only_error(&refused.json)["message"], words);
    }
    assert_eq!(site.post(path, json!({"email": "no address"})).await?.status, 422);
    assert_eq!(site.post(path, json!({"invitee_id": 1})).await?.status, 422);
    assert_eq!(site.post(path, json!({"email": "a@b.example", "team_ids": [1]})).await?.status, 422);

    let cancel = format!("{path}/{}", by_mail.json["id"]);
    assert_eq!(site.delete(&cancel).await?.status, 204);
    assert_eq!(site.delete(&cancel).await?.status, 404);
    assert_eq!(site.get("/orgs/acme/failed_invitations").await?.json, json!([]));
    site.clock.turn(TimeDelta::days(7));
    assert_eq!(site.get(path).await?.json, json!([]));
    let failed = site.get("/orgs/acme/failed_invitations").await?;
    assert_eq!(failed.each("login"), ["lin-park"]);
    assert_eq!(failed.json[0]["failed_at"], "2026-12-01T10:00:00Z");
    assert!(failed.json[0]["failed_reason"].as_str().expect("text").contains("expired"));
    assert_eq!(site.get(LIN).await?.status, 404, "and is no pending member any more");
    Ok(())
}

#[tokio::test]
async fn a_team_takes_members_at_once_and_strangers_when_they_accept() -> anyhow::Result<()> {
    let site = Site::of(world()).await?;
    let team = "/orgs/acme/teams/security/memberships";
    let ana = site.put(&format!("{team}/Ana-Lima"), json!({"role": "maintainer"})).await?;
    assert_eq!(
        (ana.status, &ana.json["state"], &ana.json["role"]),
        (200, &json!("active"), &json!("maintainer"))
    );
    let owner = site.put(&format!("{team}/hub-bot"), json!({})).await?;
    assert_eq!(owner.json["role"], "maintainer", "owners are maintainers of every team");
    let lin = site.put(&format!("{team}/lin-park"), json!({})).await?;
    assert_eq!(
        (lin.status, &lin.json["state"], &lin.json["role"]),
        (200, &json!("pending"), &json!("member"))
    );
    assert_eq!(site.get(&format!("{team}/lin-park")).await?.json["state"], "pending");
    assert_eq!(site.get("/orgs/acme/teams/security/invitations").await?.each("login"), ["lin-park"]);
    let members = "/orgs/acme/teams/security/members";
    assert_eq!(site.get(members).await?.each("login"), ["ana-lima", "hub-bot", "sam-okafor"]);
    assert_eq!(site.get(&format!("{members}?role=maintainer")).await?.each("login"), ["ana-lima", "hub-bot"]);
    let second = site.put("/orgs/acme/teams/platform/memberships/lin-park", json!({})).await?;
    assert_eq!(second.json["state"], "pending");
    assert_eq!(site.get("/orgs/acme/invitations").await?.json[0]["team_count"], 2, "one invitation for both");
    let accept = Some(json!({"state": "active"}));
    site.as_who("ghp_lin", Method::PATCH, "/user/memberships/orgs/acme", accept).await?;
    assert_eq!(site.get(&format!("{team}/lin-park")).await?.json["state"], "active");
    assert_eq!(site.get("/orgs/acme/teams/platform/memberships/lin-park").await?.json["state"], "active");

    assert_eq!(site.delete(&format!("{team}/lin-park")).await?.status, 204);
    assert_eq!(site.delete(&format!("{team}/lin-park")).await?.status, 404);
    assert_eq!(site.get("/orgs/acme/members/lin-park").await?.status, 204, "still in the organisation");
    Ok(())
}

#[tokio::test]
async fn teams_are_changed_by_owners_and_maintainers_unless_they_are_synchronised() -> anyhow::Result<()> {
    let world = world().change("acme", |acme| acme.team_mut("platform").expect("a team").synced = true);
    let site = Site::of(world).await?;
    let security = "/orgs/acme/teams/security/memberships";
    let ana = |path: String| {
        let site = &site;
        async move { site.as_who("ghp_ana", Method::PUT, &path, Some(json!({}))).await }
    };
    assert_eq!(ana(format!("{security}/ana-lima")).await?.status, 403);
    site.put(&format!("{security}/ana-lima"), json!({"role": "maintainer"})).await?;
    assert_eq!(ana(format!("{security}/hub-bot")).await?.status, 200);
    assert_eq!(ana(format!("{security}/lin-park")).await?.status, 403, "strangers are for owners");
    let synced = site.put("/orgs/acme/teams/platform/memberships/sam-okafor", json!({})).await?;
    assert_eq!(synced.status, 403);
    let company = site.put(&format!("{security}/acme-oss"), json!({})).await?;
    assert_eq!((company.status, &only_error(&company.json)["code"]), (422, &json!("org")));
    assert_eq!(site.put(&format!("{security}/nobody"), json!({})).await?.status, 404);
    assert_eq!(site.put(&format!("{security}/ana-lima"), json!({"role": "boss"})).await?.status, 422);
    Ok(())
}

#[tokio::test]
async fn a_member_becomes_an_outsider_and_goes() -> anyhow::Result<()> {
    let site = Site::of(world().without_second_factor("acme", "gus-vega")).await?;
    let path = "/orgs/acme/outside_collaborators";
    let member = site.delete(&format!("{path}/ana-lima")).await?;
    let words = "You cannot specify an organization member to remove as an outside collaborator.";
    assert_eq!((member.status, member.json["message"].as_str()), (422, Some(words)));
    assert_eq!(site.put(&format!("{path}/hub-bot"), json!({})).await?.status, 403, "the last owner");
    assert_eq!(site.put(&format!("{path}/gus-vega"), json!({})).await?.status, 403, "no member");
    assert_eq!(site.put(&format!("{path}/ana-lima"), json!({})).await?.status, 204);
    assert_eq!(site.get(path).await?.each("login"), ["ana-lima", "gus-vega"]);
    assert_eq!(site.get(&format!("{path}?filter=2fa_disabled")).await?.each("login"), ["gus-vega"]);
    let level = site.get("/repos/acme/api/collaborators/ana-lima/permission").await?;
    assert_eq!(level.json["role_name"], "admin", "what the team gave is given directly");
    let later = site.put(&format!("{path}/sam-okafor"), json!({"async": true})).await?;
    assert_eq!(later.status, 202);
    assert_eq!(site.delete(&format!("{path}/gus-vega")).await?.status, 204);
    assert_eq!(site.delete(&format!("{path}/gus-vega")).await?.status, 404);
    Ok(())
}
