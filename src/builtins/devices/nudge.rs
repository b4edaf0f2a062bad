//! `Nudge`: it is time to look whether somebody is to be nudged. Mostly nothing is said.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_posture::Device;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Message;
use hubcommander_sdk::people::Standing;
use hubcommander_stethoscope::{Freshness, Looks, words};

use crate::nudges::{LINE, Memory, Settings, due_key, hours};
use crate::store::{Booking, Due, Shelf, StoreError};

/// The command that is asked when it is time.
pub struct Nudge {
    spec: CommandSpec,
    settings: Option<Settings>,
    looks: Arc<dyn Looks>,
    memory: Memory,
    shelf: Shelf,
    clock: SharedClock,
    pages: bool,
}

impl Nudge {
    /// The command over these devices. Without settings nobody is nudged. `pages` says whether the same
    /// stands on the web.
    #[must_use]
    pub fn new(
        settings: Option<Settings>,
        looks: Arc<dyn Looks>,
        memory: Memory,
        shelf: Shelf,
        clock: SharedClock,
        pages: bool,
    ) -> Self {
        let about = "Says what is critical or newly broken on your devices";
        let spec = CommandSpec::new(LINE, "What is due", about)
            .example("!Nudge")
            .audience(Audience::Direct)
            .only_when_due();
        Self { spec, settings, looks, memory, shelf, clock, pages }
    }

    async fn words(&self, request: &Request) -> Result<Option<Message>, StoreError> {
        let Some(settings) = &self.settings else { return Ok(None) };
        let (person, now) = (&request.person, self.clock.now());
        let user = &person.id.user;
        let Some(email) = person.email.as_deref().map(|email| email.trim().to_lowercase()) else {
            return Ok(None);
        };
        if person.standing != Standing::Member {
            return Ok(None);
        }
        if self.memory.wish(user).await?.is_some_and(|wish| wish.holds(now)) {
            return Ok(None);
        }
        let offset = person.tz_offset.unwrap_or_default();
        if !hours::is_working(now, offset) {
            // The program did not run when it was time, and they have gone home.
            self.put_off(request, hours::next_working(now, offset, settings.hour, user)).await?;
            return Ok(None);
        }
        let look = self.looks.look(&email, Freshness::Now).await;
        let devices: Vec<&Device> = look.current().collect();
        // Looked at and noted in one, so that two lines cannot both say it.
        self.memory
            .change(&email, |nudged| {
                let judged = nudged.judge(&request.invocation, &devices, look.is_whole());
                if settings.is_too_early(judged.last, now) {
                    return None;
                }
                let message = words::nudge(&look, self.looks.catalogue(), &judged.before, self.pages)?;
                nudged.last = Some(now);
                Some(message)
            })
            .await
    }

    async fn put_off(
        &self,
        request: &Request,
        at: hubcommander_sdk::clock::Instant,
    ) -> Result<(), StoreError> {
        let store = self.shelf.get()?;
        let Some(asked) = store.invocation(&request.invocation).await? else { return Ok(()) };
        let key = due_key(&request.person.id.user);
        let origin = asked.origin.later(&key, 0, LINE.to_owned());
        store.book(&Booking { due: vec![Due { key, at, origin }], ..Booking::default() }).await
    }
}

#[async_trait]
impl Command for Nudge {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let words = self.words(request).await.unwrap_or_else(|error| {
            // Nobody asked for it: what cannot be looked up is not said, and nobody is bothered with why.
            tracing::warn!(%error, invocation = request.invocation, "somebody could not be nudged");
            None
        });
        Ok(Prepared::Reply(words.unwrap_or_default()))
    }
}
