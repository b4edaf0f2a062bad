//! A local Google: service accounts, phones and Chromebooks of the Directory API, devices of Cloud Identity.

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

/// A running local Google. Dropping it stops it.
pub type Google = Local<State>;

impl Google {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(state: State, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        let pages = |site| Router::new().fallback(front::answer).with_state(site);
        Self::begin(state, clock, faults, front::refusal, pages).await
    }

    /// The key file of the service account that is known, as Google gives it to download.
    pub fn key_file(&self) -> String {
        self.state().key_file(&self.site.address)
    }
}
