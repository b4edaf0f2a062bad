//! `!ListOrgs`: the organisations that the bot manages.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::command::{Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

/// The command.
pub struct ListOrgs {
    spec: CommandSpec,
    orgs: Arc<Orgs>,
}

impl ListOrgs {
    /// The command over these organisations.
    #[must_use]
    pub fn new(orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new("ListOrgs", "Repositories", "Lists the organisations that I manage")
            .example("!ListOrgs");
        Self { spec, orgs }
    }
}

#[async_trait]
impl Command for ListOrgs {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, _: &Request) -> Result<Prepared, Refusal> {
        let rows: Vec<Vec<Text>> = self
            .orgs
            .iter()
            .map(|org| {
                let settings = &org.settings;
                vec![
                    org.name.as_str().into(),
                    settings.aliases.join(", ").into(),
                    if settings.public_only { "public only".into() } else { "private by default".into() },
                    settings.description.as_str().into(),
                ]
            })
            .collect();
        let message = match rows.len() {
            0 => Message::new("I manage no organisation yet."),
            1 => Message::new("I manage one organisation."),
            n => Message::new(format!("I manage {n} organisations.")),
        };
        if rows.is_empty() {
            return Ok(Prepared::Reply(message.line("Whoever runs this bot adds them to config.toml.")));
        }
        let header = ["Organisation", "Also called", "New repositories", "About"].map(str::to_owned).to_vec();
        Ok(Prepared::Reply(message.part(Part::Table { header, rows })))
    }
}
