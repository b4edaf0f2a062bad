//! What the pages ask of the desk.

use async_trait::async_trait;
use hubcommander_stethoscope_pages::ports::{Action, Given, Notice, Notices, Trouble};

use super::desk::{Desk, Outcome, Who};
use super::item::{Answer, Item, Way};
use crate::store::StoreError;

fn trouble(error: StoreError) -> Trouble {
    Trouble(error.to_string())
}

fn notice(item: Item) -> Notice {
    let action = |action: super::Action| Action { key: action.key, label: action.label, grave: action.grave };
    Notice {
        id: item.id,
        question: item.question,
        details: item.details,
        at: item.at,
        actions: item.actions.into_iter().map(action).collect(),
        answer: item.answer.map(|answer| Given { action: answer.action, at: answer.at }),
    }
}

#[async_trait]
impl Notices for Desk {
    async fn of(&self, email: &str) -> Result<Vec<Notice>, Trouble> {
        Ok(self.items_of(email).await.map_err(trouble)?.into_iter().map(notice).collect())
    }

    async fn answer(&self, email: &str, id: &str, given: Given) -> Result<bool, Trouble> {
        let answer = Answer { action: given.action, at: given.at, way: Way::Web };
        let outcome = Self::answer(self, Who::Email(email), id, &answer, None, false).await;
        Ok(matches!(outcome.map_err(trouble)?, Outcome::Kept(_)))
    }
}
