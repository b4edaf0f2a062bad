//! Who follows what directories tell, where that is made after them.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hubcommander_directory::Change;
use hubcommander_sdk::clock::Instant;

use super::Follow;
use crate::store::{Booking, StoreError};

/// Passes on what is told once somebody is there to follow it; until then nothing is kept.
#[derive(Default)]
pub struct FollowLater(OnceLock<Arc<dyn Follow>>);

impl FollowLater {
    /// Puts who follows there. A second one is not taken.
    pub fn put(&self, follow: Arc<dyn Follow>) {
        let _ = self.0.set(follow);
    }
}

#[async_trait]
impl Follow for FollowLater {
    async fn follow(
        &self,
        source: &str,
        working: usize,
        changes: &[Change],
        at: Instant,
    ) -> Result<Booking, StoreError> {
        let follow = self.0.get().ok_or_else(|| StoreError::Unavailable("nobody follows yet".to_owned()))?;
        follow.follow(source, working, changes, at).await
    }
}
