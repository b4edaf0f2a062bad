//! What the local Graph knows. No HTTP here.

use std::collections::BTreeMap;

use hubcommander_sdk::clock::Instant;
use serde_json::Value;

use crate::device_doc::Device;

/// All there is.
pub struct State {
    /// The managed devices, whole.
    pub devices: Vec<Device>,
    /// What Defender says, by the id of the device.
    pub protection: BTreeMap<String, Value>,
    /// What compliance policies say (the list under `value`), by the id of the device.
    pub compliance: BTreeMap<String, Value>,
    /// The tenant.
    pub tenant: String,
    /// The app.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// For how many seconds a token lasts.
    pub token_lasts: i64,
    /// How many devices stand on a page.
    pub page: usize,
    /// What Graph filters by; a filter by anything else is passed over without a word, as the real one does.
    pub filters: Vec<String>,
    /// Where the next page is said to be, if not here.
    pub elsewhere: Option<String>,
    /// How many tokens were given.
    pub tokens_given: usize,
    pub(super) tokens: BTreeMap<String, Instant>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("devices", &self.devices.len()).finish_non_exhaustive()
    }
}

impl State {
    /// A Graph with this app, and no devices yet.
    pub fn new(tenant: &str, client_id: &str, client_secret: &str) -> Self {
        Self {
            devices: Vec::new(),
            protection: BTreeMap::new(),
            compliance: BTreeMap::new(),
            tenant: tenant.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            token_lasts: 3599,
            page: 100,
            filters: ["userPrincipalName", "emailAddress", "serialNumber"].map(str::to_owned).to_vec(),
            elsewhere: None,
            tokens_given: 0,
            tokens: BTreeMap::new(),
        }
    }

    /// No token that was given works any more.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }
}
