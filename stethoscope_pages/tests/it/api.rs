//! The JSON API, held against its own description.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::TimeDelta;
use serde_json::Value;

use crate::world::{Got, MIA, World};

async fn ask(world: &World, path: &str, token: &str) -> Got {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

async fn token(world: &World, cookie: &str) -> String {
    let csrf = world.get("/tokens", cookie).await.csrf();
    let page = world.post("/tokens", cookie, &format!("csrf={csrf}&label=status+bar")).await;
    let (_, rest) = page.body.split_once("<code class=\"token\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Whether a value is as a schema says, as far as our schemas go. `Err` says where it is not.
fn check(value: &Value, schema: &Value, document: &Value, at: &str) -> Result<(), String> {
    if let Some(to) = schema["$ref"].as_str() {
        let schema = document.pointer(to.trim_start_matches('#')).ok_or(format!("{at}: no {to}"))?;
        return check(value, schema, document, at);
    }
    if let Some(any) = schema["oneOf"].as_array() {
        let fits = any.iter().filter(|one| check(value, one, document, at).is_ok()).count();
        return if fits == 1 { Ok(()) } else { Err(format!("{at}: fits {fits} of oneOf")) };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return Err(format!("{at}: a schema without a type")),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.contains(&kind) {
        return Err(format!("{at}: {kind} is not {kinds:?}"));
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return Err(format!("{at}: {value} is none of {values:?}"));
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str()) {
        chrono::DateTime::parse_from_rfc3339(text).map_err(|error| format!("{at}: {error}"))?;
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], document, &format!("{at}[{place}]"))?;
    }
    let Some(object) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            return Err(format!("{at}: no {name}"));
        }
    }
    for (name, value) in object {
        let schema = match &schema["properties"][name] {
            Value::Null => &schema["additionalProperties"],
            known => known,
        };
        match schema {
            Value::Null | Value::Bool(true) => {}
            Value::Bool(false) => return Err(format!("{at}: {name} is not described")),
            schema => check(value, schema, document, &format!("{at}.{name}"))?,
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_is_as_described() {
    let world = World::new();
    world.fill();
    let cookie = world.sign_in(MIA).await;
    let token = token(&world, &cookie).await;
    let document: Value = serde_json::from_str(&world.get("/api/v1/openapi.json", "").await.body).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut paths = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (token, status, kind) in
            [(token.as_str(), "200", "application/json"), ("hcst_wrong", "401", "application/problem+json")]
        {
            let Some(schema) = document.pointer(&format!(
                "/paths/{}/get/responses/{status}/content/{}/schema",
                path.replace('/', "~1"),
                kind.replace('/', "~1")
            )) else {
                assert!(item["get"]["security"].as_array().is_some_and(Vec::is_empty), "{path} {status}");
                continue;
            };
            let got = ask(&world, &format!("/api/v1{path}"), token).await;
            assert_eq!(got.status.as_str(), status, "{path}: {}", got.body);
            assert_eq!(got.header("content-type"), kind, "{path}");
            let value: Value = serde_json::from_str(&got.body).unwrap();
            check(&value, schema, &document, path).unwrap();
            paths += 1;
        }
    }
    assert_eq!(paths, 9);
    let devices: Value = serde_json::from_str(&ask(&world, "/api/v1/devices", &token).await.body).unwrap();
    assert_eq!(devices["devices"][0]["practices"]["encryption"]["status"], "warn");
    // The check itself finds what is not as described.
    let mut bent = devices.clone();
    bent["devices"][0]["rating"] = "great".into();
    let schema = serde_json::json!({ "$ref": "#/components/schemas/Devices" });
    assert!(check(&devices, &schema, &document, "").is_ok());
    assert!(check(&bent, &schema, &document, "").is_err());
}

#[tokio::test]
async fn a_token_is_shown_once_ends_and_can_be_revoked() {
    let world = World::new();
    let cookie = world.sign_in(MIA).await;
    let one = token(&world, &cookie).await;
    assert!(one.starts_with("hcst_"));
    assert!(!format!("{:?}", world.memory).contains(&one));
    let page = world.get("/tokens", &cookie).await;
    assert!(page.text().contains("status bar") && !page.body.contains(&one));
    assert_eq!(ask(&world, "/api/v1/me", &one).await.status, StatusCode::OK);
    // A cookie does not open the API, nor a token the pages.
    assert_eq!(world.get("/api/v1/me", &cookie).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&world, "/", &one).await.status, StatusCode::SEE_OTHER);
    let id = world.memory.kept().tokens.values().next().unwrap().id.clone();
    // Nobody else revokes it.
    let ana = world.sign_in(crate::world::ANA).await;
    let csrf = world.get("/tokens", &ana).await.csrf();
    world.post("/tokens/revoke", &ana, &format!("csrf={csrf}&id={id}")).await;
    assert_eq!(ask(&world, "/api/v1/me", &one).await.status, StatusCode::OK);
    let csrf = page.csrf();
    world.post("/tokens/revoke", &cookie, &format!("csrf={csrf}&id={id}")).await;
    let got = ask(&world, "/api/v1/me", &one).await;
    assert_eq!((got.status, got.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
    let two = token(&world, &cookie).await;
    world.pass(TimeDelta::days(90));
    assert_eq!(ask(&world, "/api/v1/me", &two).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn problems_are_problems() {
    let world = World::new();
    let got = world.get("/api/v1/nothing", "").await;
    assert_eq!((got.status, got.header("content-type")), (StatusCode::NOT_FOUND, "application/problem+json"));
    let got = world.post("/api/v1/me", "", "").await;
    assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(got.header("content-type"), "application/problem+json");
}
