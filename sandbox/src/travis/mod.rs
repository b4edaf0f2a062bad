//! A local Travis CI: version 3 of its API over a state model. It looks at the local GitHub, as the real one
//! does at the real one: by a sync, which takes its time.
//!
//! What it answers follows the source of Travis' own API
//! (<https://github.com/travis-ci/travis-api/tree/master/lib/travis/api/v3>).

mod front;
pub mod model;
mod page;
mod show;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use hubcommander_sdk::clock::SharedClock;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::faults::Faults;
use crate::github::{GitHub, Window};
use crate::server::{Running, ServeError, loopback, serve};

pub use model::{State, World};

/// What every request needs.
struct Site {
    clock: SharedClock,
    faults: Faults,
    state: Mutex<State>,
    github: Window,
}

impl Site {
    /// The state as it is by now: a sync that has had its time is over.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.sync_is_due(self.clock.now()) {
            state.end_sync(&self.github.state(), self.clock.now());
        }
        state
    }
}

/// A running local Travis. Dropping it stops it.
pub struct Travis {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for Travis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Travis").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Travis {
    /// Starts it on a free port of loopback, beside this GitHub.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(
        world: World,
        github: &GitHub,
        clock: SharedClock,
        faults: Faults,
    ) -> Result<Self, ServeError> {
        Self::start_on(loopback().await?, world, github, clock, faults)
    }

    /// Starts it on a listener that is there already. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start_on(
        listener: TcpListener,
        world: World,
        github: &GitHub,
        clock: SharedClock,
        faults: Faults,
    ) -> Result<Self, ServeError> {
        let state = Mutex::new(world.begin(&github.state()));
        let site = Arc::new(Site { clock, faults: faults.clone(), state, github: github.window() });
        faults.word_refusals(front::refusal);
        faults.exempt(page::is_page);
        let router = Router::new().fallback(front::answer).with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site })
    }

    /// The API's address, `http://127.0.0.1:PORT`. A browser finds a page there.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await, and not while the local
    /// GitHub's state is held.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.site.state()
    }

    /// The state by names, without ids and times: equal for two runs that did the same.
    pub fn snapshot(&self) -> Value {
        self.state().snapshot()
    }

    /// What goes wrong here, and what was asked.
    pub fn faults(&self) -> &Faults {
        &self.site.faults
    }
}
