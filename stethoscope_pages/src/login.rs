//! In and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::guard::{Posted, Signed, cookie, cookie_name, must_be_ours, set_cookie, way_on};
use crate::oidc;
use crate::page::{Frame, Refusal, html, see};
use crate::ports::{Attempt, Person, Session};
use crate::secret::{hash, same};
use crate::show::ago;
use crate::site::Pages;

/// Which page was wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    /// Name, title, and where each leads.
    providers: Vec<(String, String)>,
    next: String,
}

/// How to come in.
pub(crate) async fn login(
    State(pages): State<Arc<Pages>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let providers =
        pages.behind.providers.iter().map(|one| (one.name().to_owned(), one.title().to_owned())).collect();
    let next = url::form_urlencoded::byte_serialize(way_on(&wanted.next).as_bytes()).collect();
    html(&LoginPage { frame: Frame::outside("Sign in"), providers, next })
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    email: String,
    ends: String,
}

/// The page behind a one-time link. Looking at it changes nothing: previews of links look too.
pub(crate) async fn link(
    State(pages): State<Arc<Pages>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = pages.behind.sessions.look_at_ticket(&hash(&secret)).await?;
    let now = pages.now();
    let ticket = ticket.filter(|ticket| now < ticket.ends);
    // Whoever comes back by the same button, and is in already, goes on.
    let signed = Signed::read(&pages, &headers).await?;
    let is_them =
        |signed: &Signed| ticket.as_ref().is_none_or(|ticket| ticket.person.email == signed.person.email);
    if signed.as_ref().is_some_and(is_them) {
        return Ok(see("/"));
    }
    let ticket = ticket.ok_or(Refusal::LinkUsed)?;
    let ends = ago(ticket.ends, now);
    let frame = Frame::outside("Sign in");
    html(&LinkPage { frame, name: ticket.person.name, email: ticket.person.email, ends })
}

/// Signs in with a one-time link, which is used up.
pub(crate) async fn use_link(
    State(pages): State<Arc<Pages>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    must_be_ours(&pages, &headers)?;
    let ticket = pages.behind.sessions.take_ticket(&hash(&secret)).await?;
    let now = pages.now();
    let ticket = ticket.filter(|ticket| now < ticket.ends).ok_or(Refusal::LinkUsed)?;
    begin(&pages, &headers, ticket.person, "/").await
}

/// Begins a session under a new secret, whatever cookie there was before.
async fn begin(pages: &Pages, headers: &HeaderMap, person: Person, next: &str) -> Result<Response, Refusal> {
    if let Some(old) = cookie(headers, cookie_name(pages)) {
        pages.behind.sessions.end(&hash(old.expose_secret())).await?;
    }
    let secret = pages.behind.secrets.make();
    let now = pages.now();
    let session = Session { id: hash(secret.expose_secret()), person, begun: now, seen: now };
    pages.behind.sessions.begin(session).await?;
    let seconds = pages.settings.longest.num_seconds();
    let mut response = see(way_on(next));
    if let Some(cookie) = set_cookie(pages, cookie_name(pages), secret.expose_secret(), seconds) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Signs out here.
pub(crate) async fn logout(State(pages): State<Arc<Pages>>, posted: Posted) -> Result<Response, Refusal> {
    pages.behind.sessions.end(&posted.signed.session()).await?;
    Ok(out(&pages))
}

/// Signs out on every browser.
pub(crate) async fn logout_everywhere(
    State(pages): State<Arc<Pages>>,
    posted: Posted,
) -> Result<Response, Refusal> {
    pages.behind.sessions.end_all(&posted.signed.person.email).await?;
    Ok(out(&pages))
}

fn out(pages: &Pages) -> Response {
    let mut response = see("/login");
    if let Some(cookie) = set_cookie(pages, cookie_name(pages), "", 0) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Where the browser keeps the `state` of an attempt, so that only the browser that left comes back.
fn attempt_cookie(pages: &Pages) -> &'static str {
    if pages.encrypted() { "__Host-stethoscope-attempt" } else { "stethoscope-attempt" }
}

/// Off to a provider of identities.
pub(crate) async fn leave(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let provider = provider(&pages, &name)?;
    let state = pages.behind.secrets.make();
    let nonce = pages.behind.secrets.make().expose_secret().to_owned();
    let verifier = pages.behind.secrets.make().expose_secret().to_owned();
    let address = provider
        .leave(&pages.settings.public_url, state.expose_secret(), &nonce, &verifier, pages.now())
        .await?;
    let lives = pages.settings.link_lives;
    let attempt = Attempt {
        id: hash(state.expose_secret()),
        provider: name,
        nonce,
        verifier,
        next: way_on(&wanted.next).to_owned(),
        ends: pages.now() + lives,
    };
    pages.behind.sessions.put_attempt(attempt).await?;
    let location = HeaderValue::from_str(address.as_str()).map_err(|_| Refusal::NotFound)?;
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    let seconds = lives.num_seconds();
    if let Some(cookie) = set_cookie(&pages, attempt_cookie(&pages), state.expose_secret(), seconds) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What a provider sends people back with.
#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    iss: Option<String>,
}

/// Back from a provider of identities.
pub(crate) async fn back(
    State(pages): State<Arc<Pages>>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let kept = cookie(&headers, attempt_cookie(&pages)).ok_or(Refusal::SignInFailed)?;
    if !same(kept.expose_secret(), &back.state) {
        return Err(Refusal::SignInFailed);
    }
    let attempt = pages.behind.sessions.take_attempt(&hash(&back.state)).await?;
    let now = pages.now();
    let attempt = attempt.filter(|attempt| now < attempt.ends).ok_or(Refusal::SignInFailed)?;
    let provider = provider(&pages, &attempt.provider)?;
    // Where a provider says who it is (RFC 9207), it must be the one that we sent them to.
    if back.iss.as_deref().is_some_and(|iss| iss != provider.issuer()) {
        return Err(Refusal::SignInFailed);
    }
    let person = provider
        .come_back(&pages.settings.public_url, back.code, &attempt.nonce, attempt.verifier, now)
        .await?;
    let mut response = begin(&pages, &headers, person, &attempt.next).await?;
    if let Some(cookie) = set_cookie(&pages, attempt_cookie(&pages), "", 0) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn provider(pages: &Pages, name: &str) -> Result<Arc<oidc::Provider>, Refusal> {
    pages.behind.providers.iter().find(|one| one.name() == name).cloned().ok_or(Refusal::NotFound)
}
