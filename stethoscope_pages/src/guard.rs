//! What stands before every page: who it is, whether a form is really from us, and what browsers are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};

use crate::page::Refusal;
use crate::ports::Person;
use crate::secret::{form_token, hash, same};
use crate::site::Pages;

/// Nothing from elsewhere, nothing inline, nobody may frame us. `form-action` holds forms to this site.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// What browsers are told with every answer. A page may have set its own `cache-control`.
pub(crate) async fn headers(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if pages.encrypted() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The name of the session's cookie. `__Host-` keeps neighbours from setting it, and needs TLS.
pub(crate) fn cookie_name(pages: &Pages) -> &'static str {
    if pages.encrypted() { "__Host-stethoscope" } else { "stethoscope" }
}

/// A cookie of ours. `seconds` of 0 takes it away.
pub(crate) fn set_cookie(pages: &Pages, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if pages.encrypted() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

/// The value of a cookie. Two of one name are none: somebody else may have put one there.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let one = found.next()?;
    found.next().is_none().then(|| one.to_owned().into())
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) person: Person,
    /// The cookie's secret.
    secret: SecretString,
}

impl Signed {
    /// What every form of theirs holds.
    pub(crate) fn form_token(&self) -> String {
        form_token(&self.secret)
    }

    /// What the session is stored by.
    pub(crate) fn session(&self) -> crate::ports::Hash {
        hash(self.secret.expose_secret())
    }

    /// Who it is, if their session still counts.
    pub(crate) async fn read(pages: &Pages, headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(secret) = cookie(headers, cookie_name(pages)) else { return Ok(None) };
        let id = hash(secret.expose_secret());
        let Some(session) = pages.behind.sessions.find(&id).await? else { return Ok(None) };
        let now = pages.now();
        if now >= session.begun + pages.settings.longest || now >= session.seen + pages.settings.idle {
            pages.behind.sessions.end(&id).await?;
            return Ok(None);
        }
        // Once a minute is exact enough, and spares the store.
        if now - session.seen >= TimeDelta::minutes(1) {
            pages.behind.sessions.seen(&id, now).await?;
        }
        Ok(Some(Self { person: session.person, secret }))
    }
}

impl FromRequestParts<Arc<Pages>> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Refusal> {
        let next = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Self::read(pages, &parts.headers).await?.ok_or(Refusal::SignIn { next })
    }
}

/// A form that somebody who is signed in has sent from one of our pages. There is no other way to get at its
/// fields, so no page can forget to check.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) signed: Signed,
    pub(crate) fields: BTreeMap<String, String>,
}

impl FromRequest<Arc<Pages>> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, pages: &Arc<Pages>) -> Result<Self, Refusal> {
        must_be_ours(pages, request.headers())?;
        let signed = Signed::read(pages, request.headers()).await?;
        let signed = signed.ok_or(Refusal::SignIn { next: "/".to_owned() })?;
        let body = Bytes::from_request(request, pages).await.map_err(|_| Refusal::NotOurForm)?;
        let fields: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
        let given = fields.get("csrf").map(String::as_str).unwrap_or_default();
        if !same(given, &signed.form_token()) {
            return Err(Refusal::NotOurForm);
        }
        Ok(Self { signed, fields })
    }
}

/// Refuses a form that another site has sent.
///
/// `Sec-Fetch-Site` decides where the browser sends it. `Origin` alone would not do: with our `no-referrer`
/// browsers write `null` there, even for our own pages (Fetch standard, "append a request Origin header").
pub(crate) fn must_be_ours(pages: &Pages, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let origin = text("origin");
    let ours = pages.origin();
    let allowed = match text("sec-fetch-site") {
        Some(site) => site == "same-origin" && origin.is_none_or(|origin| origin == "null" || origin == ours),
        None => origin.is_some_and(|origin| origin == ours),
    };
    if allowed { Ok(()) } else { Err(Refusal::NotOurForm) }
}

/// A page of ours to go to. Anything else becomes the first page, so that no link of ours leads elsewhere.
pub(crate) fn way_on(next: &str) -> &str {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    const PAGES: [&str; 9] = [
        "/",
        "/devices",
        "/notifications",
        "/access",
        "/faq",
        "/tokens",
        "/person",
        "/fleet",
        "/fleet/preview",
    ];
    if PAGES.contains(&path) && next.bytes().all(|byte| (0x21..0x7f).contains(&byte)) { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_there_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; b=2"));
        assert_eq!(cookie(&headers, "b").unwrap().expose_secret(), "2");
        headers.append(header::COOKIE, HeaderValue::from_static("b=3"));
        assert!(cookie(&headers, "b").is_none());
    }

    #[test]
    fn only_our_own_pages_are_gone_on_to() {
        for (next, gone) in [
            ("/devices", "/devices"),
            ("/fleet?practice=encryption", "/fleet?practice=encryption"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/", "/"),
            ("javascript:alert(1)", "/"),
            ("/devices\r\nset-cookie: a=b", "/"),
            ("/check", "/"),
            ("", "/"),
        ] {
            assert_eq!(way_on(next), gone, "{next}");
        }
    }
}
