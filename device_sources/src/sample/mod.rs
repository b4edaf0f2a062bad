//! `sample`: the devices of the sandbox, or of anything else that answers in this small shape. The example to copy for
//! a source of one's own.
//!
//! `GET /api/people/EMAIL/devices`, `GET /api/devices` and `POST /api/known` with `{"serials": [...]}` answer
//! `{"devices": [...]}`. A device:
//!
//! ```json
//! {"id": "mac-1", "owner": "ana@example.com", "name": "Ana's MacBook", "model": "MacBook Air (M3)",
//!  "platform": "macOS", "os_version": "15.6", "serial": "C02XX0000001", "last_seen": "2026-11-28T10:00:00Z",
//!  "practices": {"encryption": true, "firewall": false}}
//! ```

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_outbound::{AddressError, Answer, Failure, Patience, Proxies, client_for, exchange};
use hubcommander_posture::{Identifiers, Instant, Platform, Record, Seen, Serial};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};
use url::Url;

use crate::found::keep;
use crate::raw::{Unreadable, list, text, time};

/// Its name in config.toml and in records.
pub const NAME: &str = "sample";

/// No answer is longer.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// What it is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is: a host and nothing more.
    pub url: Url,
    /// What lets us in.
    pub token: SecretString,
    /// Through which proxies.
    pub proxies: Proxies,
    /// How long to wait.
    pub patience: Patience,
}

impl Settings {
    /// At this address, with the machine's proxies and a patience that fits a question of a person.
    #[must_use]
    pub fn new(url: Url, token: SecretString) -> Self {
        let patience = Patience { connect: Duration::from_secs(5), request: Duration::from_secs(10) };
        Self { url, token, proxies: Proxies::from_env(), patience }
    }
}

/// Why it cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("[device_sources.sample] url: {0}")]
pub struct SetupError(#[from] AddressError);

/// The source.
pub struct Sample {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    clock: SharedClock,
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sample").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Sample {
    /// A source with these settings.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let http = client_for(&settings.url, &settings.proxies, settings.patience)?;
        Ok(Self { http, base: settings.url.clone(), token: settings.token.clone(), clock })
    }

    fn address(&self, path: &[&str]) -> Result<Url, SourceError> {
        let mut address = self.base.clone();
        match address.path_segments_mut() {
            // Each part is encoded by itself: an address is data.
            Ok(mut segments) => drop(segments.pop_if_empty().extend(path)),
            Err(()) => return Err(SourceError::Misconfigured("the address has no path".to_owned())),
        }
        Ok(address)
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Vec<Json>, SourceError> {
        let request = request.bearer_auth(self.token.expose_secret());
        let unavailable =
            |failure: Failure| SourceError::Unavailable { why: failure.to_string(), retry_after: None };
        let answer = exchange(request, LONGEST_ANSWER).await.map_err(unavailable)?;
        match answer.status.as_u16() {
            200 => devices(&answer),
            404 => Ok(Vec::new()),
            401 | 403 => Err(SourceError::Misconfigured(format!("it refuses the token: {}", answer.status))),
            status => {
                let retry_after = answer.retry_after();
                Err(SourceError::Unavailable { why: format!("status {status}"), retry_after })
            }
        }
    }

    fn found(&self, devices: Vec<Json>, fits: impl Fn(&Record) -> bool) -> Found {
        let (mut found, now) = (Found::default(), self.clock.now());
        keep(NAME, devices, |raw| read(raw, Some(now)), fits, &mut found);
        found
    }
}

fn devices(answer: &Answer) -> Result<Vec<Json>, SourceError> {
    let body: Json = answer.json().map_err(|error| SourceError::Unreadable(error.to_string()))?;
    let devices = list(&body, "/devices").cloned();
    devices.ok_or_else(|| SourceError::Unreadable("there is no list of devices in it".to_owned()))
}

/// What a raw record says.
///
/// # Errors
/// It is no object, or has no id.
pub fn read(raw: &Json, fetched_at: Option<Instant>) -> Result<Record, Unreadable> {
    let id = text(raw, "/id");
    let Some(id) = id else {
        return Err(Unreadable { id: None, what: "There is no `id` in it.".to_owned() });
    };
    let mut record = Record::new(NAME, id);
    record.owners = text(raw, "/owner").map(|owner| owner.to_lowercase()).into_iter().collect();
    record.identifiers = Identifiers {
        serial: text(raw, "/serial").and_then(|serial| Serial::read(&serial)),
        ..Identifiers::default()
    };
    record.name = text(raw, "/name");
    record.model = text(raw, "/model");
    record.os = text(raw, "/platform");
    record.platform = record.os.as_deref().and_then(Platform::parse);
    record.os_version = text(raw, "/os_version");
    record.last_seen = time(raw, "/last_seen");
    record.fetched_at = fetched_at;
    for (practice, value) in raw.get("practices").and_then(Json::as_object).into_iter().flatten() {
        let seen = match value.as_bool() {
            Some(true) => Seen::Good,
            Some(false) => Seen::Bad,
            None => Seen::Unknown,
        };
        record.saw(practice, seen, record.last_seen, None);
    }
    Ok(record)
}

#[async_trait]
impl DeviceSource for Sample {
    fn name(&self) -> &str {
        NAME
    }

    fn title(&self) -> &str {
        "Sample"
    }

    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        if email.trim().is_empty() {
            return Ok(Found::default());
        }
        let address = self.address(&["api", "people", email, "devices"])?;
        let devices = self.ask(self.http.get(address)).await?;
        let email = email.trim().to_lowercase();
        Ok(self.found(devices, |record| record.owners.contains(&email)))
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        let serials: Vec<&str> =
            identifiers.iter().filter_map(|one| one.serial.as_ref()).map(Serial::as_str).collect();
        if serials.is_empty() {
            return Ok(Found::default());
        }
        let address = self.address(&["api", "known"])?;
        let devices = self.ask(self.http.post(address).json(&json!({ "serials": serials }))).await?;
        Ok(self.found(devices, |record| {
            record.identifiers.serial.as_ref().is_some_and(|serial| serials.contains(&serial.as_str()))
        }))
    }

    async fn all(&self) -> Result<Found, SourceError> {
        let devices = self.ask(self.http.get(self.address(&["api", "devices"])?)).await?;
        Ok(self.found(devices, |_| true))
    }

    async fn refresh(&self, records: &[Record]) -> Result<bool, SourceError> {
        // What it shows is always new.
        Ok(!records.is_empty())
    }

    async fn probe(&self) -> Result<String, SourceError> {
        let devices = self.ask(self.http.get(self.address(&["api", "devices"])?)).await?;
        Ok(format!("{} devices", devices.len()))
    }
}
