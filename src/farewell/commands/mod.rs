//! `!Farewell` and `!Farewells`, and what the bot asks itself: the word before, that some are held, and that somebody
//! is back.

mod farewell;
mod farewells;
mod held;
mod soon;
mod welcome;

use std::sync::Arc;

use hubcommander_sdk::command::Command;

use super::Farewells;
pub(super) use crate::later::lines::FAREWELL;
use crate::registry::Operations;

/// Somebody will be let go.
pub(super) const SOON: &str = "FarewellSoon";
/// Some are held because they are many.
pub(super) const HELD: &str = "FarewellsHeld";
/// Somebody is back.
pub(super) const WELCOME: &str = "WelcomeBack";

/// The heading in `!Help`.
const GROUP: &str = "People who leave";
/// The heading of what the bot asks itself.
const DUE: &str = "What is due";

pub(super) fn all(farewells: &Farewells, operations: &Operations) -> Vec<Arc<dyn Command>> {
    vec![
        Arc::new(farewell::Farewell::new(farewells.clone())),
        Arc::new(farewells::List::new(farewells.clone())),
        Arc::new(held::Held::new(farewells.clone())),
        Arc::new(soon::Soon::new(farewells.clone(), operations.clone())),
        Arc::new(welcome::Welcome::new(farewells.clone())),
    ]
}
