//! What has ended is thrown away: links, sessions, tokens.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_stethoscope_pages::ports::Trouble;
use serde_json::Value as Json;
use tokio::sync::watch;

use super::kept::{Ending, trouble};
use super::sessions::{ATTEMPTS, SESSIONS, TICKETS};
use super::tokens::TOKENS;
use crate::store::Store;

/// How often.
const EVERY: Duration = Duration::from_secs(3_600);

/// How many of a kind are looked at in one round.
const MOST: u32 = 50_000;

/// No session lives longer, whatever is set.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// Throws away every hour what has ended, until `stop` says so.
pub async fn sweep(store: Arc<dyn Store>, clock: SharedClock, mut stop: watch::Receiver<bool>) {
    loop {
        match throw_away(&*store, clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "what had ended of the pages was thrown away"),
            Err(error) => tracing::warn!(%error, "what has ended of the pages could not be thrown away"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Throws away what has ended by then, and says how much it was.
pub(super) async fn throw_away(store: &dyn Store, now: Instant) -> Result<usize, Trouble> {
    let mut count = 0;
    for kind in [TICKETS, ATTEMPTS, SESSIONS, TOKENS, "web:token-of:"] {
        for (rest, value) in store.remembered_under(kind, MOST).await.map_err(trouble)? {
            if has_ended(kind, &value, now) {
                store.remember(&format!("{kind}{rest}"), None).await.map_err(trouble)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn has_ended(kind: &str, value: &Json, now: Instant) -> bool {
    if kind == SESSIONS {
        let begun = value.get("begun").and_then(Json::as_str).and_then(|at| at.parse::<Instant>().ok());
        return begun.is_none_or(|begun| now - begun > LONGEST);
    }
    // What cannot be read counts for nothing, and may go.
    serde_json::from_value::<Ending>(value.clone()).map_or(true, |ending| ending.ends <= now)
}
