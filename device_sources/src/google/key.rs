//! The service account, as what asks for tokens that stand in for an administrator.

use hubcommander_outbound::{JWT_BEARER, ServiceAccount as Key};
use hubcommander_sdk::clock::SharedClock;
use serde_json::Value as Json;

use super::settings::{Settings, SetupError};
use crate::rest::{Api, Grant, Issued, Persistence, Refusal, Trouble};

/// What asks.
pub(super) struct ServiceAccount {
    api: Api,
    key: Key,
    subject: String,
    scopes: String,
    clock: SharedClock,
}

impl ServiceAccount {
    pub(super) fn new(settings: &Settings, scopes: String, clock: SharedClock) -> Result<Self, SetupError> {
        let key = Key::parse(&settings.key).map_err(|error| SetupError::Key(error.0))?;
        let mut host = key.token_uri().clone();
        host.set_path("");
        host.set_query(None);
        let persistence = Persistence { within: settings.within, pause: settings.pause };
        let way = (&settings.proxies, settings.patience);
        let api = Api::new("Google", &host, way, persistence, refusal)
            .map_err(|error| SetupError::Address("key.token_uri", error))?;
        Ok(Self { api, key, subject: settings.subject.trim().to_owned(), scopes, clock })
    }
}

impl Grant for ServiceAccount {
    async fn ask(&self) -> Result<Issued, Trouble> {
        let now = self.clock.now().timestamp();
        let assertion = self.key.assertion(&self.subject, &self.scopes, now);
        let assertion = assertion.map_err(|error| self.api.unreadable("a token", error))?;
        let fields = [("grant_type", JWT_BEARER), ("assertion", assertion.as_str())];
        self.api.post_form("a token", self.key.token_uri(), &fields).await
    }
}

/// What a token endpoint says of a refusal (RFC 6749, 5.2).
fn refusal(body: &Json) -> Refusal {
    Refusal { code: body["error"].as_str().unwrap_or_default().to_owned(), too_often: false }
}
