//! `!EnableActions`: GitHub Actions may run in a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::operations::{RepoRef, SelectForActions, SetActions};
use hubcommander_github::{Actions, ActionsWhere, Reader, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{named, suggest};

/// The command.
pub struct EnableActions {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl EnableActions {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new("EnableActions", "CI", "Lets GitHub Actions run in a repository")
            .arg(ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"))
            .arg(ArgSpec::positional("repo", ArgKind::Repository, "the repository"))
            .example("!EnableActions acme templates")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }
}

#[async_trait]
impl Command for EnableActions {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let shown = Text::new().link(&repository.full_name, &repository.html_url);
        let (now, place) =
            tokio::try_join!(self.reader.actions(&repository), self.reader.actions_where(&org.name),)?;
        if now.enabled {
            let message = Message::new(Text::new().plain("Actions run in ").then(shown).plain(" already"));
            return Ok(Prepared::Reply(message.state(State::Done)));
        }
        if repository.archived {
            return Err(Refusal::new(
                shown.plain(" is archived, so it cannot be changed."),
                "Unarchive it first.",
            ));
        }
        if place == Some(ActionsWhere::None) {
            return Err(Refusal::new(
                Text::new().code(&org.name).plain(" lets Actions run in none of its repositories."),
                "Ask one of its owners to change that in the organisation's settings.",
            ));
        }
        let unlisted = place == Some(ActionsWhere::Selected)
            && !self.reader.is_selected_for_actions(&repository).await?;
        let of = Text::new().plain("Actions run in ").then(shown);
        let mut plan = Plan::new(Title {
            todo: Text::new().plain("Let ").then(of.clone()),
            doing: Text::new().plain("Letting ").then(of.clone()),
            done: of,
        })
        .lock(format!("github:{}", repository.full_name))
        .precondition(preconditions::same_repository(&repository))
        .precondition(preconditions::same_actions(&repository, &now));
        let repo = named("repository", RepoRef::of(&repository))?;
        let mut after: &[&str] = &[];
        if unlisted {
            let select = SelectForActions { repo: repo.clone(), selected: true };
            plan = plan.step("select", select.operation(), &[]);
            after = &["select"];
        }
        let set = SetActions {
            repo,
            // Which may run is left as it is: GitHub keeps it, and does not tell as long as none does.
            to: Actions { enabled: true, allowed_actions: None, sha_pinning_required: None },
            before: Some(now),
        };
        plan = plan.step("enable", set.operation(), after);
        plan.links = vec![Button::Link {
            label: "Open on GitHub".into(),
            url: format!("{}/actions", repository.html_url),
        }];
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
