//! The devices of the sandbox: what its page shows, asked over HTTP. For trying things out, never for real devices.

mod read;

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use hubcommander_outbound::{AddressError, Failure, Patience, Proxies, client_for, exchange};
use hubcommander_posture::{Identifiers, Problem, Record};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::devices::{DeviceSource, Found, SourceError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use url::Url;

use crate::raw::list;
pub use read::read;

/// Its name in config.toml.
pub const NAME: &str = "sample";

/// More is not read.
const LONGEST: usize = 4 * 1024 * 1024;

/// The source.
#[derive(Clone, Debug)]
pub struct Sample {
    client: reqwest::Client,
    base: String,
    clock: SharedClock,
}

impl Sample {
    /// Asks the sandbox's devices at `url`, `http://127.0.0.1:PORT`. Asks nothing yet.
    ///
    /// # Errors
    /// The address is not one of this machine, or more than a host.
    pub fn new(url: &Url, clock: SharedClock) -> Result<Self, AddressError> {
        let patience = Patience { connect: Duration::from_secs(2), request: Duration::from_secs(5) };
        let client = client_for(url, &Proxies::none(), patience)?;
        Ok(Self { client, base: url.as_str().trim_end_matches('/').to_owned(), clock })
    }

    async fn ask(&self, path: &str) -> Result<Found, SourceError> {
        let answer =
            exchange(self.client.get(format!("{}{path}", self.base)), LONGEST).await.map_err(silent)?;
        if answer.status != StatusCode::OK {
            return Err(refused(answer.status, answer.retry_after()));
        }
        let unreadable = || SourceError::Unreadable("its answer has no list `devices`".to_owned());
        let answer: Json = answer.json().map_err(|_| unreadable())?;
        let mut found = Found::default();
        for raw in list(&answer, "/devices").ok_or_else(unreadable)? {
            match read(raw, Some(self.clock.now())) {
                Ok(record) => found.records.push(record),
                Err(error) => {
                    found.problems.push(Problem { source: NAME.to_owned(), id: error.id, what: error.what });
                }
            }
        }
        Ok(found)
    }
}

fn silent(failure: Failure) -> SourceError {
    SourceError::Unavailable { why: failure.to_string(), retry_after: None }
}

fn refused(status: StatusCode, retry_after: Option<Duration>) -> SourceError {
    match status.as_u16() {
        401 | 403 => SourceError::Misconfigured(format!("it refused us with status {status}")),
        _ => SourceError::Unavailable { why: format!("it answered with status {status}"), retry_after },
    }
}

fn is_known_as(record: &Record, known: &Identifiers) -> bool {
    known.serial.is_some() && record.identifiers.serial == known.serial
}

#[async_trait]
impl DeviceSource for Sample {
    fn name(&self) -> &str {
        NAME
    }

    fn title(&self) -> &str {
        "The sandbox's devices"
    }

    async fn of_owner(&self, email: &str) -> Result<Found, SourceError> {
        let email = email.trim().to_lowercase();
        if email.is_empty() {
            return Ok(Found::default());
        }
        let mut found =
            self.ask(&format!("/people/{}/devices", utf8_percent_encode(&email, NON_ALPHANUMERIC))).await?;
        found.records.retain(|record| record.owners.contains(&email));
        Ok(found)
    }

    async fn known_as(&self, identifiers: &[Identifiers]) -> Result<Found, SourceError> {
        if identifiers.iter().all(|known| known.serial.is_none()) {
            return Ok(Found::default());
        }
        let mut found = self.all().await?;
        found.records.retain(|record| identifiers.iter().any(|known| is_known_as(record, known)));
        found.problems.clear();
        Ok(found)
    }

    async fn all(&self) -> Result<Found, SourceError> {
        self.ask("/devices").await
    }

    async fn refresh(&self, records: &[Record]) -> Result<bool, SourceError> {
        let mut reported = false;
        for record in records.iter().filter(|record| record.source == NAME) {
            let serial = utf8_percent_encode(&record.id, NON_ALPHANUMERIC);
            let request = self.client.post(format!("{}/devices/{serial}/report", self.base));
            let answer = exchange(request, LONGEST).await.map_err(silent)?;
            match answer.status {
                StatusCode::OK => reported = true,
                // It is gone, so it has nothing to report.
                StatusCode::NOT_FOUND => {}
                status => return Err(refused(status, answer.retry_after())),
            }
        }
        Ok(reported)
    }

    async fn probe(&self) -> Result<String, SourceError> {
        Ok(format!("{} devices of the sandbox", self.all().await?.records.len()))
    }
}
