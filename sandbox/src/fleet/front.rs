//! The way in.

use std::sync::Arc;

use axum::extract::{Request, State as AxumState};
use axum::response::Response;
use http::header;
use serde_json::{Value, json};

use super::Site;
use super::model::State;
use crate::device_doc::{Device, as_json, asked, refused_for};
use crate::faults::Refusal;
use crate::local::path_of;

/// What the faults answer.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    let wait = match refusal {
        Refusal::RateLimited { retry_after } => *retry_after,
        Refusal::SecondaryLimit => std::time::Duration::from_secs(1),
    };
    refused_for(429, wait, &message("limit exceeded, retry after some time"))
}

fn message(words: &str) -> Value {
    json!({ "message": words, "errors": [{ "name": "base", "reason": words }] })
}

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let mut state = site.state();
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if token != Some(&format!("Bearer {}", state.token)) {
        return as_json(401, &message("Authentication required"));
    }
    let query = request.uri().query().unwrap_or_default();
    let path = path_of(request.uri());
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let now = site.clock.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let found = match (request.method().as_str(), path.as_slice()) {
        ("GET", ["api", "v1", "fleet", "hosts"]) => Some(hosts(&state, query)),
        ("GET", ["api", "v1", "fleet", "hosts", "identifier", name]) => {
            let fits = |host: &&Device| {
                ["/hostname", "/uuid", "/hardware_serial"].iter().any(|at| host.is(at, name))
            };
            state.hosts.iter().find(fits).map(|host| json!({ "host": without(host, "device_mapping") }))
        }
        ("GET", ["api", "v1", "fleet", "hosts", id]) => {
            let id = id.parse().unwrap_or(0);
            state.look(id, &now);
            state.host_mut(id).map(|host| json!({ "host": without(host, "device_mapping") }))
        }
        ("GET", ["api", "v1", "fleet", "hosts", id, "device_mapping"]) => state
            .host_mut(id.parse().unwrap_or(0))
            .map(|host| json!({ "host_id": host.raw["id"], "device_mapping": host.raw["device_mapping"] })),
        ("POST", ["api", "v1", "fleet", "hosts", id, "refetch"]) => {
            let id = id.parse().unwrap_or(0);
            state.host_mut(id).is_some().then(|| {
                state.refetch(id);
                json!({})
            })
        }
        _ => None,
    };
    match found {
        Some(body) => as_json(200, &body),
        None => as_json(404, &message("Resource Not Found")),
    }
}

fn without(host: &Device, key: &str) -> Value {
    let mut host = host.clone();
    host.unset(key);
    host.raw
}

/// A page of hosts. The query fits a part of what it is compared with.
fn hosts(state: &State, query: &str) -> Value {
    let wanted = asked(query, "query").to_lowercase();
    let fits = |host: &Device| {
        let mapped = host.raw["device_mapping"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["email"].as_str());
        let texts = ["/hostname", "/uuid", "/hardware_serial"].map(|at| host.text(at));
        mapped.chain(texts).any(|text| text.to_lowercase().contains(&wanted))
    };
    let (page, size) =
        (asked(query, "page").parse().unwrap_or(0), asked(query, "per_page").parse().unwrap_or(100));
    let all = state.hosts.iter().filter(|host| state.careless || fits(host));
    let rows: Vec<Value> = all
        .skip(page * size)
        .take(size)
        .map(|host| {
            let mut host = host.clone();
            for (key, option) in [
                ("device_mapping", "device_mapping"),
                ("policies", "populate_policies"),
                ("software", "populate_software"),
            ] {
                if asked(query, option) != "true" {
                    host.unset(key);
                }
            }
            host.raw
        })
        .collect();
    json!({ "hosts": rows })
}
