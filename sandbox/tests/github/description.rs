//! Held to GitHub's own description of its API, the local GitHub refuses what is not in it.

use std::sync::Arc;

use hubcommander_sandbox::github::Description;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::Site;

/// As much of a description as the tests need, in the form of the real one.
fn small() -> Value {
    json!({
        "paths": {
            "/orgs/{org}/members": { "get": { "parameters": [
                { "$ref": "#/components/parameters/per-page" },
                { "name": "filter", "in": "query", "schema": { "type": "string", "enum": ["all", "2fa_disabled"] } },
                { "name": "since", "in": "query", "required": true, "schema": { "type": "integer" } },
            ] } },
            "/repos/{owner}/{repo}": {
                "get": {},
                "patch": { "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": {
                        "description": { "type": "string", "description": "A text", "nullable": true },
                        "archived": { "type": "boolean" },
                        "topics": { "type": "array", "items": { "type": "string" }, "maxItems": 2 },
                        "security": { "type": "object", "required": ["status"], "properties": {
                            "status": { "type": "string" } } },
                        "labels": { "type": "object", "additionalProperties": { "type": "integer" } },
                        "anything": { "type": "object", "additionalProperties": true, "properties": {} },
                        "rule": { "oneOf": [
                            { "type": "object", "required": ["kind"],
                              "properties": { "kind": { "enum": ["a"] }, "a": { "type": "string" } } },
                            { "$ref": "#/components/schemas/other" },
                        ] },
                    },
                } } } } },
            },
            "/repos/{owner}/{repo}/subscription": { "put": {} },
            "/repos/{owner}/{repo}/branches/{branch}": { "get": { "parameters": [
                { "name": "branch", "in": "path", "x-multi-segment": true, "schema": { "type": "string" } },
            ] } },
            "/user/{id}": { "get": {} },
            "/user/repos": { "post": { "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "type": "object", "required": ["name"],
                            "properties": { "name": { "type": "string" } } } } } } } },
        },
        "components": {
            "parameters": { "per-page": {
                "name": "per_page", "in": "query", "schema": { "type": "integer", "maximum": 100 } } },
            "schemas": { "other": { "allOf": [
                { "type": "object", "required": ["kind"], "properties": { "kind": { "enum": ["b"] } } },
                { "properties": { "b": { "type": "string" } } },
            ] } },
        },
    })
}

#[allow(clippy::unwrap_used, reason = "a test may stop at what should not be")]
fn told(description: &Description, method: &str, target: &str, body: Value) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let method: Method = method.parse().unwrap();
    description.check(&method, path, query, &body).err().unwrap_or_default()
}

#[test]
fn what_github_knows_passes() {
    let description = Description::of(&small()).unwrap();
    for (method, target, body) in [
        ("GET", "/orgs/acme/members?since=1&per_page=100&filter=all", Value::Null),
        ("GET", "/api/v3/repos/acme/widgets", Value::Null),
        ("HEAD", "/repositories/42", Value::Null),
        ("GET", "/repositories/42/branches/a%2Fb", Value::Null),
        ("GET", "/repos/acme/widgets/branches/a/b", Value::Null),
        ("PATCH", "/repositories/42", json!({ "description": null, "archived": true, "topics": ["x"] })),
        ("PATCH", "/repos/a/b", json!({ "labels": { "x": 1 }, "anything": { "at": "all" } })),
        ("PATCH", "/repos/a/b", json!({ "rule": { "kind": "a", "a": "x" } })),
        ("PATCH", "/repos/a/b", json!({ "rule": { "kind": "b", "b": "x" } })),
        ("PUT", "/repos/a/b/subscription", json!({})),
        ("POST", "/user/repos", json!({ "name": "x" })),
        ("GET", "/user/7", Value::Null),
    ] {
        assert_eq!(told(&description, method, target, body), "", "{method} {target}");
    }
}

#[test]
fn what_github_does_not_know_is_found() {
    let description = Description::of(&small()).unwrap();
    let found = [
        ("GET", "/orgs/acme/membres?since=1", Value::Null),
        ("DELETE", "/repos/acme/widgets", Value::Null),
        ("GET", "/repos//widgets", Value::Null),
        ("GET", "/orgs/acme/members?since=1&perpage=100", Value::Null),
        ("GET", "/orgs/acme/members?since=soon&per_page=101&filter=some", Value::Null),
        ("GET", "/orgs/acme/members", Value::Null),
        ("PATCH", "/repositories/42", json!({ "descripton": "x", "archived": "yes" })),
        ("PATCH", "/repos/a/b", json!({ "archived": null, "topics": ["a", 2, "c"] })),
        ("PATCH", "/repos/a/b", json!({ "security": { "state": "on" }, "labels": { "x": "y" } })),
        ("PATCH", "/repos/a/b", json!({ "rule": { "kind": "b", "a": "x" } })),
        ("PATCH", "/repos/a/b", json!([])),
        ("PUT", "/repos/a/b/subscription", json!({ "subscribed": true })),
        ("GET", "/repos/a/b", json!({ "x": 1 })),
        ("POST", "/user/repos", Value::Null),
    ]
    .map(|(method, target, body)| told(&description, method, target, body));
    insta::assert_snapshot!(found.join("\n"), @r#"
    GET /orgs/acme/membres: GitHub knows no such path
    DELETE /repos/acme/widgets: GitHub takes no DELETE there
    GET /repos//widgets: an empty part in the path
    GET /orgs/acme/members: GitHub knows no parameter `perpage`
    GET /orgs/acme/members: `since` is "soon", not of type integer; `per_page` is 101, and must be 100 at most; `filter` is "some", none of ["all","2fa_disabled"]
    GET /orgs/acme/members: the parameter `since` is missing
    PATCH /repositories/42: GitHub knows no field `descripton`; `archived` is "yes", not of type boolean
    PATCH /repos/a/b: `archived` is null, not of type boolean; `topics[1]` is 2, not of type string; `topics` is 3 long, and must be 2 at most
    PATCH /repos/a/b: `security` lacks "status"; GitHub knows no field `security.state`; `labels.x` is "y", not of type integer
    PATCH /repos/a/b: `rule.kind` is "b", none of ["a"]
    PATCH /repos/a/b: the body is [], not of type object
    PUT /repos/a/b/subscription: GitHub takes no body there
    GET /repos/a/b: GitHub takes no body there
    POST /user/repos: the body lacks "name"
    "#);
}

#[test]
fn what_is_no_description_is_refused() {
    assert_eq!(Description::of(&json!({})).unwrap_err(), "it has no `paths`");
    assert_eq!(Description::of(&json!({ "paths": {} })).unwrap_err(), "it describes no paths");
    let circle = json!({
        "paths": { "/x": { "get": { "parameters": [{ "$ref": "#/a" }] } } }, "a": { "$ref": "#/a" }
    });
    assert_eq!(Description::of(&circle).unwrap_err(), "its references go round in circles");
    let absent = Description::read("/nowhere/ghec.json".as_ref()).unwrap_err().to_string();
    assert!(absent.contains("/nowhere/ghec.json") && absent.contains("scripts/test"), "{absent}");
}

#[test]
fn a_description_is_read_again_when_it_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ghec.json");
    std::fs::write(&file, small().to_string()).unwrap();
    let subscribes =
        |description: &Description| told(description, "PUT", "/repos/a/b/subscription", Value::Null);
    assert_eq!(subscribes(&Description::read(&file).unwrap()), "");
    let small_file = file.with_extension("requests-1");
    let reduced = std::fs::read_to_string(&small_file).unwrap();
    assert!(!reduced.contains("$ref") && !reduced.contains("A text"), "{reduced}");
    std::fs::write(&small_file, reduced.replace("subscription", "else")).unwrap();
    assert_ne!(subscribes(&Description::read(&file).unwrap()), "", "the small file is what is read");
    let later = small_file.metadata().unwrap().modified().unwrap() + std::time::Duration::from_secs(2);
    std::fs::File::options().append(true).open(&file).unwrap().set_modified(later).unwrap();
    assert_eq!(subscribes(&Description::read(&file).unwrap()), "");
}

#[tokio::test]
async fn a_misspelt_request_has_no_effect_and_is_remembered() -> anyhow::Result<()> {
    let site = Site::acme().await?;
    site.github.hold_to(Arc::new(Description::of(&small()).unwrap()));
    let before = site.github.snapshot();
    let misspelt = json!({ "descripton": "x", "archived": true });
    let refused = site.patch("/repos/acme/website", misspelt).await?;
    assert_eq!(refused.status, 599);
    assert_eq!(site.github.snapshot(), before);
    assert_eq!(site.github.faults().odd(), ["PATCH /repos/acme/website: GitHub knows no field `descripton`"]);
    site.patch("/repos/acme/website", json!({ "description": "x" })).await?;
    assert_ne!(site.github.snapshot(), before);
    assert_eq!(site.github.faults().odd().len(), 1);
    Ok(())
}

/// The real one, where the environment names it.
#[test]
fn githubs_own_description_finds_what_is_misspelt() {
    let Some(description) = Description::named().unwrap() else { return };
    for (method, target, body) in [
        ("PATCH", "/repositories/42", json!({ "description": "x", "homepage": "", "archived": true })),
        ("POST", "/orgs/acme/repos", json!({ "name": "x", "visibility": "private", "auto_init": true })),
        ("PUT", "/repos/a/b/collaborators/ana", json!({ "permission": "release-manager" })),
        ("GET", "/repos/a/b/pulls?state=all&per_page=100", Value::Null),
        ("GET", "/repositories/42/branches/feature%2Fx/protection", Value::Null),
        (
            "POST",
            "/app/installations/7/access_tokens",
            json!({ "repository_ids": [1], "permissions": { "members": "read", "administration": "write" } }),
        ),
    ] {
        assert_eq!(told(&description, method, target, body), "", "{method} {target}");
    }
    for (method, target, body) in [
        ("PATCH", "/repositories/42", json!({ "descripton": "x" })),
        ("POST", "/orgs/acme/repos", json!({ "name": "x", "autoinit": true })),
        ("POST", "/orgs/acme/repos", json!({ "visibility": "private" })),
        ("PUT", "/repos/a/b/collaborators/ana", json!({ "permissions": "push" })),
        ("GET", "/repos/a/b/pulls?status=all", Value::Null),
        ("GET", "/repos/a/b/pulls?state=merged", Value::Null),
        ("POST", "/app/installations/7/access_tokens", json!({ "permissions": { "member": "read" } })),
        ("PUT", "/repos/a/b/branches/main/protection", json!({ "enforce_admins": true })),
        ("GET", "/repos/a/b/collaborator", Value::Null),
    ] {
        assert_ne!(told(&description, method, target, body), "", "{method} {target}");
    }
}
