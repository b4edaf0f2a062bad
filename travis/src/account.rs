//! The account: reads with repeats, writes once and only with a permit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use hubcommander_outbound::{Answer, Failure};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Handler, Probe};
use hubcommander_sdk::permit::{PermitCheck, WritePermit};
use url::Url;

use crate::path::Path;
use crate::reader::Reader;
use crate::settings::{Settings, SetupError};
use crate::transport::Transport;
use crate::writer::Writer;

/// A read is tried this often.
const TRIES: u32 = 3;
/// The first pause between tries; the next is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The account at Travis.
#[derive(Clone, Debug)]
pub struct Travis(Arc<Account>);

impl Travis {
    /// Sets the account up. Asks Travis nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(
        settings: &Settings,
        permit_check: PermitCheck,
        clock: SharedClock,
    ) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(Account {
            transport: Transport::new(settings)?,
            sync_wait: settings.sync_wait,
            look_every: settings.look_every(),
            pages: pages(&settings.api_url),
            permit_check,
            clock,
        })))
    }

    /// What plugins get: it can only read.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.0))
    }

    /// What is known of each kind of operation at Travis.
    #[must_use]
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        crate::operations::handlers(&self.0)
    }

    /// What looks at Travis for a plan's preconditions.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        crate::probes::probes(&self.reader())
    }
}

/// What readers and writers share.
pub(crate) struct Account {
    transport: Transport,
    /// How long one try waits for a sync.
    pub(crate) sync_wait: Duration,
    /// How often it looks meanwhile.
    pub(crate) look_every: Duration,
    /// Where people look, without a slash at the end.
    pub(crate) pages: String,
    pub(crate) clock: SharedClock,
    permit_check: PermitCheck,
}

/// Where people look at what stands at this API: beside api.travis-ci.com it is app.travis-ci.com, and at an
/// Enterprise's `https://HOST/api` it is the host itself
/// (<https://docs.travis-ci.com/user/enterprise/setting-up-travis-ci-enterprise/>).
fn pages(api_url: &Url) -> String {
    if api_url.host_str() == Some("api.travis-ci.com") {
        return "https://app.travis-ci.com".to_owned();
    }
    api_url.origin().ascii_serialization()
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

impl Account {
    /// Lends the writing client against a permit.
    pub(crate) fn writer<'a>(&'a self, permit: &'a WritePermit) -> Result<Writer<'a>, OperationError> {
        if self.permit_check.is_genuine(permit) {
            return Ok(Writer::new(self, permit));
        }
        let log = format!("the permit for {} was not made by this engine", permit.invocation());
        Err(OperationError::permanent("This was not approved, so it was not done.", log))
    }

    /// Reads. What may pass is tried again.
    pub(crate) async fn read(&self, path: &Path) -> Result<Answer, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let result = self.transport.send(Method::GET, path).await;
            let may_pass = result.as_ref().map_or(true, |answer| answer.status.is_server_error());
            if !may_pass || tries >= TRIES {
                return result;
            }
            tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(tries - 1)).await;
        }
    }

    /// Writes, once.
    pub(crate) async fn write(&self, path: &Path) -> Result<Answer, Failure> {
        self.transport.send(Method::POST, path).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_look_elsewhere_than_programs() {
        let pages = |url: &str| pages(&url.parse().unwrap());
        assert_eq!(pages("https://api.travis-ci.com"), "https://app.travis-ci.com");
        assert_eq!(pages("https://travis.example/api"), "https://travis.example");
        assert_eq!(pages("http://127.0.0.1:9"), "http://127.0.0.1:9");
    }
}
