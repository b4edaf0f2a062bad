//! What somebody holds for a time, and which account at GitHub is theirs.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use hubcommander_stethoscope_pages::ports::{Access, Accesses, GithubAccount, Lease, Trouble};

use super::kept::trouble;
use crate::builtins::is_same;
use crate::members::Book;
use crate::pipeline::engine::Engine;
use crate::slack::people::Freshness;
use crate::store::Shelf;

/// Reads it from the store.
pub(super) struct FromStore {
    shelf: Shelf,
    engine: Arc<OnceLock<Weak<Engine>>>,
}

impl FromStore {
    pub(super) fn new(shelf: Shelf, engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        Self { shelf, engine }
    }
}

#[async_trait]
impl Accesses for FromStore {
    async fn of(&self, email: &str) -> Result<Access, Trouble> {
        let engine = self.engine.get().and_then(Weak::upgrade);
        let engine = engine.ok_or_else(|| Trouble("there is no engine".to_owned()))?;
        let person = engine.people.by_email(email, Freshness::Cached).await;
        let Some(person) = person.map_err(|error| Trouble(error.to_string()))? else {
            return Ok(Access::default());
        };
        let leases = self.shelf.get().map_err(trouble)?.leases(None).await.map_err(trouble)?;
        let leases = leases.into_iter().filter(|lease| is_same(&lease.by, &person.id)).map(|lease| Lease {
            resource: lease.holding.shown.words(),
            right: lease.level,
            ends: lease.until,
            give_back: Some(format!("!Return {}", lease.id)),
        });
        let link = Book::new(self.shelf.clone(), false).of_user(&person.id.user).await.map_err(trouble)?;
        let github = link.map(|link| GithubAccount { login: link.login, linked: Some(link.since) });
        Ok(Access { leases: leases.collect(), github })
    }
}
