//! The way in: who asks, in which version, within which limits, under which name; and the way out: headers.

pub(super) mod answer;
pub(super) mod auth;
pub(super) mod call;
pub(super) mod input;
pub(super) mod limits;
mod names;
mod out;
mod pages;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as AxumState};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method, header};

pub(super) use names::segments;

use super::{Site, graphql, login, page, rest};
use crate::faults::Refusal;
use answer::{Answer, Outcome, Refused};
use call::{Call, Version};
use limits::{Admission, Resource};

/// What a person fills in on a page is not longer.
const LARGEST_FORM: usize = 64 * 1024;

pub(super) async fn answer(AxumState(site): AxumState<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Others are bounded and buffered by the layer before.
    let is_page = page::is_page(&parts);
    let Ok(body) = to_bytes(body, if is_page { LARGEST_FORM } else { usize::MAX }).await else {
        return Refused::new(400, "Problems reading the request").into_answer().plain();
    };
    if is_page {
        return page::answer(&site, &parts, &body);
    }
    if let Some(response) = login::answer(&site, &parts, &body) {
        return response;
    }
    respond(&site, &parts, &body)
}

/// What the faults answer in GitHub's words.
pub(super) fn refusal(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::RateLimited { retry_after } => Refused::new(429, limits::PRIMARY_MESSAGE)
            .header("retry-after", retry_after.as_secs().to_string())
            .header("x-ratelimit-remaining", "0"),
        // As GitHub does at its worst: nothing but the message tells it from a lacking permission.
        Refusal::SecondaryLimit => Refused::new(403, limits::SECONDARY_MESSAGE),
    }
    .into_answer()
    .plain()
}

fn respond(site: &Site, parts: &Parts, body: &[u8]) -> Response {
    let now = site.clock.now();
    let mut envelope = out::Envelope::new(now, site.answered.fetch_add(1, Ordering::Relaxed));
    if parts.headers.get(header::USER_AGENT).is_none_or(|agent| agent.is_empty()) {
        return out::no_user_agent(envelope);
    }
    let (prefix, path) = match parts.uri.path().strip_prefix("/api/v3") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => ("/api/v3", rest),
        _ => ("", parts.uri.path()),
    };
    let version = match Version::asked(&parts.headers) {
        Ok(version) => version,
        Err(refused) => return envelope.close(&parts.method, &parts.headers, refused.into_answer()),
    };
    envelope.version = Some(version);
    let mut state = site.state();
    state.let_invitations_expire(now);
    let actor = match auth::identify(&state, &parts.headers, now) {
        Ok(actor) => actor,
        Err(refused) => return envelope.close(&parts.method, &parts.headers, refused.into_answer()),
    };
    envelope.scopes = actor.scopes();
    let resource = Resource::of(path);
    let in_flight = site.faults.in_flight();
    let admission = Admission { actor: &actor, method: &parts.method, path, resource, in_flight };
    let admitted = site.meter().admit(&admission, now);
    envelope.rate = site.meter().rate(&actor, resource, now);
    envelope.resource = resource;
    if let Err(refused) = admitted {
        let used_up = envelope.rate.is_some_and(|rate| rate.remaining() == 0);
        let answer = match resource {
            Resource::GraphQl if used_up => graphql::used_up(),
            _ => refused.into_answer(),
        };
        return envelope.close(&parts.method, &parts.headers, answer);
    }
    let mut call = Call {
        state: &mut state,
        rates: site.meter().rates(&actor, now),
        actor,
        query: call::query(&parts.uri),
        method: parts.method.clone(),
        headers: &parts.headers,
        body,
        now,
        origin: &site.origin,
        prefix,
        version,
        canonical: String::new(),
        accepted_permissions: None,
        accepted_scopes: None,
        extra_cost: 0,
        request_id: envelope.request_id.clone(),
    };
    let outcome = checked_headers(&parts.method, &parts.headers).and_then(|()| route(&mut call, path));
    let answer = outcome.unwrap_or_else(Refused::into_answer);
    let (actor, extra) = (call.actor.clone(), call.extra_cost);
    envelope.accepted_permissions = call.accepted_permissions.take();
    envelope.accepted_scopes = call.accepted_scopes;
    if extra > 0 {
        let mut meter = site.meter();
        meter.charge(&actor, resource, extra);
        envelope.rate = meter.rate(&actor, resource, now);
    }
    let response = envelope.close_with(&parts.method, &parts.headers, answer, |rate| {
        // An answer that nothing changed is free.
        let mut meter = site.meter();
        meter.give_back(&actor, resource);
        *rate = meter.rate(&actor, resource, now);
    });
    drop(state);
    response
}

fn checked_headers(method: &Method, headers: &HeaderMap) -> Result<(), Refused> {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    if !accepts.split(',').any(|one| one.contains("json") || one.trim().starts_with("*/*")) {
        let message = "Unsupported 'Accept' header: must accept 'application/json'.";
        return Err(Refused::new(415, message));
    }
    let has_length =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    if method == Method::PUT && !has_length {
        return Err(Refused::new(411, "Length Required"));
    }
    Ok(())
}

/// Finds the family that knows the path, after numbers were turned into names and former names sent away.
fn route(call: &mut Call<'_>, path: &str) -> Outcome {
    let segments = segments(path).ok_or_else(Refused::not_found)?;
    if let Some(outcome) = graphql::answer(call, &segments) {
        return outcome;
    }
    let segments = names::by_name(call, segments)?;
    if let Some(moved) = names::moved(call, &segments) {
        return Err(moved);
    }
    call.canonical = names::canonical(call, &segments);
    let at: Vec<&str> = segments.iter().map(String::as_str).collect();
    // HEAD is a GET whose body is left out at the end.
    let method = if call.method == Method::HEAD { Method::GET } else { call.method.clone() };
    let outcome = rest::FAMILIES
        .iter()
        .find_map(|family| family(call, (method.as_str(), &at)))
        .unwrap_or_else(|| Err(Refused::not_found()));
    if let Ok(answer) = &outcome
        && method != Method::GET
        && (200..300).contains(&answer.status)
    {
        rest::audit_log::note(call, (method.as_str(), &at), answer);
    }
    outcome
}

impl Answer {
    /// As a response without the headers that every answer of the API carries.
    fn plain(self) -> Response {
        let mut response = Response::new(Body::empty());
        self.fill(&mut response);
        response
    }
}
