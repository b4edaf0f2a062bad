//! One account at Duo: signs requests, sends each once, and reads the answers.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderValue, Method};
use hubcommander_outbound::{Patience, Proxies};
use hubcommander_sdk::clock::SharedClock;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::settings::Account;
use super::sign::{self, Parameters, Signed};
use crate::LONGEST_ANSWER;
use hubcommander_outbound::{AddressError, Answer, Failure, client_for, exchange};

/// Why Duo did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// There is no answer.
    #[error("Duo, {path}: {failure}")]
    NoAnswer { path: &'static str, failure: Failure },
    /// It refused.
    #[error("Duo, {path}: {status} {} {message:?}", code.map_or("-".to_owned(), |code| code.to_string()))]
    Refused { path: &'static str, status: u16, code: Option<u32>, message: String, wait: Option<Duration> },
    /// Its answer cannot be read.
    #[error("Duo, {path}: an answer that cannot be read: {why}")]
    Unreadable { path: &'static str, why: String },
}

impl Trouble {
    /// Whether it may be otherwise soon.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreadable { .. } => false,
        }
    }

    /// Whether what was asked has certainly not been done, so that asking again does not do it twice.
    pub(super) fn was_not_done(&self) -> bool {
        match self {
            Self::NoAnswer { failure, .. } => matches!(failure, Failure::NotSent(_)),
            Self::Refused { status, .. } => *status == 429,
            Self::Unreadable { .. } => false,
        }
    }

    /// Duo's number for the refusal, such as 40103.
    pub(super) fn code(&self) -> Option<u32> {
        match self {
            Self::Refused { code, .. } => *code,
            _ => None,
        }
    }

    /// The status of the refusal.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

impl crate::again::Trouble for Trouble {
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Refused { wait, .. } => *wait,
            _ => None,
        }
    }
}

/// What every answer of Duo's API looks like around its contents.
#[derive(Deserialize)]
struct Envelope {
    stat: String,
    #[serde(default)]
    response: Json,
    #[serde(default)]
    code: Option<u32>,
    #[serde(default)]
    message: String,
    #[serde(default)]
    message_detail: String,
}

/// The answer to ping and check.
#[derive(Debug, Deserialize)]
pub(super) struct Time {
    /// Seconds since 1970.
    pub(super) time: i64,
}

/// What somebody may do to prove themselves.
#[derive(Debug, Deserialize)]
pub(super) struct Preauth {
    pub(super) result: String,
    #[serde(default)]
    pub(super) devices: Vec<Device>,
    #[serde(default)]
    pub(super) enroll_portal_url: Option<String>,
    /// With a verified push: what to go on with.
    #[serde(default)]
    pub(super) txid: Option<String>,
    /// With a verified push: what the person types into Duo Mobile.
    #[serde(default)]
    verification_code: Json,
}

/// One device of somebody.
#[derive(Debug, Deserialize)]
pub(super) struct Device {
    #[serde(default)]
    capabilities: Vec<String>,
}

impl Preauth {
    /// Whether a push can be shown anywhere.
    pub(super) fn takes_push(&self) -> bool {
        self.devices.iter().any(|device| device.capabilities.iter().any(|one| one == "push"))
    }

    /// The transaction and the code of a verified push, where the account's policy asks for one. Duo gives both
    /// to clients that say that they can show the code.
    pub(super) fn verified(&self) -> Option<(&str, String)> {
        let code = match &self.verification_code {
            Json::String(code) => code.clone(),
            Json::Number(code) => code.to_string(),
            _ => return None,
        };
        let fine =
            !code.is_empty() && code.len() <= 12 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Some((self.txid.as_deref()?, code)).filter(|_| fine)
    }
}

/// A push that is under way.
#[derive(Debug, Deserialize)]
pub(super) struct Pushed {
    pub(super) txid: String,
}

/// How something stands.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) result: String,
    #[serde(default)]
    pub(super) status: String,
}

/// One account at Duo.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    host: String,
    integration_key: SecretString,
    key: hmac::Key,
    clock: SharedClock,
    /// How long somebody has to answer a push.
    pub(super) deadline: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(
        account: &Account,
        proxies: &Proxies,
        patience: Patience,
        clock: SharedClock,
    ) -> Result<Self, AddressError> {
        Ok(Self {
            http: client_for(&account.api_url, proxies, patience)?,
            base: account.api_url.as_str().trim_end_matches('/').to_owned(),
            host: account.api_url.host_str().unwrap_or_default().to_owned(),
            integration_key: account.integration_key.clone(),
            key: sign::key(account.secret_key.expose_secret()),
            clock,
            deadline: account.deadline,
        })
    }

    /// Whether Duo is there. Not signed.
    pub(super) async fn ping(&self) -> Result<Time, Trouble> {
        let path = "/auth/v2/ping";
        self.answer(path, self.http.get(format!("{}{path}", self.base))).await
    }

    /// Whether Duo takes our signature.
    pub(super) async fn check(&self) -> Result<Time, Trouble> {
        self.ask(Method::GET, "/auth/v2/check", &[]).await
    }

    /// Asks what somebody may do. Changes nothing.
    pub(super) async fn preauth(&self, username: &str) -> Result<Preauth, Trouble> {
        let parameters = [("username", username), ("client_supports_verified_push", "1")];
        self.ask(Method::POST, "/auth/v2/preauth", &parameters).await
    }

    /// Shows something on somebody's phone.
    pub(super) async fn push(
        &self,
        username: &str,
        kind: &str,
        info: &str,
        verified: Option<&str>,
    ) -> Result<Pushed, Trouble> {
        let mut parameters = vec![
            ("username", username),
            ("factor", "push"),
            ("device", "auto"),
            ("async", "1"),
            ("type", kind),
            ("pushinfo", info),
        ];
        parameters.extend(verified.map(|txid| ("txid", txid)));
        self.ask(Method::POST, "/auth/v2/auth", &parameters).await
    }

    /// Checks a passcode.
    pub(super) async fn passcode(&self, username: &str, code: &SecretString) -> Result<Status, Trouble> {
        let parameters = [("username", username), ("factor", "passcode"), ("passcode", code.expose_secret())];
        self.ask(Method::POST, "/auth/v2/auth", &parameters).await
    }

    /// How a push stands. Duo answers when there is news.
    pub(super) async fn status(&self, txid: &str) -> Result<Status, Trouble> {
        self.ask(Method::GET, "/auth/v2/auth_status", &[("txid", txid)]).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &'static str,
        parameters: &Parameters<'_>,
    ) -> Result<T, Trouble> {
        let (date, parameters) = (sign::date(self.clock.now()), sign::encoded(parameters));
        let signed =
            Signed { date: &date, method: method.as_str(), host: &self.host, path, parameters: &parameters };
        let authorization = signed.authorization(self.integration_key.expose_secret(), &self.key);
        let mut authorization = HeaderValue::try_from(authorization)
            .map_err(|error| Trouble::Unreadable { path, why: error.to_string() })?;
        authorization.set_sensitive(true);
        let address = format!("{}{path}", self.base);
        let request = if method == Method::GET {
            let query = if parameters.is_empty() { String::new() } else { format!("?{parameters}") };
            self.http.get(format!("{address}{query}"))
        } else {
            self.http
                .request(method, address)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(parameters)
        };
        self.answer(path, request.header(DATE, date).header(AUTHORIZATION, authorization)).await
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        path: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<T, Trouble> {
        let answer =
            exchange(request, LONGEST_ANSWER).await.map_err(|failure| Trouble::NoAnswer { path, failure })?;
        tracing::debug!(path, host = self.host, status = answer.status.as_u16(), "Duo answered");
        read(path, &answer)
    }
}

/// What is in the envelope.
fn read<T: DeserializeOwned>(path: &'static str, answer: &Answer) -> Result<T, Trouble> {
    let envelope = answer.json::<Envelope>();
    let status = answer.status.as_u16();
    match envelope {
        Ok(envelope) if answer.status.is_success() && envelope.stat == "OK" => {
            serde_json::from_value(envelope.response)
                .map_err(|error| Trouble::Unreadable { path, why: error.to_string() })
        }
        Ok(Envelope { code, message, message_detail, .. }) => {
            let message = format!("{message} {message_detail}").trim().chars().take(300).collect();
            Err(Trouble::Refused { path, status, code, message, wait: answer.retry_after() })
        }
        Err(error) if answer.status.is_success() => Err(Trouble::Unreadable { path, why: error.to_string() }),
        // A proxy's page, most likely.
        Err(_) => Err(Trouble::Refused {
            path,
            status,
            code: None,
            message: String::new(),
            wait: answer.retry_after(),
        }),
    }
}
