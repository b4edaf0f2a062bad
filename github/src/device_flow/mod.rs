//! Proof of who somebody is at GitHub, by a code that they type there: the device flow
//! (<https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow>).
//!
//! It needs a client id and no secret, and asks for no scope: the token that comes of it can read what everybody can
//! read, and says whose it is. That is all it is used for. It is never kept and never written down, and it is forgotten
//! as soon as GitHub has said whose it is. To revoke it would need the secret; the person can do so in their settings
//! at GitHub, under *Applications*.

mod asking;
mod trouble;
mod web;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hubcommander_sdk::clock::{Instant, SharedClock};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use crate::settings::{Settings, SetupError};
use asking::{Ask, Reply, Wire};
use trouble::{refused, unexpected};

pub use trouble::{DeviceError, DeviceErrorKind};
pub use web::WebFlow;

/// What is asked for with the code of the device.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How much longer to wait between two questions when GitHub finds us too quick, unless it says how long itself.
const SLOWER: Duration = Duration::from_secs(5);
/// The interval where GitHub names none (RFC 8628, section 3.2).
const INTERVAL: u64 = 5;
/// No code is good for longer than this, whatever is said.
const LONGEST: u64 = 3_600;
/// How often it is asked whose a token is, and how long it is waited between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Whose account it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// GitHub's number for it, which stays when they take another login.
    pub id: u64,
    /// The login, as GitHub writes it now.
    pub login: String,
}

/// A try that waits for its person. What is in it is known to nobody else: whoever types the code in their place has
/// their own account taken for the person's.
pub struct Begun {
    /// What the person types. Show it to nobody else.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// Until when they can.
    pub expires_at: Instant,
    /// How long to wait between two questions. It grows when GitHub finds us too quick.
    pub interval: Duration,
    device_code: SecretString,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("expires_at", &self.expires_at)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// The person has not answered yet. Ask again after the interval.
    Waiting,
    /// They have, and this is who they are.
    Proven(Proven),
}

/// Asks people to prove who they are at GitHub. Cheap to clone.
#[derive(Clone)]
pub struct DeviceFlow {
    ask: Arc<dyn Ask>,
    client_id: String,
    /// Where people type their codes.
    page: String,
    clock: SharedClock,
}

impl fmt::Debug for DeviceFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceFlow").field("page", &self.page).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Code {
    device_code: SecretString,
    user_code: String,
    #[serde(default)]
    verification_uri: String,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Token {
    access_token: SecretString,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

impl DeviceFlow {
    /// Sets it up for the GitHub of these settings, whose credentials it does not use. `client_id` is that of an OAuth
    /// App or a GitHub App with the device flow switched on. Asks GitHub nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, client_id: &str, clock: SharedClock) -> Result<Self, SetupError> {
        crate::settings::check_address(&settings.api_url)?;
        if !is_client_id(client_id) {
            return Err(SetupError::ClientId);
        }
        let site = site(&settings.api_url)?;
        Ok(Self::with(Arc::new(Wire::new(settings, site.clone())?), &site, client_id, clock))
    }

    fn with(ask: Arc<dyn Ask>, site: &str, client_id: &str, clock: SharedClock) -> Self {
        Self { ask, client_id: client_id.to_owned(), page: format!("{site}/login/device"), clock }
    }

    /// Begins: gives the code for the person to type.
    ///
    /// # Errors
    /// As [`DeviceErrorKind`] says.
    pub async fn begin(&self) -> Result<Begun, DeviceError> {
        let reply = self.ask.post("/login/device/code", &[("client_id", &self.client_id)]).await?;
        if let Ok(refusal) = reply.json::<Refusal>() {
            return Err(refused(&refusal.error));
        }
        let code: Code = good(&reply)?;
        let shown = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if code.user_code.is_empty() || code.user_code.len() > 32 || !code.user_code.chars().all(shown) {
            return Err(unexpected("a code that nobody could type"));
        }
        // People are sent to no other host than that which we asked.
        let own = code.verification_uri == self.page
            || code
                .verification_uri
                .strip_prefix(&self.page)
                .is_some_and(|rest| rest.starts_with(['?', '/']));
        let verification_uri = if own { code.verification_uri } else { self.page.clone() };
        Ok(Begun {
            user_code: code.user_code,
            verification_uri,
            expires_at: self.clock.now() + Duration::from_secs(code.expires_in.min(LONGEST)),
            interval: Duration::from_secs(code.interval.unwrap_or(INTERVAL).max(1)),
            device_code: code.device_code,
        })
    }

    /// Asks once whether the person has answered. Not before the interval is over: GitHub makes it longer then.
    ///
    /// # Errors
    /// As [`DeviceErrorKind`] says. After one of [`DeviceErrorKind::Unreachable`] it can be asked again.
    pub async fn poll(&self, begun: &mut Begun) -> Result<Polled, DeviceError> {
        let fields = [
            ("client_id", self.client_id.as_str()),
            ("device_code", begun.device_code.expose_secret()),
            ("grant_type", GRANT),
        ];
        let reply = self.ask.post("/login/oauth/access_token", &fields).await?;
        if let Ok(Refusal { error, interval }) = reply.json::<Refusal>() {
            return match error.as_str() {
                "authorization_pending" => Ok(Polled::Waiting),
                "slow_down" => {
                    let told = interval.map(Duration::from_secs).filter(|told| *told > begun.interval);
                    begun.interval = told.unwrap_or(begun.interval + SLOWER);
                    Ok(Polled::Waiting)
                }
                error => Err(refused(error)),
            };
        }
        let token: Token = good(&reply)?;
        whose(&*self.ask, &token.access_token).await.map(Polled::Proven)
    }

    /// Asks until the person has answered, or the code comes to its end. A moment without an answer does not end it.
    ///
    /// # Errors
    /// As [`DeviceErrorKind`] says.
    pub async fn wait(&self, mut begun: Begun) -> Result<Proven, DeviceError> {
        let mut last = None;
        loop {
            let left = begun.expires_at.signed_duration_since(self.clock.now()).to_std().unwrap_or_default();
            if left.is_zero() {
                // If GitHub was away all the time, that is what was wrong.
                return Err(last.unwrap_or_else(|| refused("expired_token")));
            }
            tokio::time::sleep(begun.interval.min(left)).await;
            match self.poll(&mut begun).await {
                Ok(Polled::Waiting) => last = None,
                Ok(Polled::Proven(proven)) => return Ok(proven),
                Err(error) if error.kind == DeviceErrorKind::Unreachable => {
                    tracing::info!(%error, "GitHub did not say whether a code was typed; asking again");
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whose a token is. The code is used up by now, so that only this can be tried again.
async fn whose(ask: &dyn Ask, token: &SecretString) -> Result<Proven, DeviceError> {
    let mut tries = 0;
    let reply = loop {
        tries += 1;
        match ask.user(token).await {
            Ok(reply) if !reply.is_trouble() => break reply,
            _ if tries < TRIES => tokio::time::sleep(PAUSE).await,
            Ok(reply) => return Err(DeviceError::lost(&format!("status {}", reply.status))),
            Err(error) => return Err(DeviceError::lost(&error.log)),
        }
    };
    let account: Account = good(&reply)?;
    if account.kind != "User" {
        return Err(unexpected("the account of something that is no person"));
    }
    Ok(Proven { id: account.id, login: account.login })
}

/// Whether it has the shape of a client id.
fn is_client_id(text: &str) -> bool {
    let shape = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(shape)
}

/// What a good answer holds. Of one that cannot be read nothing is told: there may be a token in it.
fn good<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, DeviceError> {
    if reply.is_trouble() {
        return Err(DeviceError::unreachable(&format!("status {}", reply.status)));
    }
    if reply.status != 200 {
        return Err(unexpected(&format!("status {}", reply.status)));
    }
    reply.json().map_err(|_| unexpected("an answer of another shape"))
}

/// Where people are, by where the API is: `https://github.com`, `https://HOST` of a GitHub Enterprise Server, or
/// `https://SUB.ghe.com`.
fn site(api_url: &Url) -> Result<String, SetupError> {
    let mut site = api_url.clone();
    let host = api_url.host_str().unwrap_or_default();
    if let Some(host) =
        host.strip_prefix("api.").filter(|host| *host == "github.com" || host.ends_with(".ghe.com"))
    {
        site.set_host(Some(host)).map_err(|error| SetupError::Address(error.to_string()))?;
    }
    Ok(site.origin().ascii_serialization())
}

#[cfg(test)]
mod tests;
