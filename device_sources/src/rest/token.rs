//! A token that is asked for once, used while it lasts, and asked for again when it is refused.

use std::future::Future;
use std::time::Duration;

use chrono::TimeDelta;
use http::HeaderValue;
use hubcommander_sdk::clock::{Instant, SharedClock};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::sync::Mutex;
use url::Url;

use super::{Api, Trouble};

/// A token that ends within this time is not used any more: a request takes its time, and clocks differ.
const SPARE: TimeDelta = TimeDelta::seconds(60);

/// What a token endpoint answers (RFC 6749, 5.1).
#[derive(Deserialize)]
pub(crate) struct Issued {
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<Json>,
}

impl Issued {
    /// How long it lasts. A minute where it does not say. Some write the number as text.
    fn lasts(&self) -> TimeDelta {
        let seconds = match &self.expires_in {
            Some(Json::String(text)) => text.trim().parse().ok(),
            Some(other) => other.as_i64(),
            None => None,
        };
        TimeDelta::seconds(seconds.unwrap_or(60).clamp(0, 24 * 60 * 60))
    }
}

/// How a token is come by.
pub(crate) trait Grant: Send + Sync {
    /// Asks for a token.
    fn ask(&self) -> impl Future<Output = Result<Issued, Trouble>> + Send;
}

struct Kept {
    header: HeaderValue,
    until: Instant,
}

/// The token in use.
pub(crate) struct Token<G> {
    grant: G,
    clock: SharedClock,
    // Held while it is asked for, so that many who want it ask once.
    kept: Mutex<Option<Kept>>,
}

impl<G: Grant> Token<G> {
    pub(crate) fn new(grant: G, clock: SharedClock) -> Self {
        Self { grant, clock, kept: Mutex::new(None) }
    }

    /// What stands in the header `Authorization`.
    pub(crate) async fn header(&self) -> Result<HeaderValue, Trouble> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.until) {
            return Ok(kept.header.clone());
        }
        let issued = self.grant.ask().await?;
        let header = bearer(&issued.access_token).map_err(|()| Trouble::Unreadable {
            who: "the token endpoint",
            what: "a token",
            why: "it holds characters that no token has".to_owned(),
        })?;
        let lasts = issued.lasts();
        // A short one is used for half of its time, as there is nothing to spare.
        let until = self.clock.now() + (lasts - SPARE).max(lasts / 2);
        *kept = Some(Kept { header: header.clone(), until });
        Ok(header)
    }

    /// That this one was refused.
    async fn forget(&self, refused: &HeaderValue) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.header == *refused) {
            *kept = None;
        }
    }

    /// Reads what is at an address; with a new token if the one in use is refused.
    pub(crate) async fn get(&self, api: &Api, what: &'static str, address: &Url) -> Result<Json, Trouble> {
        let header = self.header().await?;
        match api.get(what, address, &header).await {
            Err(trouble) if trouble.status() == Some(401) => {
                self.forget(&header).await;
                api.get(what, address, &self.header().await?).await
            }
            other => other,
        }
    }
}

/// The header for a token.
pub(crate) fn bearer(token: &SecretString) -> Result<HeaderValue, ()> {
    let mut header =
        HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim())).map_err(|_| ())?;
    header.set_sensitive(true);
    Ok(header)
}

/// How patient a source is with the other side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Persistence {
    /// How long one question may take in all, tries again included.
    pub(crate) within: Duration,
    /// The first pause before another try; each following one is twice as long.
    pub(crate) pause: Duration,
}
