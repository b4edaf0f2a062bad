//! `!GetKey`: one deploy key of a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::{PublicKey, Reader};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::{key, may, repository};
use crate::github::age::age;
use crate::github::suggest;

/// The command.
pub struct GetKey {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl GetKey {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = super::about("GetKey", "Shows one deploy key of a repository")
            .arg(ArgSpec::positional("id", ArgKind::Number, "its id, as !ListKeys shows it"))
            .example("!GetKey acme api 4711");
        Self { spec, reader, orgs }
    }
}

#[async_trait]
impl Command for GetKey {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let repository = repository(&self.reader, &self.orgs, &request.args).await?;
        let key = key(&self.reader, &repository, &request.args).await?;
        let ago = |at| format!("{} ago", age(at, request.at));
        let mut facts = vec![format!("may {}", may(&key))];
        match PublicKey::parse(&key.key) {
            Ok(parsed) => facts.extend([parsed.kind().to_owned(), parsed.fingerprint().to_owned()]),
            Err(bad) => facts.push(bad.to_string()),
        }
        let by = key.added_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        if let Some(at) = key.created_at {
            facts.push(format!("added {}{by}", ago(at)));
        }
        facts.push(
            key.last_used.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", ago(at))),
        );
        let headline = Text::new()
            .plain(format!("Deploy key {} of ", key.id))
            .link(&repository.full_name, &repository.html_url)
            .plain(": ")
            .bold(&key.title);
        let message = Message::new(headline).line(facts.join(" · ")).part(Part::Code(key.key.clone()));
        Ok(Prepared::Reply(message))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
