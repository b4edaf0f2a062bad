//! Who leaves the company is let go, and who comes back is offered what they had.

mod back;
mod crash;
mod held;
mod leaving;
mod night;
mod slack;

use std::sync::Arc;

use anyhow::{Context as _, Result};
use hubcommander::app::plugins;
use hubcommander::config::Config;
use hubcommander::directory::Follow as _;
use hubcommander::farewell::Farewells;
use hubcommander::members::Book;
use hubcommander::pipeline::rules::Admitted;
use hubcommander::store::{Shelf, Store};
use hubcommander_directory::{Change, Departure, Email, Person};
use hubcommander_sdk::accounts::{Linked, Proof, SetLinks};
use hubcommander_sdk::clock::Clock as _;
use hubcommander_sdk::people::PersonId;
use serde_json::{Value as Json, json};

use crate::world::{Servers, World, shipped_with};

const SECURITY: &str = "C0SECURITY";

/// Everything is run at once, and nobody is many.
const AT_ONCE: &str = "most_percent = 100";

struct Story {
    world: World,
    farewells: Farewells,
    book: Book,
    shelf: Shelf,
}

impl std::ops::Deref for Story {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Story {
    async fn start(section: &str) -> Result<Self> {
        Self::start_on(Servers::start().await?, section, true).await
    }

    /// With `[farewell]` as it says, and the policies that ship or none.
    async fn start_on(servers: Servers, section: &str, open: bool) -> Result<Self> {
        Self::start_changed(servers, section, open, &[]).await
    }

    /// With other changes to the configuration besides.
    async fn start_changed(
        servers: Servers,
        section: &str,
        open: bool,
        changes: &[(&str, &str)],
    ) -> Result<Self> {
        let config = format!("{}\n[farewell]\n{section}\n", shipped_with(changes));
        let config = servers.config(&config)?;
        Self::start_config(servers, config, open).await
    }

    async fn start_config(servers: Servers, config: Config, open: bool) -> Result<Self> {
        let mut seen = None;
        let world = World::start_with_plugins(servers, config, |config, clock| {
            let mut plugins = plugins(config, clock)?;
            if open {
                plugins.rules = Some(Arc::new(Admitted));
            }
            let insides = &plugins.insides;
            seen = Some((plugins.farewells.clone(), insides.accounts.clone(), insides.shelf.clone()));
            Ok(plugins)
        })
        .await?;
        let (farewells, book, shelf) = seen.context("no plugins")?;
        Ok(Self { world, farewells, book, shelf })
    }

    fn store(&self) -> &Arc<dyn Store> {
        self.shelf.get().unwrap()
    }

    /// Links somebody, as if they had shown it.
    async fn link(&self, user: &str, login: &str) -> Result<Linked> {
        let link = linked(&self.world, user, login)?;
        let change = SetLinks::link(link.clone(), None, None);
        self.book.set(&format!("test-{user}"), &change).await?;
        Ok(link)
    }

    /// A directory of so many tells this.
    async fn tells(&self, source: &str, working: usize, changes: &[Change]) -> Result<()> {
        let at = self.world.clock.now();
        let booking = self.farewells.follow(source, working, changes, at).await?;
        Ok(self.store().book(&booking).await?)
    }

    async fn leaves(&self, people: &[Person]) -> Result<()> {
        let left = |person: &Person| Change::Left { person: person.clone(), how: Departure::Deactivated };
        self.tells("Okta", 1_000, &people.iter().map(left).collect::<Vec<_>>()).await
    }

    /// The next message in the channel that says this and is not at work.
    async fn hears(&self, words: &str) -> Result<String> {
        loop {
            let message = self.slack.await_message(SECURITY).await?;
            let shown = self.shown(&message);
            if shown.contains(words) && !shown.contains('⏳') {
                return Ok(shown);
            }
        }
    }

    /// Presses a button of the newest message in the channel that has it.
    async fn press(&self, user: &str, line: &str) -> Result<()> {
        let messages = self.slack.messages(SECURITY);
        let has = |shown: &hubcommander_sandbox::slack::Message| {
            shown.blocks.as_ref().is_some_and(|blocks| blocks.to_string().contains(line))
        };
        let found = messages.iter().rev().find(|message| has(message)).context("no such button")?;
        let blocks = found.blocks.as_ref().context("no blocks")?;
        let value = value_with(blocks, line).context("no such value")?;
        Ok(self.slack.click(user, SECURITY, found.ts, "ask", Some(&value)).await?)
    }

    fn members(&self, org: &str) -> Json {
        self.github.snapshot()["organisations"][org]["members"].clone()
    }
}

/// The whole value of a button that begins so.
fn value_with(blocks: &Json, line: &str) -> Option<String> {
    match blocks {
        Json::String(text) => text.starts_with(line).then(|| text.clone()),
        Json::Array(all) => all.iter().find_map(|one| value_with(one, line)),
        Json::Object(object) => object.values().find_map(|one| value_with(one, line)),
        _ => None,
    }
}

fn linked(world: &Servers, user: &str, login: &str) -> Result<Linked> {
    let id = world.github.state().user(login).context("no such account")?.id;
    let email = world.slack.arrange(|slack| slack.people[user].email.clone());
    let since = hubcommander_sdk::clock::SystemClock.now();
    let person = PersonId { team: "T0ACME".into(), user: user.into() };
    Ok(Linked { person, github_id: id, login: login.into(), email, since, proof: Proof::DeviceFlow })
}

/// Somebody as a directory knows them.
fn employee(name: &str) -> Person {
    let email = format!("{name}@acme.example");
    let mut person = Person::new(format!("00u-{name}"), email.clone());
    person.add_email(Email::parse(&email).unwrap());
    name.clone_into(&mut person.name);
    person
}

/// Slack says what it knows of somebody now.
fn slack_tells(world: &Servers, user: &str, deleted: bool) {
    world.slack.arrange(|slack| slack.people.get_mut(user).unwrap().deleted = deleted);
    let user = world.slack.arrange(|slack| slack.people[user].api());
    world.slack.inject_event(&json!({ "type": "user_change", "user": user }));
}
