//! A local Fleet: hosts with their policies, and the wish that one reports anew.

mod front;
pub mod model;

use axum::Router;
use hubcommander_sdk::clock::SharedClock;

use crate::faults::Faults;
use crate::local::Local;
use crate::server::ServeError;

pub use crate::device_doc::Device;
pub use model::State;

/// What every request needs.
type Site = crate::local::Site<State>;

/// A running local Fleet. Dropping it stops it.
pub type Fleet = Local<State>;

impl Fleet {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(state: State, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        let pages = |site| Router::new().fallback(front::answer).with_state(site);
        Self::begin(state, clock, faults, front::refusal, pages).await
    }
}
