//! All that the pages ask for, kept in memory: for tests and for the sandbox. Nothing survives the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::NaiveDate;
use hubcommander_sdk::clock::Instant;

use crate::ports::{
    Access, Accesses, Attempt, DayCount, Given, Hash, History, Notice, Notices, Person, Rules, Session,
    Sessions, Ticket, Token, Tokens, Trouble, View, Views, What,
};

/// Everything, in one place.
#[derive(Debug, Default)]
pub struct Memory {
    kept: Mutex<Kept>,
}

/// What is kept. Tests read and change it as they like.
#[derive(Debug, Default)]
pub struct Kept {
    /// Unused one-time links.
    pub tickets: BTreeMap<Hash, Ticket>,
    /// Who is at a provider.
    pub attempts: BTreeMap<Hash, Attempt>,
    /// Who is signed in.
    pub sessions: BTreeMap<Hash, Session>,
    /// Who may see everything, by e-mail.
    pub administrators: BTreeSet<String>,
    /// Who looked, in order.
    pub views: Vec<View>,
    /// Counts of days.
    pub days: Vec<DayCount>,
    /// What people may do elsewhere, by e-mail.
    pub access: BTreeMap<String, Access>,
    /// Questions by e-mail.
    pub notices: BTreeMap<String, Vec<Notice>>,
    /// Tokens by hash.
    pub tokens: BTreeMap<Hash, Token>,
    /// Whether every call fails, as when a database is gone.
    pub down: bool,
}

impl Memory {
    /// What is kept.
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> Result<MutexGuard<'_, Kept>, Trouble> {
        let kept = self.kept();
        if kept.down { Err(Trouble("the memory is told to fail".to_owned())) } else { Ok(kept) }
    }
}

#[async_trait]
impl Sessions for Memory {
    async fn put_ticket(&self, ticket: Ticket) -> Result<(), Trouble> {
        self.up()?.tickets.insert(ticket.id, ticket);
        Ok(())
    }

    async fn look_at_ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble> {
        Ok(self.up()?.tickets.get(id).cloned())
    }

    async fn take_ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble> {
        Ok(self.up()?.tickets.remove(id))
    }

    async fn put_attempt(&self, attempt: Attempt) -> Result<(), Trouble> {
        self.up()?.attempts.insert(attempt.id, attempt);
        Ok(())
    }

    async fn take_attempt(&self, id: &Hash) -> Result<Option<Attempt>, Trouble> {
        Ok(self.up()?.attempts.remove(id))
    }

    async fn begin(&self, session: Session) -> Result<(), Trouble> {
        self.up()?.sessions.insert(session.id, session);
        Ok(())
    }

    async fn find(&self, id: &Hash) -> Result<Option<Session>, Trouble> {
        Ok(self.up()?.sessions.get(id).cloned())
    }

    async fn seen(&self, id: &Hash, at: Instant) -> Result<(), Trouble> {
        if let Some(session) = self.up()?.sessions.get_mut(id) {
            session.seen = at;
        }
        Ok(())
    }

    async fn end(&self, id: &Hash) -> Result<(), Trouble> {
        self.up()?.sessions.remove(id);
        Ok(())
    }

    async fn end_all(&self, email: &str) -> Result<(), Trouble> {
        let mut kept = self.up()?;
        kept.sessions.retain(|_, session| session.person.email != email);
        kept.tickets.retain(|_, ticket| ticket.person.email != email);
        Ok(())
    }
}

#[async_trait]
impl Rules for Memory {
    async fn may(&self, person: &Person, _: &What) -> bool {
        self.up().is_ok_and(|kept| kept.administrators.contains(&person.email))
    }
}

#[async_trait]
impl Views for Memory {
    async fn looked(&self, view: View) -> Result<(), Trouble> {
        self.up()?.views.push(view);
        Ok(())
    }

    async fn at(&self, email: &str) -> Result<Vec<View>, Trouble> {
        let kept = self.up()?;
        let of = |view: &&View| view.of.as_deref() == Some(email);
        Ok(kept.views.iter().rev().filter(of).take(100).cloned().collect())
    }
}

#[async_trait]
impl History for Memory {
    async fn daily(&self, from: NaiveDate, to: NaiveDate) -> Result<Vec<DayCount>, Trouble> {
        let mut days: Vec<DayCount> =
            self.up()?.days.iter().filter(|count| (from..=to).contains(&count.day)).cloned().collect();
        days.sort_by_key(|count| count.day);
        Ok(days)
    }
}

#[async_trait]
impl Accesses for Memory {
    async fn of(&self, email: &str) -> Result<Access, Trouble> {
        Ok(self.up()?.access.get(email).cloned().unwrap_or_default())
    }
}

#[async_trait]
impl Notices for Memory {
    async fn of(&self, email: &str) -> Result<Vec<Notice>, Trouble> {
        Ok(self.up()?.notices.get(email).cloned().unwrap_or_default())
    }

    async fn answer(&self, email: &str, id: &str, given: Given) -> Result<bool, Trouble> {
        let mut kept = self.up()?;
        let notices = kept.notices.get_mut(email);
        let Some(notice) = notices.and_then(|all| all.iter_mut().find(|one| one.id == id)) else {
            return Ok(false);
        };
        if notice.answer.is_some() || !notice.actions.iter().any(|action| action.key == given.action) {
            return Ok(false);
        }
        notice.answer = Some(given);
        Ok(true)
    }
}

#[async_trait]
impl Tokens for Memory {
    async fn put(&self, token: Token) -> Result<(), Trouble> {
        self.up()?.tokens.insert(token.hash, token);
        Ok(())
    }

    async fn find(&self, hash: &Hash) -> Result<Option<Token>, Trouble> {
        Ok(self.up()?.tokens.get(hash).cloned())
    }

    async fn of(&self, email: &str) -> Result<Vec<Token>, Trouble> {
        let kept = self.up()?;
        let mut tokens: Vec<Token> =
            kept.tokens.values().filter(|token| token.person.email == email).cloned().collect();
        tokens.sort_by(|a, b| b.made.cmp(&a.made).then(a.id.cmp(&b.id)));
        Ok(tokens)
    }

    async fn used(&self, hash: &Hash, at: Instant) -> Result<(), Trouble> {
        if let Some(token) = self.up()?.tokens.get_mut(hash) {
            token.used = Some(at);
        }
        Ok(())
    }

    async fn revoke(&self, email: &str, id: &str) -> Result<(), Trouble> {
        self.up()?.tokens.retain(|_, token| token.person.email != email || token.id != id);
        Ok(())
    }
}
