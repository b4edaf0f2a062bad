//! What the commands about one repository have in common: how it is shown, that it can be changed, and the
//! plan to begin with.

use hubcommander_github::names::FullName;
use hubcommander_github::{Repository, preconditions};
use hubcommander_sdk::command::{ArgKind, ArgSpec, Prepared};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, State};
use hubcommander_sdk::plan::{Plan, Title};
use hubcommander_sdk::text::Text;

use super::named;

/// The arguments `<org> <repo>`.
pub(super) fn args() -> [ArgSpec; 2] {
    [
        ArgSpec::positional("org", ArgKind::Organization, "the organisation it belongs to"),
        ArgSpec::positional("repo", ArgKind::Repository, "the repository"),
    ]
}

/// Its name, leading to its page.
pub(super) fn shown(repository: &Repository) -> Text {
    Text::new().link(&repository.full_name, &repository.html_url)
}

/// Its name, with which operations and locks know it.
pub(super) fn full_name(repository: &Repository) -> Result<FullName, Refusal> {
    named("repository", FullName::parse(&repository.full_name))
}

/// GitHub takes no change to what is archived, but that it be unarchived.
pub(super) fn must_not_be_archived(repository: &Repository) -> Result<(), Refusal> {
    if !repository.archived {
        return Ok(());
    }
    let (org, name) = repository.full_name.split_once('/').unwrap_or_default();
    Err(Refusal::new(
        shown(repository).plain(" is archived, so it cannot be changed."),
        Text::new().plain("Unarchive it first: ").code(format!("!UnarchiveRepo {org} {name}")),
    ))
}

/// A plan about it, valid as long as it is as it was seen.
pub(super) fn plan(repository: &Repository, title: Title) -> Result<Plan, Refusal> {
    let mut plan = Plan::new(title)
        .precondition(preconditions::same_repository(repository))
        .lock(format!("github:{}", full_name(repository)?));
    plan.links = vec![Button::Link { label: "Open on GitHub".into(), url: repository.html_url.clone() }];
    Ok(plan)
}

/// The answer where there is nothing to do.
pub(super) fn already(repository: &Repository, so: impl Into<String>) -> Prepared {
    Prepared::Reply(Message::new(shown(repository).plain(so)).state(State::Done))
}
