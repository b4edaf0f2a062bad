//! What looks at Travis for a plan's preconditions. [`crate::preconditions`] states them.

use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::Probe;
use serde_json::{Value as Json, json};

use crate::model::{Repository, Target};
use crate::operations::input;
use crate::reader::Reader;

pub(crate) const REPOSITORY: &str = "travis.repository";

pub(crate) fn probes(reader: &Reader) -> Vec<Arc<dyn Probe>> {
    vec![Arc::new(LooksAtRepository(reader.clone()))]
}

/// What Travis knows of a repository, as it is compared.
pub(crate) fn repository_seen(repository: Option<&Repository>) -> Json {
    match repository {
        None => json!({ "known": false }),
        Some(known) => json!({ "known": true, "active": known.active }),
    }
}

struct LooksAtRepository(Reader);

#[async_trait]
impl Probe for LooksAtRepository {
    fn kind(&self) -> &'static str {
        REPOSITORY
    }

    async fn look(&self, at: &Json) -> Result<Json, OperationError> {
        let target: Target = input(at)?;
        Ok(repository_seen(self.0.repository(&target).await?.as_ref()))
    }
}
