//! Answers commands who works here.

use async_trait::async_trait;
use hubcommander_sdk::accounts::{Directory, Employee};
use hubcommander_sdk::error::Refusal;

use super::directories::{Directories, State};
use super::settings::Source;
use super::view::View;
use crate::store::StoreError;

fn unread(error: StoreError) -> Refusal {
    Refusal::new("Who works here could not be looked up, so I did nothing.", "Try again in a minute.")
        .logged(error.to_string())
}

impl Directories {
    /// A source that is set up and has told nothing yet.
    fn silent(&self, state: &State) -> Option<Source> {
        self.0.settings.sources().find(|source| match source {
            Source::Scim => state.scim.people().next().is_none(),
            _ => state.rolls.get(source).is_none_or(|read| read.status.read.is_none()),
        })
    }

    async fn ask<T>(&self, look: impl FnOnce(&View) -> T) -> Result<T, Refusal> {
        let asked = self.with(|state| match self.silent(state) {
            Some(source) => Err(source),
            None => Ok(look(state.view())),
        });
        asked.await.map_err(unread)?.map_err(|source| {
            let name = self.0.settings.name(source);
            let what = match source {
                Source::Scim => "Who works here is not known yet: nobody has been told by SCIM.".to_owned(),
                _ => format!("Who works here is not known yet: {name} has not been read."),
            };
            Refusal::new(
                what,
                "Try again once it has; `hubcommander directory list` says what is in the way.",
            )
        })
    }
}

#[async_trait]
impl Directory for Directories {
    fn is_set_up(&self) -> bool {
        self.0.settings.sources().next().is_some()
    }

    async fn everybody(&self) -> Result<Vec<Employee>, Refusal> {
        self.ask(|view| view.everybody.clone()).await
    }

    async fn with_email(&self, email: &str) -> Result<Vec<Employee>, Refusal> {
        self.ask(|view| view.with_email(email)).await
    }
}
