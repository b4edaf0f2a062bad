//! Asking an account over HTTP that speaks JSON: each request once, again where that may help, and never for long.

mod token;
mod trouble;

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use hubcommander_outbound::{AddressError, Answer, Patience, Proxies, client_for, exchange};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};
use url::Url;

pub(crate) use token::{Grant, Issued, Persistence, Token, bearer};
pub(crate) use trouble::Trouble;

/// A page of a hundred devices with all their programs is some megabytes.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;

/// The longest pause between two tries, unless the other side asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// More pages than this, and the other side leads us in a circle.
pub(crate) const MOST_PAGES: usize = 10_000;

/// What a refusal says of itself, in the other side's own terms.
pub(crate) struct Refusal {
    /// Its word for why.
    pub(crate) code: String,
    /// Whether that means that it was asked too often.
    pub(crate) too_often: bool,
}

/// One address that is asked.
pub(crate) struct Api {
    who: &'static str,
    http: reqwest::Client,
    base: Url,
    persistence: Persistence,
    refusal: fn(&Json) -> Refusal,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Api {
    pub(crate) fn new(
        who: &'static str,
        base: &Url,
        (proxies, patience): (&Proxies, Patience),
        persistence: Persistence,
        refusal: fn(&Json) -> Refusal,
    ) -> Result<Self, AddressError> {
        let http = client_for(base, proxies, patience)?;
        Ok(Self { who, http, base: base.clone(), persistence, refusal })
    }

    /// An address below the base: each part and each value is encoded by itself.
    pub(crate) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Trouble> {
        // A part that is a dot or two would be resolved away, and lead somewhere else.
        if path.iter().any(|part| part.is_empty() || *part == "." || *part == "..") {
            return Err(self.settings("a part of an address that is none"));
        }
        let mut address = self.base.clone();
        match address.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(self.settings("no address")),
        };
        if !query.is_empty() {
            let encoded = form(query);
            // OData knows no plus for a space. A plus that is meant is written %2B already.
            address.set_query(Some(&encoded.replace('+', "%20")));
        }
        Ok(address)
    }

    /// Whether an address that the other side named is one where our token may be sent.
    pub(crate) fn is_ours(&self, address: &Url) -> bool {
        address.origin() == self.base.origin()
            && address.username().is_empty()
            && address.password().is_none()
    }

    pub(crate) fn unreadable(&self, what: &'static str, why: impl ToString) -> Trouble {
        Trouble::Unreadable { who: self.who, what, why: why.to_string() }
    }

    fn settings(&self, why: &str) -> Trouble {
        Trouble::Settings { who: self.who, why: why.to_owned() }
    }

    /// Reads what is at an address.
    pub(crate) async fn get(
        &self,
        what: &'static str,
        address: &Url,
        authorization: &HeaderValue,
    ) -> Result<Json, Trouble> {
        let request = || self.http.get(address.clone()).header(AUTHORIZATION, authorization.clone());
        self.read(what, &self.patiently(what, request).await?)
    }

    /// Asks for something to be done that may be done twice. What is answered does not matter.
    pub(crate) async fn post(
        &self,
        what: &'static str,
        address: &Url,
        authorization: &HeaderValue,
    ) -> Result<(), Trouble> {
        let request = || {
            let request = self.http.request(Method::POST, address.clone());
            request
                .header(AUTHORIZATION, authorization.clone())
                .header(CONTENT_TYPE, "application/json")
                .body("{}")
        };
        self.patiently(what, request).await.map(drop)
    }

    /// Sends a form, as token endpoints want it.
    pub(crate) async fn post_form<T: DeserializeOwned>(
        &self,
        what: &'static str,
        address: &Url,
        fields: &[(&str, &str)],
    ) -> Result<T, Trouble> {
        let body = form(fields);
        let request = || {
            let request = self.http.request(Method::POST, address.clone());
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.clone())
        };
        self.read(what, &self.patiently(what, request).await?)
    }

    fn read<T: DeserializeOwned>(&self, what: &'static str, answer: &Answer) -> Result<T, Trouble> {
        // Where and of which kind, not serde's own words: those may quote what was sent.
        answer.json().map_err(|error| {
            let why =
                format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
            self.unreadable(what, why)
        })
    }

    async fn patiently(
        &self,
        what: &'static str,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Answer, Trouble> {
        let until = Instant::now() + self.persistence.within;
        let mut pause = self.persistence.pause;
        loop {
            let trouble = match self.once(what, request()).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let wait = trouble.wait().unwrap_or(pause).max(pause);
            if !trouble.may_pass() || Instant::now() + wait >= until {
                return Err(trouble);
            }
            tracing::debug!(%trouble, ?wait, "asking again");
            sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn once(&self, what: &'static str, request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
        let who = self.who;
        let answer = exchange(request.header(ACCEPT, "application/json"), LONGEST_ANSWER)
            .await
            .map_err(|failure| Trouble::NoAnswer { who, what, failure })?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let Refusal { code, too_often } = (self.refusal)(&answer.json().unwrap_or_default());
        let status = answer.status.as_u16();
        Err(Trouble::Refused { who, what, status, code: word(&code), wait: answer.retry_after(), too_often })
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A word of the other side, as far as it can be one: a code names nobody and holds no secret.
fn word(code: &str) -> String {
    let fine = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
    if code.len() <= 60 && code.chars().all(fine) { code.to_owned() } else { String::new() }
}
