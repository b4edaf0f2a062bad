//! A local provider of identities that speaks OpenID Connect, and can be told to lie.
//!
//! What it answers follows <https://openid.net/specs/openid-connect-core-1_0.html> and
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>.

mod front;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};
use hubcommander_sdk::clock::{Instant, SharedClock};

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};
pub use token::NoKey;
use token::Signer;

/// Somebody who has an account there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Their e-mail address, as the provider writes it.
    pub email: String,
    /// Whether the provider vouches for it.
    pub verified: bool,
    /// What they are called.
    pub name: String,
}

/// What is wrong with the next identity tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    #[default]
    None,
    /// The nonce of somebody else's attempt.
    WrongNonce,
    /// It is for another client.
    WrongAudience,
    /// It is of another issuer.
    WrongIssuer,
    /// It ended an hour ago.
    Expired,
    /// It is signed with a key that is not the provider's.
    WrongSignature,
    /// It is not signed at all (`alg` is `none`).
    Unsigned,
    /// It is signed with the client's secret in place of the provider's key.
    SignedWithTheSecret,
}

/// Why it could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// It has no key to sign with.
    #[error(transparent)]
    Key(#[from] NoKey),
}

/// A code that has been given out.
struct Code {
    account: Account,
    nonce: Option<String>,
    challenge: String,
    back: String,
    ends: Instant,
}

/// What can be changed from outside, and what has happened.
#[derive(Default)]
struct State {
    accounts: Vec<Account>,
    /// Who is at the browser; nobody, and a page asks.
    chosen: Option<String>,
    lie: Lie,
    codes: BTreeMap<String, Code>,
    given: u64,
}

struct Site {
    address: String,
    client_id: String,
    client_secret: String,
    clock: SharedClock,
    signer: Signer,
    state: Mutex<State>,
}

impl Site {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running local provider. Dropping it stops it.
pub struct Oidc {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}

impl Oidc {
    /// Starts it on a free port of loopback, with one client.
    ///
    /// # Errors
    /// As [`StartError`] says.
    pub async fn start(
        accounts: Vec<Account>,
        client_id: &str,
        client_secret: &str,
        clock: SharedClock,
        faults: Faults,
    ) -> Result<Self, StartError> {
        let listener = loopback().await?;
        let address = format!("http://{}", listener.local_addr().map_err(ServeError::from)?);
        let site = Arc::new(Site {
            address,
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            clock,
            signer: Signer::new()?,
            state: Mutex::new(State { accounts, ..State::default() }),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(front::configuration))
            .route("/keys", get(front::keys))
            .route("/authorize", get(front::authorize))
            .route("/token", post(front::token))
            .with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site })
    }

    /// Its issuer, without a slash at the end.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.running.url()
    }

    /// Who is at the browser from now on; without anybody, a page asks.
    pub fn choose(&self, email: Option<&str>) {
        self.site.state().chosen = email.map(str::to_owned);
    }

    /// What is wrong with identity tokens from now on.
    pub fn lie(&self, lie: Lie) {
        self.site.state().lie = lie;
    }
}
