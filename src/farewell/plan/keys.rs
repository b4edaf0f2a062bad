//! Deploy keys that somebody added through the bot and that are still there.

use hubcommander_github::Lookup;
use hubcommander_github::operations::DeleteDeployKey;
use hubcommander_sdk::error::Refusal;
use serde::Deserialize as _;
use serde_json::Value as Json;

use crate::farewell::{Farewells, unread};
use crate::invocation::{StepRecord, StepState};
use crate::store::{HistoryFilter, person_resource};

/// The kind of the step that added one.
const ADDED: &str = "github.add_deploy_key";
/// The kind of what takes one away.
const DELETES: &str = "github.delete_deploy_key";

/// How much of somebody's history is read at once, and how often.
const PAGE: u32 = 200;
const PAGES: u32 = 50;

impl Farewells {
    /// What deletes each of them. A key that somebody has put in its place has another number, and is left.
    pub(super) async fn keys_of(&self, user: &str) -> Result<Vec<DeleteDeployKey>, Refusal> {
        let store = self.store().map_err(unread)?;
        let mut filter = HistoryFilter { resource: Some(person_resource(user)), before: None };
        let mut keys: Vec<DeleteDeployKey> = Vec::new();
        for _ in 0..PAGES {
            let page = store.history(&filter, PAGE).await.map_err(unread)?;
            filter.before = page.last().map(|known| known.id.clone());
            for known in &page {
                let plan = known.plan.iter().flat_map(|plan| &plan.steps);
                if known.origin.person.user != user
                    || !plan.into_iter().any(|step| step.operation.kind == ADDED)
                {
                    continue;
                }
                for step in store.steps(&known.id).await.map_err(unread)? {
                    let Some((key, full_name)) = added(&step) else { continue };
                    if !keys.iter().any(|other| other.id == key.id)
                        && self.is_there(&full_name, key.id).await?
                    {
                        keys.push(key);
                    }
                }
            }
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break;
            }
        }
        Ok(keys)
    }

    async fn is_there(&self, full_name: &str, key: u64) -> Result<bool, Refusal> {
        let Some((org, name)) = full_name.split_once('/') else { return Ok(false) };
        // Organisations that are not managed any more are out of reach.
        if self.around().orgs.find(org).is_none() {
            return Ok(false);
        }
        let github = &self.around().github;
        let repository = match github.repository(org, name).await? {
            Lookup::Found(repository) => Some(repository),
            Lookup::Moved { id, .. } => github.repository_by_id(org, id).await?,
            Lookup::Absent => None,
        };
        let Some(repository) = repository else { return Ok(false) };
        Ok(github.deploy_key(&repository, key).await?.is_some())
    }
}

/// What takes away the key that a step added, and where it is.
fn added(step: &StepRecord) -> Option<(DeleteDeployKey, String)> {
    let applied = step.applied.as_ref().filter(|_| step.state == StepState::Done)?;
    let back = applied.inverse.as_ref().filter(|back| back.kind == DELETES)?;
    let key = DeleteDeployKey::deserialize(&back.input).ok()?;
    Some((key, applied.output.get("full_name").and_then(Json::as_str)?.to_owned()))
}
