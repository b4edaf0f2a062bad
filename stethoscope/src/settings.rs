//! How long to wait, and how long an answer is good for.

use std::time::Duration;

/// What Stethoscope is told at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long one source may take for one person's devices.
    pub each_within: Duration,
    /// How long one source may take for all devices.
    pub all_within: Duration,
    /// How long devices may take to report anew.
    pub anew_within: Duration,
    /// For how long an answer about one person counts as recent.
    pub recent: Duration,
    /// For how long an answer about all devices counts as recent.
    pub all_recent: Duration,
    /// After how many failures in a row a source is left alone.
    pub failures: u32,
    /// For how long.
    pub pause: Duration,
    /// The longest that a source may ask to be left alone.
    pub longest_pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            each_within: Duration::from_secs(8),
            all_within: Duration::from_secs(300),
            anew_within: Duration::from_secs(20),
            recent: Duration::from_secs(60),
            all_recent: Duration::from_secs(15 * 60),
            failures: 3,
            pause: Duration::from_secs(30),
            longest_pause: Duration::from_secs(300),
        }
    }
}
