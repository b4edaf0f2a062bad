//! What the operations take, as it stands in a plan: values, or references to what an earlier step gives.

use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::plan::OutputRef;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::names::FullName;
use crate::reader::Repository;

/// A value, or a reference to one that an earlier step gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Later<T> {
    /// To be given by an earlier step.
    Output {
        /// By which, and what of it.
        #[serde(rename = "$output")]
        output: OutputRef,
    },
    /// This value.
    Known(T),
}

impl<T: Clone> Later<T> {
    pub(crate) fn given_by(step: &str, field: &str) -> Self {
        Self::Output { output: OutputRef { step: step.to_owned(), field: field.to_owned() } }
    }

    /// The value. By the time an operation is applied or observed there is one.
    pub(crate) fn known(&self) -> Result<T, OperationError> {
        match self {
            Self::Known(value) => Ok(value.clone()),
            Self::Output { output } => {
                Err(unreadable(&format!("the reference to {}.{} was left in it", output.step, output.field)))
            }
        }
    }
}

/// A repository that an operation is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepoRef {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Later<u64>>,
    full_name: Later<FullName>,
}

/// A repository that is there by the time an operation is applied or observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) id: Option<u64>,
    pub(crate) full_name: FullName,
}

impl RepoRef {
    /// The repository that an earlier step of the same plan makes.
    #[must_use]
    pub fn made_by(step: &str) -> Self {
        Self { id: Some(Later::given_by(step, "id")), full_name: Later::given_by(step, "full_name") }
    }

    /// One that is there, by its id and what it was called when it was looked at.
    #[must_use]
    pub fn existing(id: u64, full_name: FullName) -> Self {
        Self { id: Some(Later::Known(id)), full_name: Later::Known(full_name) }
    }

    /// One that was read.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(repository: &Repository) -> Result<Self, crate::names::BadName> {
        Ok(Self::existing(repository.id, FullName::parse(&repository.full_name)?))
    }

    /// What it is called, if that is known by now; for words.
    pub(crate) fn known_name(&self) -> Option<&FullName> {
        match &self.full_name {
            Later::Known(name) => Some(name),
            Later::Output { .. } => None,
        }
    }

    pub(crate) fn target(&self) -> Result<Target, OperationError> {
        let id = self.id.as_ref().map(Later::known).transpose()?;
        Ok(Target { id, full_name: self.full_name.known()? })
    }
}

impl Target {
    /// As it stands in the input of an operation that takes something back.
    pub(crate) fn as_ref(&self) -> RepoRef {
        RepoRef { id: self.id.map(Later::Known), full_name: Later::Known(self.full_name.clone()) }
    }
}

/// Reads an operation's input.
pub(crate) fn input<T: DeserializeOwned>(input: &Json) -> Result<T, OperationError> {
    T::deserialize(input).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(why: &str) -> OperationError {
    OperationError::permanent(
        "This step of the plan cannot be read. Tell the people who run this bot.",
        format!("input of an operation: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_repository_is_given_or_comes_later() {
        let made = serde_json::to_value(RepoRef::made_by("repo")).unwrap();
        assert_eq!(
            made,
            json!({
                "id": { "$output": { "step": "repo", "field": "id" } },
                "full_name": { "$output": { "step": "repo", "field": "full_name" } },
            })
        );
        let later: RepoRef = input(&made).unwrap();
        assert!(later.target().is_err(), "not resolved yet");

        let known: RepoRef = input(&json!({ "id": 7, "full_name": "acme/widgets" })).unwrap();
        let target = known.target().unwrap();
        assert_eq!((target.id, target.full_name.to_string()), (Some(7), "acme/widgets".to_owned()));
        let by_name: RepoRef = input(&json!({ "full_name": "acme/widgets" })).unwrap();
        assert_eq!(by_name.target().unwrap().id, None);
        assert!(input::<RepoRef>(&json!({ "full_name": "acme/../x" })).is_err());
        assert!(input::<RepoRef>(&json!({ "full_name": "acme/x", "other": 1 })).is_err());
    }
}
