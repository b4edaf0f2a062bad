//! Keeps what SCIM tells.

use std::collections::HashMap;

use async_trait::async_trait;
use hubcommander_directory::scim::{Kind, Record};
use hubcommander_directory::{Ask, Change, Keep, KeepTrouble, Listed, Named, Person, Told};
use serde_json::{Value as Json, json};

use super::directories::{Directories, GROUPS, State, USERS};
use super::settings::Source;
use crate::store::StoreError;

fn key(kind: Kind, id: &str) -> String {
    match kind {
        Kind::User => format!("{USERS}{id}"),
        Kind::Group => format!("{GROUPS}{id}"),
    }
}

fn broken(error: StoreError) -> KeepTrouble {
    KeepTrouble::Broken(error.to_string())
}

impl Directories {
    /// Changes one record: with what follows, or not at all.
    async fn change(
        &self,
        kind: Kind,
        id: &str,
        record: Option<&Record>,
        news: Option<&Change>,
        may: impl FnOnce(&State) -> Result<(), KeepTrouble>,
    ) -> Result<(), KeepTrouble> {
        let turn = self.turn().await.map_err(broken)?;
        let found = turn.with(|state| {
            may(state)?;
            let person = record.filter(|_| kind == Kind::User).map(|record| record.person([]));
            let was = state.scim.person(id).is_some_and(|person| person.active);
            let is = person.as_ref().is_some_and(|person| person.active);
            let working = match kind {
                Kind::User => state.scim.working() + usize::from(is) - usize::from(was),
                Kind::Group => state.scim.working(),
            };
            let others = state.scim.people().filter(|person| person.id != id).cloned();
            let now: Box<dyn Iterator<Item = Person>> = match news {
                Some(Change::Left { .. }) => Box::new(others),
                _ => Box::new(std::iter::empty()),
            };
            Ok((working, state.followed(Source::Scim, news.cloned().into_iter().collect(), now)))
        });
        let (working, changes) = found.await.map_err(broken)??;
        let booking = turn.follow(Source::Scim, working, &changes).await.map_err(broken)?;
        let value: Option<Json> = record.map(|record| json!(record));
        let then = |state: &mut State| match record {
            Some(record) => state.scim.put(kind, record.clone()),
            None => state.scim.remove(kind, id),
        };
        turn.write(booking, vec![(key(kind, id), value)], then).await.map_err(broken)
    }
}

#[async_trait]
impl Keep for Directories {
    async fn get(&self, kind: Kind, id: &str) -> Result<Option<Record>, KeepTrouble> {
        self.with(|state| state.scim.get(kind, id).cloned()).await.map_err(broken)
    }

    async fn list(&self, kind: Kind, ask: &Ask) -> Result<Listed, KeepTrouble> {
        self.with(|state| state.scim.list(kind, ask)).await.map_err(broken)
    }

    async fn put(
        &self,
        kind: Kind,
        record: &Record,
        before: Option<u64>,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble> {
        let may = |state: &State| state.scim.may_put(kind, record, before);
        self.change(kind, &record.id, Some(record), news, may).await
    }

    async fn delete(
        &self,
        kind: Kind,
        id: &str,
        before: u64,
        news: Option<&Change>,
    ) -> Result<(), KeepTrouble> {
        self.change(kind, id, None, news, |state| state.scim.is_at(kind, id, Some(before))).await
    }

    async fn groups_of(&self, users: &[&str]) -> Result<HashMap<String, Vec<Named>>, KeepTrouble> {
        self.with(|state| state.scim.groups_of(users)).await.map_err(broken)
    }
}

#[async_trait]
impl Told for Directories {
    /// What follows was written down with the change itself; whoever does what is due finds it there.
    async fn told(&self, _: &Change) {}
}
