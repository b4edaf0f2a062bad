//! A local Jamf Pro: computers and mobile devices, with tokens that end, filters, pages and sections; the Pro API in
//! the versions that it is told to have, and the Classic API.
//!
//! What it answers follows <https://developer.jamf.com/jamf-pro/reference>.

mod classic;
mod front;
mod model;
mod rsql;

use axum::Router;
use hubcommander_sdk::clock::SharedClock;

use crate::faults::Faults;
use crate::local::Local;
use crate::server::ServeError;

pub use model::{State, World, iphone, mac};

/// What every request needs.
type Site = crate::local::Site<State>;

/// A running local Jamf. Dropping it stops it.
pub type Jamf = Local<State>;

impl Jamf {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// When the machine gives no port.
    pub async fn start(world: World, clock: SharedClock, faults: Faults) -> Result<Self, ServeError> {
        let pages = |site| Router::new().fallback(front::answer).with_state(site);
        Self::begin(world.begin(), clock, faults, front::refusal, pages).await
    }
}
