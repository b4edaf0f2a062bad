//! Small things said the same way everywhere.

use std::time::Duration;

pub(crate) const TELL_OPERATORS: &str = "Tell the people who run this bot.";
pub(crate) const LATER: &str = "Try again in a minute, or see traviscistatus.com.";

/// "in 9 minutes"
pub(crate) fn soon(wait: Duration) -> String {
    match wait.as_secs().max(1) {
        1 => "in a second".to_owned(),
        seconds @ 2..=90 => format!("in {seconds} seconds"),
        seconds => format!("in {} minutes", seconds.div_ceil(60)),
    }
}
