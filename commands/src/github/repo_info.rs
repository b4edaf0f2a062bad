//! `!RepoInfo`: what there is to know of a repository.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_github::{About, Guarded, Listing, ReadError, Reader, Repository, TeamAccess};
use hubcommander_sdk::command::{Args, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message};
use hubcommander_sdk::orgs::Orgs;
use hubcommander_sdk::text::Text;

use super::day::day;
use super::permission::can;
use super::{one, suggest};

/// The command.
pub struct RepoInfo {
    spec: CommandSpec,
    reader: Reader,
    orgs: Arc<Orgs>,
}

impl RepoInfo {
    /// The command over these organisations.
    #[must_use]
    pub fn new(reader: Reader, orgs: Arc<Orgs>) -> Self {
        let about = "Tells about a repository: who has access, what protects it, what is open";
        let spec = CommandSpec::new("RepoInfo", "Repositories", about);
        let spec = one::args().into_iter().fold(spec, CommandSpec::arg).example("!RepoInfo acme website");
        Self { spec, reader, orgs }
    }
}

/// What could not be read is said to be so, never shown as none.
fn unread(what: &str, error: &ReadError) -> Text {
    Text::new()
        .plain(format!("{what} could not be read. "))
        .then(error.what.clone())
        .plain(" ")
        .then(error.todo.clone())
}

fn branch(name: &str, guarded: &Result<Guarded, ReadError>) -> Text {
    let named = Text::new().plain("Default branch ").code(name);
    let guarded = match guarded {
        Ok(guarded) => guarded,
        Err(error) => return named.plain(". ").then(unread("What protects it", error)),
    };
    let mut parts = Vec::new();
    if let Some(classic) = &guarded.classic {
        match classic.approvals {
            Some(0) => parts.push("changes by pull request".to_owned()),
            Some(1) => parts.push("one approval".to_owned()),
            Some(n) => parts.push(format!("{n} approvals")),
            None => {}
        }
        match classic.checks.as_slice() {
            [] => {}
            [check] => parts.push(format!("check {check}")),
            checks => parts.push(format!("checks {}", checks.join(", "))),
        }
        if classic.holds_for_administrators {
            parts.push("also for administrators".to_owned());
        }
    }
    if !guarded.rules.is_empty() {
        let rules = guarded.rules.iter().map(|rule| rule.replace('_', " ")).collect::<Vec<_>>();
        parts.push(format!("rules on {}", rules.join(", ")));
    }
    match (guarded.classic.is_some(), parts.is_empty()) {
        (_, false) => named.plain(format!(", protected: {}", parts.join(" · "))),
        // Nobody may delete it or rewrite it, and that is all.
        (true, true) => named.plain(", protected from deletion and rewriting"),
        (false, true) => named.plain(", not protected"),
    }
}

fn teams(read: &Result<Listing<TeamAccess>, ReadError>) -> Text {
    let teams = match read {
        Ok(teams) => teams,
        Err(error) => return unread("Its teams", error),
    };
    if teams.items.is_empty() {
        return "No team has access".into();
    }
    let mut words: Vec<String> =
        teams.items.iter().map(|team| format!("{} can {}", team.slug, can(&team.permission))).collect();
    if !teams.complete {
        words.push("and others".to_owned());
    }
    format!("Teams: {}", words.join(" · ")).into()
}

fn outsiders(read: &Result<u64, ReadError>) -> Text {
    match read {
        Ok(0) => "Nobody from outside the organisation has access of their own".into(),
        Ok(1) => "One person from outside the organisation has access".into(),
        Ok(n) => format!("{n} people from outside the organisation have access").into(),
        Err(error) => unread("Who has access from outside", error),
    }
}

fn pulls(read: &Result<u64, ReadError>) -> Text {
    match read {
        Ok(0) => "No open pull requests".into(),
        Ok(1) => "One open pull request".into(),
        Ok(n) => format!("{n} open pull requests").into(),
        Err(error) => unread("Its pull requests", error),
    }
}

fn ages(repository: &Repository, request: &Request) -> Text {
    let pushed = repository
        .pushed_at
        .map_or_else(|| "Nobody pushed to it yet".to_owned(), |at| format!("Last push {}", day(at, request)));
    let created = repository.created_at.map(|at| format!(" · created {}", day(at, request)));
    format!("{pushed}{}", created.unwrap_or_default()).into()
}

fn answer(repository: &Repository, about: &About, request: &Request) -> Message {
    let mut headline = one::shown(repository).plain(format!(" · {}", repository.visibility.as_str()));
    if repository.archived {
        headline = headline.plain(" · archived, read-only for everyone");
    }
    if repository.is_template {
        headline = headline.plain(" · template");
    }
    let mut message = Message::new(headline);
    if let Some(description) = &repository.description {
        message = message.line(description.as_str());
    }
    if let Some(homepage) = &repository.homepage {
        message = message.item(Text::new().plain("Homepage ").link(homepage, homepage));
    }
    if !repository.topics.is_empty() {
        message = message.item(format!("Topics {}", repository.topics.join(", ")));
    }
    message
        .item(branch(&repository.default_branch, &about.default_branch))
        .item(teams(&about.teams))
        .item(outsiders(&about.outside_collaborators))
        .item(pulls(&about.open_pull_requests))
        .item(ages(repository, request))
        .button(Button::Link { label: "Open on GitHub".into(), url: repository.html_url.clone() })
}

#[async_trait]
impl Command for RepoInfo {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let args = &request.args;
        let org = suggest::org(&self.orgs, args)?;
        let name = args.text("repo").unwrap_or_default();
        let repository = suggest::repository(&self.reader, &org.name, name).await?;
        let about = self.reader.about(&repository).await.map_err(|error| error.refusal())?;
        Ok(Prepared::Reply(answer(&repository, &about, request)))
    }

    async fn suggest(&self, arg: &str, typed: &str, so_far: &Args) -> Vec<String> {
        suggest::values(&self.reader, &self.orgs, &self.spec, arg, typed, so_far).await
    }
}
