//! `!ArchiveRepo` and `!UnarchiveRepo`: a repository becomes read-only, or can be changed again.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::Reader;
use hubcommander_github::operations::{Changes, EditRepository};
use hubcommander_sdk::command::{Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::text::Text;

use super::{named, one, suggest};

/// Either command.
pub struct ArchiveRepo {
    archive: bool,
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl ArchiveRepo {
    /// `!ArchiveRepo` over these organisations.
    #[must_use]
    pub fn archive(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec =
            CommandSpec::new("ArchiveRepo", "Repositories", "Makes a repository read-only for everyone")
                .example("!ArchiveRepo acme website");
        Self::new(true, spec, reader, orgs)
    }

    /// `!UnarchiveRepo` over these organisations.
    #[must_use]
    pub fn unarchive(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let about = "Lets people change an archived repository again";
        let spec = CommandSpec::new("UnarchiveRepo", "Repositories", about)
            .example("!UnarchiveRepo acme-oss legacy");
        Self::new(false, spec, reader, orgs)
    }

    fn new(archive: bool, spec: CommandSpec, reader: Reader, orgs: Arc<Orgs>) -> Self {
        let spec = one::args().into_iter().fold(spec, CommandSpec::arg).changes(Risk::Reversible);
        Self { archive, spec, reader, orgs }
    }
}

#[async_trait]
impl Command for ArchiveRepo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        if repository.archived == self.archive {
            let so = if self.archive { " is archived already" } else { " is not archived" };
            return Ok(one::already(&repository, so));
        }
        let (todo, doing, done) = if self.archive {
            ("Archive ", "Archiving ", " is archived")
        } else {
            ("Unarchive ", "Unarchiving ", " can be changed again")
        };
        let shown = one::shown(&repository);
        let title = Title {
            todo: Text::new().plain(todo).then(shown.clone()),
            doing: Text::new().plain(doing).then(shown.clone()),
            done: shown.plain(done),
        };
        let changes = Changes { archived: Some(self.archive), ..Changes::default() };
        let edit = named("repository", EditRepository::of(&repository, changes))?;
        Ok(Prepared::Plan(one::plan(&repository, title)?.step("edit", edit.operation(), &[])))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
