//! Okta's users, as it sends them.

use hubcommander_directory::readers::{OktaDirectory, OktaSettings};
use hubcommander_directory::{Reader as _, Trouble};
use secrecy::SecretString;
use serde_json::{Value as Json, json};

use super::stub::{Stub, clock, json as whole, page, reach};

fn user(id: &str, status: &str) -> Json {
    json!({
        "id": id, "status": status, "created": "2022-04-04T15:56:05.000Z", "activated": null,
        "lastUpdated": "2026-05-05T18:15:44.000Z", "type": { "id": "oty1" },
        "profile": {
            "firstName": "Ana", "lastName": "Ávila", "mobilePhone": null, "secondEmail": null, "login": format!("{id}@example.com"),
            "email": format!("{id}@example.com"), "department": "Payments", "githubUsername": "ana-gh",
        },
        "credentials": { "password": {}, "provider": { "type": "OKTA", "name": "OKTA" } },
    })
}

fn okta(stub: &Stub) -> OktaDirectory {
    let mut settings = OktaSettings::new(stub.url.clone(), SecretString::from("00token"));
    settings.reach = reach();
    settings.github_login = Some("githubUsername".to_owned());
    OktaDirectory::new(&settings, clock()).unwrap()
}

#[tokio::test]
async fn everybody_is_read() {
    let stub = Stub::says(vec![]).await;
    let busy = (
        429,
        vec![("x-rate-limit-reset", "1789999990".to_owned())],
        "{\"errorCode\":\"E0000047\"}".to_owned(),
    );
    stub.next(vec![
        page(
            &json!([user("a", "ACTIVE"), user("b", "SUSPENDED")]),
            stub.at("api/v1/users?after=b&limit=200").as_str(),
        ),
        busy,
        whole(&json!([
            user("c", "LOCKED_OUT"),
            user("d", "STAGED"),
            user("e", "DEPROVISIONED"),
            user("f", "PROVISIONED")
        ])),
    ]);
    let roll = okta(&stub).roll().await.unwrap();
    assert!(roll.is_whole());
    let standing: Vec<(&str, bool)> = roll.people().iter().map(|one| (one.id.as_str(), one.active)).collect();
    assert_eq!(standing, [("a", true), ("b", false), ("c", true), ("e", false), ("f", true)]);
    let ana = roll.get("a").unwrap();
    assert_eq!((ana.name.as_str(), ana.user_name.as_str()), ("Ana Ávila", "a@example.com"));
    assert_eq!(ana.emails.len(), 1);
    assert_eq!(ana.accounts.github_login.as_deref(), Some("ana-gh"));
    assert_eq!(ana.department.as_deref(), Some("Payments"));
    assert_eq!(ana.changed.unwrap().timestamp(), 1_778_004_944);
    let asked = stub.asked();
    let targets: Vec<&str> = asked.iter().map(|one| one.target.as_str()).collect();
    let second = "/api/v1/users?after=b&limit=200";
    assert_eq!(targets, ["/api/v1/users?limit=200", second, second]);
    assert!(asked.iter().all(|one| one.header("authorization") == "SSWS 00token"));
}

#[tokio::test]
async fn a_status_that_we_do_not_know_says_nothing() {
    let mut nameless = user("x", "ACTIVE");
    nameless["id"] = json!("");
    let mut without = user("y", "ACTIVE");
    without["status"] = json!(null);
    let stub =
        Stub::says(vec![whole(&json!([user("a", "ACTIVE"), user("b", "FROZEN"), nameless, without]))]).await;
    let roll = okta(&stub).roll().await.unwrap();
    assert_eq!(
        (roll.people().len(), roll.unread()),
        (
            1,
            &[
                "record 2: the active cannot be read".to_owned(),
                "record 3: there is no id".to_owned(),
                "record 4: there is no active".to_owned(),
            ][..]
        )
    );
    let stub = Stub::says(vec![whole(&json!({ "errorCode": "E0000011" }))]).await;
    assert!(matches!(okta(&stub).roll().await, Err(Trouble::Unreadable { .. })));
}
