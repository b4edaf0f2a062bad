//! Nudges: a word a week, by direct message and in the person's own working hours, about what is critical or newly
//! broken on their devices. Off until it is switched on.
//!
//! - `hours`: when, where the person is. Pure.
//! - `memory`: what the store keeps of it.
//! - `round`: who is to be looked at. It books a line for each, and the command `Nudge` says what there is to say.

pub mod hours;
pub mod memory;
pub mod round;

use std::collections::BTreeSet;

use chrono::{TimeDelta, Weekday};

pub use memory::{Memory, Nudged, Wish};
pub use round::Round;

/// The line that is due: a command that only the bot asks itself.
pub const LINE: &str = "Nudge";

/// Under which key it is due for this person.
#[must_use]
pub fn due_key(user: &str) -> String {
    format!("nudges:due:{user}")
}

/// How people are nudged, if they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// On which day of the week.
    pub day: Weekday,
    /// From which hour on, in the person's own time.
    pub hour: u32,
    /// At least how long lies between two.
    pub every: TimeDelta,
    /// The only people, by e-mail in lower case or as `slack:HANDLE` of a user group; empty for all.
    pub only: BTreeSet<String>,
}

impl Settings {
    /// Whether it is too early after the last one. The time of day of two nudges may differ by some hours: by the
    /// zone, and by when the machine ran.
    #[must_use]
    pub fn is_too_early(
        &self,
        last: Option<chrono::DateTime<chrono::Utc>>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> bool {
        last.is_some_and(|last| now - last < self.every - TimeDelta::hours(12))
    }
}
