//! One resource: made, read, replaced, changed, taken away; versions, tokens, media types, what is at the edges.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use hubcommander_directory::scim::{LINK, Links};
use hubcommander_directory::{Email, Link, MemoryKeep, Proof};
use hubcommander_sdk::clock::Instant;
use serde_json::json;

use super::server::{Server, TOKEN};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

#[tokio::test]
async fn a_user_is_made_read_replaced_and_taken_away() {
    let server = Server::new();
    let ana = json!({
        "schemas": [USER], "USERNAME": "ana@example.com", "externalId": "00u1",
        "name": { "GivenName": "Ana", "familyName": "Ávila" }, "password": "hunter2hunter2",
        "emails": [{ "value": "ana@example.com", "type": "work", "primary": true }],
        "id": "chosen", "meta": { "version": "W/\"9\"" }, "groups": [{ "value": "admins" }],
    });
    let made = server.ask("POST", "/Users", ana).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("content-type"), "application/scim+json");
    assert_eq!(made.header("location"), "https://hub.example.com/scim/v2/Users/id-1");
    assert_eq!(made.header("etag"), "W/\"1\"");
    assert_eq!(
        made.body,
        json!({
            "schemas": [USER], "id": "id-1", "userName": "ana@example.com", "externalId": "00u1", "active": true,
            "name": { "givenName": "Ana", "familyName": "Ávila" },
            "emails": [{ "value": "ana@example.com", "type": "work", "primary": true }],
            "meta": {
                "resourceType": "User", "created": "2026-09-21T14:13:20.000Z",
                "lastModified": "2026-09-21T14:13:20.000Z", "version": "W/\"1\"",
                "location": "https://hub.example.com/scim/v2/Users/id-1",
            },
        })
    );
    let read = server.get("/Users/id-1").await;
    assert_eq!((read.status, &read.body), (200, &made.body));

    let now =
        json!({ "schemas": [USER], "userName": "ana@example.com", "displayName": "Ana", "active": true });
    let replaced = server.ask("PUT", "/Users/id-1", now.clone()).await;
    assert_eq!((replaced.status, replaced.header("etag")), (200, "W/\"2\""));
    assert_eq!((&replaced.body["displayName"], &replaced.body["emails"]), (&json!("Ana"), &json!(null)));
    // The same again changes nothing, and so makes no version.
    assert_eq!(server.ask("PUT", "/Users/id-1", now).await.header("etag"), "W/\"2\"");

    let gone = server.with("DELETE", "/Users/id-1", &[], "").await;
    assert_eq!((gone.status, gone.body), (204, json!(null)));
    for method in ["GET", "DELETE"] {
        assert_eq!(server.with(method, "/Users/id-1", &[], "").await.error(), (404, None));
    }
    let put = json!({ "schemas": [USER], "userName": "x" });
    assert_eq!(server.ask("PUT", "/Users/id-1", put).await.error(), (404, None));
    assert_eq!(server.get("/Users").await.body["totalResults"], 0);
}

#[tokio::test]
async fn no_two_have_one_user_name_in_any_case() {
    let server = Server::new();
    let ana = server.user(json!({ "userName": "ana@example.com" })).await;
    let bob = server.user(json!({ "userName": "bob@example.com" })).await;
    let again = json!({ "schemas": [USER], "userName": "ANA@Example.com" });
    assert_eq!(server.ask("POST", "/Users", again.clone()).await.error(), (409, Some("uniqueness")));
    assert_eq!(
        server.ask("PUT", &format!("/Users/{bob}"), again.clone()).await.error(),
        (409, Some("uniqueness"))
    );
    assert_eq!(server.ask("PUT", &format!("/Users/{ana}"), again).await.status, 200);
    // A name that is given up is free.
    let renamed = json!({ "schemas": [USER], "userName": "anna@example.com" });
    assert_eq!(server.ask("PUT", &format!("/Users/{ana}"), renamed).await.status, 200);
    server.user(json!({ "userName": "ana@example.com" })).await;
}

#[tokio::test]
async fn a_version_that_is_gone_is_not_changed() {
    let server = Server::new();
    let id = server.user(json!({ "userName": "ana" })).await;
    let place = format!("/Users/{id}");
    let patch = |title: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "title", "value": title }],
        })
        .to_string()
    };
    assert_eq!(server.with("PATCH", &place, &[("if-match", "W/\"1\"")], &patch("A")).await.status, 200);
    assert_eq!(
        server.with("PATCH", &place, &[("if-match", "W/\"1\"")], &patch("B")).await.error(),
        (412, None)
    );
    assert_eq!(server.with("DELETE", &place, &[("if-match", "\"1\"")], "").await.error(), (412, None));
    assert_eq!(
        server.with("PATCH", &place, &[("if-match", "W/\"9\", \"2\"")], &patch("C")).await.status,
        200
    );
    assert_eq!(server.with("PATCH", &place, &[("if-match", "*")], &patch("D")).await.status, 200);
    let same = server.with("GET", &place, &[("if-none-match", "W/\"4\"")], "").await;
    assert_eq!((same.status, same.header("etag"), &same.body), (304, "W/\"4\"", &json!(null)));
    assert_eq!(server.with("GET", &place, &[("if-none-match", "W/\"3\"")], "").await.status, 200);
}

#[tokio::test]
async fn without_a_token_nothing_is_told_not_even_what_there_is() {
    let server = Server::new();
    let bearers =
        ["".to_owned(), format!("Bearer {}", &TOKEN[1..]), format!("Basic {TOKEN}"), "Bearer".to_owned()];
    for bearer in &bearers {
        for (method, place) in [
            ("GET", "/Users"),
            ("POST", "/Users"),
            ("GET", "/Schemas"),
            ("GET", "/nothing"),
            ("GET", "/Users/%ff"),
        ] {
            let mut request = http::Request::builder().method(method).uri(format!("/scim/v2{place}"));
            if !bearer.is_empty() {
                request = request.header("authorization", bearer);
            }
            let came = server.send(request.body(Body::from("{")).unwrap()).await;
            assert_eq!(came.error(), (401, None), "{bearer} {place}");
            assert_eq!(came.header("www-authenticate"), "Bearer realm=\"scim\"");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_done_is_said_so() {
    let server = Server::new();
    let id = server.user(json!({ "userName": "ana" })).await;
    let user = format!("/Users/{id}");
    for (method, place, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/Users/a/b", 404),
        ("GET", "/Users/nobody", 404),
        ("GET", "/Users/%2e%2e%2fGroups", 404),
        ("GET", "/Users/%ff", 404),
        ("GET", "/Schemas/urn:nobody", 404),
        ("GET", "/Schemas/a/b", 404),
        ("GET", "/Schemas?filter=id%20pr", 403),
        ("POST", "/Schemas", 405),
        ("DELETE", "/ServiceProviderConfig", 405),
        ("PUT", "/Users", 405),
        ("POST", user.as_str(), 405),
        ("GET", "/Me", 501),
        ("POST", "/Bulk", 501),
        ("POST", "/.search", 501),
        ("GET", "", 501),
        ("GET", "/", 501),
    ] {
        let came = server.with(method, place, &[], "").await;
        assert_eq!(came.error(), (status, None), "{method} {place}");
    }
    for kind in ["text/plain", "application/xml", "application/jsonx", ""] {
        let came = server.with("POST", "/Users", &[], "").await;
        assert_eq!(came.error(), (400, Some("invalidSyntax")));
        let request = http::Request::post("/scim/v2/Users")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", kind);
        let came = server.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(came.error(), (415, None), "{kind}");
    }
}

#[tokio::test]
async fn only_what_is_asked_for_is_shown() {
    let server = Server::new();
    let id = server
        .user(json!({
            "userName": "ana", "title": "T", "name": { "givenName": "Ana", "familyName": "Á" },
            "emails": [{ "value": "ana@example.com", "type": "work" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D", "division": "V" },
        }))
        .await;
    let of = async |query: &str| {
        let mut body = server.get(&format!("/Users/{id}?{query}")).await.body;
        body.as_object_mut().unwrap().remove("schemas");
        body
    };
    assert_eq!(of("attributes=userName").await, json!({ "id": id, "userName": "ana" }));
    assert_eq!(
        of("attributes=NAME.givenname,emails.value").await,
        json!({ "id": id, "name": { "givenName": "Ana" }, "emails": [{ "value": "ana@example.com" }] })
    );
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    assert_eq!(
        of(&format!("attributes={department}")).await["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        json!({ "department": "D" })
    );
    let without =
        of(&format!("excludedAttributes=id,userName,name.familyName,emails,meta,active,{department}")).await;
    assert_eq!(
        without,
        json!({
            "id": id, "title": "T", "name": { "givenName": "Ana" },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "division": "V" },
        })
    );
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "title", "value": "U" }],
    });
    let came = server.ask("PATCH", &format!("/Users/{id}?attributes=title"), patch).await;
    assert_eq!((&came.body["title"], &came.body["userName"]), (&json!("U"), &json!(null)));
    assert_eq!(server.get(&format!("/Users/{id}?attributes=%00")).await.error(), (400, Some("invalidValue")));
}

struct Linked(bool);

#[async_trait]
impl Links for Linked {
    async fn links_of(&self, people: &[&str]) -> Result<HashMap<String, Link>, String> {
        if !self.0 {
            return Err("the database is gone".to_owned());
        }
        let link = Link {
            person: Some("id-1".to_owned()),
            slack_user: "U0ANA".to_owned(),
            github_id: 42,
            github_login: "ana-gh".to_owned(),
            email: Email::parse("ana@example.com"),
            since: Instant::from_timestamp(1_790_000_000, 0).unwrap(),
            proof: Proof::DeviceFlow,
        };
        Ok(people.iter().filter(|one| **one == "id-1").map(|one| ((*one).to_owned(), link.clone())).collect())
    }
}

#[tokio::test]
async fn the_linked_accounts_are_shown_and_cannot_be_written() {
    let keep = Arc::new(MemoryKeep::default());
    let server = Server::over(keep.clone(), keep, Some(Arc::new(Linked(true))));
    let ana = server.user(json!({ "userName": "ana", LINK: { "githubId": "666" } })).await;
    let bob = server.user(json!({ "userName": "bob" })).await;
    let shown = server.get(&format!("/Users/{ana}")).await.body;
    assert_eq!(shown["schemas"], json!([USER, LINK]));
    assert_eq!(
        shown[LINK],
        json!({
            "slackUserId": "U0ANA", "githubId": "42", "githubLogin": "ana-gh", "email": "ana@example.com",
            "since": "2026-09-21T14:13:20Z", "proof": "device_flow",
        })
    );
    let all = server.get(&format!("/Users?attributes={LINK}:githubLogin")).await.body;
    assert_eq!(all["Resources"][0][LINK], json!({ "githubLogin": "ana-gh" }));
    assert_eq!(all["Resources"][1], json!({ "schemas": [USER], "id": bob }));
    for (op, path, value) in [
        ("replace", LINK.to_owned(), json!({ "githubId": "666" })),
        ("add", format!("{LINK}:githubId"), json!("666")),
        ("remove", LINK.to_owned(), json!(null)),
        ("remove", format!("{LINK}:proof"), json!(null)),
    ] {
        let patch = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": op, "path": path, "value": value }],
        });
        let came = server.ask("PATCH", &format!("/Users/{ana}"), patch).await;
        assert_eq!(came.error(), (400, Some("mutability")), "{op} {path}");
    }
    let put = json!({ "schemas": [USER], "userName": "ana", LINK: { "githubId": "666" } });
    assert_eq!(server.ask("PUT", &format!("/Users/{ana}"), put).await.body[LINK]["githubId"], "42");
    let found = server.get(&format!("/Users?filter={LINK}:githubId%20eq%20%2242%22")).await;
    assert_eq!(found.error(), (400, Some("invalidFilter")));

    let keep = Arc::new(MemoryKeep::default());
    let server = Server::over(keep.clone(), keep, Some(Arc::new(Linked(false))));
    let made = server.ask("POST", "/Users", json!({ "schemas": [USER], "userName": "ana" })).await;
    assert_eq!(made.error(), (500, None));
    assert!(!made.body.to_string().contains("database"));
}
