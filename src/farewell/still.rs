//! `farewell.left`: that somebody has still left when a plan that waited for others is run.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Probe;
use hubcommander_sdk::plan::Precondition;
use serde_json::{Value as Json, json};

use super::Farewells;
use super::leaver::{self, Leaver, Stand};

const KIND: &str = "farewell.left";

/// That they are not back since, and that nobody has dropped it.
pub(super) fn still_left(leaver: &Leaver) -> Precondition {
    Precondition {
        probe: KIND.to_owned(),
        input: json!({ "key": leaver.key }),
        seen: seen(Some(leaver)),
        changed: "Whether they leave has changed since.".into(),
    }
}

fn seen(leaver: Option<&Leaver>) -> Json {
    match leaver.filter(|leaver| matches!(leaver.stand, Stand::Open | Stand::Released)) {
        Some(leaver) => json!({ "left": leaver.at }),
        None => Json::Null,
    }
}

pub(super) struct Looks(pub(super) Farewells);

#[async_trait]
impl Probe for Looks {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn look(&self, input: &Json) -> Result<Json, OperationError> {
        let untold =
            |log: String| OperationError::blocked("Whether they have left could not be looked up.", log);
        let key = input.get("key").and_then(Json::as_str).unwrap_or_default();
        let store = self.0.store().map_err(|error| untold(error.to_string()))?;
        let leaver = leaver::one(&**store, key).await.map_err(|error| untold(error.to_string()))?;
        Ok(seen(leaver.as_ref()))
    }
}
