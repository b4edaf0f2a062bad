//! The account at Jamf: gets tokens, and asks. At most five questions are open at once, as Jamf asks of its clients
//! (<https://developer.jamf.com/jamf-pro/docs/jamf-pro-api-scalability-best-practices>).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE};
use hubcommander_outbound::{Answer, client_for, exchange};
use hubcommander_sdk::clock::SharedClock;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::sync::{Mutex, Semaphore};
use url::Url;
use url::form_urlencoded::Serializer;

use super::settings::{Settings, SetupError};
use super::trouble::{TOKEN, Trouble};

/// How many questions may be open at once.
const AT_ONCE: usize = 5;
/// The longest answer: a page of computers with their programs is a few megabytes.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;
/// For how long before its end a token is not used any more: it must live until the request has arrived.
const MARGIN: Duration = Duration::from_secs(5);
/// Where tokens are given, the newer way first.
const TOKEN_PATHS: [&str; 2] = ["/api/v1/oauth/token", "/api/oauth/token"];

/// A token, and until when it is used.
#[derive(Clone)]
struct Token {
    value: Arc<SecretString>,
    until: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Given {
    access_token: SecretString,
    /// In seconds.
    #[serde(default)]
    expires_in: u32,
}

/// The account.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    client_id: String,
    client_secret: SecretString,
    token_path: Option<String>,
    tries: u32,
    pause: Duration,
    longest_pause: Duration,
    clock: SharedClock,
    token: Mutex<Option<Token>>,
    open: Semaphore,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let path = settings.token_path.as_deref();
        if path.is_some_and(|path| !path.starts_with('/') || path.contains(['?', '#'])) {
            return Err(SetupError::TokenPath);
        }
        if settings.client_id.trim().is_empty() || settings.client_secret.expose_secret().trim().is_empty() {
            return Err(SetupError::Client);
        }
        Ok(Self {
            http: client_for(&settings.url, &settings.proxies, settings.patience)?,
            base: settings.url.clone(),
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            token_path: settings.token_path.clone(),
            tries: settings.tries.max(1),
            pause: settings.pause,
            longest_pause: settings.longest_pause,
            clock,
            token: Mutex::default(),
            open: Semaphore::new(AT_ONCE),
        })
    }

    /// Asks for what stands at `path`, each part of which is encoded by itself. Asked again where that may help.
    pub(super) async fn get(
        &self,
        what: &'static str,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Json, Trouble> {
        let mut address = self.base.clone();
        if let Ok(mut parts) = address.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        let mut pause = self.pause;
        for left in (0..self.tries).rev() {
            let trouble = match self.once(what, &address).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            let wait = trouble.wait().unwrap_or(pause);
            if left == 0 || !trouble.may_pass() || wait > self.longest_pause {
                return Err(trouble);
            }
            tokio::time::sleep(wait).await;
            pause *= 2;
        }
        Err(Trouble::Unreadable { what, why: "it was never asked".to_owned() })
    }

    /// Asks once; twice where a token has ended before its time.
    async fn once(&self, what: &'static str, address: &Url) -> Result<Json, Trouble> {
        let token = self.token().await?;
        let answer = self.send(what, address, &token).await?;
        let answer = if answer.status.as_u16() == 401 {
            self.forget(&token).await;
            let token = self.token().await?;
            self.send(what, address, &token).await?
        } else {
            answer
        };
        accepted(what, &answer)?;
        answer.json().map_err(|error| Trouble::Unreadable { what, why: place(&error) })
    }

    async fn send(&self, what: &'static str, address: &Url, token: &Token) -> Result<Answer, Trouble> {
        // Only closing it could fail, and it is never closed.
        let _open = self.open.acquire().await;
        let request = self
            .http
            .get(address.clone())
            .header(ACCEPT, "application/json")
            .bearer_auth(token.value.expose_secret());
        let answer =
            exchange(request, LONGEST_ANSWER).await.map_err(|failure| Trouble::NoAnswer { what, failure })?;
        tracing::debug!(what, status = answer.status.as_u16(), "Jamf answered");
        Ok(answer)
    }

    /// The token at hand, or a new one. Who asks meanwhile waits for the same.
    async fn token(&self) -> Result<Token, Trouble> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| self.clock.now() < token.until) {
            return Ok(token.clone());
        }
        let given = self.new_token().await?;
        let lasts = Duration::from_secs(u64::from(given.expires_in));
        // One that lasts no longer than the margin is used at once and not kept.
        let until = self.clock.now() + lasts.saturating_sub(MARGIN);
        let token = Token { value: Arc::new(given.access_token), until };
        *kept = Some(token.clone());
        Ok(token)
    }

    async fn new_token(&self) -> Result<Given, Trouble> {
        if let Some(path) = &self.token_path {
            return self.new_token_at(path).await;
        }
        let [newer, older] = TOKEN_PATHS;
        match self.new_token_at(newer).await {
            Err(trouble) if trouble.status() == Some(404) => self.new_token_at(older).await,
            other => other,
        }
    }

    async fn new_token_at(&self, path: &str) -> Result<Given, Trouble> {
        let unreadable = |why: String| Trouble::Unreadable { what: TOKEN, why };
        let address = self.base.join(path).map_err(|error| unreadable(error.to_string()))?;
        // Only an address at the same host is sent the secret, whatever the path looks like.
        if address.origin() != self.base.origin() {
            return Err(unreadable("token_path leads to another host".to_owned()));
        }
        let form = Serializer::new(String::new())
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .append_pair("grant_type", "client_credentials")
            .finish();
        let _open = self.open.acquire().await;
        let request = self
            .http
            .post(address)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let answer = exchange(request, LONGEST_ANSWER)
            .await
            .map_err(|failure| Trouble::NoAnswer { what: TOKEN, failure })?;
        accepted(TOKEN, &answer)?;
        answer.json().map_err(|error| unreadable(place(&error)))
    }

    /// Forgets a token, unless somebody has got a new one meanwhile.
    async fn forget(&self, token: &Token) {
        let mut kept = self.token.lock().await;
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(&kept.value, &token.value)) {
            *kept = None;
        }
    }
}

/// Where an answer stopped making sense. Not what stood there: it is about a person's device, or a secret.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

fn accepted(what: &'static str, answer: &Answer) -> Result<(), Trouble> {
    if answer.status.is_success() {
        return Ok(());
    }
    // `{"errors":[{"code":"INVALID_TOKEN"}]}`; the description beside it may repeat what was asked.
    let body: Json = answer.json().unwrap_or_default();
    let code = body.pointer("/errors/0/code").and_then(Json::as_str).unwrap_or_default();
    let fine = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
    let code = code.chars().filter(fine).take(40).collect();
    Err(Trouble::Refused { what, status: answer.status.as_u16(), code, wait: answer.retry_after() })
}
