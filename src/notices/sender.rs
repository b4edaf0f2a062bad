//! From items as they were sent to items that are kept: who each is for is looked up first, so that whoever sends one
//! hears at once if nobody has that address.

use std::sync::Arc;

use hubcommander_sdk::clock::Instant;
use hubcommander_sdk::people::Standing;

use super::desk::{Desk, Taken};
use super::draft::{Draft, Wrong};
use crate::slack::people::{Freshness, People};
use crate::slack::web::SlackError;
use crate::store::StoreError;

/// Why nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Something is wrong with what was sent.
    #[error("{} things are wrong with what was sent", .0.len())]
    Wrong(Vec<Wrong>),
    /// It says something else under an id that is known.
    #[error("{} ids are those of other items", .0.len())]
    Conflict(Vec<Wrong>),
    /// Slack or the store does not answer. The words are for the log.
    #[error("{0}")]
    Later(String),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<SlackError> for NotTaken {
    fn from(error: SlackError) -> Self {
        Self::Later(error.to_string())
    }
}

/// Takes items.
#[derive(Clone)]
pub struct Sender {
    desk: Desk,
    people: Arc<People>,
}

impl Sender {
    /// A sender to this desk, for people who are found here.
    #[must_use]
    pub fn new(desk: Desk, people: Arc<People>) -> Self {
        Self { desk, people }
    }

    /// What time it is.
    pub(super) fn now(&self) -> Instant {
        self.desk.now()
    }

    /// Takes these items, all of them or none. `call` is the id of the call that brought them, if it has one.
    ///
    /// # Errors
    /// As [`NotTaken`] says.
    pub async fn send(&self, drafts: Vec<Draft>, call: Option<&str>) -> Result<Vec<Taken>, NotTaken> {
        let (mut found, mut wrong) = (Vec::with_capacity(drafts.len()), Vec::new());
        for draft in drafts {
            let person = self.people.by_email(&draft.email, Freshness::Cached).await?;
            let said = match person {
                // Others could not answer.
                Some(person) if person.standing == Standing::Member => {
                    found.push((draft, person.id));
                    continue;
                }
                Some(_) => "Whoever has this address is not a full member of the workspace in Slack.",
                None => "Nobody in Slack has this address.",
            };
            wrong.push(Wrong::new(format!("{}email", draft.place), said));
        }
        if !wrong.is_empty() {
            return Err(NotTaken::Wrong(wrong));
        }
        self.desk.take(&found, call).await
    }
}
