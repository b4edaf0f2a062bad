//! A local Google: service accounts, phones and Chromebooks of the Directory API, devices of Cloud Identity.

mod front;
pub mod model;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use hubcommander_sdk::clock::SharedClock;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub use crate::device_doc::Device;
pub use model::State;

/// What every request needs.
struct Site {
    clock: SharedClock,
    state: Mutex<State>,
    /// Where it is, for the addresses in its answers.
    address: String,
}

impl Site {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running local Google. Dropping it stops it.
pub struct Google {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for Google {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Google").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Google {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(state: State, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        let listener = loopback().await?;
        let address = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Site { clock, state: Mutex::new(state), address });
        faults.word_refusals(front::refusal);
        let router = Router::new().fallback(front::answer).with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site })
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.site.state()
    }
}

impl Google {
    /// The key file of the service account that is known, as Google gives it to download.
    pub fn key_file(&self) -> String {
        self.state().key_file(&self.site.address)
    }
}
