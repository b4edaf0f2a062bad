//! Those of whom a night finds that they have left, and whom nobody told of: their farewell was missed, or there was none
//! yet when they left.

use hubcommander_sdk::people::PersonId;

use super::Farewells;
use super::follow::News;
use super::leaver::{Leaver, Stand};
use crate::store::StoreError;

/// Who says that they have left, beside the directories' names.
const NIGHT: &str = "the nightly look";

impl Farewells {
    /// As if a directory had said so now. It is told every night as long as it is so; the first time counts.
    pub(super) async fn found_at_night(&self, people: &[PersonId]) -> Result<(), StoreError> {
        if self.settings().is_none() || people.is_empty() {
            return Ok(());
        }
        let (now, working) = (self.around().clock.now(), self.working().await?);
        let mut news = Vec::with_capacity(people.len());
        for person in people {
            let link = self.around().links.of_user(&person.user).await?;
            let email = link.and_then(|link| link.email).map(|email| email.trim().to_lowercase());
            news.push(News::Left(Leaver {
                key: Leaver::key(NIGHT, &person.user),
                by: [NIGHT.to_owned()].into(),
                name: String::new(),
                emails: email.into_iter().collect(),
                slack: Some(person.user.clone()),
                at: now,
                working,
                stand: Stand::Open,
            }));
        }
        let booking = self.take(news, now).await?;
        self.store()?.book(&booking).await
    }
}
