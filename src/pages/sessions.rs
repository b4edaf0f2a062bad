//! Who is signed in on the web.

use std::collections::HashMap;

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_stethoscope_pages::ports::{Attempt, Hash, Session, Sessions, Ticket, Trouble};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use super::kept::{Whose, hex, of_email, read, trouble, write};
use crate::store::Shelf;

/// Links that have not been used.
pub(super) const TICKETS: &str = "web:ticket:";
/// People who are at a provider of identities.
pub(super) const ATTEMPTS: &str = "web:attempt:";
/// People who are signed in.
pub(super) const SESSIONS: &str = "web:session:";

/// How many of each are looked through.
const MOST: u32 = 50_000;

/// Keeps them in the store, by hashes alone.
pub(super) struct Shelved {
    shelf: Shelf,
    /// Of two that take the same at once, one gets it.
    taking: Mutex<()>,
}

impl Shelved {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self { shelf, taking: Mutex::default() }
    }

    /// How often they have signed out everywhere. What began before the last time counts for nothing any more.
    async fn round(&self, email: &str) -> Result<u64, Trouble> {
        Ok(read(&self.shelf, &round_key(email)).await?.unwrap_or_default())
    }

    /// Whether anybody with one of these addresses is signed in, or has a link that counts still.
    pub(super) async fn any_of(&self, emails: &[String]) -> Result<bool, Trouble> {
        let mut rounds = HashMap::with_capacity(emails.len());
        for email in emails {
            rounds.insert(email.to_lowercase(), self.round(email).await?);
        }
        let store = self.shelf.get().map_err(trouble)?;
        for kind in [SESSIONS, TICKETS] {
            let kept = store.remembered_under(kind, MOST).await.map_err(trouble)?;
            // What cannot be read lets nobody in.
            let mut begun = kept.into_iter().filter_map(|(_, value)| Begun::deserialize(value).ok());
            if begun.any(|one| rounds.get(&one.person.person().email.to_lowercase()) == Some(&one.round)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble> {
        let Some(kept) = read::<KeptTicket>(&self.shelf, &key(TICKETS, id)).await? else { return Ok(None) };
        let ticket = Ticket { id: *id, person: kept.person.person(), ends: kept.ends };
        let round = self.round(&ticket.person.email).await?;
        Ok((kept.round == round).then_some(ticket))
    }
}

fn key(of: &str, id: &Hash) -> String {
    format!("{of}{}", hex(id))
}

fn round_key(email: &str) -> String {
    format!("web:round:{}", of_email(email))
}

/// What links and sessions have in common: whose they are, and how often that person had signed out everywhere.
#[derive(Deserialize)]
struct Begun {
    person: Whose,
    round: u64,
}

#[derive(Serialize, Deserialize)]
struct KeptTicket {
    person: Whose,
    round: u64,
    ends: Instant,
}

#[derive(Serialize, Deserialize)]
struct KeptAttempt {
    provider: String,
    nonce: String,
    verifier: String,
    next: String,
    ends: Instant,
}

#[derive(Serialize, Deserialize)]
struct KeptSession {
    person: Whose,
    round: u64,
    begun: Instant,
    seen: Instant,
}

#[async_trait]
impl Sessions for Shelved {
    async fn put_ticket(&self, ticket: Ticket) -> Result<(), Trouble> {
        let round = self.round(&ticket.person.email).await?;
        let kept = KeptTicket { person: Whose::of(&ticket.person), round, ends: ticket.ends };
        write(&self.shelf, &key(TICKETS, &ticket.id), Some(json!(kept))).await
    }

    async fn look_at_ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble> {
        self.ticket(id).await
    }

    async fn take_ticket(&self, id: &Hash) -> Result<Option<Ticket>, Trouble> {
        let _alone = self.taking.lock().await;
        let ticket = self.ticket(id).await?;
        write(&self.shelf, &key(TICKETS, id), None).await?;
        Ok(ticket)
    }

    async fn put_attempt(&self, attempt: Attempt) -> Result<(), Trouble> {
        let Attempt { id, provider, nonce, verifier, next, ends } = attempt;
        let kept = KeptAttempt { provider, nonce, verifier, next, ends };
        write(&self.shelf, &key(ATTEMPTS, &id), Some(json!(kept))).await
    }

    async fn take_attempt(&self, id: &Hash) -> Result<Option<Attempt>, Trouble> {
        let _alone = self.taking.lock().await;
        let key = key(ATTEMPTS, id);
        let kept: Option<KeptAttempt> = read(&self.shelf, &key).await?;
        write(&self.shelf, &key, None).await?;
        Ok(kept.map(|kept| {
            let KeptAttempt { provider, nonce, verifier, next, ends } = kept;
            Attempt { id: *id, provider, nonce, verifier, next, ends }
        }))
    }

    async fn begin(&self, session: Session) -> Result<(), Trouble> {
        let round = self.round(&session.person.email).await?;
        let Session { id, person, begun, seen } = session;
        let kept = KeptSession { person: Whose::of(&person), round, begun, seen };
        write(&self.shelf, &key(SESSIONS, &id), Some(json!(kept))).await
    }

    async fn find(&self, id: &Hash) -> Result<Option<Session>, Trouble> {
        let Some(kept) = read::<KeptSession>(&self.shelf, &key(SESSIONS, id)).await? else { return Ok(None) };
        let KeptSession { person, round, begun, seen } = kept;
        let session = Session { id: *id, person: person.person(), begun, seen };
        Ok((self.round(&session.person.email).await? == round).then_some(session))
    }

    async fn seen(&self, id: &Hash, at: Instant) -> Result<(), Trouble> {
        // A session that ends meanwhile must not be brought back by this.
        let _alone = self.taking.lock().await;
        let key = key(SESSIONS, id);
        let Some(kept) = read::<KeptSession>(&self.shelf, &key).await? else { return Ok(()) };
        write(&self.shelf, &key, Some(json!(KeptSession { seen: at, ..kept }))).await
    }

    async fn end(&self, id: &Hash) -> Result<(), Trouble> {
        let _alone = self.taking.lock().await;
        write(&self.shelf, &key(SESSIONS, id), None).await
    }

    async fn end_all(&self, email: &str) -> Result<(), Trouble> {
        let _alone = self.taking.lock().await;
        let next = self.round(email).await? + 1;
        write(&self.shelf, &round_key(email), Some(json!(next))).await
    }
}
