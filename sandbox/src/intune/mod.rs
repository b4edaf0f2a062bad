//! A local Microsoft Graph with Intune: an app that proves itself, managed devices, and what is known of them.

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

/// A running local Intune. Dropping it stops it.
pub struct Intune {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for Intune {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intune").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Intune {
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
