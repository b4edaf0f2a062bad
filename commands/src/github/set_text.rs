//! `!SetDescription` and `!SetHomepage`: one line about a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::operations::{Changes, EditRepository};
use hubcommander_github::{Reader, Repository};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::plan::{Risk, Title};
use hubcommander_sdk::text::Text;

use super::{named, one, suggest};

/// GitHub cuts nothing and refuses what is longer
/// (<https://docs.github.com/en/rest/repos/repos#update-a-repository>; the number is GitHub's answer).
const LONGEST_DESCRIPTION: usize = 350;

/// Refuses a description that GitHub would refuse, before anything is done.
pub(super) fn must_fit(description: &str) -> Result<(), Refusal> {
    let length = description.chars().count();
    if length <= LONGEST_DESCRIPTION {
        return Ok(());
    }
    Err(Refusal::new(
        format!("That description has {length} characters; GitHub takes {LONGEST_DESCRIPTION} at most."),
        "Shorten it, and keep the rest for the readme.",
    ))
}

/// Which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What the repository is for.
    Description,
    /// Its web page.
    Homepage,
}

impl Field {
    fn key(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Homepage => "homepage",
        }
    }

    fn change(self, text: &str) -> Changes {
        let text = Some(text.to_owned());
        match self {
            Self::Description => Changes { description: text, ..Changes::default() },
            Self::Homepage => Changes { homepage: text, ..Changes::default() },
        }
    }

    fn now(self, repository: &Repository) -> Option<&str> {
        match self {
            Self::Description => repository.description.as_deref(),
            Self::Homepage => repository.homepage.as_deref(),
        }
        .filter(|text| !text.is_empty())
    }

    fn spec(self) -> CommandSpec {
        let repository = ArgSpec::positional("repo", ArgKind::Repository, "the repository");
        let org = ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to");
        match self {
            Self::Description => CommandSpec::new(
                "SetDescription",
                "Repositories",
                "Sets the sentence that says what a repository is for",
            )
            .arg(org)
            .arg(repository)
            .arg(ArgSpec::rest("description", ArgKind::Text, "the sentence; \"\" to clear it"))
            .example("!SetDescription acme website The website, and how it is built"),
            Self::Homepage => CommandSpec::new("SetHomepage", "Repositories", "Sets a repository's web page")
                .arg(org)
                .arg(repository)
                .arg(ArgSpec::positional("homepage", ArgKind::Url, "the address; \"\" to clear it"))
                .example("!SetHomepage acme website https://www.acme.example"),
        }
        .changes(Risk::Reversible)
    }
}

/// The command.
pub struct SetText {
    field: Field,
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl SetText {
    /// The command for this line, over these organisations.
    #[must_use]
    pub fn new(field: Field, reader: Reader, orgs: Arc<Orgs>) -> Self {
        Self { field, spec: field.spec(), reader, orgs }
    }
}

/// The rest of a line is taken as it was typed; people put quotes around it out of habit.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[async_trait]
impl Command for SetText {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let new = unquoted(args.text(self.field.key()).unwrap_or_default().trim());
        if self.field == Field::Description {
            must_fit(new)?;
        }
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let shown = one::shown(&repository);
        let key = self.field.key();
        if self.field.now(&repository).unwrap_or_default() == new {
            return Ok(one::already(&repository, format!(" has that {key} already")));
        }
        one::must_not_be_archived(&repository)?;
        let (todo, doing, done) =
            if new.is_empty() { ("Clear", "Clearing", "cleared") } else { ("Set", "Setting", "set") };
        let title = Title {
            todo: Text::new().plain(format!("{todo} the {key} of ")).then(shown.clone()),
            doing: Text::new().plain(format!("{doing} the {key} of ")).then(shown.clone()),
            done: Text::new().plain(format!("The {key} of ")).then(shown).plain(format!(" is {done}")),
        };
        let edit = named("repository", EditRepository::of(&repository, self.field.change(new)))?;
        Ok(Prepared::Plan(one::plan(&repository, title)?.step("edit", edit.operation(), &[])))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
