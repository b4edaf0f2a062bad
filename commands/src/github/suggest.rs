//! What could be meant, for the forms' typeahead; and the organisation that an argument names.

use hubcommander_github::{Lookup, Reader, Repository};
use hubcommander_sdk::command::{ArgKind, Args, CommandSpec};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::orgs::{Org, Orgs};
use hubcommander_sdk::text::Text;

/// The most that a menu in Slack shows.
const MOST: usize = 100;

/// The organisation that the command is about.
pub(crate) fn org<'a>(orgs: &'a Orgs, args: &Args) -> Result<&'a Org, Refusal> {
    args.text("org").and_then(|name| orgs.find(name)).ok_or_else(|| {
        Refusal::new("I do not manage that organisation.", "See which there are with !ListOrgs.")
    })
}

/// The repository that the command is about. One that bears another name now is not acted on: the person is
/// told the new name.
pub(crate) async fn repository(reader: &Reader, org: &str, name: &str) -> Result<Repository, Refusal> {
    let typed = Text::new().code(format!("{org}/{name}"));
    match reader.repository(org, name).await.map_err(|error| error.refusal())? {
        Lookup::Found(found) => Ok(found),
        Lookup::Moved { full_name, .. } => {
            Err(Refusal::new(typed.plain(" is called ").code(full_name).plain(" now."), "Use the new name."))
        }
        Lookup::Absent => Err(Refusal::new(
            Text::new().plain("There is no repository ").then(typed).plain(" that I can see."),
            "Check the spelling.",
        )),
    }
}

/// Repositories or teams of the organisation chosen so far; of all managed ones as long as none is known to
/// be, since Slack need not tell what stands in a form's other fields. Nothing, if GitHub does not answer:
/// the person can still type the whole command.
pub(crate) async fn values(
    reader: &Reader,
    orgs: &Orgs,
    spec: &CommandSpec,
    arg: &str,
    typed: &str,
    so_far: &Args,
) -> Vec<String> {
    let kind = spec.args.iter().find(|known| known.name == arg).map(|known| &known.kind);
    let chosen = so_far.text("org").and_then(|name| orgs.find(name));
    let mut found = Vec::new();
    for org in orgs.iter().filter(|org| chosen.is_none_or(|chosen| chosen.name == org.name)) {
        found.extend(match kind {
            Some(ArgKind::Repository) => {
                reader.repository_names(&org.name).await.map(|names| names.to_vec()).unwrap_or_default()
            }
            Some(ArgKind::Team) => {
                let teams = reader.teams(&org.name).await;
                teams.map(|teams| teams.items.into_iter().map(|team| team.slug).collect()).unwrap_or_default()
            }
            _ => Vec::new(),
        });
    }
    let mut matching = matching(found, typed);
    matching.dedup();
    matching
}

/// Templates of all managed organisations.
pub(crate) async fn templates(reader: &Reader, orgs: &Orgs, typed: &str) -> Vec<String> {
    let mut found = Vec::new();
    for org in orgs.iter() {
        let Ok(repositories) = reader.repositories(&org.name).await else { continue };
        let templates = repositories.items.into_iter().filter(|repo| repo.is_template);
        found.extend(templates.map(|repo| repo.full_name));
    }
    matching(found, typed)
}

/// Those that begin with what was typed, then those that hold it.
fn matching(found: Vec<String>, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let mut fitting: Vec<String> =
        found.into_iter().filter(|name| name.to_lowercase().contains(&typed)).collect();
    fitting.sort_by_key(|name| (!name.to_lowercase().starts_with(&typed), name.to_lowercase()));
    fitting.truncate(MOST);
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_word_comes_first() {
        let found = ["new-api", "api", "website", "API-docs"].map(str::to_owned).to_vec();
        assert_eq!(matching(found, "api"), ["api", "API-docs", "new-api"]);
    }
}
