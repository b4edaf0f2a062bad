//! `hubcommander run`

use std::path::Path;

use super::{End, Failure, configured};
use crate::config::Surroundings;

/// Reads the configuration and runs the bot until it is told to stop.
pub(super) fn run(file: &Path, surroundings: &Surroundings<'_>) -> Result<(), End> {
    let _config = configured(file, surroundings)?;
    Err(Failure::new("This build cannot run the bot.", "Use a newer one.").into())
}
