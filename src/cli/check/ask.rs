//! Plain questions to Slack and GitHub, whose answers are seen whole, headers included. They leave the machine
//! the way the bot's own do.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;

use crate::config::{Secret, Sections};
use hubcommander_outbound::{Proxies, WayOut, leads_here, must_be_private};

/// How long a connection and how long an answer may take.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
/// The most of an answer that is read, in bytes.
const MOST: usize = 1024 * 1024;

/// Asks.
pub(super) struct Asker(Client<WayOut, Full<Bytes>>);

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body, if it is JSON; else null.
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A text in the body.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }
}

impl Asker {
    /// Fails in words for the person at the terminal.
    pub fn new(sections: &Sections) -> Result<Self, String> {
        let urls = [
            sections.slack.as_ref().map(|slack| &slack.api_url),
            sections.github.as_ref().map(|github| &github.api_url),
        ];
        let encrypted = urls.into_iter().flatten().any(|url| !leads_here(url));
        let way_out =
            WayOut::new(Proxies::from_env(), CONNECT, encrypted).map_err(|error| error.to_string())?;
        Ok(Self(Client::builder(TokioExecutor::new()).build(way_out)))
    }

    /// Asks for what stands below `base`. Fails in words that hold neither the token nor the answer.
    pub async fn ask(
        &self,
        method: Method,
        base: &Url,
        below: &str,
        token: Option<&Secret>,
    ) -> Result<Answer, String> {
        must_be_private(base).map_err(|error| error.to_string())?;
        let address = format!("{}/{below}", base.as_str().trim_end_matches('/'));
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .header(header::USER_AGENT, concat!("hubcommander/", env!("CARGO_PKG_VERSION")))
            .header(header::ACCEPT, "application/json");
        if let Some(token) = token {
            let mut value = header::HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
                .map_err(|_| "the token holds characters that no header may hold".to_owned())?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(Full::default()).map_err(|_| "the address cannot be asked".to_owned())?;
        let asking = async {
            let answer = self.0.request(request).await.map_err(|error| why(&error))?;
            let (parts, body) = answer.into_parts();
            let body =
                Limited::new(body, MOST).collect().await.map_err(|_| "the answer broke off".to_owned())?;
            let body = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
            Ok(Answer { status: parts.status, headers: parts.headers, body })
        };
        tokio::time::timeout(ANSWER, asking)
            .await
            .unwrap_or_else(|_| Err(format!("there was no answer within {} s", ANSWER.as_secs())))
    }
}

/// The innermost cause, which is the one that tells something.
fn why(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    // Bounded: causes could be made to go in circles.
    for _ in 0..20 {
        match cause.source() {
            Some(source) => cause = source,
            None => break,
        }
    }
    cause.to_string()
}
