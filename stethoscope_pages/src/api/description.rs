//! The API's description in OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.1.html>).

use serde_json::{Value, json};

/// The document, for an API at this origin.
pub(super) fn document(origin: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stethoscope",
            "version": "1",
            "description": "What your own pages say, for your own programs. It only reads."
        },
        "servers": [{ "url": format!("{origin}/api/v1") }],
        "security": [{ "token": [] }],
        "paths": {
            "/me": path("Who the token belongs to", &reference("Me")),
            "/devices": path("Your devices, the worst first; then those not heard of lately", &reference("Devices")),
            "/practices": path("What is looked at, why, and what to do", &list(&reference("Practice"))),
            "/notifications": path("Questions to you, the latest first", &list(&reference("Notification"))),
            "/openapi.json": {
                "get": {
                    "summary": "This document",
                    "security": [],
                    "responses": { "200": { "description": "OpenAPI 3.1", "content": { "application/json": { "schema": { "type": "object" } } } } }
                }
            }
        },
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "Made on the page Tokens for programs" } },
            "schemas": schemas()
        }
    })
}

fn path(summary: &str, schema: &Value) -> Value {
    let problem = |words: &str| json!({ "description": words, "content": { "application/problem+json": { "schema": reference("Problem") } } });
    json!({
        "get": {
            "summary": summary,
            "responses": {
                "200": { "description": summary, "content": { "application/json": { "schema": schema } } },
                "401": problem("No token that counts"),
                "503": problem("Something behind the API did not answer"),
            }
        }
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// An object with these properties, all of them always there, and no other.
fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().map(|all| all.keys().collect()).unwrap_or_default();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": ["string", "null"] });
    let time = json!({ "type": "string", "format": "date-time" });
    let maybe_time = json!({ "type": ["string", "null"], "format": "date-time" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let platforms = json!(["macOS", "Windows", "Ubuntu", "iOS", "Android", "ChromeOS"]);
    let by_platform = |value: &Value| json!({ "type": "object", "propertyNames": { "enum": platforms }, "additionalProperties": value });
    let status = json!({ "type": "string", "enum": ["ok", "nudge", "warn", "na", "unknown"],
        "description": "ok: as it should be; nudge: suggested; warn: critical; na: does not exist there; unknown: nobody can tell, never fine" });
    json!({
        "Status": status,
        "Me": object(&json!({ "email": text, "name": text })),
        "Devices": object(&json!({
            "at": time,
            "sources": list(&object(&json!({ "name": text, "title": text, "answered": { "type": "boolean" }, "at": time }))),
            "devices": list(&reference("Device")),
            "unreadable": count,
        })),
        "Device": object(&json!({
            "id": text, "name": maybe, "model": maybe,
            "platform": { "type": ["string", "null"], "enum": ["macOS", "Windows", "Ubuntu", "iOS", "Android", "ChromeOS", null] },
            "os": maybe, "os_version": maybe, "last_seen": maybe_time, "silent": { "type": "boolean" }, "disowned": { "type": "boolean" },
            "rating": { "type": "string", "enum": ["ok", "unknown", "nudge", "warn"] },
            "practices": { "type": "object", "additionalProperties": reference("Standing") },
        })),
        "Standing": object(&json!({
            "status": reference("Status"), "source": maybe, "last_updated": maybe_time, "details": maybe,
            "grace_until": maybe_time,
            "disagreement": list(&object(&json!({ "source": text, "status": reference("Status"), "last_updated": maybe_time }))),
        })),
        "Practice": object(&json!({
            "key": text, "title": text, "why": text, "link": maybe, "minutes": count,
            "directions": by_platform(&list(&text)), "required": by_platform(&text), "recommended": by_platform(&text),
        })),
        "Notification": object(&json!({
            "id": text, "question": text, "details": text, "at": time,
            "actions": list(&object(&json!({ "key": text, "label": text }))),
            "answer": { "oneOf": [{ "type": "null" }, object(&json!({ "action": text, "at": time }))] },
        })),
        "Problem": object(&json!({ "type": text, "title": text, "status": count, "detail": text })),
    })
}
