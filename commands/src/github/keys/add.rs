//! `!AddKey`: a machine gets at one repository with a key of its own.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::operations::{AddDeployKey, RepoRef};
use hubcommander_github::{PublicKey, Reader, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{may, page, repository};
use crate::github::{named, suggest};

/// Nobody reads more in a list, and GitHub takes no more than 255.
const LONGEST_TITLE: usize = 200;

/// The command.
pub struct AddKey {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl AddKey {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = super::about("AddKey", "Lets a machine at a repository, with a deploy key")
            .arg(ArgSpec::positional("title", ArgKind::Text, "what it is for"))
            .arg(
                ArgSpec::positional(
                    "key",
                    ArgKind::Text,
                    "the public key: the line in the file that ends in .pub",
                )
                .repeated(),
            )
            .arg(ArgSpec::flag("write", "let it push too; otherwise it may only read"))
            .example(
                "!AddKey acme website \"build server\" ssh-ed25519 \
                 AAAAC3NzaC1lZDI1NTE5AAAAIEgrtb96jAK4EprDvytzdpD/6t1xaKfEjlmaeG8gCrYC ana@laptop",
            )
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }
}

#[async_trait]
impl Command for AddKey {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let title = args.text("title").unwrap_or_default().trim();
        // Checked before anything is asked, and long before anything is sent.
        let key = PublicKey::parse(&args.list("key").join(" "))
            .map_err(|bad| Refusal::new(format!("{bad}."), bad.cure()))?;
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(Refusal::new(
                format!("A title has 1 to {LONGEST_TITLE} characters."),
                "Say in a few words what the key is for.",
            ));
        }
        let repository = repository(&self.reader, &self.orgs, args).await?;
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        if repository.archived {
            return Err(Refusal::new(
                shown.plain(" is archived, so it cannot be changed."),
                "Unarchive it first.",
            ));
        }
        let keys = self.reader.deploy_keys(&repository).await?;
        let add = AddDeployKey {
            repo: named("repository", RepoRef::of(&repository))?,
            title: title.to_owned(),
            key,
            read_only: !args.flag("write"),
        };
        let same = |found: &str| PublicKey::parse(found).is_ok_and(|found| found == add.key);
        if let Some(found) = keys.iter().find(|found| same(&found.key)) {
            if found.read_only == add.read_only {
                let has = shown
                    .plain(" has that key already, as ")
                    .bold(&found.title)
                    .plain(format!(" ({})", found.id));
                return Ok(Prepared::Reply(Message::new(has).state(State::Done)));
            }
            let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
            return Err(Refusal::new(
                shown
                    .plain(" has that key already, as ")
                    .bold(&found.title)
                    .plain(format!(", and it may {}. GitHub cannot change what a key may.", may(found))),
                Text::new()
                    .plain("Take it away first, with ")
                    .code(format!("!DeleteKey {org} {name} {}", found.id))
                    .plain("."),
            ));
        }
        let what = Text::new().plain("deploy key ").bold(title);
        let to = Text::new().plain(" to ").then(shown.clone());
        let can = if add.read_only { "may read" } else { "may push" };
        let plan = Plan::new(Title {
            todo: Text::new().plain("Add ").then(what.clone()).then(to.clone()),
            doing: Text::new().plain("Adding ").then(what.clone()).then(to),
            done: shown.plain(" has the ").then(what),
        });
        let mut plan = plan
            .step("key", add.operation(), &[])
            .lock(format!("github:{}", repository.full_name))
            .precondition(preconditions::same_deploy_keys(&repository, &keys));
        plan.summary = Some(format!("{can} · {} · {}", add.key.kind(), add.key.fingerprint()).into());
        plan.links = vec![Button::Link { label: "Open on GitHub".into(), url: page(&repository) }];
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
