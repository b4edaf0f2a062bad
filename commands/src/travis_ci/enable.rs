//! `!EnableTravis`: Travis builds a repository. One that it does not know yet it is made to look for first.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::{Reader as GitHub, preconditions as at_github};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use hubcommander_travis::{Reader as Travis, Target, operations, preconditions as at_travis};

use super::GROUP;
use crate::github::suggest;

/// The command.
pub struct EnableTravis {
    spec: CommandSpec,
    github: GitHub,
    travis: Travis,
    orgs: Arc<Orgs>,
}

impl EnableTravis {
    /// The command over these organisations.
    #[must_use]
    pub fn new(github: GitHub, travis: Travis, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new("EnableTravis", GROUP, "Lets Travis build a repository")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
            .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
            .example("!EnableTravis acme website")
            .changes(Risk::Reversible);
        Self { spec, github, travis, orgs }
    }
}

#[async_trait]
impl Command for EnableTravis {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.github, &org.name, name).await?;
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        if repository.archived {
            return Err(Refusal::new(
                shown.plain(" is archived, so there is nothing to build."),
                "Unarchive it first.",
            ));
        }
        let target = Target::new(repository.id, &repository.full_name).map_err(|bad| {
            Refusal::new(shown.clone().plain(" has a name that Travis cannot be asked for."), "")
                .logged(bad.to_string())
        })?;
        let known = self.travis.repository(&target).await?;
        let open = Button::Link { label: "Open at Travis".into(), url: self.travis.page_of(&target) };
        match &known {
            Some(known) if known.active => {
                let message = Message::new(Text::new().plain("Travis builds ").then(shown).plain(" already"));
                return Ok(Prepared::Reply(message.state(State::Done).button(open)));
            }
            Some(known) if known.is_out_of_reach() => {
                let what =
                    Text::new().plain("Travis does not let my account switch ").then(shown).plain(" on.");
                let todo =
                    "It needs admin access to the repository at GitHub. Tell the people who run this bot.";
                return Err(Refusal::new(what, todo));
            }
            _ => {}
        }
        let title = Title {
            todo: Text::new().plain("Enable Travis for ").then(shown.clone()),
            doing: Text::new().plain("Enabling Travis for ").then(shown.clone()),
            done: Text::new().plain("Travis builds ").then(shown),
        };
        let mut plan = Plan::new(title)
            .precondition(at_github::same_repository(&repository))
            .precondition(at_travis::same_repository(&target, known.as_ref()))
            .lock(format!("github:{}", repository.full_name));
        let mut after = Vec::new();
        if known.is_none() {
            plan = plan.step(SYNC, operations::sync(&target), &[]);
            after.push(SYNC);
        }
        plan = plan.step("activate", operations::activate(&target), &after);
        plan.summary =
            Some(Text::new().plain("What it does there is said in ").code(".travis.yml").plain("."));
        plan.links = vec![open];
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.github, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}

/// The step that has Travis look at GitHub.
const SYNC: &str = "sync";
