//! What people ask about their devices.

mod device_status;
mod fleet_status;

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::{PersonId, WhoIs};
use hubcommander_stethoscope::Looks;

pub use device_status::DeviceStatus;
pub use fleet_status::FleetStatus;

/// Knows who has looked at somebody's devices.
#[async_trait]
pub trait Views: Send + Sync {
    /// Who, and when; the newest last.
    async fn of(&self, user: &str) -> Vec<(PersonId, Instant)>;
}

/// What these commands work with.
#[derive(Clone)]
pub struct Devices {
    /// Looks at devices.
    pub looks: Arc<dyn Looks>,
    /// Tells who somebody is, by whose e-mail their devices are found.
    pub who_is: Arc<dyn WhoIs>,
    /// Knows who has looked.
    pub views: Arc<dyn Views>,
    /// Whether there are pages that show the same on the web.
    pub pages: bool,
}
