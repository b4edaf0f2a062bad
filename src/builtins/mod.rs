//! The commands that know the engine.

pub mod accept_email;
pub mod answer;
pub mod cancel;
pub mod devices;
pub mod due;
pub mod glass;
pub mod help;
pub mod history;
pub mod leases;
pub mod lockdown;
pub mod offer_link;
pub mod undo;
pub mod why;

use std::time::Duration;

use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::text::Text;

use crate::invocation::Invocation;
use crate::store::{Shelf, StoreError};

/// What is written down could not be read.
fn unread(error: StoreError) -> Refusal {
    Refusal::new("What was done could not be looked up.", "Try again in a minute.").logged(error.to_string())
}

/// What was to be written down could not be: tried again.
fn unwritten(error: StoreError) -> OperationError {
    OperationError::Temporary {
        what: "The bot could not write it down.".into(),
        retry_after: Some(Duration::from_secs(1)),
        log: error.to_string(),
    }
}

/// An invocation by the id that people quote.
async fn invocation(shelf: &Shelf, id: &str) -> Result<Invocation, Refusal> {
    let id = id.trim();
    let written = match id.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("inv-") => format!("inv-{}", id[4..].to_uppercase()),
        _ => format!("inv-{}", id.to_uppercase()),
    };
    let found = shelf.get().map_err(unread)?.invocation(&written).await.map_err(unread)?;
    found.ok_or_else(|| {
        Refusal::new(
            Text::new().plain("I know of nothing with the id ").code(id).plain("."),
            Text::new()
                .plain("It stands in small print under each answer; ")
                .code("!History")
                .plain(" lists them."),
        )
    })
}

/// Whether both are the same person. Other accounts of an enterprise's person are told apart here: what was
/// asked by one is undone by the same.
pub(crate) fn is_same(one: &PersonId, other: &PersonId) -> bool {
    one.user == other.user
}
