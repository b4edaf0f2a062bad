//! What Okta and Entra send, as they do, with their peculiarities.

use serde_json::{Value as Json, json};

use super::server::Server;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

async fn ana() -> (Server, String) {
    let server = Server::new();
    let id = server
        .user(json!({
            "userName": "ana@example.com", "externalId": "00uA", "displayName": "Ana",
            "name": { "givenName": "Ana", "familyName": "Ávila" },
            "emails": [{ "value": "ana@example.com", "type": "work", "primary": true }],
            ENTERPRISE: { "department": "Payments" },
        }))
        .await;
    (server, id)
}

/// All changes as one request; what is there afterwards without what says nothing here.
async fn after(operations: Json) -> Json {
    let (server, id) = ana().await;
    let came = server
        .ask("PATCH", &format!("/Users/{id}"), json!({ "schemas": [PATCH], "Operations": operations }))
        .await;
    assert_eq!(came.status, 200, "{operations}: {came:?}");
    assert_eq!(server.get(&format!("/Users/{id}")).await.body, came.body);
    came.body
}

#[tokio::test]
async fn entra_says_that_somebody_left() {
    for operations in [
        json!([{ "op": "Replace", "path": "active", "value": "False" }]),
        json!([{ "op": "Replace", "path": "active", "value": false }]),
        json!([{ "op": "replace", "value": { "active": "false" } }]),
        json!([{ "op": "Add", "path": "ACTIVE", "value": "False" }]),
        json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": "False" }]),
        json!([{ "op": "replace", "value": { "urn:ietf:params:scim:schemas:core:2.0:User:active": false } }]),
    ] {
        assert_eq!(after(operations.clone()).await["active"], false, "{operations}");
    }
    assert_eq!(after(json!([{ "op": "Replace", "path": "active", "value": "True" }])).await["active"], true);
}

#[tokio::test]
async fn entra_changes_what_it_names_by_filters() {
    let body = after(json!([
        { "op": "Add", "path": "emails[type eq \"home\"].value", "value": "ana@home.example" },
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ana.a@example.com" },
        { "op": "Add", "path": "name.familyName", "value": "Avila" },
        { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "id-9" },
        { "op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": "Risk" },
    ]))
    .await;
    assert_eq!(
        body["emails"],
        json!([
            { "value": "ana.a@example.com", "type": "work", "primary": true },
            { "value": "ana@home.example", "type": "home" },
        ])
    );
    assert_eq!(body["name"], json!({ "givenName": "Ana", "familyName": "Avila" }));
    assert_eq!(body[ENTERPRISE], json!({ "department": "Risk", "manager": { "value": "id-9" } }));
}

#[tokio::test]
async fn entra_sends_many_without_a_path() {
    let body = after(json!([{
        "op": "Replace",
        "value": {
            "displayName": "Anna", "name.givenName": "Anna", "emails[type eq \"work\"].value": "anna@example.com",
            (format!("{ENTERPRISE}:employeeNumber")): 701, "unknownThing": { "a": [1] },
            "phoneNumbers[type eq \"work\"].value": "+49", "id": "other", "schemas": [USER],
        },
    }]))
    .await;
    assert_eq!((&body["displayName"], &body["name"]["givenName"]), (&json!("Anna"), &json!("Anna")));
    assert_eq!(body["emails"][0]["value"], "anna@example.com");
    assert_eq!(body[ENTERPRISE], json!({ "department": "Payments", "employeeNumber": "701" }));
    assert_eq!((&body["id"], &body["unknownThing"]), (&json!("id-1"), &json!(null)));
}

#[tokio::test]
async fn entra_tests_the_connection_and_looks_for_people_first() {
    let (server, id) = ana().await;
    let nobody = server.get("/Users?filter=userName+eq+%22a9f3e5d0-0000-4000-8000-3f0c%22").await;
    assert_eq!((nobody.status, &nobody.body["totalResults"]), (200, &json!(0)));
    assert_eq!(nobody.body["Resources"], json!([]));
    for filter in ["externalId+eq+%2200uA%22", "emails[type+eq+%22work%22].value+eq+%22Ana@example.com%22"] {
        let found = server.get(&format!("/Users?filter={filter}")).await;
        assert_eq!(found.body["Resources"][0]["id"], id, "{filter}");
    }
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1", "displayName": "Core", "meta": { "resourceType": "Group" },
    });
    let made = server.ask("POST", "/Groups", group).await;
    assert_eq!(made.status, 201);
    let place = format!("/Groups/{}", made.body["id"].as_str().unwrap());
    let members = |op: &str, value: Json| json!({ "schemas": [PATCH], "Operations": [{ "op": op, "path": "members", "value": value }] });
    let came = server.ask("PATCH", &place, members("Add", json!([{ "$ref": null, "value": id }]))).await;
    assert_eq!(came.body["members"], json!([{ "value": id }]));
    let shown = server.get(&format!("{place}?excludedAttributes=members")).await;
    assert_eq!(shown.body["members"], json!(null));
    let came =
        server.ask("PATCH", &place, members("Add", json!([{ "value": "id-7" }, { "value": id }]))).await;
    assert_eq!(came.body["members"], json!([{ "value": id }, { "value": "id-7" }]));
    // It names whom to take out beside the path, and means them alone.
    let came = server.ask("PATCH", &place, members("Remove", json!([{ "value": "id-7" }]))).await;
    assert_eq!(came.body["members"], json!([{ "value": id }]));
    let found = server
        .get(&format!("/Groups?filter=displayName+eq+%22core%22+and+members[value+eq+%22{id}%22]"))
        .await;
    assert_eq!(found.body["totalResults"], 1);
}

#[tokio::test]
async fn okta_puts_all_and_asks_by_user_name() {
    let (server, id) = ana().await;
    let found =
        server.get("/Users?filter=userName%20eq%20%22ana%40example.com%22&startIndex=1&count=100").await;
    assert_eq!((&found.body["totalResults"], &found.body["Resources"][0]["id"]), (&json!(1), &json!(id)));
    let put = json!({
        "schemas": [USER], "id": id, "userName": "ana@example.com", "externalId": "00uA", "active": false,
        "name": { "givenName": "Ana", "familyName": "Ávila" }, "displayName": "Ana", "locale": "en-US",
        "emails": [{ "primary": true, "value": "ana@example.com", "type": "work", "display": "ana@example.com" }],
        "groups": [], "password": "1mz050nq", "phoneNumbers": [], "meta": { "resourceType": "User" },
    });
    let came = server.ask("PUT", &format!("/Users/{id}"), put).await;
    assert_eq!((came.status, &came.body["active"]), (200, &json!(false)));
    assert!(!came.body.to_string().contains("1mz050nq"));
    assert!(!format!("{:?}", server.keep).contains("1mz050nq"));
    let back =
        json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "value": { "active": true } }] });
    assert_eq!(server.ask("PATCH", &format!("/Users/{id}"), back).await.body["active"], true);
}

#[tokio::test]
async fn patches_do_what_the_rfc_says() {
    let emails = |body: &Json| body["emails"].clone();
    let work = json!({ "value": "ana@example.com", "type": "work", "primary": true });
    let home = json!({ "value": "h@example.com", "type": "home" });
    for (operations, expected) in [
        (json!([{ "op": "add", "path": "emails", "value": [home] }]), json!([work, home])),
        // The same value is not there twice.
        (json!([{ "op": "add", "path": "emails", "value": [work] }]), json!([work])),
        (json!([{ "op": "replace", "path": "emails", "value": [home] }]), json!([home])),
        (json!([{ "op": "replace", "path": "emails", "value": [] }]), json!(null)),
        (json!([{ "op": "remove", "path": "emails" }]), json!(null)),
        (json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]), json!(null)),
        (json!([{ "op": "remove", "path": "emails[type eq \"other\"]" }]), json!([work])),
        (
            json!([{ "op": "remove", "path": "emails[type eq \"work\"].primary" }]),
            json!([{ "value": "ana@example.com", "type": "work" }]),
        ),
        // Whoever becomes the primary one takes that from the other.
        (
            json!([{ "op": "add", "path": "emails", "value": { "value": "h@example.com", "primary": true } }]),
            json!([
                { "value": "ana@example.com", "type": "work", "primary": false },
                { "value": "h@example.com", "primary": true },
            ]),
        ),
        (json!([{ "op": "replace", "path": "emails[type eq \"work\"]", "value": home }]), json!([home])),
    ] {
        assert_eq!(emails(&after(operations.clone()).await), expected, "{operations}");
    }
    let merged = after(json!([{ "op": "replace", "path": "name", "value": { "familyName": "B" } }])).await;
    assert_eq!(merged["name"], json!({ "givenName": "Ana", "familyName": "B" }));
    let removed = after(json!([{ "op": "remove", "path": ENTERPRISE }])).await;
    assert_eq!((&removed[ENTERPRISE], &removed["schemas"]), (&json!(null), &json!([USER])));
}
