//! The lane of what Slack says of people: that somebody is known otherwise, is gone, or is back.

use async_trait::async_trait;

use crate::pipeline::intake::Intake;
use crate::pipeline::intake::payload::Event;
use crate::slack::socket::Answer;
use crate::store::StoreError;

/// Hears who is gone from Slack, and who is back.
#[async_trait]
pub trait Standings: Send + Sync {
    /// Slack says that an account is deactivated, or that it is active. It may say so more than once, and late.
    ///
    /// # Errors
    /// It could not be written down: Slack says it again.
    async fn stands(&self, user: &str, deactivated: bool) -> Result<(), StoreError>;
}

impl Intake {
    /// Source: <https://docs.slack.dev/reference/events/user_change>.
    pub(super) async fn person_changed(&self, event: &Event<'_>) -> Answer {
        let Some(user) = &event.user else { return Answer::Ack };
        let Some(id) = user.get("id").and_then(|id| id.as_str()) else { return Answer::Ack };
        self.engine.people.forget(id);
        let Some(deactivated) = user.get("deleted").and_then(serde_json::Value::as_bool) else {
            return Answer::Ack;
        };
        let Some(standings) = &self.standings else { return Answer::Ack };
        match standings.stands(id, deactivated).await {
            Ok(()) => Answer::Ack,
            Err(error) => self.not_durable(&error).await,
        }
    }
}
