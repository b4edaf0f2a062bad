//! Asking a source over HTTP: patiently, within bounds, and never anybody else.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK};
use http::{HeaderMap, HeaderName, HeaderValue};
use hubcommander_outbound::{Answer, Patience, Proxies, client_for, exchange};
use hubcommander_sdk::clock::SharedClock;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;
use tokio::time::sleep;
use url::Url;

use crate::Trouble;

/// Bytes of one answer at most. A page of a thousand people is some megabytes.
const LONGEST: usize = 32 * 1024 * 1024;
/// Pages at most; one more, and the source leads us in a circle.
const MOST_PAGES: usize = 20_000;
/// People at most.
const MOST_PEOPLE: usize = 1_000_000;

/// How often something is asked again, and how long is waited between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How often one page is asked for, the first time included.
    pub tries: u32,
    /// The first pause; each following one is twice as long.
    pub pause: Duration,
    /// The longest pause. A source that asks for a longer one fails the reading.
    pub longest: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { tries: 5, pause: Duration::from_secs(1), longest: Duration::from_secs(120) }
    }
}

/// How the other side is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// How long one request may take.
    pub patience: Patience,
    /// Between requests.
    pub waits: Waits,
    /// Which connections go through a proxy.
    pub proxies: Proxies,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            patience: Patience { connect: Duration::from_secs(5), request: Duration::from_secs(60) },
            waits: Waits::default(),
            proxies: Proxies::from_env(),
        }
    }
}

/// One host that is asked.
pub(crate) struct Web {
    pub(super) who: String,
    http: reqwest::Client,
    base: Url,
    waits: Waits,
    clock: SharedClock,
    /// Whether a 403 with this body means that we asked too often.
    too_often: fn(&Json) -> bool,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// What a request carries besides.
pub(crate) type Header = (HeaderName, HeaderValue);

impl Web {
    /// Reaches the host of this address alone.
    pub(crate) fn new(
        who: impl Into<String>,
        address: &Url,
        reach: &Reach,
        clock: SharedClock,
        too_often: fn(&Json) -> bool,
    ) -> Result<Self, Trouble> {
        let who = who.into();
        let mut base = address.clone();
        base.set_path("");
        base.set_query(None);
        base.set_fragment(None);
        let client = client_for(&base, &reach.proxies, reach.patience);
        let http = client.map_err(|error| Trouble::Setup {
            directory: who.clone(),
            why: format!("its address: {error}"),
        })?;
        Ok(Self { who, http, base, waits: reach.waits, clock, too_often })
    }

    pub(crate) fn unreadable(&self, why: impl ToString) -> Trouble {
        Trouble::Unreadable { directory: self.who.clone(), why: why.to_string() }
    }

    fn partial(&self, why: impl ToString) -> Trouble {
        Trouble::Partial { directory: self.who.clone(), why: why.to_string() }
    }

    /// An address on the host, whose parts are encoded each by itself.
    pub(super) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Trouble> {
        let mut address = self.base.clone();
        match address.path_segments_mut() {
            Ok(mut segments) => segments.clear().extend(path),
            Err(()) => return Err(self.unreadable("no address")),
        };
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        Ok(address)
    }

    /// The address that a page says is the next one: on the same host, or it is not asked.
    fn following(&self, here: &Url, next: &str) -> Result<Url, Trouble> {
        let next = here.join(next).map_err(|_| self.unreadable("its next page is no address"))?;
        let ours =
            next.origin() == self.base.origin() && next.username().is_empty() && next.password().is_none();
        if ours { Ok(next) } else { Err(self.unreadable("its next page is at another host")) }
    }

    /// The address that the page's `Link` header names as the next one.
    pub(super) fn next(&self, here: &Url, answer: &Answer) -> Result<Option<Url>, Trouble> {
        let next = next_link(&answer.headers).map_err(|why| self.unreadable(why))?;
        next.map(|next| self.following(here, &next)).transpose()
    }

    /// What is at an address, asked again while that may help.
    pub(super) async fn get(&self, address: &Url, headers: &[Header]) -> Result<Answer, Trouble> {
        self.patiently(|| {
            let request = self.http.get(address.clone());
            headers.iter().fold(request, |request, (name, value)| request.header(name, value.clone()))
        })
        .await
    }

    /// What a form is answered; for token endpoints, which may be asked twice.
    pub(super) async fn post_form(&self, address: &Url, fields: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.post(address, &[(CONTENT_TYPE, kind)], &body).await
    }

    /// Sends what may arrive twice.
    pub(crate) async fn post(
        &self,
        address: &Url,
        headers: &[Header],
        body: &str,
    ) -> Result<Answer, Trouble> {
        self.patiently(|| {
            let request = self.http.post(address.clone()).body(body.to_owned());
            headers.iter().fold(request, |request, (name, value)| request.header(name, value.clone()))
        })
        .await
    }

    async fn patiently(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Result<Answer, Trouble> {
        let mut pause = self.waits.pause;
        let mut tried = 1;
        loop {
            let trouble = match self.once(request()).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let wait = match &trouble {
                Trouble::Busy { wait: Some(wait), .. } => (*wait).max(pause),
                _ => pause,
            };
            if !trouble.may_pass() || tried >= self.waits.tries || wait > self.waits.longest {
                return Err(trouble);
            }
            tracing::info!(directory = self.who, tried, ?wait, "asked again: {trouble}");
            sleep(wait).await;
            pause = (pause * 2).min(self.waits.longest);
            tried += 1;
        }
    }

    async fn once(&self, request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
        let directory = || self.who.clone();
        let request = request.header(ACCEPT, "application/json");
        let answer = exchange(request, LONGEST)
            .await
            .map_err(|failure| Trouble::NoAnswer { directory: directory(), failure })?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let status = answer.status.as_u16();
        let busy = status == 429 || (status == 403 && (self.too_often)(&answer.json().unwrap_or_default()));
        if busy {
            let wait = answer.retry_after().or_else(|| self.until_reset(&answer.headers));
            return Err(Trouble::Busy { directory: directory(), wait });
        }
        Err(Trouble::Refused { directory: directory(), status })
    }

    /// How long it is until the moment that Okta and others write, in seconds since 1970.
    fn until_reset(&self, headers: &HeaderMap) -> Option<Duration> {
        let at: i64 = headers.get("x-rate-limit-reset")?.to_str().ok()?.trim().parse().ok()?;
        let wait = TimeDelta::seconds(at.checked_sub(self.clock.now().timestamp())?);
        // One more: the other side counts whole seconds.
        Some(wait.to_std().unwrap_or_default() + Duration::from_secs(1))
    }

    /// All records of all pages. `read` takes one page apart: its records, and where the next is.
    pub(super) async fn all<F>(&self, first: Url, headers: &[Header], read: F) -> Result<Vec<Json>, Trouble>
    where
        F: Fn(&Url, &Answer) -> Result<(Vec<Json>, Option<Url>), Trouble> + Send + Sync,
    {
        let (mut records, mut seen) = (Vec::new(), HashSet::from([first.clone()]));
        let mut here = first;
        for _ in 0..MOST_PAGES {
            let answer = self.get(&here, headers).await?;
            let (more, next) = read(&here, &answer)?;
            records.extend(more);
            if records.len() > MOST_PEOPLE {
                return Err(self.partial(format!("there are more than {MOST_PEOPLE} people")));
            }
            match next {
                None => return Ok(records),
                Some(next) if !seen.insert(next.clone()) => {
                    return Err(self.partial("its pages go in a circle"));
                }
                Some(next) => here = next,
            }
        }
        Err(self.partial(format!("there are more than {MOST_PAGES} pages")))
    }

    /// A body as JSON.
    pub(super) fn json(&self, answer: &Answer) -> Result<Json, Trouble> {
        // Where and of which kind, not serde's own words: those may quote what was sent.
        answer.json().map_err(|error| {
            self.unreadable(format!(
                "{:?} error at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            ))
        })
    }
}

/// The address with `rel="next"` among the `Link` headers (RFC 8288), of which there may be several. Not to
/// understand one is an error: the page might not be the last.
fn next_link(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    const ODD: &str = "its Link header cannot be read";
    for header in headers.get_all(LINK) {
        for link in parts(header.to_str().map_err(|_| ODD)?, ',').ok_or(ODD)? {
            let link = link.trim();
            if link.is_empty() {
                continue;
            }
            let (address, parameters) =
                link.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(ODD)?;
            let parameters = parts(parameters, ';').ok_or(ODD)?;
            let next = parameters.iter().filter_map(|one| one.split_once('=')).any(|(name, value)| {
                let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
                name.trim().eq_ignore_ascii_case("rel")
                    && relations.any(|one| one.eq_ignore_ascii_case("next"))
            });
            if next {
                return Ok(Some(address.to_owned()));
            }
        }
    }
    Ok(None)
}

/// What stands between separators, except those in an address or in quotes. `None` if one of these is not closed.
fn parts(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut within, mut escaped) = (None, false);
    for (place, one) in text.char_indices() {
        match within {
            _ if escaped => escaped = false,
            Some('"') if one == '\\' => escaped = true,
            Some(end) if one == end => within = None,
            Some(_) => {}
            None if one == '<' => within = Some('>'),
            None if one == '"' => within = Some('"'),
            None if one == separator => {
                parts.extend(text.get(from..place));
                from = place + 1;
            }
            None => {}
        }
    }
    parts.extend(text.get(from..));
    within.is_none().then_some(parts)
}

/// The header for a secret, which is never shown.
pub(super) fn authorization(who: &str, scheme: &str, secret: &SecretString) -> Result<Header, Trouble> {
    header(who, AUTHORIZATION, scheme, secret)
}

pub(super) fn header(
    who: &str,
    name: HeaderName,
    scheme: &str,
    secret: &SecretString,
) -> Result<Header, Trouble> {
    let text = format!("{scheme} {}", secret.expose_secret().trim());
    let mut value = HeaderValue::from_str(text.trim_start()).map_err(|_| Trouble::Setup {
        directory: who.to_owned(),
        why: "the token has characters that no token has".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_links() {
        let next = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(LINK, value.parse().unwrap());
            }
            next_link(&headers)
        };
        let self_ = "<https://o.example/u?limit=2>; rel=\"self\"";
        let one = "<https://o.example/u?after=x&limit=2>; rel=\"next\"";
        let found = Ok(Some("https://o.example/u?after=x&limit=2".to_owned()));
        assert_eq!(next(&[self_, one]), found);
        assert_eq!(next(&[&format!("{self_}, {one}")]), found);
        assert_eq!(next(&["</u?page=2>;rel=next"]), Ok(Some("/u?page=2".to_owned())));
        assert_eq!(
            next(&["<a,b;c>; title=\"x, y\\\"; z\"; rel=\"prev NEXT\""]),
            Ok(Some("a,b;c".to_owned()))
        );
        for nothing in ["", "<x>", "<x>; rel=nextone", "<x>; rev=next", "<x>; title=\"rel=next\"", self_] {
            assert_eq!(next(&[nothing]), Ok(None), "{nothing}");
        }
        for odd in ["<", "<x", "x>; rel=next", "x; rel=next", "<x>; title=\"a; rel=next"] {
            assert!(next(&[odd]).is_err(), "{odd}");
        }
    }
}
