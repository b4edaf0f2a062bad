//! Any bytes as a filter, as a path of a PATCH, as a PATCH and as a user that a directory sends.
//!
//! Beside never panicking it holds the server to what others rely on: what is kept could have been sent, and what
//! a patch leaves could have been sent too.

#![no_main]

use std::sync::LazyLock;

use hubcommander_directory::scim::{Filter, Kind, Path, patched, read};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value as Json, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

static ANA: LazyLock<Map<String, Json>> = LazyLock::new(|| {
    let sent = json!({
        "schemas": [USER], "userName": "ana", "active": true, "name": { "givenName": "Ana" },
        "emails": [{ "value": "a@example.com", "type": "work", "primary": true }, { "value": "b", "type": "home" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D", "manager": { "value": "m" } },
    });
    read(Kind::User, &sent).expect("a sound user")
});

fn sendable(mut kept: Map<String, Json>) {
    let before = kept.clone();
    kept.insert("schemas".to_owned(), json!([USER]));
    assert_eq!(read(Kind::User, &Json::Object(kept)), Ok(before));
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match Filter::parse(&text) {
        Ok(filter) => {
            if let Some((_, pinned)) = filter.pin() {
                assert!(pinned.len() <= text.len());
            }
            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{ "op": "remove", "path": format!("emails[{text}]") }],
            });
            if let Ok(after) = patched(Kind::User, &ANA, &patch) {
                sendable(after);
            }
        }
        Err(bad) => assert!(bad.at <= text.len().max(8_192) && bad.to_string().len() < 200),
    }
    for op in ["add", "replace", "remove"] {
        for value in [json!(null), json!("x"), json!(true), json!({ "value": "x", "primary": true }), json!([{}])] {
            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{ "op": op, "path": text, "value": value }],
            });
            if let Ok(after) = patched(Kind::User, &ANA, &patch) {
                assert!(Path::parse(&text).is_ok() || after == *ANA);
                sendable(after);
            }
        }
    }
    let Ok(sent) = serde_json::from_slice::<Json>(data) else { return };
    if let Ok(after) = patched(Kind::User, &ANA, &sent) {
        sendable(after);
    }
    if let Ok(kept) = read(Kind::User, &sent) {
        sendable(kept);
    }
});
