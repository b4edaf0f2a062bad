//! The book of links, in the store: each under its person and, for finding it, under its account.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::accounts::{Accounts, Linked, SetLinks};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::people::PersonId;
use serde_json::{Value as Json, json};

use crate::store::{Booking, Shelf, Store, StoreError};

const OF: &str = "accounts:of:";
const FORMER: &str = "accounts:former:";
const NEWS: &str = "accounts:news:";

/// The book. Cheap to clone.
#[derive(Clone, Default)]
pub struct Book {
    shelf: Shelf,
    /// Whether somebody wants to be told what was linked.
    tells: bool,
}

/// A change of links that the company's directory is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What tells it from all other news: letters, digits and `-`.
    pub id: String,
    /// What happened.
    pub change: SetLinks,
}

fn of(user: &str) -> String {
    format!("{OF}{user}")
}

fn whose(github_id: u64) -> String {
    format!("accounts:whose:{github_id}")
}

fn unreadable(id: &str) -> impl FnOnce(serde_json::Error) -> StoreError {
    move |error| StoreError::Unreadable { id: id.to_owned(), reason: error.to_string() }
}

fn linked(key: &str, value: Option<Json>) -> Result<Option<Linked>, StoreError> {
    value.map(serde_json::from_value).transpose().map_err(unreadable(key))
}

impl Book {
    /// The book in this store. `tells`: what is changed is noted as news, which [`Book::news`] gives and
    /// [`Book::told`] forgets.
    #[must_use]
    pub fn new(shelf: Shelf, tells: bool) -> Self {
        Self { shelf, tells }
    }

    fn store(&self) -> Result<&Arc<dyn Store>, StoreError> {
        self.shelf.get()
    }

    /// The account of somebody, by their id in Slack.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn of_user(&self, user: &str) -> Result<Option<Linked>, StoreError> {
        let key = of(user);
        linked(&key, self.store()?.remembered(&key).await?)
    }

    /// Whose an account is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn whose_is(&self, github_id: u64) -> Result<Option<Linked>, StoreError> {
        let found = self.store()?.remembered(&whose(github_id)).await?;
        match found.as_ref().and_then(Json::as_str) {
            None => Ok(None),
            Some(user) => Ok(self.of_user(user).await?.filter(|link| link.github_id == github_id)),
        }
    }

    /// The account that somebody had when they left.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn former_of(&self, user: &str) -> Result<Option<Linked>, StoreError> {
        let key = format!("{FORMER}{user}");
        linked(&key, self.store()?.remembered(&key).await?)
    }

    /// The accounts of all who left.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn all_former(&self) -> Result<Vec<Linked>, StoreError> {
        let all = self.store()?.remembered_under(FORMER, u32::MAX).await?;
        all.into_iter()
            .map(|(user, value)| serde_json::from_value(value).map_err(unreadable(&user)))
            .collect()
    }

    /// All links.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn all_links(&self) -> Result<Vec<Linked>, StoreError> {
        let all = self.store()?.remembered_under(OF, u32::MAX).await?;
        all.into_iter()
            .map(|(user, value)| serde_json::from_value(value).map_err(unreadable(&user)))
            .collect()
    }

    /// What is linked of the people and accounts that a change is about, in the order of people.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn about(&self, change: &SetLinks) -> Result<Vec<Linked>, StoreError> {
        let mut found: Vec<Linked> = Vec::new();
        for user in change.people() {
            found.extend(self.of_user(user).await?);
        }
        for account in change.accounts() {
            found.extend(self.whose_is(account).await?);
        }
        found.sort_by(|one, other| one.person.user.cmp(&other.person.user));
        found.dedup();
        Ok(found)
    }

    /// Makes a change, whatever was there. `id` is of this change alone.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn set(&self, id: &str, change: &SetLinks) -> Result<(), StoreError> {
        let mut kept: Vec<(String, Option<Json>)> = Vec::new();
        for link in &change.from {
            kept.push((of(&link.person.user), None));
            kept.push((whose(link.github_id), None));
            if change.remember {
                kept.push((format!("{FORMER}{}", link.person.user), Some(json!(link))));
            }
        }
        for link in &change.to {
            kept.push((of(&link.person.user), Some(json!(link))));
            kept.push((whose(link.github_id), Some(json!(link.person.user))));
            kept.push((format!("{FORMER}{}", link.person.user), None));
        }
        if self.tells {
            kept.push((format!("{NEWS}{id}"), Some(json!(change))));
        }
        self.store()?.book(&Booking { kept, ..Booking::default() }).await
    }

    /// An account goes by another login.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn renamed(&self, link: &Linked, login: &str) -> Result<(), StoreError> {
        // Only if it is still the same link: between look and write it may have gone.
        if self.of_user(&link.person.user).await?.as_ref() != Some(link) {
            return Ok(());
        }
        let link = Linked { login: login.to_owned(), ..link.clone() };
        self.store()?.remember(&of(&link.person.user), Some(json!(link))).await
    }

    /// News that nobody was told yet, so many at most.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn news(&self, limit: u32) -> Result<Vec<News>, StoreError> {
        let all = self.store()?.remembered_under(NEWS, limit).await?;
        let read = |(id, value): (String, Json)| {
            let change = serde_json::from_value(value).map_err(unreadable(&id))?;
            Ok(News { id, change })
        };
        all.into_iter().map(read).collect()
    }

    /// A piece of news was told.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn told(&self, id: &str) -> Result<(), StoreError> {
        self.store()?.remember(&format!("{NEWS}{id}"), None).await
    }
}

fn unread(error: StoreError) -> Refusal {
    Refusal::new("Which account is whose could not be looked up, so I did nothing.", "Try again in a minute.")
        .logged(error.to_string())
}

#[async_trait]
impl Accounts for Book {
    async fn of(&self, person: &PersonId) -> Result<Option<Linked>, Refusal> {
        self.of_user(&person.user).await.map_err(unread)
    }

    async fn whose(&self, github_id: u64) -> Result<Option<Linked>, Refusal> {
        self.whose_is(github_id).await.map_err(unread)
    }

    async fn all(&self) -> Result<Vec<Linked>, Refusal> {
        self.all_links().await.map_err(unread)
    }
}
