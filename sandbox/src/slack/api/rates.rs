//! How much may be asked: <https://docs.slack.dev/apis/web-api/rate-limits>. Slack does not tell how long a
//! burst may be; here it is what one gets in three seconds, at least three.

use std::collections::HashMap;

use hubcommander_sdk::clock::Instant;

/// What is left for each method, and for each channel that is posted to.
#[derive(Debug, Default)]
pub(in crate::slack) struct Rates {
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// How many calls a minute a method allows.
fn per_minute(method: &str) -> f64 {
    match method {
        // In each channel.
        "chat.postMessage" => 60.0,
        "chat.postEphemeral"
        | "users.info"
        | "views.open"
        | "views.update"
        | "views.push"
        | "views.publish"
        | "conversations.members"
        | "files.getUploadURLExternal"
        | "files.completeUploadExternal" => 100.0,
        "users.list" | "conversations.list" | "usergroups.list" | "usergroups.users.list" => 20.0,
        // Cannot be asked too often.
        "auth.test" | "api.test" => 6_000.0,
        _ => 50.0,
    }
}

impl Rates {
    /// Takes one call, or tells in how many seconds it may come again.
    pub(in crate::slack) fn take(&mut self, method: &str, channel: &str, now: Instant) -> Result<(), u64> {
        let key =
            if method == "chat.postMessage" { format!("{method} {channel}") } else { method.to_owned() };
        let per_second = per_minute(method) / 60.0;
        let most = (per_second * 3.0).max(3.0);
        let bucket = self.buckets.entry(key).or_insert(Bucket { left: most, at: now });
        let passed = (now - bucket.at).num_milliseconds().max(0);
        // Milliseconds of a test's life: far from where an f64 gets coarse.
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let gained = passed as f64 / 1_000.0 * per_second;
        bucket.left = (bucket.left + gained).min(most);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let seconds = ((1.0 - bucket.left) / per_second).ceil().max(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 60")]
        Err(seconds as u64)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use hubcommander_sdk::clock::{Clock, SystemClock};

    use super::*;

    #[test]
    fn a_channel_takes_a_burst_and_then_one_a_second() {
        let mut rates = Rates::default();
        let now = SystemClock.now();
        let mut post = |channel: &str, after: i64| {
            rates.take("chat.postMessage", channel, now + TimeDelta::milliseconds(after))
        };
        assert_eq!([post("C1", 0), post("C1", 0), post("C1", 0)], [Ok(()); 3]);
        assert_eq!(post("C1", 0), Err(1));
        assert_eq!(post("C2", 0), Ok(()), "other channels have their own");
        assert_eq!(post("C1", 999), Err(1));
        assert_eq!(post("C1", 1_001), Ok(()));
        assert_eq!(post("C1", 1_001), Err(1));
    }
}
