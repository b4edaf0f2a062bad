//! Which link is of which person: by the account in Slack that the directory names, or by an address.

use std::collections::HashMap;

use async_trait::async_trait;
use hubcommander_directory::scim::Links;
use hubcommander_directory::{Email, Link, Person};
use hubcommander_sdk::accounts::Linked;

use super::directories::{Directories, State};
use crate::members::Book;

/// A link as the directory is told of it.
pub(super) fn link(linked: &Linked, person: Option<String>, email: Option<Email>) -> Link {
    Link {
        person,
        slack_user: linked.person.user.clone(),
        github_id: linked.github_id,
        github_login: linked.login.clone(),
        email: linked.email.as_deref().and_then(Email::parse).or(email),
        since: linked.since,
        proof: linked.proof,
    }
}

/// The person whose link it is, as the first source that knows them does; those who work here before others.
pub(super) fn person_of<'s>(state: &'s State, linked: &Linked) -> Option<&'s Person> {
    let email = linked.email.as_deref().and_then(Email::parse);
    let fit = |person: &Person| {
        let named = person.accounts.slack_user.as_ref() == Some(&linked.person.user);
        let place = person.emails.iter().position(|one| Some(one) == email.as_ref());
        let how = if named { 0 } else { place?.min(1) + 1 };
        Some((!person.active, how))
    };
    let fitting = state.people().filter_map(|(_, person)| Some((fit(person)?, person)));
    fitting.min_by_key(|(how, _)| *how).map(|(_, person)| person)
}

/// Links by whose they can be.
struct ByWhose<'l> {
    by_slack: HashMap<&'l str, &'l Linked>,
    by_email: HashMap<Email, &'l Linked>,
}

impl<'l> ByWhose<'l> {
    fn new(links: &'l [Linked]) -> Self {
        let emails = links.iter().filter_map(|link| Some((Email::parse(link.email.as_deref()?)?, link)));
        let by_slack = links.iter().map(|link| (link.person.user.as_str(), link)).collect();
        Self { by_slack, by_email: emails.collect() }
    }

    fn of(&self, person: &Person) -> Option<&'l Linked> {
        let named = person.accounts.slack_user.as_deref().and_then(|user| self.by_slack.get(user));
        named.or_else(|| person.emails.iter().find_map(|email| self.by_email.get(email))).copied()
    }
}

/// Shows in SCIM what was linked.
pub(super) struct Shown {
    pub directories: Directories,
    pub book: Book,
}

#[async_trait]
impl Links for Shown {
    async fn links_of(&self, people: &[&str]) -> Result<HashMap<String, Link>, String> {
        let links = self.book.all_links().await.map_err(|error| error.to_string())?;
        let by_whose = ByWhose::new(&links);
        let look = |state: &State| {
            let found = people.iter().filter_map(|id| {
                let person = state.scim.person(id)?;
                let linked = by_whose.of(person)?;
                let link = link(linked, Some(person.id.clone()), person.primary().cloned());
                Some((person.id.clone(), link))
            });
            found.collect()
        };
        self.directories.with(look).await.map_err(|error| error.to_string())
    }
}
