//! What stands in the way of an invitation, who takes it up, and people who take another login.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, read};
use hubcommander_sandbox::github::World;
use hubcommander_sandbox::github::model::Permission;

const PATH: &str = "/orgs/acme/invitations";

fn words(reply: &crate::site::Reply) -> String {
    reply.json["errors"][0]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn what_was_cancelled_counts_against_what_may_be_sent_in_a_day() -> anyhow::Result<()> {
    let world = World::acme().change("acme", |acme| acme.free_plan = true);
    let site = Site::of(world).await?;
    // A month old, it may send 500.
    let young = site.clock.clone();
    site.github.state().organisation_mut("acme").expect("acme").created_at =
        hubcommander_sdk::clock::Clock::now(&young);
    for number in 0..50 {
        let sent = site.post(PATH, json!({"email": format!("p{number}@acme.example")})).await?;
        assert_eq!(sent.status, 201);
        site.delete(&format!("{PATH}/{}", sent.json["id"])).await?;
    }
    let one_more = || site.post(PATH, json!({"email": "late@acme.example"}));
    let over = one_more().await?;
    assert_eq!((over.status, words(&over).as_str()), (422, "Over invitation rate limit"));
    site.clock.turn(TimeDelta::hours(24));
    assert_eq!(one_more().await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn there_is_no_invitation_without_a_seat_or_to_managed_accounts() -> anyhow::Result<()> {
    let site = Site::of(World::acme().change("acme", |acme| acme.seats = Some(3))).await?;
    let full = site.post(PATH, json!({"email": "mia@acme.example"})).await?;
    assert_eq!((full.status, &full.json["errors"][0]["code"]), (422, &json!("no_seat")));
    assert_eq!(site.put("/orgs/acme/memberships/octocat", json!({})).await?.status, 422);
    let managed = World::acme().change("acme", |acme| acme.managed_users = true);
    let site = Site::of(managed).await?;
    assert_eq!(site.post(PATH, json!({"email": "mia@acme.example"})).await?.status, 404);
    assert_eq!(site.get(PATH).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_person_finds_their_invitations_and_one_to_an_address_is_taken_up() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    let look = |path: &'static str| read(site.ask(Method::GET, path).header("accept", "text/html"));
    let press = |address: String, body: &'static str| {
        read(site.ask(Method::POST, &address).header("origin", site.github.url()).body(body))
    };
    site.put("/orgs/acme/memberships/octocat", json!({})).await?;
    assert!(look("/octocat").await?.text.contains("acme asks you to join as member"));
    let employees = site.get("/orgs/acme/teams/employees").await?.json["id"].clone();
    let sent = site.post(PATH, json!({"email": "lin@home.example", "team_ids": [employees]})).await?;
    let accept = format!("/_page/orgs/acme/invitations/{}/accept", sent.json["id"]);
    assert!(look("/acme").await?.text.contains(&format!("action=\"{accept}\"")));
    for nobody in ["", "login=nobody", "login=ana-lima"] {
        assert_eq!(press(accept.clone(), nobody).await?.status, 404, "{nobody}");
    }
    assert_eq!(press(accept.clone(), "login=Lin-Park").await?.status, 303);
    assert_eq!(site.get("/orgs/acme/members/lin-park").await?.status, 204);
    let place = site.get("/orgs/acme/teams/employees/memberships/lin-park").await?;
    assert_eq!(place.json["state"], "active");
    Ok(())
}

#[tokio::test]
async fn who_takes_another_login_is_found_by_their_number_and_has_what_they_had() -> anyhow::Result<()> {
    let world = World::acme()
        .token("ghp_ana", "ana-lima", &["repo"])
        .invited_to("acme", "octocat")
        .collaborator("acme", "website", "ana-lima", Permission::Admin)
        .single_sign_on("acme", &[("ana@acme.example", Some("ana-lima"))]);
    let site = Site::of(world).await?;
    let id = site.get("/users/ana-lima").await?.json["id"].clone();
    assert!(site.github.state().rename_user("Ana-Lima", "Ana-L"));
    assert!(!site.github.state().rename_user("ana-l", "octocat"), "taken");
    assert!(!site.github.state().rename_user("ana-lima", "x"), "nobody by now");
    assert!(site.github.state().rename_user("octocat", "squid"));
    assert_eq!(site.get(&format!("/user/{id}")).await?.json["login"], "Ana-L");
    assert_eq!(site.get("/users/ana-lima").await?.status, 404);
    assert_eq!(site.get("/user/999999").await?.status, 404);
    assert_eq!(site.get("/orgs/acme/memberships/ana-l").await?.json["state"], "active");
    assert_eq!(site.get("/orgs/acme/teams/platform/memberships/ana-l").await?.status, 200);
    assert_eq!(site.get("/repos/acme/website/collaborators/ana-l").await?.status, 204);
    assert_eq!(site.as_who("ghp_ana", Method::GET, "/user", None).await?.json["login"], "Ana-L");
    assert_eq!(site.get(PATH).await?.each("login"), ["squid"]);
    let query = "{ organization(login: \"acme\") { viewerCanAdminister
        teams(first: 5, userLogins: [\"ana-l\"]) { nodes { slug members(first: 5, query: \"ana-l\") { totalCount } } }
        samlIdentityProvider { externalIdentities(first: 5) { nodes {
          samlIdentity { nameId emails { value } } user { databaseId login } } } } } }";
    let reply = site.post("/graphql", json!({"query": query})).await?;
    assert_eq!(reply.json["errors"], Value::Null, "{}", reply.text);
    let acme = &reply.json["data"]["organization"];
    let platform = json!({"slug": "platform", "members": {"totalCount": 1}});
    assert_eq!((&acme["teams"]["nodes"][1], &acme["viewerCanAdminister"]), (&platform, &json!(true)));
    let identity = &acme["samlIdentityProvider"]["externalIdentities"]["nodes"][0];
    assert_eq!(identity["user"], json!({"databaseId": id, "login": "Ana-L"}));
    assert_eq!(identity["samlIdentity"]["emails"][0]["value"], "ana@acme.example");
    Ok(())
}
