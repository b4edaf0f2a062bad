//! What people say about their devices besides asking: remind me, this is not mine, do not nudge me.

mod disown;
mod nudge;
mod nudges;
mod remind;

use hubcommander_sdk::error::OperationError;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

pub use disown::{Disowns, NotMyDevice, Said};
pub use nudge::Nudge;
pub use nudges::{Nudges, Wishes};
pub use remind::{DevicesReminder, RemindMe, Reminds};

fn read<T: DeserializeOwned>(input: &Json) -> Result<T, OperationError> {
    T::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("devices: {error}"))
    })
}
