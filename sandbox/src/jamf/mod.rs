//! A local Jamf Pro: computers and mobile devices, with tokens that end, filters, pages and sections; the Pro API in
//! the versions that it is told to have, and the Classic API.
//!
//! What it answers follows <https://developer.jamf.com/jamf-pro/reference>.

mod classic;
mod front;
mod model;
mod rsql;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use hubcommander_sdk::clock::SharedClock;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub use model::{State, World, iphone, mac};

/// What every request needs.
struct Site {
    clock: SharedClock,
    state: Mutex<State>,
}

impl Site {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running local Jamf. Dropping it stops it.
pub struct Jamf {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for Jamf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jamf").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Jamf {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(world: World, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        let listener = loopback().await?;
        let site = Arc::new(Site { clock, state: Mutex::new(world.begin()) });
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
