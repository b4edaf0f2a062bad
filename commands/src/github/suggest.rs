//! What could be meant, for the forms' typeahead; and the organisation that an argument names.

use std::time::Duration;

use futures_util::future::join_all;
use hubcommander_github::{HOW_TO_TELL, Lookup, ReadError, Reader, Repository};
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
            HOW_TO_TELL,
        )),
    }
}

/// How long an organisation may take to answer while a person types: Slack waits three seconds for all of
/// it. What comes later is there for the next letter.
const PATIENCE: Duration = Duration::from_secs(2);

/// Repositories or teams of the organisation chosen so far; of all managed ones as long as none is known to
/// be, since Slack need not tell what stands in a form's other fields. Without those that GitHub does not
/// answer for: the person can still type the whole command.
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
    let among = orgs.iter().filter(|org| chosen.is_none_or(|chosen| chosen.name == org.name));
    let found = match kind {
        Some(ArgKind::Repository) => {
            gather(among, |org| async { Ok(reader.repository_names(&org.name).await?.all.clone()) }).await
        }
        Some(ArgKind::Team) => {
            gather(among, |org| async { Ok(reader.team_slugs(&org.name).await?.to_vec()) }).await
        }
        _ => Vec::new(),
    };
    let mut matching = matching(found, typed);
    matching.dedup();
    matching
}

/// Templates of all managed organisations.
pub(crate) async fn templates(reader: &Reader, orgs: &Orgs, typed: &str) -> Vec<String> {
    let found = gather(orgs.iter(), |org| async {
        let names = reader.repository_names(&org.name).await?;
        Ok(names.templates.iter().map(|name| format!("{}/{name}", org.name)).collect())
    });
    matching(found.await, typed)
}

/// What all of them have, asked at the same time, without those that take too long or cannot be read.
async fn gather<'a, F>(orgs: impl Iterator<Item = &'a Org>, list: impl Fn(&'a Org) -> F) -> Vec<String>
where
    F: Future<Output = Result<Vec<String>, ReadError>>,
{
    let lists = orgs.map(|org| tokio::time::timeout(PATIENCE, list(org)));
    let lists = join_all(lists).await.into_iter().filter_map(|list| list.ok()?.ok());
    lists.flatten().collect()
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
