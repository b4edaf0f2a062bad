//! `!RemoveCollab`: what was given to a person directly is taken away, be it only offered.

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hubcommander_github::grants::{COLLABORATOR, Collaborator};
use hubcommander_github::operations::{RepositoryRef, SetCollaborator, Taken, UserRef};
use hubcommander_github::{Standing, User};
use hubcommander_sdk::command::{Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::text::Text;

use super::places::{self, Asked};
use super::{GROUP, People, org, reason, repositories, user, whom};
use crate::github::lending::{Lending, Want};
use crate::github::{named, suggest};

/// How many are looked at side by side.
const AT_ONCE: usize = 8;

/// The command.
pub struct RemoveCollab {
    spec: CommandSpec,
    people: People,
    lending: Lending,
}

impl RemoveCollab {
    /// The command, unless what it takes away is not known.
    #[must_use]
    pub fn new(people: &People) -> Option<Self> {
        let spec =
            CommandSpec::new("RemoveCollab", GROUP, "Takes away what a person was given on repositories")
                .alias("RemoveCollaborator")
                .arg(user())
                .arg(org())
                .arg(repositories())
                .arg(reason())
                .example("!RemoveCollab lin-park acme api")
                .example("!RemoveCollab lin-park acme api --reason \"The project is over\"")
                .changes(Risk::Reversible);
        Some(Self { spec, people: people.clone(), lending: people.lending(COLLABORATOR)? })
    }

    /// Whether it was accepted: then more goes with it than can be given back.
    async fn taken(&self, org: &str, user: &User, repository: u64) -> Result<Taken, Refusal> {
        Ok(match self.people.reader.standing(org, repository, user).await? {
            Standing::Invited { .. } => Taken::Offer,
            _ => Taken::Access,
        })
    }
}

#[async_trait]
impl Command for RemoveCollab {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (args, reader) = (&request.args, &self.people.reader);
        let org = suggest::org(&self.people.orgs, args)?;
        let user = whom::person(reader, org, args.text("user").unwrap_or_default()).await?;
        let repositories = places::repositories(reader, org, args.list("repos")).await?;
        let who = named("account", UserRef::of(&user))?;
        let on = |repository: &_| {
            let repo = named("repository", RepositoryRef::of(repository))?;
            Ok(Collaborator { user: who.clone(), repo, role: None }.holding())
        };
        let all = places::names(repositories.iter());
        let places = places::look(&self.lending, repositories, on).await?;
        let asked =
            Asked { lending: &self.lending, request, want: &Want::Nothing, reason: args.text("reason") };
        let shown = Text::new().link(&user.login, &user.html_url);
        let title = |names: &Text| Title {
            todo: Text::from("Take ").then(shown.clone()).plain(" off ").then(names.clone()),
            doing: Text::from("Taking ").then(shown.clone()).plain(" off ").then(names.clone()),
            done: shown.clone().plain(" is off ").then(names.clone()),
        };
        let Ok(mut plan) = places::plan(&asked, &places, title)? else {
            let message = Message::new(shown.plain(" was given nothing on ").then(all)).state(State::Done);
            let message = match reader.membership(&org.name, &user.login).await? {
                Some(place) if !place.pending => message.line(format!(
                    "As a member of {} they may have access by a team, or as all members have.",
                    org.name
                )),
                _ => message,
            };
            return Ok(Prepared::Reply(message));
        };
        let (this, name, whose) = (&*self, org.name.as_str(), &user);
        let ids: Vec<u64> = places.iter().map(|place| place.repository.id).collect();
        let known = ids.into_iter().map(|id| async move { this.taken(name, whose, id).await });
        let known: Vec<Taken> = stream::iter(known).buffered(AT_ONCE).try_collect().await?;
        for (place, taken) in places.iter().zip(known) {
            let id = place.name();
            if let Some(step) = plan.steps.iter_mut().find(|step| step.id == id) {
                step.operation = SetCollaborator::taking(step.operation.clone(), taken);
            }
        }
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.people.reader, &self.people.orgs, &self.spec, arg, typed, so_far).await
    }
}
