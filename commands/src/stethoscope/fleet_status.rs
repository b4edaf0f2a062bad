//! `!FleetStatus`: how all devices stand, for those who look after them.

use async_trait::async_trait;
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_stethoscope::words;

use super::Devices;

/// The command.
pub struct FleetStatus {
    spec: CommandSpec,
    devices: Devices,
}

impl FleetStatus {
    /// The command over these devices.
    #[must_use]
    pub fn new(devices: Devices) -> Self {
        let about = "Shows how all devices stand, by practice";
        let spec = CommandSpec::new("FleetStatus", "Your devices", about)
            .example("!FleetStatus")
            .audience(Audience::Direct);
        Self { spec, devices }
    }
}

#[async_trait]
impl Command for FleetStatus {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, _: &Request) -> Result<Prepared, Refusal> {
        let looks = &self.devices.looks;
        let look = looks.everything().await;
        Ok(Prepared::Reply(words::fleet(&look, looks.catalogue(), self.devices.pages)))
    }
}
