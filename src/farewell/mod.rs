//! Whoever leaves the company is let go: out of all organisations, with what they were lent, what they added through
//! the bot, and their ways in here. Who comes back is offered their account again.
//!
//! What a directory or Slack tells becomes a line that the bot asks itself (`!Farewell`), written down in the
//! transaction that keeps the news. It goes the way of any command; nobody approved it before, so it is judged what it
//! takes. When too many leave at once, the rail holds them until somebody has looked.

mod commands;
mod end_sessions;
mod find;
mod follow;
mod leaver;
mod nightly;
mod plan;
mod rail;
pub mod settings;
mod steps;
mod still;
mod weakly;
mod who;

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use hubcommander_github::Reader;
use hubcommander_sdk::accounts::Directory;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::command::Command;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::operation::{Handler, Probe};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::people::{Conversation, PersonId};
use tokio::sync::Mutex;

pub use end_sessions::EndSessions;
pub use find::look_who_is_gone;
pub use leaver::{Leaver, Stand};
pub use rail::Rail;
pub use settings::Settings;

use crate::builtins::leases::Desk;
use crate::directory::Follow;
use crate::invocation::Origin;
use crate::members::Book;
use crate::members::nights::Leaving;
use crate::pipeline::engine::Engine;
use crate::registry::Operations;
use crate::slack::people::People;
use crate::slack::web::Web;
use crate::store::{Shelf, Store, StoreError};

/// The ways in that the bot keeps for people: sessions, tokens, passkeys.
#[async_trait]
pub trait Doors: Send + Sync {
    /// Whether somebody has any.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn any(&self, person: Option<&PersonId>, emails: &[String]) -> Result<bool, StoreError>;

    /// Closes them all.
    ///
    /// # Errors
    /// The store cannot be written.
    async fn close(&self, person: Option<&PersonId>, emails: &[String]) -> Result<(), StoreError>;
}

/// What all of this works with. Cheap to clone.
#[derive(Clone)]
pub struct Farewells(Arc<Inner>);

/// What a farewell looks at and changes.
pub struct Surroundings {
    /// How those who leave are let go, if the bot does that by itself.
    pub settings: Option<Settings>,
    /// The store, once it is open.
    pub shelf: Shelf,
    /// Slack, once the bot is let in.
    pub slack: Arc<OnceLock<Web>>,
    /// The engine, once it runs.
    pub engine: Arc<OnceLock<Weak<Engine>>>,
    /// Which account is whose.
    pub links: Book,
    /// Who works here.
    pub directory: Arc<dyn Directory>,
    /// GitHub.
    pub github: Reader,
    /// The organisations.
    pub orgs: Arc<Orgs>,
    /// The leases.
    pub desk: Desk,
    /// The ways in here.
    pub doors: Arc<dyn Doors>,
    /// The time.
    pub clock: SharedClock,
}

struct Inner {
    around: Surroundings,
    /// Those who were written down a moment ago, or will be in a moment: with the key of each, when, and of how many.
    recent: Mutex<Vec<(String, Instant, usize)>>,
    /// Who is held and who is not is changed by one at a time.
    changing: Mutex<()>,
}

impl Farewells {
    /// Works with these.
    #[must_use]
    pub fn new(around: Surroundings) -> Self {
        Self(Arc::new(Inner { around, recent: Mutex::default(), changing: Mutex::default() }))
    }

    /// What follows what directories tell.
    #[must_use]
    pub fn follower(&self) -> Arc<dyn Follow> {
        Arc::new(weakly::Weakly(Arc::downgrade(&self.0)))
    }

    /// Sees to those whom a night finds.
    #[must_use]
    pub fn at_night(&self) -> Arc<dyn Leaving> {
        Arc::new(weakly::Weakly(Arc::downgrade(&self.0)))
    }

    /// The commands.
    #[must_use]
    pub fn commands(&self, operations: &Operations) -> Vec<Arc<dyn Command>> {
        commands::all(self, operations)
    }

    /// What they plan.
    #[must_use]
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![
            Arc::new(end_sessions::Ends::new(Arc::clone(&self.0.around.doors))),
            Arc::new(steps::Releases(self.clone())),
            Arc::new(steps::Drops(self.clone())),
        ]
    }

    /// What those look at.
    #[must_use]
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        vec![Arc::new(still::Looks(self.clone()))]
    }

    fn around(&self) -> &Surroundings {
        &self.0.around
    }

    fn settings(&self) -> Option<&Settings> {
        self.0.around.settings.as_ref()
    }

    fn store(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.0.around.shelf.get()
    }

    fn people(&self) -> Result<Arc<People>, Refusal> {
        let engine = self.0.around.engine.get().and_then(Weak::upgrade);
        engine.map(|engine| Arc::clone(&engine.people)).ok_or_else(|| {
            Refusal::new("The bot is just starting.", "Try again in a minute.").logged("no engine yet")
        })
    }

    /// The bot asks itself in the channel of farewells.
    async fn origin(&self, settings: &Settings, key: &str, text: String) -> Result<Origin, StoreError> {
        let slack = self.0.around.slack.get();
        let slack = slack.ok_or_else(|| StoreError::Unavailable("Slack is not there yet".to_owned()))?;
        let me = slack.me().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let person = PersonId { team: me.team_id.clone(), user: me.user_id.clone() };
        Ok(Origin::by_itself(person, (settings.channel.clone(), Conversation::Private), key, text))
    }
}

/// What is written down could not be read.
fn unread(error: StoreError) -> Refusal {
    Refusal::new("Who leaves could not be looked up.", "Try again in a minute.").logged(error.to_string())
}
