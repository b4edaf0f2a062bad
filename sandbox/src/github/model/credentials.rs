//! Tokens and Apps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hubcommander_sdk::clock::Instant;

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A classic personal access token.
    Personal {
        /// Whose it is.
        login: String,
        /// Its scopes, such as `repo` and `delete_repo`.
        scopes: BTreeSet<String>,
    },
    /// An App's token for one organisation.
    Installation {
        /// The installation it belongs to.
        installation: u64,
        /// The organisation, as it is written.
        organisation: String,
        /// Permission names with `read` or `write`.
        permissions: BTreeMap<String, String>,
        /// The only repositories it reaches; `None`: all of the organisation.
        repositories: Option<BTreeSet<u64>>,
        /// Until when it works.
        expires_at: Instant,
    },
}

/// A GitHub App.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its number: what its JWTs name as issuer.
    pub id: u64,
    /// Its name in addresses.
    pub slug: String,
    /// What it may do where it is installed.
    pub permissions: BTreeMap<String, String>,
    /// Its RSA public key as DER (PKCS#1). Without one, signatures of its JWTs are not checked.
    pub public_key: Option<Vec<u8>>,
}

/// An App in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// GitHub's number for it.
    pub id: u64,
    /// Which App.
    pub app: u64,
    /// Where, as it is written.
    pub organisation: String,
}

/// Everything that proves who asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// By the token itself.
    pub tokens: BTreeMap<String, Credential>,
    /// By App id.
    pub apps: BTreeMap<u64, App>,
    /// By installation id.
    pub installations: BTreeMap<u64, Installation>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("tokens", &self.tokens.len())
            .field("apps", &self.apps)
            .field("installations", &self.installations)
            .finish()
    }
}
