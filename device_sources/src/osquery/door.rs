//! The five endpoints of the agents.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::TimeDelta;
use http::{HeaderMap, StatusCode, header};
use hubcommander_posture::{Instant, Serial};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::nodes::{Answered, KeyHash, Node, NodesError, serial};
use super::{Site, body, dispatch, family, read};

/// The longest body of who asks for something, in bytes. An enrolment is a few thousand.
const LONGEST_QUESTION: usize = 256 * 1024;
/// The most rows, and bytes of them, that are kept of one query. Ours give a few.
const MOST_ROWS: usize = 1000;
const LONGEST_ROWS: usize = 128 * 1024;

/// What is answered instead of what was asked for.
enum Refused {
    /// It must enrol again, or cannot enrol; why, for the agent's own log.
    Invalid(&'static str),
    /// It may ask again just so.
    Later,
    /// What it sent cannot be used.
    Unusable(StatusCode),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            // With status 200, or agents do not read it.
            Self::Invalid(why) => axum::Json(json!({ "node_invalid": true, "error": why })).into_response(),
            Self::Later => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Self::Unusable(status) => status.into_response(),
        }
    }
}

impl From<NodesError> for Refused {
    fn from(error: NodesError) -> Self {
        tracing::error!(%error, "a computer could not be answered");
        Self::Later
    }
}

type Outcome = Result<axum::Json<Json>, Refused>;

pub(super) fn router(site: Arc<Site>) -> Router {
    let paths = site.settings.paths.clone();
    Router::new()
        .route(&paths.enroll, post(enroll))
        .route(&paths.config, post(config))
        .route(&paths.log, post(log))
        .route(&paths.read, post(distributed_read))
        .route(&paths.write, post(distributed_write))
        .with_state(site)
}

async fn sent(site: &Site, request: Request, longest: usize) -> Result<(HeaderMap, Json), Refused> {
    // Few at once, so that their length bounds the memory they take.
    let _held = site.bodies.acquire().await.map_err(|_| Refused::Later)?;
    let (parts, body) = request.into_parts();
    let json = body::read(&parts.headers, body, longest).await.map_err(Refused::Unusable)?;
    Ok((parts.headers, json))
}

/// The key in a request: since 5.23 also in a header. If both are there they must be the same.
fn key(headers: &HeaderMap, body: &Json) -> Option<String> {
    let header = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => {
            let (scheme, key) = value.to_str().ok()?.trim().split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("NodeKey") {
                return None;
            }
            Some(key.trim().to_owned())
        }
    };
    let own = match body.get("node_key") {
        None => None,
        Some(key) => Some(key.as_str()?.to_owned()),
    };
    match (header, own) {
        (Some(header), Some(own)) => (header == own).then_some(header),
        (header, own) => header.or(own),
    }
}

/// Whose request it is.
async fn node(site: &Site, headers: &HeaderMap, body: &Json) -> Result<(Node, Instant), Refused> {
    let unknown = Refused::Invalid("this node key is not known");
    let Some(key) = key(headers, body).filter(|key| !key.is_empty()) else { return Err(unknown) };
    let Some(node) = site.nodes.by_key(&KeyHash::of(&key)).await? else { return Err(unknown) };
    let now = site.clock.now();
    if now - node.heard_at >= TimeDelta::minutes(1) {
        site.nodes.heard(&node.host, now).await?;
    }
    Ok((node, now))
}

/// The UUID that a computer goes by, in upper case, if it can tell one from another.
fn uuid(text: &str) -> Option<String> {
    let text = text.trim().to_uppercase();
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let digits: Vec<char> = text.chars().filter(|char| *char != '-').collect();
    let well_made = groups == [8, 4, 4, 4, 12] && digits.iter().all(char::is_ascii_hexdigit);
    let all_one = digits.first().is_none_or(|first| digits.iter().all(|digit| digit == first));
    // What boards carry whose maker wrote none.
    let placeholder = text == "03000200-0400-0500-0006-000700080009";
    (well_made && !all_one && !placeholder).then_some(text)
}

async fn enroll(State(site): State<Arc<Site>>, request: Request) -> Outcome {
    let (_, body) = sent(&site, request, LONGEST_QUESTION).await?;
    let given = body.get("enroll_secret").and_then(Json::as_str).unwrap_or_default();
    // Hashed first, so that the comparison tells nothing of the length either.
    let [given, right] = [given, site.settings.enroll_secret.expose_secret()]
        .map(|secret| Sha256::digest(secret.trim().as_bytes()));
    if verify_slices_are_equal(&given, &right).is_err() {
        tracing::warn!("a computer could not enrol: it has another enroll secret");
        return Err(Refused::Invalid("the enroll secret is another"));
    }
    let Some(host) = body.get("host_identifier").and_then(Json::as_str).and_then(uuid) else {
        return Err(Refused::Invalid(
            "the host identifier is no UUID of its own; use --host_identifier=uuid",
        ));
    };
    let details = details(&body);
    let own = details.pointer("/system_info/uuid").and_then(Json::as_str).filter(|own| !own.is_empty());
    if own.is_some_and(|own| !own.trim().eq_ignore_ascii_case(&host)) {
        return Err(Refused::Invalid("the host identifier is not the computer's own UUID"));
    }
    let _alone = site.enrolling.lock().await;
    let claimed = serial(&details);
    unclaimed(&site, &host, claimed.as_ref()).await?;
    let key = site.random();
    let now = site.clock.now();
    let enrolled = Node {
        host: host.clone(),
        key: KeyHash::of(&key),
        details,
        enrolled_at: now,
        heard_at: now,
        results: BTreeMap::new(),
        owners: Default::default(),
    };
    site.nodes.enrol(enrolled).await?;
    tracing::info!(host, "a computer has enrolled");
    Ok(axum::Json(json!({ "node_key": key, "node_invalid": false })))
}

/// Of what a computer says of itself, what is kept.
fn details(body: &Json) -> Json {
    const KEPT: [(&str, &[&str]); 3] = [
        (
            "system_info",
            &["hardware_serial", "uuid", "hostname", "computer_name", "hardware_model", "hardware_vendor"],
        ),
        ("os_version", &["name", "version", "platform", "platform_like", "build", "revision"]),
        ("osquery_info", &["version"]),
    ];
    let mut details = Map::new();
    for (table, columns) in KEPT {
        let mut kept = Map::new();
        for column in columns {
            let value = body.pointer(&format!("/host_details/{table}/{column}")).and_then(Json::as_str);
            if let Some(value) = value.filter(|value| value.len() <= 1000) {
                kept.insert((*column).to_owned(), json!(value));
            }
        }
        details.insert(table.to_owned(), Json::Object(kept));
    }
    Json::Object(details)
}

/// No other computer may claim this serial number, and this UUID not another serial number: the enroll secret is on
/// all computers, so it proves little.
async fn unclaimed(site: &Site, host: &str, claimed: Option<&Serial>) -> Result<(), Refused> {
    let refused =
        Refused::Invalid("another computer has enrolled as this one; whoever runs the server can forget it");
    let former = site.nodes.by_host(host).await?.and_then(|node| node.serial());
    let other = match claimed {
        Some(serial) => site.nodes.by_serial(serial).await?.filter(|node| node.host != host),
        None => None,
    };
    if other.is_some() || former.is_some_and(|former| Some(&former) != claimed) {
        tracing::warn!(host, "a computer could not enrol: another has the same UUID or serial number");
        return Err(refused);
    }
    Ok(())
}

async fn config(State(site): State<Arc<Site>>, request: Request) -> Outcome {
    let (headers, body) = sent(&site, request, LONGEST_QUESTION).await?;
    let (node, _) = node(&site, &headers, &body).await?;
    let interval = site.settings.interval.as_secs().max(60);
    let schedule: Map<String, Json> = site
        .queries(&node)
        .into_iter()
        .map(|query| {
            (query.name.to_owned(), json!({ "query": query.sql, "interval": interval, "snapshot": true }))
        })
        .collect();
    Ok(axum::Json(json!({ "schedule": schedule, "options": {}, "node_invalid": false })))
}

async fn distributed_read(State(site): State<Arc<Site>>, request: Request) -> Outcome {
    let (headers, body) = sent(&site, request, LONGEST_QUESTION).await?;
    let (node, now) = node(&site, &headers, &body).await?;
    let Some(id) = site.dispatches.take(&node.host, now) else {
        return Ok(axum::Json(json!({ "queries": {}, "node_invalid": false })));
    };
    let queries = dispatch::named(&id, &site.queries(&node));
    let mut answer = json!({ "accelerate": site.settings.accelerate.as_secs(), "node_invalid": false });
    if let Some(family) = family(&node) {
        let discovery: BTreeMap<&String, &str> =
            queries.keys().map(|name| (name, family.discovery())).collect();
        answer["discovery"] = json!(discovery);
    }
    answer["queries"] = json!(queries);
    Ok(axum::Json(answer))
}

async fn distributed_write(State(site): State<Arc<Site>>, request: Request) -> Outcome {
    let (headers, body) = sent(&site, request, site.settings.longest_body).await?;
    let (node, now) = node(&site, &headers, &body).await?;
    let known = site.queries(&node);
    let mut by_id: BTreeMap<&str, BTreeMap<String, Answered>> = BTreeMap::new();
    let sent = body.get("queries").and_then(Json::as_object);
    for (name, rows) in sent.into_iter().flatten() {
        let Some((name, id)) = dispatch::parted(name) else { continue };
        if !known.iter().any(|query| query.name == name) || !site.dispatches.is_asked(&node.host, id, now) {
            continue;
        }
        let status = body.pointer(&format!("/statuses/{name}-{id}")).and_then(read::whole);
        let answer = answered(rows, status, now.timestamp());
        by_id.entry(id).or_default().insert(name.to_owned(), answer);
    }
    for (id, answers) in by_id {
        site.nodes.keep(&node.host, answers).await?;
        site.dispatches.answered(&node.host, id, now);
    }
    Ok(axum::Json(json!({ "node_invalid": false })))
}

/// What is kept of an answer. One that is not as osquery sends it, or too long, says nothing.
fn answered(rows: &Json, status: Option<i64>, unix_time: i64) -> Answered {
    let short = |rows: &Vec<Json>| {
        rows.len() <= MOST_ROWS && rows.iter().map(row_length).sum::<usize>() <= LONGEST_ROWS
    };
    match read::rows(rows).filter(short) {
        Some(rows) if status == Some(0) => Answered { rows, status, unix_time },
        Some(_) => Answered { rows: Vec::new(), status, unix_time },
        None => Answered { rows: Vec::new(), status: None, unix_time },
    }
}

fn row_length(row: &Json) -> usize {
    let columns = row.as_object().into_iter().flatten();
    columns.map(|(name, value)| name.len() + value.as_str().map_or(0, str::len)).sum()
}

async fn log(State(site): State<Arc<Site>>, request: Request) -> Outcome {
    let (headers, body) = sent(&site, request, site.settings.longest_body).await?;
    let (node, now) = node(&site, &headers, &body).await?;
    // What an agent says of itself (`status`) is not kept.
    if body.get("log_type").and_then(Json::as_str) == Some("result") {
        let known = site.queries(&node);
        let mut answers: BTreeMap<String, Answered> = BTreeMap::new();
        for event in body.get("data").and_then(Json::as_array).into_iter().flatten() {
            let Some((name, answer)) = snapshot(&node, event, now) else { continue };
            let newer = answers.get(&name).is_none_or(|former| former.unix_time <= answer.unix_time);
            if newer && known.iter().any(|query| query.name == name) {
                answers.insert(name, answer);
            }
        }
        if !answers.is_empty() {
            site.nodes.keep(&node.host, answers).await?;
        }
    }
    Ok(axum::Json(json!({ "node_invalid": false })))
}

/// A scheduled query's rows, if the event is one of this computer. Its clock may be wrong, so nothing is newer than
/// now.
fn snapshot(node: &Node, event: &Json, now: Instant) -> Option<(String, Answered)> {
    // Agents call it so; older descriptions call it `hostname`.
    let host = event.get("hostIdentifier").or_else(|| event.get("hostname"))?.as_str()?;
    if !host.trim().eq_ignore_ascii_case(&node.host) || event.get("action")?.as_str()? != "snapshot" {
        return None;
    }
    let name = event.get("name")?.as_str()?.to_owned();
    let unix_time = event.get("unixTime").and_then(read::whole)?.min(now.timestamp());
    // A scheduled query that failed is not sent at all.
    Some((name, answered(event.get("snapshot")?, Some(0), unix_time)))
}
