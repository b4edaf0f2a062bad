//! What happens later: grants that end, and plans that were put off.
//!
//! What is due later stands in the store as the line that the bot will ask itself then, so that it goes the way
//! of any command: it is received once, survives a crash, is audited and reported.

mod booked;
mod lease_steps;
mod plan_steps;

use std::sync::Arc;

use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::operation::Handler;

pub use booked::BookedLeases;
pub use plan_steps::put_off;

use crate::registry::Operations;
use crate::store::Shelf;

/// The hidden commands that are asked when something is due.
pub mod lines {
    /// A lease is over.
    pub const LEASE_ENDS: &str = "LeaseEnds";
    /// A lease will soon be over.
    pub const LEASE_ENDS_SOON: &str = "LeaseEndsSoon";
    /// The glass was broken, and the alarm channel has not heard of it.
    pub const GLASS_BROKEN: &str = "GlassBroken";
    /// Somebody leaves. People can ask it, too.
    pub const FAREWELL: &str = "Farewell";
    /// What was put off is due.
    pub const PLAN_IS_DUE: &str = "PlanIsDue";
}

/// The handlers of all that happens later. `known` holds those whose plans can be put off.
#[must_use]
pub fn handlers(shelf: &Shelf, clock: &SharedClock, known: &Operations) -> Vec<Arc<dyn Handler>> {
    let book = booked::Book::new(shelf.clone(), Arc::clone(clock));
    vec![
        Arc::new(lease_steps::Opens(book.clone())),
        Arc::new(lease_steps::Ends(book.clone())),
        Arc::new(lease_steps::Extends(book.clone())),
        Arc::new(lease_steps::Rebases(book.clone())),
        Arc::new(plan_steps::PutsOff::new(book.clone(), known.clone())),
        Arc::new(plan_steps::Drops(book)),
    ]
}
