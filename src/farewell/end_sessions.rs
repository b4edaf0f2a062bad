//! `bot.end_sessions`: somebody is signed out here, everywhere; their tokens and passkeys count for nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Doors;
use crate::store::StoreError;

const KIND: &str = "bot.end_sessions";

/// Closes all ways in that the bot keeps for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndSessions {
    /// Their account in Slack, for passkeys.
    pub person: Option<PersonId>,
    /// Their addresses, for sessions and tokens on the web.
    pub emails: Vec<String>,
    /// Who it is, in words.
    pub shown: Text,
}

impl EndSessions {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(KIND, self)
    }
}

pub(super) struct Ends(Arc<dyn Doors>);

impl Ends {
    pub fn new(doors: Arc<dyn Doors>) -> Self {
        Self(doors)
    }
}

fn read(input: &Json) -> Result<EndSessions, OperationError> {
    EndSessions::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("{KIND}: {error}"))
    })
}

fn unkept(error: StoreError) -> OperationError {
    OperationError::Temporary {
        what: "The bot could not write it down.".into(),
        retry_after: Some(Duration::from_secs(1)),
        log: error.to_string(),
    }
}

fn done() -> Applied {
    Applied { output: json!({}), inverse: None, note: None }
}

#[async_trait]
impl Handler for Ends {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let what =
            read(input)?.shown.plain(" is signed out here, and their tokens and passkeys count for nothing");
        // They can sign in and enrol anew if they come back.
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let end = read(input)?;
        let any = self.0.any(end.person.as_ref(), &end.emails).await.map_err(unkept)?;
        Ok(if any { Observed::Absent } else { Observed::Ours(done()) })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let end = read(input)?;
        self.0.close(end.person.as_ref(), &end.emails).await.map_err(unkept)?;
        Ok(done())
    }
}
