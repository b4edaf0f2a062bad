//! `hubcommander manifest`

use super::{End, Failure};

/// Prints the manifest to make the Slack app from.
pub(super) fn run() -> Result<(), End> {
    Err(Failure::new("This build cannot print the manifest.", "Use a newer one.").into())
}
