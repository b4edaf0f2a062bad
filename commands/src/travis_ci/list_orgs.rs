//! `!ListTravisOrgs`: the organisations that the bot's Travis account sees, beside those that the bot manages.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join;
use hubcommander_sdk::command::{Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;
use hubcommander_travis::Reader;

use super::GROUP;

/// The command.
pub struct ListTravisOrgs {
    spec: CommandSpec,
    travis: Reader,
    orgs: Arc<Orgs>,
}

impl ListTravisOrgs {
    /// The command over these organisations.
    #[must_use]
    pub fn new(travis: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new("ListTravisOrgs", GROUP, "Lists the organisations that Travis shows me")
            .example("!ListTravisOrgs");
        Self { spec, travis, orgs }
    }
}

/// Where an organisation was found.
#[derive(Default)]
struct Found {
    name: String,
    at_travis: bool,
    managed: bool,
}

#[async_trait]
impl Command for ListTravisOrgs {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, _: &Request) -> Result<Prepared, Refusal> {
        let (me, seen) = try_join(self.travis.whoami(), self.travis.organisations()).await?;
        let mut all: BTreeMap<String, Found> = BTreeMap::new();
        for one in seen {
            let found = all.entry(one.login.to_lowercase()).or_default();
            (found.name, found.at_travis) = (one.login, true);
        }
        for org in self.orgs.iter() {
            let found = all.entry(org.name.to_lowercase()).or_default();
            found.managed = true;
            if !found.at_travis {
                found.name.clone_from(&org.name);
            }
        }
        let managed = all.values().filter(|found| found.managed).count();
        let missing: Vec<&str> = all
            .values()
            .filter(|found| found.managed && !found.at_travis)
            .map(|found| found.name.as_str())
            .collect();
        let mut message = Message::new(format!(
            "Travis shows me {} of the {managed} organisations that I manage.",
            managed - missing.len()
        ));
        if !missing.is_empty() {
            message = message.line(format!(
                "What is missing appears once {} may see it at GitHub, has let Travis see it, and Travis has looked \
                 at GitHub again: {}.",
                me.login,
                missing.join(", ")
            ));
        }
        let yes = |yes: bool| Text::from(if yes { "yes" } else { "no" });
        let rows = all
            .values()
            .map(|found| vec![found.name.as_str().into(), yes(found.at_travis), yes(found.managed)])
            .collect();
        let header = ["Organisation", "At Travis", "Managed by me"].map(str::to_owned).to_vec();
        Ok(Prepared::Reply(message.part(Part::Table { header, rows })))
    }
}
