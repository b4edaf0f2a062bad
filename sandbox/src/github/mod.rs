//! A local GitHub: its REST API over a state model, and a page that shows the state.
//!
//! One request takes this way: `front/` (who asks, in which version, within which limits, under which
//! name) and then the one family in `rest/` that knows the path, under one lock, so that every effect happens
//! as a whole or not at all. What goes wrong on the way is up to [`crate::faults`].

pub mod description;
mod front;
mod graphql;
mod login;
pub mod model;
mod page;
mod rest;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use hubcommander_sdk::clock::SharedClock;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub use description::Description;
pub use front::limits::Limits;
pub use model::{State, World};

use front::limits::Meter;

/// What every request needs.
struct Site {
    /// `http://127.0.0.1:PORT`.
    origin: String,
    clock: SharedClock,
    faults: Faults,
    state: Mutex<State>,
    meter: Mutex<Meter>,
    /// Tells requests apart in their ids.
    answered: AtomicU64,
}

impl Site {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look at the state of a local GitHub, for another local server that reads from it.
pub struct Window(Arc<Site>);

impl Window {
    /// The state, locked: requests wait meanwhile.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }
}

/// A running local GitHub. Dropping it stops it.
pub struct GitHub {
    running: Running,
    site: Arc<Site>,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHub").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl GitHub {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(world: World, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        Self::start_on(loopback().await?, world, clock, faults)
    }

    /// Starts it on a listener that is there already. Call it within a Tokio runtime.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start_on(
        listener: TcpListener,
        world: World,
        clock: SharedClock,
        faults: Faults,
    ) -> Result<Self, ServeError> {
        let origin = format!("http://{}", listener.local_addr()?);
        let state = Mutex::new(world.begin(clock.now()));
        let site = Arc::new(Site {
            origin,
            clock,
            faults: faults.clone(),
            state,
            meter: Mutex::default(),
            answered: AtomicU64::new(0),
        });
        faults.word_refusals(front::refusal);
        faults.exempt(page::is_page);
        let router = Router::new().fallback(front::answer).with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site })
    }

    /// The API's address, `http://127.0.0.1:PORT`; with `/api/v3` behind it the same answers, as on GitHub
    /// Enterprise Server. A browser finds the state page there.
    pub fn url(&self) -> String {
        self.site.origin.clone()
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.site.state()
    }

    /// A look at the state for another local server.
    pub fn window(&self) -> Window {
        Window(Arc::clone(&self.site))
    }

    /// The state by names, without ids and times: equal for two runs that did the same.
    pub fn snapshot(&self) -> Value {
        self.state().snapshot()
    }

    /// What goes wrong here, and what was asked.
    pub fn faults(&self) -> &Faults {
        &self.site.faults
    }

    /// From now on each request must be one that GitHub's own description of its API knows. One that is not
    /// has no effect, is answered 599 with what is wrong, and is kept in [`Faults::odd`]. GraphQL and the device
    /// flow are not described there. The first call counts.
    pub fn hold_to(&self, description: Arc<Description>) {
        self.site.faults.inspect(move |parts, body| {
            let path = parts.uri.path();
            if matches!(path, "/graphql" | "/api/graphql") || login::is_login(path) {
                return Ok(());
            }
            description.check(&parts.method, path, parts.uri.query().unwrap_or_default(), body)
        });
    }

    /// Changes the limits from now on, and forgets what was used so far.
    pub fn set_limits(&self, limits: Limits) {
        *self.site.meter() = Meter::new(limits);
    }

    /// The server under it: its connections can be cut.
    pub fn server(&self) -> &Running {
        &self.running
    }

    /// Stops it and closes all connections.
    pub fn stop(&self) {
        self.running.stop();
    }
}
