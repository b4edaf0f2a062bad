//! Where a request meets its faults: around the whole router.

use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, StatusCode, header};

use super::gate::{HeldRequest, Hold, Stop};
use super::log::{Logged, Outcome};
use super::rule::{Fault, Refusal};
use super::{Faults, Phase, Seen, lock};
use crate::connection::Connection;

/// Larger bodies are refused with 413.
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// The status of the answer to a request that should never have been sent.
const ODD: u16 = 599;

/// How a request ended, before anything is sent.
enum Verdict {
    Answer(Response),
    Cut,
    Hang,
}

/// What is known of a request after it was read.
struct Arrived {
    number: u64,
    method: Method,
    path: String,
    /// What is wrong with the request itself.
    odd: Option<String>,
    faults: Vec<Fault>,
    stops: Vec<Stop>,
    latency: Duration,
}

impl Faults {
    /// The router, with every request passing through these faults.
    pub fn layer(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), meet))
    }
}

async fn meet(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Connection>().cloned().unwrap_or_default();
    let (parts, body) = request.into_parts();
    if faults.inner.exempt.get().is_some_and(|exempt| exempt(&parts)) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let arrived = faults.arrive(&parts, &body);
    let request = Request::from_parts(parts, Body::from(body));
    // A task of its own: who goes away before the answer does not undo what was asked.
    let worker = tokio::spawn(async move { faults.carry_out(arrived, request, next).await });
    match worker.await {
        Ok(Verdict::Answer(response)) => response,
        Ok(Verdict::Hang) => pending().await,
        // A panic in a handler looks to the client like a crash of the server.
        Ok(Verdict::Cut) | Err(_) => {
            connection.cut();
            pending().await
        }
    }
}

impl Faults {
    fn arrive(&self, parts: &http::request::Parts, body: &Bytes) -> Arrived {
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let mut entry = Logged {
            number: 0,
            at: self.inner.clock.now(),
            method: method.clone(),
            path: path.clone(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: None,
            outcome: Outcome::Open,
        };
        if entry.is_write() {
            let kept = &body[..body.len().min(Logged::BODY_KEPT)];
            entry.body = Some(String::from_utf8_lossy(kept).into_owned());
        }
        let number = lock(&self.inner.log).arrive(entry);
        self.inner.in_flight.fetch_add(1, Ordering::SeqCst);
        self.note_change();
        let odd = self.inner.inspect.get().and_then(|inspect| inspect(parts, body).err());
        if let Some(odd) = &odd {
            lock(&self.inner.odd).push(odd.clone());
        }
        let faults = lock(&self.inner.rules).befalling(&method, &path, body);
        let stops =
            lock(&self.inner.gates).iter_mut().filter_map(|gate| gate.takes(&method, &path, body)).collect();
        let latency = *lock(&self.inner.latency);
        Arrived { number, method, path, odd, faults, stops, latency }
    }

    async fn carry_out(&self, arrived: Arrived, request: Request, next: Next) -> Verdict {
        let Arrived { number, method, path, odd, faults, stops, latency } = arrived;
        if let Some(odd) = odd {
            let body = serde_json::json!({ "message": odd }).to_string();
            return self.refuse(number, status_answer(ODD, body));
        }
        let mut seen = Seen { number, phase: Phase::BeforeEffect, method, path, status: None };
        let (before, after): (Vec<Stop>, Vec<Stop>) =
            stops.into_iter().partition(|stop| stop.hold == Hold::BeforeEffect);
        pause(latency / 2).await;
        self.tell(&seen);
        if !pass(before, &seen).await {
            self.end(number, Outcome::Dropped);
            return Verdict::Cut;
        }
        let mut lost = false;
        for fault in faults {
            match fault {
                Fault::Delay(time) => pause(time).await,
                Fault::LostAnswer => lost = true,
                Fault::Dropped => {
                    self.end(number, Outcome::Dropped);
                    return Verdict::Cut;
                }
                Fault::Hang => {
                    self.end(number, Outcome::Hanging);
                    return Verdict::Hang;
                }
                Fault::Status(status, body) => return self.refuse(number, status_answer(status, body)),
                Fault::RateLimited { retry_after } => {
                    return self.refuse(number, self.worded(&Refusal::RateLimited { retry_after }));
                }
                Fault::SecondaryLimit => return self.refuse(number, self.worded(&Refusal::SecondaryLimit)),
            }
        }
        let response = next.run(request).await;
        let status = response.status().as_u16();
        seen.phase = Phase::AfterEffect;
        seen.status = Some(status);
        self.tell(&seen);
        if !pass(after, &seen).await || lost {
            self.end(number, Outcome::AnswerLost(status));
            return Verdict::Cut;
        }
        pause(latency / 2).await;
        self.end(number, Outcome::Answered(status));
        Verdict::Answer(response)
    }

    fn refuse(&self, number: u64, response: Response) -> Verdict {
        self.end(number, Outcome::Answered(response.status().as_u16()));
        Verdict::Answer(response)
    }

    fn worded(&self, refusal: &Refusal) -> Response {
        match self.inner.refusals.get() {
            Some(answer) => answer(refusal),
            None => plain_refusal(refusal),
        }
    }

    fn end(&self, number: u64, outcome: Outcome) {
        lock(&self.inner.log).end(number, outcome);
        self.inner.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.note_change();
    }

    fn note_change(&self) {
        self.inner.logged.send_modify(|changes| *changes += 1);
    }
}

async fn pass(stops: Vec<Stop>, seen: &Seen) -> bool {
    for stop in stops {
        let request =
            HeldRequest { number: seen.number, method: seen.method.clone(), path: seen.path.clone() };
        if !stop.wait(request).await {
            return false;
        }
    }
    true
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn status_answer(status: u16, body: String) -> Response {
    let kind = if body.starts_with(['{', '[']) { "application/json; charset=utf-8" } else { "text/html" };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

fn plain_refusal(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::RateLimited { retry_after } => {
            let seconds = retry_after.as_secs().to_string();
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)]).into_response()
        }
        Refusal::SecondaryLimit => StatusCode::TOO_MANY_REQUESTS.into_response(),
    }
}
