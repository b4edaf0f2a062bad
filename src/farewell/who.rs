//! Who somebody is in Slack and at GitHub.

use std::collections::BTreeSet;

use hubcommander_github::{SignOn, User};
use hubcommander_sdk::accounts::Linked;
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::{Person, PersonId};
use hubcommander_sdk::text::Text;

use super::leaver::Leaver;
use super::{Farewells, unread};
use crate::slack::people::Freshness;
use crate::slack::web::SlackError;

/// Somebody, as far as they are known.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// Who they are in words.
    pub shown: Text,
    /// Their account in Slack.
    pub person: Option<PersonId>,
    /// Their addresses, in lower case.
    pub emails: Vec<String>,
    /// Their link.
    pub link: Option<Linked>,
    /// Their account at GitHub, as it is called now.
    pub account: Option<User>,
    /// How the account was found, if they have no link.
    pub how: Option<&'static str>,
    /// The account that was linked and is gone from GitHub.
    pub vanished: Option<String>,
}

fn untold(error: &SlackError) -> Refusal {
    Refusal::new("Slack did not tell who that is, so I did nothing.", "Try again in a minute.")
        .logged(error.to_string())
}

/// Whom Slack does not know at all is nobody there; what it does not say is an error.
fn known(asked: Result<std::sync::Arc<Person>, SlackError>) -> Result<Option<Person>, Refusal> {
    match asked {
        Ok(person) => Ok(Some((*person).clone())),
        Err(SlackError::Refused { code, .. }) if code == "user_not_found" || code == "user_not_visible" => {
            Ok(None)
        }
        Err(error) => Err(untold(&error)),
    }
}

impl Farewells {
    /// Somebody by their id in Slack.
    pub(super) async fn in_slack(&self, user: &str) -> Result<Option<Person>, Refusal> {
        known(self.people()?.get(user, Freshness::Fresh).await)
    }

    /// Somebody whom a directory or Slack told of. Slack finds nobody by an address whose account is deactivated, so
    /// what they linked is looked at, too.
    pub(super) async fn who_left(&self, leaver: &Leaver) -> Result<Who, Refusal> {
        let people = self.people()?;
        let links = &self.around().links;
        let mut person = None;
        for email in &leaver.emails {
            if person.is_none() {
                person = people.by_email(email, Freshness::Fresh).await.map_err(|error| untold(&error))?;
            }
        }
        if let (None, Some(user)) = (&person, &leaver.slack) {
            person = self.in_slack(user).await?;
        }
        let mut link = None;
        if person.is_none() {
            let theirs = |link: &Linked| {
                let email = link.email.as_ref().map(|email| email.trim().to_lowercase());
                email.is_some_and(|email| leaver.emails.contains(&email))
            };
            link = links.all_links().await.map_err(unread)?.into_iter().find(theirs);
            if link.is_none() {
                let former = links.all_former().await.map_err(unread)?.into_iter().find(theirs);
                person = match former {
                    Some(former) => self.in_slack(&former.person.user).await?,
                    None => None,
                };
            }
        }
        let id = person.as_ref().map(|person| person.id.clone()).or(link.map(|link| link.person));
        let email = person.and_then(|person| person.email);
        let shown = id.as_ref().map_or_else(|| leaver.shown(), |id| Text::new().person(&id.user));
        self.who(shown, id, leaver.emails.iter().cloned().chain(email)).await
    }

    /// Somebody whom a person named.
    pub(super) async fn who_is(&self, person: &Person) -> Result<Who, Refusal> {
        let shown = Text::new().person(&person.id.user);
        self.who(shown, Some(person.id.clone()), person.email.iter().cloned()).await
    }

    async fn who(
        &self,
        shown: Text,
        person: Option<PersonId>,
        emails: impl Iterator<Item = String>,
    ) -> Result<Who, Refusal> {
        let links = &self.around().links;
        let (mut link, mut former) = (None, None);
        if let Some(person) = &person {
            link = links.of_user(&person.user).await.map_err(unread)?;
            former = links.former_of(&person.user).await.map_err(unread)?;
        }
        let of_links = link.iter().chain(&former).filter_map(|link| link.email.clone());
        let emails: BTreeSet<String> =
            emails.chain(of_links).map(|email| email.trim().to_lowercase()).collect();
        let emails: Vec<String> = emails.into_iter().filter(|email| !email.is_empty()).collect();
        let mut who = Who { shown, person, emails, link, account: None, how: None, vanished: None };
        let found = match (&who.link, former) {
            (Some(link), _) => Some((link.github_id, link.login.clone())),
            (None, Some(former)) => {
                who.how = Some("that they had linked");
                Some((former.github_id, former.login))
            }
            (None, None) => {
                let found = self.by_sign_on(&who.emails).await?;
                who.how = found.as_ref().map(|_| "that the single sign-on names");
                found
            }
        };
        let Some(org) = self.around().orgs.iter().next() else { return Ok(who) };
        if let Some((id, login)) = found {
            // An account that somebody else has shown to be theirs is theirs.
            let whose = links.whose_is(id).await.map_err(unread)?;
            if whose.is_some_and(|other| {
                who.person.as_ref().is_none_or(|person| person.user != other.person.user)
            }) {
                who.how = None;
                return Ok(who);
            }
            who.account = self.around().github.account(&org.name, id).await?;
            who.vanished = who.account.is_none().then_some(login);
        }
        Ok(who)
    }

    /// The account that the single sign-on of an organisation names for one of these addresses.
    async fn by_sign_on(&self, emails: &[String]) -> Result<Option<(u64, String)>, Refusal> {
        if emails.is_empty() {
            return Ok(None);
        }
        let is_theirs = |email: &str| emails.iter().any(|known| known.eq_ignore_ascii_case(email.trim()));
        for org in self.around().orgs.iter() {
            let SignOn::People(people) = self.around().github.sign_on(&org.name).await? else {
                continue;
            };
            let found = people.into_iter().find(|one| {
                let names = one.name_id.iter().chain(&one.scim_username).chain(&one.emails);
                one.account.is_some() && names.into_iter().any(|name| is_theirs(name))
            });
            if let Some(account) = found.and_then(|one| one.account) {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }
}
