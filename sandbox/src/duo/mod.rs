//! A local Duo: version 2 of its Auth API over a state model, and the phones of its people, which can be played
//! by hand at `/phone/NAME`.
//!
//! What it answers follows <https://duo.com/docs/authapi> and Duo's own clients and their test server
//! (<https://github.com/duosecurity/duo_unix/blob/master/tests/mockduo.py>). It checks every signature and date.

mod front;
pub mod model;
mod page;
mod signature;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hubcommander_sdk::clock::SharedClock;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::faults::Faults;
use crate::server::{Running, ServeError, loopback, serve};

pub(crate) use page::escaped;

pub use model::{Answer, Phone, Push, PushState, Standing, State, User, World};

/// What every request needs.
struct Site {
    clock: SharedClock,
    state: Mutex<State>,
    /// How long a question about a push is held while there is no news.
    holds: Duration,
    /// Changes whenever a phone answers.
    news: watch::Sender<u64>,
}

impl Site {
    /// The state as it is by now: pushes that had their time are over.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.let_time_pass(self.clock.now());
        state
    }

    /// Somebody answers on a phone. Whether there was something to answer.
    fn answer(&self, txid: &str, answer: Answer) -> bool {
        let done = self.state().answer(txid, answer);
        if done {
            self.news.send_modify(|news| *news += 1);
        }
        done
    }
}

/// A running local Duo. Dropping it stops it.
pub struct Duo {
    running: Running,
    site: Arc<Site>,
    faults: Faults,
}

impl std::fmt::Debug for Duo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Duo").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Duo {
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
        let holds = world.holds;
        let site =
            Arc::new(Site { clock, state: Mutex::new(world.begin()), holds, news: watch::Sender::new(0) });
        faults.word_refusals(front::refusal);
        faults.exempt(page::is_page);
        let router = Router::new().fallback(front::answer).with_state(Arc::clone(&site));
        let running = serve(listener, router, &faults)?;
        Ok(Self { running, site, faults })
    }

    /// The API's address, `http://127.0.0.1:PORT`. A browser finds the phones there.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The page of somebody's phone.
    pub fn phone_url(&self, username: &str) -> String {
        format!("{}{}", self.url(), page::phone_path(username))
    }

    /// The state, locked: requests wait meanwhile. Never hold it across an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.site.state()
    }

    /// Somebody answers on their phone. Whether there was something to answer.
    pub fn answer(&self, txid: &str, answer: Answer) -> bool {
        self.site.answer(txid, answer)
    }

    /// The state by names, without ids and times: equal for two runs that did the same.
    pub fn snapshot(&self) -> Value {
        self.state().snapshot()
    }

    /// What goes wrong here, and what was asked.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}
