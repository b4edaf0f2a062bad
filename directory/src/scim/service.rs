//! Answers requests (RFC 7644, 3).

use std::collections::{BTreeSet, HashMap};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value as Json, json};

use super::error::ScimError;
use super::query::Query;
use super::resource::{Record, read};
use super::schema::Kind;
use super::shown::{Shown, Wanted, location, show};
use super::{Scim, discovery, patch};
use crate::{Ask, Change, KeepTrouble, Named, between};

/// Bytes of one body at most: a group of 20,000 members has about two million.
const LONGEST: usize = 4 * 1024 * 1024;
/// How often a change is tried again when somebody else changes the same record.
const TRIES: usize = 8;

type Answer = Result<Response, ScimError>;
type Attributes = Map<String, Json>;

/// Answers one request. `place` is what follows the prefix, decoded; `None` if it cannot be.
pub(super) async fn serve(scim: &Scim, place: Option<&str>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let Some(holder) = scim.tokens.holder(&parts.headers) else {
        return Err(ScimError::new(401, "A bearer token of this server is missing."));
    };
    let place = place.ok_or_else(ScimError::not_found)?;
    let places: Vec<&str> = place.split('/').filter(|one| !one.is_empty()).collect();
    let method = &parts.method;

    let filtered = parts.uri.query().is_some_and(|query| query.to_ascii_lowercase().contains("filter="));
    if let Some(found) = discovery::at(&scim.base(), &places, filtered) {
        return match *method {
            Method::GET => Ok(answer(StatusCode::OK, &found?)),
            _ => Err(not_allowed()),
        };
    }
    let (kind, rest) = match places.as_slice() {
        ["Users", rest @ ..] => (Kind::User, rest),
        ["Groups", rest @ ..] => (Kind::Group, rest),
        [] | ["Me", ..] | ["Bulk"] | [".search"] => {
            return Err(ScimError::new(501, "This server does not do that; ask /Users or /Groups."));
        }
        _ => return Err(ScimError::not_found()),
    };
    if *method != Method::GET {
        tracing::info!(token = holder, %method, kind = kind.name(), id = rest.first(), "the directory is told");
    }
    match (method, rest) {
        (&Method::GET, []) => list(scim, kind, &Query::of_address(parts.uri.query())?).await,
        (&Method::POST, [".search"]) => {
            list(scim, kind, &Query::of_body(&json_of(&parts, body).await?)?).await
        }
        (&Method::POST, []) => create(scim, kind, &parts, body).await,
        (&Method::GET, [id]) => get(scim, kind, id, &parts).await,
        (&Method::PUT, [id]) => replace(scim, kind, id, &parts, body).await,
        (&Method::PATCH, [id]) => modify(scim, kind, id, &parts, body).await,
        (&Method::DELETE, [id]) => remove(scim, kind, id, &parts.headers).await,
        (_, [] | [_]) => Err(not_allowed()),
        _ => Err(ScimError::not_found()),
    }
}

fn not_allowed() -> ScimError {
    ScimError::new(405, "This cannot be done here.")
}

async fn json_of(parts: &Parts, body: Body) -> Result<Json, ScimError> {
    let kind = parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if kind.is_some_and(|kind| kind != "application/scim+json" && kind != "application/json") {
        return Err(ScimError::new(415, "The body is to be application/scim+json."));
    }
    let bytes = to_bytes(body, LONGEST).await;
    let bytes =
        bytes.map_err(|_| ScimError::new(413, format!("The body is longer than {LONGEST} bytes.")))?;
    // Where, and not serde's own words: those may quote what was sent.
    serde_json::from_slice(&bytes)
        .map_err(|error| ScimError::syntax(format!("The body is no JSON from line {} on.", error.line())))
}

async fn list(scim: &Scim, kind: Kind, query: &Query) -> Answer {
    let ask = Ask { filter: query.filter(kind)?, skip: query.start - 1, take: query.count };
    let listed = scim.keep.list(kind, &ask).await?;
    let shown = show_all(scim, kind, &listed.records, &query.wanted).await?;
    let whole = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": listed.total,
        "startIndex": query.start, "itemsPerPage": shown.len(), "Resources": shown,
    });
    Ok(answer(StatusCode::OK, &whole))
}

async fn get(scim: &Scim, kind: Kind, id: &str, parts: &Parts) -> Answer {
    let record = scim.keep.get(kind, id).await?.ok_or_else(ScimError::not_found)?;
    if parts.headers.get(header::IF_NONE_MATCH).is_some_and(|one| names(one, &record.etag())) {
        return Ok(with_etag(StatusCode::NOT_MODIFIED.into_response(), &record));
    }
    one(scim, kind, StatusCode::OK, &record, parts).await
}

async fn create(scim: &Scim, kind: Kind, parts: &Parts, body: Body) -> Answer {
    let mut attributes = read(kind, &json_of(parts, body).await?)?;
    // Whoever says nothing about it means somebody who works here.
    let active = told_active(kind, &attributes).unwrap_or(true);
    if kind == Kind::User {
        attributes.insert("active".to_owned(), json!(active));
    }
    let now = scim.clock.now();
    let record = Record { id: (scim.new_id)(), version: 1, created: now, modified: now, active, attributes };
    let news = news(scim, kind, None, Some(&record)).await?;
    scim.keep.put(kind, &record, None, news.as_ref()).await?;
    tell(scim, news.as_ref()).await;
    let mut response = one(scim, kind, StatusCode::CREATED, &record, parts).await?;
    if let Ok(place) = HeaderValue::from_str(&location(&scim.base(), kind, &record.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

async fn replace(scim: &Scim, kind: Kind, id: &str, parts: &Parts, body: Body) -> Answer {
    let attributes = read(kind, &json_of(parts, body).await?)?;
    let record = change(scim, kind, id, &parts.headers, |before| {
        let mut attributes = attributes.clone();
        // Silence about it lets nobody go and brings nobody back.
        if kind == Kind::User {
            attributes.entry("active").or_insert(json!(before.active));
        }
        Ok(attributes)
    });
    one(scim, kind, StatusCode::OK, &record.await?, parts).await
}

async fn modify(scim: &Scim, kind: Kind, id: &str, parts: &Parts, body: Body) -> Answer {
    let asked = json_of(parts, body).await?;
    let record =
        change(scim, kind, id, &parts.headers, |before| patch::apply(kind, &before.attributes, &asked));
    one(scim, kind, StatusCode::OK, &record.await?, parts).await
}

/// Changes one record, again from the start if somebody else was faster, unless a version was asked for.
async fn change(
    scim: &Scim,
    kind: Kind,
    id: &str,
    headers: &HeaderMap,
    make: impl Fn(&Record) -> Result<Attributes, ScimError>,
) -> Result<Record, ScimError> {
    for _ in 0..TRIES {
        let before = scim.keep.get(kind, id).await?.ok_or_else(ScimError::not_found)?;
        expected(headers, &before)?;
        let attributes = make(&before)?;
        let active = told_active(kind, &attributes).unwrap_or(before.active);
        if attributes == before.attributes {
            return Ok(before);
        }
        let after = Record {
            id: before.id.clone(),
            version: before.version + 1,
            created: before.created,
            modified: scim.clock.now(),
            active,
            attributes,
        };
        let news = news(scim, kind, Some(&before), Some(&after)).await?;
        match scim.keep.put(kind, &after, Some(before.version), news.as_ref()).await {
            Ok(()) => {
                tell(scim, news.as_ref()).await;
                return Ok(after);
            }
            Err(KeepTrouble::Newer) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(too_busy())
}

async fn remove(scim: &Scim, kind: Kind, id: &str, headers: &HeaderMap) -> Answer {
    for _ in 0..TRIES {
        let before = scim.keep.get(kind, id).await?.ok_or_else(ScimError::not_found)?;
        expected(headers, &before)?;
        // As they were known, in their groups.
        let news = news(scim, kind, Some(&before), None).await?;
        if kind == Kind::User {
            leave_groups(scim, id).await?;
        }
        match scim.keep.delete(kind, id, before.version, news.as_ref()).await {
            Ok(()) => {
                tell(scim, news.as_ref()).await;
                return Ok(StatusCode::NO_CONTENT.into_response());
            }
            Err(KeepTrouble::Newer) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(too_busy())
}

fn too_busy() -> ScimError {
    ScimError::new(503, "Others change it all the time. Send it again later.")
}

/// A member that is no more is no member.
async fn leave_groups(scim: &Scim, id: &str) -> Result<(), ScimError> {
    for group in groups_of(scim, id).await? {
        let without = |before: &Record| {
            let mut attributes = before.attributes.clone();
            if let Some(Json::Array(members)) = attributes.get_mut("members") {
                members.retain(|one| one.get("value").and_then(Json::as_str) != Some(id));
                if members.is_empty() {
                    attributes.remove("members");
                }
            }
            Ok(attributes)
        };
        match change(scim, Kind::Group, &group.id, &HeaderMap::new(), without).await {
            Ok(_) => {}
            Err(gone) if gone.status == 404 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn told_active(kind: Kind, attributes: &Attributes) -> Option<bool> {
    match kind {
        Kind::User => attributes.get("active")?.as_bool(),
        Kind::Group => Some(true),
    }
}

/// What it means that a record is this after having been that.
async fn news(
    scim: &Scim,
    kind: Kind,
    before: Option<&Record>,
    after: Option<&Record>,
) -> Result<Option<Change>, ScimError> {
    let Some(any) = after.or(before) else { return Ok(None) };
    match kind {
        Kind::User => {
            // Nobody is in a group before they are known.
            let groups = if before.is_some() { groups_of(scim, &any.id).await? } else { Vec::new() };
            let person = |record: &Record| record.person(groups.iter().map(|group| group.name.clone()));
            Ok(between(before.map(person).as_ref(), after.map(person).as_ref()))
        }
        Kind::Group => {
            let members = |record: Option<&Record>| -> BTreeSet<String> {
                record.into_iter().flat_map(Record::members).map(str::to_owned).collect()
            };
            let name = |record: &Record| record.text("displayName").unwrap_or_default().to_owned();
            let (old, new) = (members(before), members(after));
            let renamed = before.map(name) != after.map(name);
            let change = Change::Group {
                id: any.id.clone(),
                name: name(any),
                came: new.difference(&old).cloned().collect(),
                went: old.difference(&new).cloned().collect(),
            };
            Ok((renamed || old != new).then_some(change))
        }
    }
}

async fn tell(scim: &Scim, news: Option<&Change>) {
    if let Some(change) = news {
        scim.told.told(change).await;
    }
}

async fn groups_of(scim: &Scim, id: &str) -> Result<Vec<Named>, ScimError> {
    Ok(scim.keep.groups_of(&[id]).await?.remove(id).unwrap_or_default())
}

async fn show_all(
    scim: &Scim,
    kind: Kind,
    records: &[Record],
    wanted: &Wanted,
) -> Result<Vec<Json>, ScimError> {
    let ids: Vec<&str> = records.iter().map(|one| one.id.as_str()).collect();
    let (mut groups, mut links) = (HashMap::new(), HashMap::new());
    if kind == Kind::User && !ids.is_empty() {
        groups = scim.keep.groups_of(&ids).await?;
        if let Some(known) = &scim.links {
            links = known.links_of(&ids).await.map_err(KeepTrouble::Broken)?;
        }
    }
    let base = scim.base();
    let each = records.iter().map(|record| {
        let groups = groups.get(&record.id).map_or(&[] as &[Named], Vec::as_slice);
        wanted.of(show(kind, record, &Shown { base: &base, groups, link: links.get(&record.id) }))
    });
    Ok(each.collect())
}

async fn one(scim: &Scim, kind: Kind, status: StatusCode, record: &Record, parts: &Parts) -> Answer {
    let wanted = Query::of_address(parts.uri.query())?.wanted;
    let shown = show_all(scim, kind, std::slice::from_ref(record), &wanted).await?;
    Ok(with_etag(answer(status, shown.first().unwrap_or(&Json::Null)), record))
}

fn answer(status: StatusCode, body: &Json) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_etag(mut response: Response, record: &Record) -> Response {
    if let Ok(etag) = HeaderValue::from_str(&record.etag()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Refuses a change of another version than the one that was asked for (RFC 7644, 3.14).
fn expected(headers: &HeaderMap, record: &Record) -> Result<(), ScimError> {
    match headers.get(header::IF_MATCH) {
        Some(given) if !names(given, &record.etag()) => Err(KeepTrouble::Newer.into()),
        _ => Ok(()),
    }
}

/// Whether a list of versions names this one. Ours are all weak, and some senders leave the mark away.
fn names(given: &HeaderValue, etag: &str) -> bool {
    let bare = |one: &str| one.trim().trim_start_matches("W/").to_owned();
    let given = given.to_str().unwrap_or_default();
    given.split(',').any(|one| one.trim() == "*" || bare(one) == bare(etag))
}
