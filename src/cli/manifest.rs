//! `hubcommander manifest`

use std::io::Write as _;

use super::{End, Failure};
use crate::slack::manifest;

/// Prints the manifest to make the Slack app from.
pub(super) fn run() -> Result<(), End> {
    writeln!(std::io::stdout(), "{}", manifest::as_json(manifest::NAME)).map_err(|error| {
        Failure::new(
            format!("The manifest cannot be printed: {error}."),
            "See that the output goes somewhere.",
        )
        .into()
    })
}
