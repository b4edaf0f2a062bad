//! What passkeys need of the engine: a place to be kept, and a way to tell one person something.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hubcommander_auth_plugins::passkey::{
    EnrolPasskey, EnrolmentLink, Keep, ListPasskeys, Passkeys, Removal, RemovePasskey, SetupError, Unkept,
    Whisper,
};
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::Command;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::operation::Handler;
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::PermitCheck;
use hubcommander_sdk::text::Text;
use serde_json::Value as Json;

use crate::config::Config;
use crate::slack::web::{Tag, Web};
use crate::store::{Shelf, Store, StoreError};

/// Slack, once the bot is let in.
pub type Line = Arc<OnceLock<Web>>;

/// Passkeys, if they are set up, with the commands and the operations on them.
pub struct SetUp {
    /// The way to prove who one is, and its pages.
    pub passkeys: Arc<Passkeys>,
    /// `!EnrollPasskey`, `!Passkeys` and `!RemovePasskey`.
    pub commands: Vec<Arc<dyn Command>>,
    /// What they plan.
    pub handlers: Vec<Arc<dyn Handler>>,
}

/// Sets them up, if the configuration says so.
///
/// # Errors
/// Browsers offer no passkeys at the address of the web server.
pub fn set_up(
    config: &Config,
    shelf: &Shelf,
    line: &Line,
    permits: PermitCheck,
    clock: &SharedClock,
) -> Result<Option<SetUp>, SetupError> {
    let Some(settings) = config.passkey_settings() else { return Ok(None) };
    let keep = Arc::new(Shelved(shelf.clone()));
    let passkeys = Arc::new(Passkeys::new(&settings, keep, Arc::new(rand::random), Arc::clone(clock))?);
    let whisper = Arc::new(DirectMessage(Arc::clone(line)));
    let handlers: Vec<Arc<dyn Handler>> = vec![
        Arc::new(EnrolmentLink::new(Arc::clone(&passkeys), whisper, permits.clone())),
        Arc::new(Removal::new(Arc::clone(&passkeys), permits)),
    ];
    let commands: Vec<Arc<dyn Command>> = vec![
        Arc::new(EnrolPasskey::default()),
        Arc::new(ListPasskeys::new(Arc::clone(&passkeys))),
        Arc::new(RemovePasskey::new(Arc::clone(&passkeys))),
    ];
    Ok(Some(SetUp { passkeys, commands, handlers }))
}

/// Who has a passkey, by what this store holds.
///
/// # Errors
/// The store does not work.
pub async fn people(store: Arc<dyn Store>) -> Result<BTreeSet<PersonId>, Unkept> {
    let shelf = Shelf::default();
    shelf.put(store);
    hubcommander_auth_plugins::passkey::people(&Shelved(shelf)).await
}

/// Keeps them in the store.
struct Shelved(Shelf);

fn unkept(error: StoreError) -> Unkept {
    Unkept(error.to_string())
}

#[async_trait]
impl Keep for Shelved {
    async fn keep(&self, name: &str, value: Option<Json>) -> Result<(), Unkept> {
        self.0.get().map_err(unkept)?.remember(name, value).await.map_err(unkept)
    }

    async fn kept(&self, name: &str) -> Result<Option<Json>, Unkept> {
        self.0.get().map_err(unkept)?.remembered(name).await.map_err(unkept)
    }
}

/// Tells it by direct message.
struct DirectMessage(Line);

#[async_trait]
impl Whisper for DirectMessage {
    async fn whisper(
        &self,
        invocation: &str,
        person: &PersonId,
        words: Text,
        open: (String, String),
    ) -> Result<(), String> {
        let web = self.0.get().ok_or("Slack is not there yet")?;
        let channel = web.direct(&person.user).await.map_err(|error| error.to_string())?;
        let (label, url) = open;
        let message = Message::new(words).state(State::NeedsYou).button(Button::Link { label, url });
        let tag = Tag { invocation: invocation.to_owned(), part: "passkey".to_owned() };
        web.post(&channel, None, &message, &tag).await.map(drop).map_err(|error| error.to_string())
    }
}
