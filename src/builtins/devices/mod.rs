//! What people say about their devices besides asking: remind me, this is not mine.

mod disown;
mod remind;

use hubcommander_sdk::error::OperationError;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

pub use disown::{Disowns, NotMyDevice, Said};
pub use remind::{DevicesReminder, RemindMe, Reminds};

fn read<T: DeserializeOwned>(input: &Json) -> Result<T, OperationError> {
    T::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("devices: {error}"))
    })
}
