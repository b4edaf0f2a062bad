//! Farewells for those who are held by what is behind them, such as the directories: it keeps nobody alive.

use std::sync::Weak;

use async_trait::async_trait;
use hubcommander_directory::Change;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::PersonId;

use super::{Farewells, Inner};
use crate::directory::Follow;
use crate::members::nights::Leaving;
use crate::store::{Booking, StoreError};

/// Farewells, as long as somebody else holds them.
pub(super) struct Weakly(pub Weak<Inner>);

impl Weakly {
    fn there(&self) -> Result<Farewells, StoreError> {
        let inner = self.0.upgrade();
        inner.map(Farewells).ok_or_else(|| StoreError::Unavailable("the bot stops".to_owned()))
    }
}

#[async_trait]
impl Follow for Weakly {
    async fn follow(
        &self,
        source: &str,
        working: usize,
        changes: &[Change],
        at: Instant,
    ) -> Result<Booking, StoreError> {
        self.there()?.follow(source, working, changes, at).await
    }
}

#[async_trait]
impl Leaving for Weakly {
    async fn let_go(&self, leavers: &[PersonId]) -> Result<(), StoreError> {
        self.there()?.found_at_night(leavers).await
    }
}
