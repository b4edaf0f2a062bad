//! What `[farewell]` says.

use chrono::TimeDelta;

/// How those who leave are let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long it is announced before it is done; none for at once.
    pub grace: Option<TimeDelta>,
    /// The id of the channel in which it is announced and said.
    pub channel: String,
    /// How many may leave within a day without anybody being asked.
    pub most: u32,
    /// The same in percent of those who work here.
    pub most_percent: u32,
}
