//! Who left Slack while the bot was not there: looked for at the start, and once a day.

use std::collections::BTreeSet;
use std::time::Duration;

use hubcommander_sdk::people::{Person, Standing};
use tokio::sync::watch;

use super::follow::OWED;
use super::{Farewells, unread};
use crate::slack::people::Freshness;

/// How often.
const EVERY: Duration = Duration::from_secs(86_400);

/// When it could not be done, it is tried again after so long.
const AGAIN: Duration = Duration::from_secs(300);

/// Looks at the start and once a day, until `stop` says so.
pub async fn look_who_is_gone(farewells: Farewells, mut stop: watch::Receiver<bool>) {
    if farewells.settings().is_none() {
        return;
    }
    loop {
        let wait = tokio::select! {
            looked = farewells.look_at_slack() => match looked {
                Ok(gone) => {
                    tracing::info!(gone, "looked who is gone from Slack");
                    EVERY
                }
                Err(refusal) => {
                    tracing::warn!(%refusal, "who is gone from Slack could not be looked up");
                    AGAIN
                }
            },
            _ = stop.wait_for(|stop| *stop) => return,
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Farewells {
    /// All who are linked or hold a lease: whose account is deactivated leaves. Everybody is looked at before anybody
    /// is let go, so that the rail sees them together.
    async fn look_at_slack(&self) -> Result<usize, hubcommander_sdk::error::Refusal> {
        let store = self.store().map_err(unread)?;
        let linked = self.around().links.all_links().await.map_err(unread)?;
        let leases = store.leases(None).await.map_err(unread)?;
        let users: BTreeSet<String> = linked
            .into_iter()
            .map(|link| link.person.user)
            .chain(leases.into_iter().map(|lease| lease.by.user))
            .collect();
        let mut gone: Vec<Person> = Vec::new();
        for user in &users {
            let person = self.in_slack(user).await?;
            gone.extend(person.filter(|person| person.standing == Standing::Deactivated));
        }
        let now = self.around().clock.now();
        self.gone_from_slack(&gone, now).await.map_err(unread)?;
        for (user, _) in store.remembered_under(OWED, u32::MAX).await.map_err(unread)? {
            let person = self.people()?.get(&user, Freshness::Fresh).await;
            if person.is_ok_and(|person| person.standing != Standing::Deactivated) {
                self.active_again(&user, now).await.map_err(unread)?;
            }
        }
        Ok(gone.len())
    }
}
