//! What is forgotten because of its age: what entries say, and invocations. A seal says so first.

use hubcommander_audit::Chain;
use hubcommander_sdk::clock::Instant;

use super::sealer::Sealer;
use crate::store::StoreError;
use crate::store::chain::Forgotten;

/// So many entries are forgotten in one transaction, and so many invocations.
const AT_ONCE: i64 = 256;
const INVOCATIONS: u32 = 32;

impl Sealer {
    /// Forgets what is from before this time. False if we may not now.
    pub(super) async fn forget_before(
        &mut self,
        chain: &mut Chain,
        before: Instant,
    ) -> Result<bool, StoreError> {
        let store = self.around.store.clone();
        let first = store.first_with_body().await?;
        let from = first.map_or(chain.last_seq(), |first| first - 1);
        let through = self.old_through(from, chain.last_seq(), before).await?;
        if through > chain.removed_through() {
            chain.remove_through(through);
            if self.seal_nothing(chain).await?.is_none() {
                return Ok(false);
            }
            tracing::info!(
                through,
                "what entries of the audit up to this one say is removed because of its age"
            );
        }
        let mut after = from;
        loop {
            let until = through.min(after.saturating_add(AT_ONCE));
            let forgotten = Forgotten { after, through: until.max(after), before, limit: INVOCATIONS };
            let invocations = store.forget(forgotten).await?;
            after = after.max(until);
            if after >= through && invocations < u64::from(INVOCATIONS) {
                return Ok(true);
            }
        }
    }

    /// The last of the entries after `from` that are all older than this.
    async fn old_through(&self, from: i64, last: i64, before: Instant) -> Result<i64, StoreError> {
        let before = before.timestamp_micros();
        let mut through = from;
        loop {
            let entries = self.around.store.entries(through, last, 256).await?;
            if entries.is_empty() {
                return Ok(through);
            }
            for entry in entries {
                if entry.at >= before {
                    return Ok(through);
                }
                through = entry.seq;
            }
        }
    }
}
