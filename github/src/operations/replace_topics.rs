//! `github.replace_topics`: a repository's topics, all of them at once.

use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{RepoRef, Target, input};
use super::{Access, described, operation};
use crate::names::Topic;
use crate::path::Path;

const KIND: &str = "github.replace_topics";

/// Gives a repository these topics and no others. Gives `topics`, `full_name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceTopics {
    /// Which repository.
    pub repo: RepoRef,
    /// The topics. GitHub takes 20 at most.
    pub topics: Vec<Topic>,
    /// Those before, if known. On a repository that the same plan makes there are none, which saves a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Vec<Topic>>,
}

impl ReplaceTopics {
    /// On a repository that an earlier step of the same plan makes.
    #[must_use]
    pub fn on_new(step: &str, topics: Vec<Topic>) -> Self {
        Self { repo: RepoRef::made_by(step), topics, before: Some(Vec::new()) }
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, target: &Target, before: Option<Vec<Topic>>, note: Option<&str>) -> Applied {
        let back = before.map(|before| Self {
            repo: target.as_ref(),
            topics: before,
            before: Some(self.topics.clone()),
        });
        Applied {
            output: json!({ "full_name": target.full_name, "topics": self.topics }),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

fn sorted(topics: &[Topic]) -> Vec<&str> {
    let mut sorted: Vec<&str> = topics.iter().map(Topic::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// Those of GitHub's that we would take, which are all.
fn parsed(topics: &[String]) -> Vec<Topic> {
    topics.iter().filter_map(|topic| Topic::parse(topic).ok()).collect()
}

pub(super) struct Does(pub(super) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let replace: ReplaceTopics = input(json)?;
        let what = match sorted(&replace.topics)[..] {
            [] => "no topics".to_owned(),
            [one] => format!("topic {one}"),
            ref several => format!("topics {}", several.join(", ")),
        };
        Ok(described(what, Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let replace: ReplaceTopics = input(json)?;
        let target = replace.repo.target()?;
        let now = parsed(&self.0.still_there(&target).await?.topics);
        Ok(if sorted(&now) == sorted(&replace.topics) {
            Observed::Ours(replace.applied(&target, replace.before.clone(), None))
        } else if replace.before.as_ref().is_none_or(|before| sorted(before) == sorted(&now)) {
            Observed::Absent
        } else {
            Observed::Different(format!("{} has other topics by now.", target.full_name).into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let replace: ReplaceTopics = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let target = replace.repo.target()?;
        let before = match &replace.before {
            Some(none) if none.is_empty() => Vec::new(),
            _ => parsed(&self.0.still_there(&target).await?.topics),
        };
        if sorted(&before) == sorted(&replace.topics) {
            return Ok(replace.applied(&target, None, Some("already so")));
        }
        let path = target.id.map_or_else(|| Path::repository(&target.full_name), Path::repository_id);
        let path = path.then("topics");
        let body = json!({ "names": sorted(&replace.topics) });
        let answer = writer.put(&target.full_name.owner, path, body).await?;
        match answer.status.as_u16() {
            200 => Ok(replace.applied(&target, Some(before), None)),
            404 => match self.0.still_there(&target).await {
                // GitHub is still busy making the repository.
                Ok(_) => Err(OperationError::Temporary {
                    what: format!("GitHub does not know {} everywhere yet.", target.full_name).into(),
                    retry_after: Some(Duration::from_secs(1)),
                    log: format!("{}: 404 on its topics", target.full_name),
                }),
                Err(error) => Err(error),
            },
            _ => Err(self.0.refused(&answer, &target.full_name).await),
        }
    }
}
