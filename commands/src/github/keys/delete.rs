//! `!DeleteKey`: a machine does not get at a repository any more.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::operations::{DeleteDeployKey, RepoRef};
use hubcommander_github::{PublicKey, Reader, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Button;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{key, page, repository};
use crate::github::{named, suggest};

/// The command.
pub struct DeleteKey {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl DeleteKey {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = super::about("DeleteKey", "Takes a deploy key away from a repository")
            .arg(ArgSpec::positional("id", ArgKind::Number, "its id, as !ListKeys shows it"))
            .example("!DeleteKey acme api 4711")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }
}

#[async_trait]
impl Command for DeleteKey {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let repository = repository(&self.reader, &self.orgs, &request.args).await?;
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        if repository.archived {
            return Err(Refusal::new(
                shown.plain(" is archived, so it cannot be changed."),
                "Unarchive it first.",
            ));
        }
        let (found, keys) = tokio::try_join!(key(&self.reader, &repository, &request.args), async {
            Ok(self.reader.deploy_keys(&repository).await?)
        },)?;
        // What we would not add again we do not take away: there would be no way back.
        let parsed = PublicKey::parse(&found.key).map_err(|bad| {
            Refusal::new(
                format!("Key {} could not be brought back by this bot: {bad}.", found.id),
                Text::new().plain("Take it away ").link("on GitHub", page(&repository)).plain("."),
            )
        })?;
        let delete = DeleteDeployKey {
            repo: named("repository", RepoRef::of(&repository))?,
            id: found.id,
            title: found.title.clone(),
            key: parsed,
            read_only: found.read_only,
        };
        let what = Text::new().plain("deploy key ").bold(&found.title);
        let from = Text::new().plain(" from ").then(shown.clone());
        let plan = Plan::new(Title {
            todo: Text::new().plain("Take the ").then(what.clone()).then(from.clone()),
            doing: Text::new().plain("Taking the ").then(what.clone()).then(from),
            done: shown.plain(" no longer has the ").then(what),
        });
        let mut plan = plan
            .step("key", delete.operation(), &[])
            .lock(format!("github:{}", repository.full_name))
            .precondition(preconditions::same_deploy_keys(&repository, &keys));
        plan.summary =
            Some(format!("{} · taken back, it comes under another id", delete.key.fingerprint()).into());
        plan.links = vec![Button::Link { label: "Open on GitHub".into(), url: page(&repository) }];
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
