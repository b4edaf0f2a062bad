//! `!SetDefaultBranch`: the branch that people see first becomes another one, or gets another name.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::names::BranchName;
use hubcommander_github::operations::{RenameDefaultBranch, RepoRef, SetDefaultBranch as Set};
use hubcommander_github::{Reader, Repository};
use hubcommander_sdk::chatline::nearest;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::{named, one, suggest};

/// How many branches are named where the one that was asked for is none of them.
const NAMED: usize = 5;

/// What follows from another name
/// (<https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-branches-in-your-repository/renaming-a-branch>).
const RENAMED: &str = "Pull requests and its protection go with it. The repository's page tells whoever has a clone \
                       how to follow.";

/// The command.
pub struct SetDefaultBranch {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl SetDefaultBranch {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let about = "Makes a branch the one that people see first";
        let spec = CommandSpec::new("SetDefaultBranch", "Repositories", about);
        let spec = one::args()
            .into_iter()
            .fold(spec, CommandSpec::arg)
            .arg(ArgSpec::positional("branch", ArgKind::Branch, "the branch"))
            .arg(ArgSpec::flag("rename", "give the default branch this name, instead of choosing another"))
            .example("!SetDefaultBranch acme-oss sdk next")
            .example("!SetDefaultBranch acme website trunk --rename")
            .changes(Risk::Reversible);
        Self { spec, reader, orgs }
    }

    /// Says that there is no such branch, and which there are.
    async fn no_such_branch(&self, repository: &Repository, branch: &BranchName) -> Refusal {
        let what = one::shown(repository).plain(" has no branch ").code(branch.as_str());
        let push_or_rename = |push: &str| {
            let rename =
                Text::new().plain(push).plain(" it first, or rename ").code(&repository.default_branch);
            rename.plain(" to it with ").code("--rename").plain(".")
        };
        // That they cannot be read takes nothing from what is known.
        let names = match self.reader.branch_names(repository).await {
            Ok(names) => names.items,
            Err(_) => return Refusal::new(what.plain("."), push_or_rename("Push")),
        };
        if names.is_empty() {
            return Refusal::new(
                one::shown(repository).plain(" is empty: it has no branch yet."),
                "Push a first commit to it.",
            );
        }
        if let Some(near) = near(branch.as_str(), &names) {
            let meant = Text::new().plain("Did you mean ").code(near).plain("? If not, ");
            return Refusal::new(what.plain("."), meant.then(push_or_rename("push")));
        }
        let listed =
            names.iter().take(NAMED).enumerate().fold(what.plain("; it has "), |text, (at, name)| {
                let text = if at == 0 { text } else { text.plain(", ") };
                text.code(name)
            });
        let more = if names.len() > NAMED { " and others." } else { "." };
        Refusal::new(listed.plain(more), push_or_rename("Push"))
    }

    async fn choose(&self, repository: &Repository, branch: BranchName) -> Result<Plan, Refusal> {
        let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
        let found = self.reader.branch(org, name, branch.as_str()).await.map_err(|error| error.refusal())?;
        if found.is_none() {
            return Err(self.no_such_branch(repository, &branch).await);
        }
        let shown = one::shown(repository);
        let title = Title {
            todo: Text::new()
                .plain("Make ")
                .code(branch.as_str())
                .plain(" the default branch of ")
                .then(shown.clone()),
            doing: Text::new()
                .plain("Making ")
                .code(branch.as_str())
                .plain(" the default branch of ")
                .then(shown.clone()),
            done: Text::new().plain("The default branch of ").then(shown).plain(" is ").code(branch.as_str()),
        };
        let set = Set {
            repo: named("repository", RepoRef::of(repository))?,
            to: branch,
            from: BranchName::parse(&repository.default_branch).ok(),
        };
        let mut plan = one::plan(repository, title)?.step("branch", set.operation(), &[]);
        plan.summary = Some(
            Text::new()
                .plain("New pull requests go into it. ")
                .code(&repository.default_branch)
                .plain(" stays as it is, and open pull requests stay where they are."),
        );
        Ok(plan)
    }

    async fn rename(&self, repository: &Repository, branch: BranchName) -> Result<Plan, Refusal> {
        let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
        let current = &repository.default_branch;
        let there = |branch: String| async move {
            self.reader.branch(org, name, &branch).await.map_err(|error| error.refusal())
        };
        let (taken, first) = tokio::try_join!(there(branch.to_string()), there(current.clone()))?;
        if taken.is_some() {
            return Err(Refusal::new(
                one::shown(repository).plain(" has a branch ").code(branch.as_str()).plain(" already."),
                Text::new().plain("Leave out ").code("--rename").plain(" to make that the default branch."),
            ));
        }
        if first.is_none() {
            return Err(Refusal::new(
                one::shown(repository).plain(" is empty: it has no branch yet."),
                "Push a first commit to it.",
            ));
        }
        let shown = one::shown(repository);
        let title = Title {
            todo: Text::new()
                .plain("Rename the default branch of ")
                .then(shown.clone())
                .plain(" to ")
                .code(branch.as_str()),
            doing: Text::new().plain("Renaming the default branch of ").then(shown.clone()),
            done: Text::new()
                .plain("The default branch of ")
                .then(shown)
                .plain(" is called ")
                .code(branch.as_str()),
        };
        let rename = RenameDefaultBranch {
            repo: named("repository", RepoRef::of(repository))?,
            to: branch,
            from: BranchName::parse(current).ok(),
        };
        let mut plan = one::plan(repository, title)?.step("branch", rename.operation(), &[]);
        plan.summary = Some(RENAMED.into());
        Ok(plan)
    }
}

/// The one that was meant, most likely: spelled almost like it, or the same but for its case or what stands
/// before the last slash.
fn near<'a>(branch: &str, names: &'a [String]) -> Option<&'a str> {
    let last = |name: &'a str| name.rsplit('/').next().unwrap_or(name);
    nearest(branch, names.iter().map(String::as_str)).or_else(|| {
        let mut same = names.iter().filter(|name| last(name).eq_ignore_ascii_case(branch));
        same.next().filter(|_| same.next().is_none()).map(String::as_str)
    })
}

#[async_trait]
impl Command for SetDefaultBranch {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let branch = named("branch", BranchName::parse(args.text("branch").unwrap_or_default()))?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        if repository.default_branch == branch.as_str() {
            let so = Text::new().plain("The default branch of ").then(one::shown(&repository));
            let so = so.plain(" is ").code(branch.as_str()).plain(" already");
            return Ok(Prepared::Reply(Message::new(so).state(State::Done)));
        }
        one::must_not_be_archived(&repository)?;
        let plan = if args.flag("rename") {
            self.rename(&repository, branch).await?
        } else {
            self.choose(&repository, branch).await?
        };
        Ok(Prepared::Plan(plan))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_near() {
        let names = ["main", "develop", "release/1.x", "release/2.x"].map(str::to_owned);
        assert_eq!(near("develp", &names), Some("develop"));
        assert_eq!(near("Main", &names), Some("main"));
        assert_eq!(near("2.x", &names), Some("release/2.x"));
        assert_eq!(near("trunk", &names), None);
    }
}
