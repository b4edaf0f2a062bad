//! `!ListKeys`: the deploy keys of a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::Reader;
use hubcommander_sdk::command::{Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::{fingerprint, may, page, repository};
use crate::github::age::age;
use crate::github::suggest;

/// The command.
pub struct ListKeys {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl ListKeys {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec =
            super::about("ListKeys", "Lists the deploy keys of a repository").example("!ListKeys acme api");
        Self { spec, reader, orgs }
    }
}

#[async_trait]
impl Command for ListKeys {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let repository = repository(&self.reader, &self.orgs, &request.args).await?;
        let keys = self.reader.deploy_keys(&repository).await?;
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        let message = match keys.len() {
            0 => {
                let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
                let how = format!("!AddKey {org} {name} \"what it is for\" ssh-ed25519 …");
                Message::new(shown.plain(" has no deploy keys"))
                    .line(Text::new().plain("Add one with ").code(how).plain("."))
            }
            count => {
                let keys_word = if count == 1 { "deploy key" } else { "deploy keys" };
                let used = |at: Option<_>| {
                    at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(at, request.at)))
                };
                let rows = keys.iter().map(|key| {
                    let by = key.added_by.clone().unwrap_or_else(|| "unknown".to_owned());
                    [
                        key.id.to_string(),
                        key.title.clone(),
                        may(key).to_owned(),
                        fingerprint(key),
                        by,
                        used(key.last_used),
                    ]
                    .map(Text::from)
                    .into()
                });
                Message::new(shown.plain(format!(" has {count} {keys_word}"))).part(Part::Table {
                    header: ["Id", "Title", "May", "Fingerprint", "Added by", "Last used"]
                        .map(str::to_owned)
                        .into(),
                    rows: rows.collect(),
                })
            }
        };
        let open = Button::Link { label: "Open on GitHub".into(), url: page(&repository) };
        Ok(Prepared::Reply(message.button(open)))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
