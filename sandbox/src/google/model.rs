//! What the local Google knows. No HTTP here.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hubcommander_sdk::clock::Instant;
use serde_json::{Value, json};

use crate::device_doc::Device;

/// A key could not be made.
#[derive(Debug, thiserror::Error)]
#[error("no key for the local Google's service account could be made")]
pub struct NoKey;

/// All there is.
pub struct State {
    /// Phones and tablets.
    pub mobile: Vec<Device>,
    /// Chromebooks.
    pub chromeos: Vec<Device>,
    /// Devices of Cloud Identity.
    pub devices: Vec<Device>,
    /// Who uses them: records whose name begins with that of a device.
    pub device_users: Vec<Device>,
    /// Administrators whom the service account may stand in for.
    pub admins: Vec<String>,
    /// The scopes that are delegated to it.
    pub scopes: Vec<String>,
    /// For how many seconds a token lasts.
    pub token_lasts: i64,
    /// Whether questions are passed over and everything is answered.
    pub careless: bool,
    /// How many tokens were given.
    pub tokens_given: usize,
    pub(super) tokens: BTreeMap<String, (Instant, String)>,
    pub(super) public_key: Vec<u8>,
    private_key: String,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("mobile", &self.mobile)
            .field("chromeos", &self.chromeos)
            .finish_non_exhaustive()
    }
}

/// What the local service account is called.
pub const ISSUER: &str = "bot@sandbox.iam.example";

impl State {
    /// A Google with one service account, this administrator, and no devices yet.
    ///
    /// # Errors
    /// The machine makes no key.
    pub fn new(admin: &str) -> Result<Self, NoKey> {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| NoKey)?;
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(|_| NoKey)?;
        let scope = |name: &str| format!("https://www.googleapis.com/auth/{name}");
        Ok(Self {
            mobile: Vec::new(),
            chromeos: Vec::new(),
            devices: Vec::new(),
            device_users: Vec::new(),
            admins: vec![admin.to_owned()],
            scopes: vec![
                scope("admin.directory.device.mobile.readonly"),
                scope("admin.directory.device.chromeos.readonly"),
                scope("cloud-identity.devices.readonly"),
            ],
            token_lasts: 3600,
            careless: false,
            tokens_given: 0,
            tokens: BTreeMap::new(),
            public_key: key.public_key().as_ref().to_vec(),
            private_key: STANDARD.encode(der.as_ref()),
        })
    }

    pub(super) fn key_file(&self, address: &str) -> String {
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", self.private_key);
        let file: Value = json!({
            "type": "service_account", "client_email": ISSUER, "private_key_id": "sandbox1", "private_key": key,
            "token_uri": format!("{address}/token"),
        });
        file.to_string()
    }

    /// No token that was given works any more.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }
}
