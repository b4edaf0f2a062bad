//! Nothing follows.

use async_trait::async_trait;
use hubcommander_directory::Change;
use hubcommander_sdk::clock::Instant;

use super::Follow;
use crate::store::{Booking, StoreError};

/// Nothing follows from what a directory tells; it is only known.
#[derive(Clone, Copy, Debug, Default)]
pub struct FollowNothing;

#[async_trait]
impl Follow for FollowNothing {
    async fn follow(&self, _: &str, _: usize, _: &[Change], _: Instant) -> Result<Booking, StoreError> {
        Ok(Booking::default())
    }
}
