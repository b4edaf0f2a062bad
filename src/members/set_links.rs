//! `store.set_links`: links take the place of others.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::accounts::{LINKS_PROBE, Linked, SET, SetLinks, seen};
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Power, Probe};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde::Deserialize as _;
use serde_json::{Value as Json, json};

use super::Book;
use crate::store::StoreError;

/// Changes the book, and looks at it for plans.
#[derive(Clone)]
pub struct SetsLinks(pub Book);

fn read(input: &Json) -> Result<SetLinks, OperationError> {
    SetLinks::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("links: {error}"))
    })
}

fn unkept(error: StoreError) -> OperationError {
    OperationError::Temporary {
        what: "The bot could not write it down.".into(),
        retry_after: Some(Duration::from_secs(1)),
        log: error.to_string(),
    }
}

fn applied(change: &SetLinks) -> Applied {
    let first = change.to.first().or(change.from.first());
    let output = first.map(|link| json!({ "login": link.login, "github_id": link.github_id }));
    let inverse = Some(change.inverse().operation());
    Applied { output: output.unwrap_or_else(|| json!({})), inverse, note: None }
}

/// In the order of people, as [`Book::about`] gives them.
fn sorted(links: &[Linked]) -> Vec<Linked> {
    let mut links = links.to_vec();
    links.sort_by(|one, other| one.person.user.cmp(&other.person.user));
    links
}

/// Logins may have changed meanwhile; it is still the same account.
fn same(now: &[Linked], then: &[Linked]) -> bool {
    let bare = |link: &Linked| Linked { login: String::new(), ..link.clone() };
    now.len() == then.len() && now.iter().zip(sorted(then)).all(|(one, other)| bare(one) == bare(&other))
}

fn words(change: &SetLinks) -> Text {
    let mut text = Text::new();
    let mut first = true;
    let mut begin = |text: Text| {
        let text = if first { text } else { text.plain("; ") };
        first = false;
        text
    };
    for link in &change.to {
        text = begin(text).code(&link.login).plain(" is the account of ").person(&link.person.user);
        text = text.plain(", ").plain(link.proof.words());
        let before = change
            .from
            .iter()
            .find(|old| old.github_id == link.github_id && old.person.user != link.person.user);
        if let Some(old) = before {
            text = text.plain(", and no longer that of ").person(&old.person.user);
        }
    }
    for link in &change.from {
        if !change.to.iter().any(|new| new.github_id == link.github_id) {
            text = begin(text)
                .code(&link.login)
                .plain(" is no longer the account of ")
                .person(&link.person.user);
        }
    }
    text
}

#[async_trait]
impl Handler for SetsLinks {
    fn kind(&self) -> &'static str {
        SET
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        Ok(Described { what: words(&read(input)?), risk: Risk::Reversible, irreversible: None })
    }

    fn powers(&self, input: &Json) -> BTreeSet<Power> {
        // Whoever has an account of somebody else linked has their rights here.
        let takes = read(input).is_ok_and(|change| change.takes_over());
        takes.then_some(Power::Enrol).into_iter().collect()
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let change = read(input)?;
        let now = self.0.about(&change).await.map_err(unkept)?;
        Ok(if same(&now, &change.to) {
            Observed::Ours(applied(&change))
        } else if same(&now, &change.from) {
            Observed::Absent
        } else {
            Observed::Different("Something else has been linked meanwhile.".into())
        })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let change = read(input)?;
        let now = self.0.about(&change).await.map_err(unkept)?;
        if !same(&now, &change.to) {
            if !same(&now, &change.from) {
                let what = "Something else has been linked meanwhile, so this was not done.";
                return Err(OperationError::permanent(what, "the links are not as they were"));
            }
            let account = change.accounts().next().unwrap_or_default();
            let id = format!("{}-{account}", permit.invocation());
            self.0.set(&id, &change).await.map_err(unkept)?;
        }
        Ok(applied(&change))
    }
}

#[async_trait]
impl Probe for SetsLinks {
    fn kind(&self) -> &'static str {
        LINKS_PROBE
    }

    async fn look(&self, input: &Json) -> Result<Json, OperationError> {
        let change = read(input)?;
        let now = self.0.about(&change).await.map_err(unkept)?;
        Ok(seen(&now))
    }
}
