//! `github.create_from_template`: a new repository made after a template.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::create_repository::{made, observe_new};
use super::{Access, described, full_name, input::input, operation, risk_of, same_words};
use crate::names::{FullName, Owner, RepoName};
use crate::path::Path;
use crate::reader::Visibility;
use crate::words::quoted;

const KIND: &str = "github.create_from_template";

/// A new repository made after a template. Gives the same as [`super::CreateRepository`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateFromTemplate {
    /// After which.
    pub template: FullNameParts,
    /// In which organisation.
    pub org: Owner,
    /// What it is to be called.
    pub name: RepoName,
    /// Who can see it: `private` or `public`. GitHub makes none `internal` after a template.
    pub visibility: Visibility,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An owner and a name, each by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullNameParts {
    /// Whose it is.
    pub owner: Owner,
    /// What it is called.
    pub name: RepoName,
}

impl From<FullName> for FullNameParts {
    fn from(name: FullName) -> Self {
        Self { owner: name.owner, name: name.name }
    }
}

impl CreateFromTemplate {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn read(json: &Json) -> Result<Self, OperationError> {
        let new: Self = input(json)?;
        if new.visibility == Visibility::Internal {
            return Err(OperationError::permanent(
                "GitHub makes no internal repository after a template. Make it private, and internal afterwards.",
                "create_from_template: visibility internal",
            ));
        }
        Ok(new)
    }
}

pub(super) struct Does(pub(super) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let new = CreateFromTemplate::read(json)?;
        let template = full_name(&new.template.owner, &new.template.name);
        let mut what = format!("{} repository after the template {template}", new.visibility.as_str());
        if let Some(description) = &new.description {
            what.push_str(&format!(", description {}", quoted(description)));
        }
        Ok(described(what, risk_of(new.visibility)))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let shows = |new: &CreateFromTemplate| new.visibility == Visibility::Public;
        CreateFromTemplate::read(json).ok().filter(shows).map(|_| Power::MakePublic).into_iter().collect()
    }

    async fn observe(&self, json: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let new = CreateFromTemplate::read(json)?;
        observe_new(&self.0, &full_name(&new.org, &new.name), attempt, |found| {
            found.visibility == new.visibility
                && same_words(found.description.as_deref(), new.description.as_deref())
        })
        .await
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let new = CreateFromTemplate::read(json)?;
        let writer = self.0.account.writer(permit)?;
        let name = full_name(&new.org, &new.name);
        let template = full_name(&new.template.owner, &new.template.name);
        let mut body = json!({
            "owner": new.org,
            "name": new.name,
            "private": new.visibility == Visibility::Private,
        });
        if let Some(description) = &new.description {
            body["description"] = json!(description);
        }
        let answer = writer.post(&new.org, Path::repository(&template).then("generate"), body).await?;
        // What is missing, or called otherwise by now, is the template: the other has never been there.
        if answer.status.as_u16() == 404 || answer.is_redirect() {
            return Err(self.0.refused(&answer, &template).await);
        }
        made(&answer, &name)
    }
}
