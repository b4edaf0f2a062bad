//! A local Okta: users, their push of Okta Verify, and what became of it.
//!
//! What it answers follows
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/>.

mod front;
pub mod model;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use hubcommander_sdk::clock::SharedClock;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub use model::{Answer, Factor, Outcome, Push, State, User, World};

/// What every request needs.
struct Site {
    clock: SharedClock,
    state: Mutex<State>,
    /// Where it is, for the links in its answers.
    address: String,
}

impl Site {
    /// The state as it is by now: pushes that had their time are over.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.let_time_pass(self.clock.now());
        state
    }
}

/// A running local Okta. Dropping it stops it.
pub struct Okta {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for Okta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Okta").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Okta {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(world: World, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        let listener = loopback().await?;
        let address = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Site { clock, state: Mutex::new(world.begin()), address });
        faults.word_refusals(front::refusal);
        let router = Router::new().fallback(front::answer).with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site })
    }

    /// The organisation's address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.site.state()
    }
}
