//! Who may see more than themselves: as the policies say of the commands that show the same in Slack.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use chatline::mention;
use hubcommander_sdk::people::{Conversation, Place};
use hubcommander_stethoscope_pages::ports::{Person, Rules, What};

use crate::pipeline::engine::Engine;
use crate::pipeline::{ask, parse};
use crate::slack::people::Freshness;

/// Asks the engine's rules.
pub(super) struct ByPolicy(Arc<OnceLock<Weak<Engine>>>);

impl ByPolicy {
    pub(super) fn new(engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        Self(engine)
    }

    /// Whether they may, or why not, for the log.
    async fn decide(&self, person: &Person, what: &What) -> Result<(), String> {
        let engine = self.0.get().and_then(Weak::upgrade).ok_or("there is no engine")?;
        // Minutes old at most; Slack says when somebody changes.
        let find = async |email: &str| {
            let found =
                engine.people.by_email(email, Freshness::Cached).await.map_err(|error| error.to_string())?;
            found.ok_or_else(|| "Slack knows nobody by that e-mail address".to_owned())
        };
        let person = find(&person.email).await?;
        let line = match what {
            What::DevicesOf(email) => {
                let whose = find(email).await?;
                let whose = mention(&whose.id.user).ok_or("Slack gives them an odd id")?;
                format!("!DeviceStatus {whose}")
            }
            What::Fleet | What::Export => "!FleetStatus".to_owned(),
        };
        let parsed = parse::parse(&engine.registry, &engine.orgs, &line);
        let parsed = parsed.map_err(|_| "the command for it is not there".to_owned())?;
        let place =
            Place { channel: String::new(), conversation: Conversation::Direct, shared: false, thread: None };
        let asked = ask::ask(&*engine.rules, &person, &place, parsed, engine.clock.now()).await;
        asked.map(drop).map_err(|refusal| refusal.what.words())
    }
}

#[async_trait]
impl Rules for ByPolicy {
    async fn may(&self, person: &Person, what: &What) -> bool {
        match self.decide(person, what).await {
            Ok(()) => true,
            Err(why) => {
                tracing::debug!(?what, why, "not let in");
                false
            }
        }
    }
}
