//! `!RenameRepo`: a repository gets another name. GitHub leads from the old one to it.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::names::{FullName, RepoName};
use hubcommander_github::operations::RenameRepository;
use hubcommander_github::{Lookup, Reader, Repository, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::Button;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Precondition, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{named, one, suggest};

/// What follows from a new name
/// (<https://docs.github.com/en/repositories/creating-and-managing-repositories/renaming-a-repository>).
const SUMMARY: &str = "Links and clones under the old name lead there, until another repository takes that name. \
                       Workflows that use its actions need the new name.";

/// The command.
pub struct RenameRepo {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl RenameRepo {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = CommandSpec::new("RenameRepo", "Repositories", "Gives a repository another name");
        let spec = one::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(ArgSpec::positional("new-name", ArgKind::NewRepository, "what it is to be called"))
            .example("!RenameRepo acme website homepage")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }

    /// That the new name is free, as it was seen. A repository's own former name is free for it, and so is its
    /// name in another case.
    async fn must_be_free(&self, repository: &Repository, name: &FullName) -> Result<Precondition, Refusal> {
        let (owner, new) = (name.owner.as_str(), name.name.as_str());
        let found = self.reader.repository(owner, new).await.map_err(|error| error.refusal())?;
        match &found {
            Lookup::Absent => {}
            Lookup::Found(other) if other.id == repository.id => {}
            Lookup::Moved { id, .. } if *id == repository.id => {}
            Lookup::Found(other) => {
                return Err(Refusal::new(
                    one::shown(other).plain(" exists already."),
                    "Choose another name.",
                ));
            }
            Lookup::Moved { full_name, .. } => {
                return Err(Refusal::new(
                    Text::new()
                        .code(name.to_string())
                        .plain(" is the former name of ")
                        .code(full_name)
                        .plain(", and links to it still lead there."),
                    "Choose another name.",
                ));
            }
        }
        Ok(preconditions::same_lookup(owner, new, &found))
    }

    fn plan(repository: &Repository, to: &FullName, free: Precondition) -> Result<Plan, Refusal> {
        let from = one::full_name(repository)?;
        let title = Title {
            todo: Text::new()
                .plain("Rename ")
                .then(one::shown(repository))
                .plain(" to ")
                .bold(to.to_string()),
            doing: Text::new().plain("Renaming ").then(one::shown(repository)),
            done: Text::new().plain(format!("{from} is called ")).bold(to.to_string()).plain(" now"),
        };
        let rename = RenameRepository { id: repository.id, from, to: to.name.clone() };
        let mut plan = one::plan(repository, title)?
            .step("rename", rename.operation(), &[])
            .precondition(free)
            .lock(format!("github:{to}"));
        plan.summary = Some(SUMMARY.into());
        plan.links = vec![Button::Link { label: "Open on GitHub".into(), url: "{rename.html_url}".into() }];
        Ok(plan)
    }
}

#[async_trait]
impl Command for RenameRepo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let new = named("name", RepoName::parse(args.text("new-name").unwrap_or_default()))?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let to = FullName { owner: one::full_name(&repository)?.owner, name: new };
        if repository.full_name == to.to_string() {
            return Ok(one::already(&repository, " is called that already"));
        }
        one::must_not_be_archived(&repository)?;
        let free = self.must_be_free(&repository, &to).await?;
        Ok(Prepared::Plan(Self::plan(&repository, &to, free)?))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
