//! What people ask about their devices.

mod device_status;

use std::sync::Arc;

use hubcommander_sdk::people::WhoIs;
use hubcommander_stethoscope::Looks;

pub use device_status::DeviceStatus;

/// What these commands work with.
#[derive(Clone)]
pub struct Devices {
    /// Looks at devices.
    pub looks: Arc<dyn Looks>,
    /// Tells who somebody is, by whose e-mail their devices are found.
    pub who_is: Arc<dyn WhoIs>,
    /// The page that shows the same on the web, if there is one.
    pub page: Option<String>,
}
