//! `github.create_repository`: a new repository in an organisation.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    Access, deletion, described, full_name, input::input, made_since, operation, repository_output, risk_of,
    same_words,
};
use crate::answer::Answer;
use crate::names::{FullName, Owner, RepoName};
use crate::path::Path;
use crate::reader::{Lookup, Repository, Visibility};
use crate::trouble::HOW_TO_TELL;
use crate::words::quoted;
use crate::writer::refused;

const KIND: &str = "github.create_repository";

/// A new repository in an organisation. Gives `id`, `full_name`, `html_url`, `node_id`, `default_branch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateRepository {
    /// In which organisation.
    pub org: Owner,
    /// What it is to be called.
    pub name: RepoName,
    /// Who can see it.
    pub visibility: Visibility,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Whether it begins with a commit. Without one it has no branch yet.
    #[serde(default)]
    pub auto_init: bool,
}

impl CreateRepository {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn is_like(&self, repository: &Repository) -> bool {
        repository.visibility == self.visibility
            && same_words(repository.description.as_deref(), self.description.as_deref())
            && same_words(repository.homepage.as_deref(), self.homepage.as_deref())
    }
}

pub(super) struct Does(pub(super) Access);

/// A repository that came into being under a name, and whether it is the one that was wanted.
pub(super) async fn observe_new(
    access: &Access,
    name: &FullName,
    attempt: &Attempt,
    wanted: impl Fn(&Repository) -> bool,
) -> Result<Observed, OperationError> {
    Ok(match access.reader.lookup(name).await? {
        Lookup::Absent => Observed::Absent,
        Lookup::Found(repository) if !made_since(&repository, attempt.since) => {
            Observed::SomeoneElses(format!("{name} was there before.").into())
        }
        Lookup::Found(repository) if wanted(&repository) => Observed::Ours(Applied {
            output: repository_output(&repository),
            inverse: Some(deletion(&repository, name)),
            note: None,
        }),
        Lookup::Found(_) => Observed::Different(
            format!("{name} has been made meanwhile, but not as this plan wants it.").into(),
        ),
        // A name that once belonged to another repository is free.
        Lookup::Moved { full_name, id } => match access.reader.by_id(&name.owner, id).await? {
            Some(now) if made_since(&now, attempt.since) => Observed::Different(
                format!("{name} has been made meanwhile and is called {full_name} by now.").into(),
            ),
            _ => Observed::Absent,
        },
    })
}

/// What is left to say when GitHub does not make a repository.
fn not_made(answer: &Answer, name: &FullName) -> OperationError {
    let org = name.owner.as_str();
    match answer.status.as_u16() {
        422 if answer.says_taken() => OperationError::permanent(
            format!("{name} exists already. Choose another name, or ask for access to that one."),
            format!("{name}: {}", answer.message()),
        ),
        422 => refused(answer, &name.to_string()),
        404 => OperationError::blocked(
            format!(
                "{org} is not there, or this bot's GitHub account may not create repositories in it. \
                 {HOW_TO_TELL}"
            ),
            format!("{name}: GitHub answered 404 (request {})", answer.request_id().unwrap_or("-")),
        ),
        // Whatever else is wrong is wrong with the organisation: the repository has never been there.
        _ => refused(answer, org),
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let new: CreateRepository = input(json)?;
        let mut what = format!("{} repository", new.visibility.as_str());
        if let Some(description) = &new.description {
            what.push_str(&format!(", description {}", quoted(description)));
        }
        if let Some(homepage) = &new.homepage {
            what.push_str(&format!(", homepage {homepage}"));
        }
        Ok(described(what, risk_of(new.visibility)))
    }

    async fn observe(&self, json: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let new: CreateRepository = input(json)?;
        observe_new(&self.0, &full_name(&new.org, &new.name), attempt, |found| new.is_like(found)).await
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let new: CreateRepository = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let name = full_name(&new.org, &new.name);
        let mut body = json!({
            "name": new.name,
            // GitHub reads `visibility`; older servers read `private`.
            "private": new.visibility != Visibility::Public,
            "visibility": new.visibility,
            "auto_init": new.auto_init,
        });
        if let Some(description) = &new.description {
            body["description"] = json!(description);
        }
        if let Some(homepage) = &new.homepage {
            body["homepage"] = json!(homepage);
        }
        let answer = writer.post(&new.org, Path::org(&new.org).then("repos"), body).await?;
        made(&answer, &name)
    }
}

/// What came of making a repository.
pub(super) fn made(answer: &Answer, name: &FullName) -> Result<Applied, OperationError> {
    match (answer.status.as_u16(), answer.json::<Repository>()) {
        (201, Ok(repository)) => Ok(Applied {
            output: repository_output(&repository),
            inverse: Some(deletion(&repository, name)),
            note: None,
        }),
        _ => Err(not_made(answer, name)),
    }
}
