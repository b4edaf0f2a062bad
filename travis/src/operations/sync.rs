//! `travis.sync`: Travis looks at GitHub again, so that it knows a repository that is new there. It takes
//! nothing away and cannot be taken back, which does no harm.

use async_trait::async_trait;
use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use serde_json::{Value as Json, json};

use super::{Access, described, input, unknown};
use crate::model::{Repository, Target, User};
use crate::path::Path;
use crate::writer::{Writer, refused};

const KIND: &str = "travis.sync";

/// Travis looks at GitHub until it knows this repository.
#[must_use]
pub fn sync(target: &Target) -> Operation {
    Operation::of(KIND, target)
}

pub(super) struct Does(pub(super) Access);

/// A sync that is under way.
struct Begun {
    /// Whether we began it. One that was under way may have looked before the repository was there.
    by_us: bool,
    /// The account before it.
    before: User,
    /// Whether it has been seen to be under way: Travis may take a moment to begin.
    seen: bool,
}

impl Begun {
    fn is_over(&self, now: &User) -> bool {
        !now.is_syncing && (self.seen || now.synced_at != self.before.synced_at)
    }
}

impl Does {
    /// Begins a sync, or finds the one that is under way: Travis answers 409 while one is.
    async fn begin(&self, writer: &Writer<'_>) -> Result<Begun, OperationError> {
        let before = self.0.reader.whoami().await?;
        if before.is_syncing {
            return Ok(Begun { by_us: false, before, seen: true });
        }
        let answer = writer.post(&Path::sync(before.id)).await?;
        match (answer.status.as_u16(), answer.json::<User>()) {
            (200, Ok(now)) => Ok(Begun { by_us: true, before, seen: now.is_syncing }),
            (409, _) => Ok(Begun { by_us: false, before, seen: true }),
            _ => Err(refused(&answer, "its list of repositories")),
        }
    }

    fn not_yet(&self, log: &str) -> OperationError {
        OperationError::Temporary {
            what: "Travis is still looking at GitHub. Retry in a few minutes.".into(),
            retry_after: Some(self.0.account.look_every),
            log: log.to_owned(),
        }
    }

    /// Waits until the sync is over.
    async fn see_it_end(&self, begun: &mut Begun, until: Instant) -> Result<(), OperationError> {
        let account = &self.0.account;
        loop {
            let now = self.0.reader.user(begun.before.id).await?;
            begun.seen |= now.is_syncing;
            if begun.is_over(&now) {
                return Ok(());
            }
            if account.clock.now() >= until {
                return Err(self.not_yet("the sync does not end"));
            }
            tokio::time::sleep(account.look_every).await;
        }
    }
}

fn applied(repository: &Repository, note: Option<&str>) -> Applied {
    Applied {
        output: json!({ "id": repository.id, "slug": repository.slug }),
        inverse: None,
        note: note.map(Into::into),
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let target: Target = input(json)?;
        Ok(described(format!("Travis looks at GitHub for {}, which may take minutes", target.full_name)))
    }

    /// Whoever had Travis look: what was wanted is that it knows the repository.
    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let target: Target = input(json)?;
        let known = self.0.reader.repository(&target).await?;
        Ok(known.map_or(Observed::Absent, |known| Observed::Ours(applied(&known, None))))
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let target: Target = input(json)?;
        let writer = self.0.account.writer(permit)?;
        if let Some(known) = self.0.reader.repository(&target).await? {
            return Ok(applied(&known, Some("already so")));
        }
        let wait = chrono::TimeDelta::from_std(self.0.account.sync_wait).unwrap_or_default();
        let until = self.0.account.clock.now() + wait;
        loop {
            let mut begun = self.begin(&writer).await?;
            self.see_it_end(&mut begun, until).await?;
            if let Some(known) = self.0.reader.repository(&target).await? {
                return Ok(applied(&known, None));
            }
            if begun.by_us {
                return Err(unknown(&target));
            }
            if self.0.account.clock.now() >= until {
                return Err(self.not_yet("others have it look all the time"));
            }
        }
    }
}
