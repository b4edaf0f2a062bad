//! What nobody should send: it is refused in the RFC's words, changes nothing, and never ends the program.

use axum::body::Body;
use hubcommander_directory::scim::{Kind, patched, read};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::server::{Server, TOKEN};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

#[tokio::test]
async fn bad_bodies_are_refused() {
    let server = Server::new();
    let deep = format!("{{\"schemas\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
    let many = json!({
        "schemas": [USER], "userName": "x",
        "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }],
    });
    let long = json!({ "schemas": [USER], "userName": "x".repeat(5_000) });
    for (body, kind) in [
        ("", "invalidSyntax"),
        ("{", "invalidSyntax"),
        ("null", "invalidSyntax"),
        ("[]", "invalidSyntax"),
        ("\"text\"", "invalidSyntax"),
        (deep.as_str(), "invalidSyntax"),
        ("{}", "invalidSyntax"),
        (r#"{"schemas":[],"userName":"x"}"#, "invalidSyntax"),
        (r#"{"schemas":"urn:ietf:params:scim:schemas:core:2.0:User","userName":"x"}"#, "invalidSyntax"),
        (r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"userName":"x"}"#, "invalidSyntax"),
        (r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}"#, "invalidValue"),
        (r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":""}"#, "invalidValue"),
        (r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"  "}"#, "invalidValue"),
        (r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":null}"#, "invalidValue"),
        (r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":["x"]}"#, "invalidValue"),
        (
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","active":"no"}"#,
            "invalidValue",
        ),
        (
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","active":0}"#,
            "invalidValue",
        ),
        (
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","name":"Ana"}"#,
            "invalidValue",
        ),
        (
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x","emails":[7]}"#,
            "invalidValue",
        ),
        (many.to_string().as_str(), "invalidValue"),
        (long.to_string().as_str(), "invalidValue"),
    ] {
        let came = server.with("POST", "/Users", &[("content-type", "application/json")], body).await;
        let end = body.get(..120).unwrap_or(body);
        assert_eq!(came.error(), (400, Some(kind)), "{end}");
    }
    let group = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g","members":[{"type":"User"}]}"#;
    assert_eq!(server.with("POST", "/Groups", &[], group).await.error(), (400, Some("invalidValue")));
    let not_text = http::Request::post("/scim/v2/Users")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::from(vec![b'{', 0xff, 0xfe]))
        .unwrap();
    assert_eq!(server.send(not_text).await.error(), (400, Some("invalidSyntax")));
    let huge = format!("{{\"schemas\":[\"{}\"]}}", "x".repeat(5 * 1024 * 1024));
    assert_eq!(server.with("POST", "/Users", &[], &huge).await.error(), (413, None));
    assert_eq!(server.get("/Users").await.body["totalResults"], 0);
    assert!(server.told().is_empty() && server.keep.news().is_empty());
}

#[tokio::test]
async fn bad_patches_are_refused_as_a_whole() {
    let server = Server::new();
    let id = server
        .user(json!({ "userName": "ana", "emails": [{ "value": "a@example.com", "type": "work" }] }))
        .await;
    let place = format!("/Users/{id}");
    let before = server.get(&place).await.body;
    let good = json!({ "op": "replace", "path": "title", "value": "T" });
    for (bad, kind) in [
        (json!({ "op": "replace", "path": "title" }), "invalidValue"),
        (json!({ "op": "replace", "path": "active", "value": "perhaps" }), "invalidValue"),
        (json!({ "op": "replace", "path": "active", "value": { "value": true } }), "invalidValue"),
        (json!({ "op": "replace", "path": "userName", "value": "" }), "invalidValue"),
        (json!({ "op": "remove", "path": "userName" }), "invalidValue"),
        (json!({ "op": "replace", "value": "active" }), "invalidValue"),
        (json!({ "op": "add" }), "invalidValue"),
        (json!({ "op": "add", "path": "emails", "value": 7 }), "invalidValue"),
        (json!({ "op": "move", "path": "title", "value": "T" }), "invalidSyntax"),
        (json!({ "path": "title", "value": "T" }), "invalidSyntax"),
        (json!({ "op": 7, "path": "title", "value": "T" }), "invalidSyntax"),
        (json!("replace"), "invalidSyntax"),
        (json!({ "op": "replace", "path": "", "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": 7, "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": "titel", "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": "title.more", "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": "name.nothing", "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": "title[value eq \"x\"]", "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[type eq", "value": "T" }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "T" }), "noTarget"),
        (json!({ "op": "add", "path": "emails[type co \"ho\"].value", "value": "T" }), "noTarget"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "replace", "path": "id", "value": "T" }), "mutability"),
        (json!({ "op": "add", "path": "groups", "value": [{ "value": "admins" }] }), "mutability"),
        (json!({ "op": "replace", "path": "meta.version", "value": "W/\"9\"" }), "mutability"),
        (json!({ "op": "replace", "path": "schemas", "value": [] }), "mutability"),
    ] {
        let patch = json!({ "schemas": [PATCH], "Operations": [good, bad] });
        let came = server.ask("PATCH", &place, patch).await;
        assert_eq!(came.error(), (400, Some(kind)), "{bad}: {}", came.body["detail"]);
    }
    for patch in [
        json!({}),
        json!({ "schemas": [PATCH] }),
        json!({ "schemas": [PATCH], "Operations": [] }),
        json!({ "schemas": [PATCH], "Operations": {} }),
        json!({ "schemas": [USER], "Operations": [good] }),
        json!({ "Operations": [good] }),
        json!({ "schemas": [PATCH], "Operations": vec![good.clone(); 2_001] }),
    ] {
        assert_eq!(server.ask("PATCH", &place, patch).await.error(), (400, Some("invalidSyntax")));
    }
    assert_eq!(server.get(&place).await.body, before);
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-zA-Z\\[\\]\". ]{0,12}".prop_map(Json::from),
        prop::sample::select(vec!["True", "work", "a@example.com", "", USER]).prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop::sample::select(vec![
            "userName",
            "active",
            "emails",
            "value",
            "type",
            "primary",
            "name",
            "familyName",
            "members",
            "groups",
            "schemas",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "manager",
            "emails[type eq \"work\"]",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|list| list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    /// Whatever is kept is kept again as the same: nothing gets in that could not be sent.
    #[test]
    fn what_was_taken_is_taken_again(mut sent in any_json(), name in "[a-z]{1,8}") {
        if let Json::Object(map) = &mut sent {
            map.insert("schemas".to_owned(), json!([USER]));
            map.insert("userName".to_owned(), json!(name));
        }
        if let Ok(kept) = read(Kind::User, &sent) {
            let mut again = kept.clone();
            again.insert("schemas".to_owned(), json!([USER]));
            prop_assert_eq!(read(Kind::User, &Json::Object(again)).unwrap(), kept);
        }
    }

    #[test]
    fn a_patch_leaves_what_could_have_been_sent(
        op in prop::sample::select(vec!["add", "Replace", "remove"]),
        path in prop::option::of(prop::sample::select(vec![
            "active", "emails", "emails[type eq \"work\"]", "emails[type eq \"work\"].value", "emails.value", "name",
            "name.familyName", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "userName", "roles",
        ])),
        value in any_json(),
    ) {
        let before = read(Kind::User, &json!({
            "schemas": [USER], "userName": "ana", "emails": [{ "value": "a@example.com", "type": "work", "primary": true }],
        })).unwrap();
        let mut operation = Map::new();
        operation.insert("op".to_owned(), json!(op));
        operation.insert("value".to_owned(), value);
        if let Some(path) = path {
            operation.insert("path".to_owned(), json!(path));
        }
        let asked = json!({ "schemas": [PATCH], "Operations": [operation] });
        if let Ok(after) = patched(Kind::User, &before, &asked) {
            let mut again = after.clone();
            again.insert("schemas".to_owned(), json!([USER]));
            prop_assert_eq!(read(Kind::User, &Json::Object(again)).unwrap(), after);
        }
    }
}
