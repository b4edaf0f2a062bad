//! Who works in the company: told by SCIM, read from a file, and told back.

mod csv;
mod falls;
pub mod scim;
mod webhook;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use hubcommander::app::{Plugins, plugins};
use hubcommander::config::{Config, Web};
use hubcommander::directory::{Directories, Follow};
use hubcommander::pipeline::rules::Admitted;
use hubcommander::store::{Booking, StoreError};
use hubcommander_directory::Change;
use hubcommander_sdk::accounts::{Directory as _, Employee};
use hubcommander_sdk::clock::Instant;
use serde_json::json;

use crate::world::{Servers, World, shipped_with};

/// How long anything may take before a test gives up.
const WITHIN: Duration = Duration::from_secs(60);

/// What was followed, in words; each also books something, to see that it is kept with it.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

#[async_trait]
impl Follow for Notes {
    async fn follow(
        &self,
        source: &str,
        working: usize,
        changes: &[Change],
        _: Instant,
    ) -> Result<Booking, StoreError> {
        let words = changes.iter().map(|change| match change {
            Change::Joined { person } => format!("joined {}", person.user_name),
            Change::Changed { after, .. } => format!("changed {}", after.user_name),
            Change::Left { person, how } => format!("left {} {how:?}", person.user_name),
            Change::Back { person } => format!("back {}", person.user_name),
            Change::Group { name, came, went, .. } => format!("group {name} +{} -{}", came.len(), went.len()),
        });
        let mut notes = self.0.lock().unwrap();
        notes.extend(words.map(|words| format!("{source} ({working}): {words}")));
        let kept = vec![(format!("followed:{}", notes.len()), Some(json!(changes.len())))];
        Ok(Booking { kept, ..Booking::default() })
    }
}

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A bot with a directory, and what it knows, as commands see it.
struct Company {
    world: World,
    directory: Directories,
    notes: Arc<Notes>,
}

impl std::ops::Deref for Company {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Company {
    async fn start(servers: Servers, change: impl FnOnce(&mut Config)) -> Result<Self> {
        let mut config = servers.config(&shipped_with(&[]))?;
        change(&mut config);
        let notes = Arc::<Notes>::default();
        let mut directory = None;
        let world = World::start_with_plugins(servers, config, |config, clock| {
            let plugins = plugins(config, clock)?;
            let follow = Arc::<Notes>::clone(&notes);
            let shelf = plugins.insides.shelf.clone();
            let known = Directories::new(config.directory.clone(), shelf, Arc::clone(clock), follow);
            directory = Some(known.clone());
            Ok(Plugins { rules: Some(Arc::new(Admitted)), directory: known, ..plugins })
        });
        let world = world.await?;
        Ok(Self { world, directory: directory.context("no directory")?, notes })
    }

    /// Who works here and who does not, once that is so.
    async fn knows(&self, wanted: &[&str]) -> Result<Vec<Employee>> {
        let mut last = String::new();
        let there = async {
            loop {
                match self.directory.everybody().await {
                    Ok(known) => {
                        let mut shown: Vec<String> = known.iter().map(shown).collect();
                        shown.sort();
                        if shown == wanted {
                            return known;
                        }
                        last = format!("{shown:?}");
                    }
                    Err(refusal) => last = refusal.what.words(),
                }
                // The directory tells nobody that it was read.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(WITHIN, there).await;
        found.with_context(|| format!("{last} instead of {wanted:?}"))
    }

    /// What the security channel hears, once it holds these words.
    async fn heard(&self, words: &str) -> Result<String> {
        let found = self.slack.wait_for(WITHIN, words, |slack| {
            slack.messages("C0SECURITY").into_iter().find(|message| slack.render(message).contains(words))
        });
        Ok(self.shown(&found.await?))
    }

    /// Stops the bot and leaves the servers.
    async fn stop(self) -> Result<Servers> {
        self.world.all_read().await?;
        self.world.stop().await
    }

    async fn end(self) -> Result<()> {
        self.world.all_read().await?;
        self.world.end().await
    }
}

fn shown(one: &Employee) -> String {
    let name = one.emails.first().unwrap_or(&one.id);
    if one.active { name.clone() } else { format!("{name} has left") }
}

/// A web server for it.
fn web(config: &mut Config) -> Result<std::net::SocketAddr> {
    let listen = crate::passkeys::free()?;
    let public_url = Some(format!("http://{listen}").parse()?);
    config.web = Some(Web { listen, public_url, login: Vec::new() });
    Ok(listen)
}
