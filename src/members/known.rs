//! The accounts that policies look at: whose they are by the book, and what GitHub says of them now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_github::Reader;
use hubcommander_policy::Linked;
use hubcommander_sdk::accounts::Accounts as _;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::PersonId;

use super::Book;
use crate::policy::Links;

/// How long what GitHub said of an account counts. Who was taken out of a team may use a policy for so long.
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// How many accounts are remembered; beyond that all are forgotten, and asked for anew.
const MOST: usize = 10_000;

/// Looks accounts up.
pub struct Known {
    book: Book,
    reader: Reader,
    orgs: Arc<Orgs>,
    clock: SharedClock,
    lately: Mutex<HashMap<u64, (Instant, Linked)>>,
}

impl Known {
    /// By this book, at this GitHub, in these organisations.
    #[must_use]
    pub fn new(book: Book, reader: Reader, orgs: Arc<Orgs>, clock: SharedClock) -> Self {
        Self { book, reader, orgs, clock, lately: Mutex::default() }
    }

    fn lately(&self, github_id: u64) -> Option<Linked> {
        let lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, linked) = lately.get(&github_id)?;
        (self.clock.now() - *at < FRESH).then(|| linked.clone())
    }

    fn remember(&self, github_id: u64, linked: Linked) {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() >= MOST {
            lately.clear();
        }
        lately.insert(github_id, (self.clock.now(), linked));
    }
}

#[async_trait]
impl Links for Known {
    async fn linked(&self, person: &PersonId) -> Result<Option<Linked>, Refusal> {
        let Some(link) = self.book.of(person).await? else { return Ok(None) };
        if let Some(known) = self.lately(link.github_id) {
            return Ok(Some(known));
        }
        let (mut user, mut teams) = (None, Vec::new());
        for org in self.orgs.iter() {
            if user.is_none() {
                user = self.reader.account(&org.name, link.github_id).await?;
            }
            let Some(user) = &user else { return Ok(None) };
            let of = self.reader.teams_with(&org.name, user).await?;
            teams.extend(of.into_iter().map(|team| format!("{}/{}", org.name, team.slug)));
        }
        let Some(user) = user else { return Ok(None) };
        if user.login != link.login
            && let Err(error) = self.book.renamed(&link, &user.login).await
        {
            tracing::warn!(%error, "that an account has another login could not be noted");
        }
        let linked = Linked { login: user.login, teams };
        self.remember(link.github_id, linked.clone());
        Ok(Some(linked))
    }

    async fn account(&self, person: &PersonId) -> Result<Option<u64>, Refusal> {
        Ok(self.book.of(person).await?.map(|link| link.github_id))
    }
}
