//! The smallest change to the world, as data, and what is known of each kind of it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::clock::Instant;
use crate::error::OperationError;
use crate::permit::WritePermit;
use crate::plan::Risk;
use crate::text::Text;

/// One change to the world: data, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operation {
    /// What kind, such as `github.create_repository`.
    pub kind: String,
    /// The version of the kind's input.
    pub version: u32,
    /// What it takes. A value `{"$output": {"step": "repo", "field": "full_name"}}` stands for what an
    /// earlier step gave.
    pub input: Json,
}

impl Operation {
    /// An operation of this kind, in its first version. What cannot be written as JSON becomes null, which no
    /// handler takes.
    #[must_use]
    pub fn of(kind: &str, input: &impl Serialize) -> Self {
        let input = serde_json::to_value(input).unwrap_or(Json::Null);
        Self { kind: kind.to_owned(), version: 1, input }
    }
}

/// An operation in plain words, made by its handler from its input alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// What it brings about: "private repository", "team employees may push".
    pub what: Text,
    /// How risky it is.
    pub risk: Risk,
    /// Said in the plan if it cannot be taken back.
    pub irreversible: Option<Text>,
}

/// What makes an operation more than everyday: powers that an attacker would want. Policies ask for more where
/// one of them is in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Deletes what cannot be made again.
    Delete,
    /// Shows a repository to everyone.
    MakePublic,
    /// Makes somebody, or a team, an administrator.
    GrantAdmin,
    /// Takes protection off a branch, or weakens it.
    Unprotect,
    /// Lets a machine write without a person.
    WritingKey,
    /// Makes somebody an owner of an organisation.
    GrantOwner,
    /// Changes how people prove who they are.
    Enrol,
    /// Lifts a lockdown.
    Unlock,
    /// Lets those go who are held because they were many at once.
    LetGo,
}

impl Power {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Delete,
        Self::MakePublic,
        Self::GrantAdmin,
        Self::Unprotect,
        Self::WritingKey,
        Self::GrantOwner,
        Self::Enrol,
        Self::Unlock,
        Self::LetGo,
    ];

    /// The word that policies use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::MakePublic => "make_public",
            Self::GrantAdmin => "grant_admin",
            Self::Unprotect => "unprotect",
            Self::WritingKey => "writing_key",
            Self::GrantOwner => "grant_owner",
            Self::Enrol => "enrol",
            Self::Unlock => "unlock",
            Self::LetGo => "let_go",
        }
    }
}

/// Since when and for what an operation may have been tried, to tell our doing from somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The invocation it belongs to.
    pub invocation: String,
    /// When the first try began.
    pub since: Instant,
}

/// What became of an operation, as seen in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// It has not been done.
    Absent,
    /// It is done, and by us.
    Ours(Applied),
    /// It is done, but somebody else did it.
    SomeoneElses(Text),
    /// Something else is there now.
    Different(Text),
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// What later steps may refer to: an object.
    pub output: Json,
    /// What would take it back, if anything can. Kept in the journal: it may depend on what was there before.
    pub inverse: Option<Operation>,
    /// Said if the words after the fact differ from those before: "already so".
    pub note: Option<Text>,
}

/// What is known of one kind of operation.
#[async_trait]
pub trait Handler: Send + Sync {
    /// The kind it handles.
    fn kind(&self) -> &'static str;

    /// The versions of the input that it understands.
    fn versions(&self) -> &'static [u32] {
        &[1]
    }

    /// In plain words what the operation does, from its input alone, references to outputs included.
    ///
    /// # Errors
    /// The input is not one of this kind.
    fn describe(&self, input: &Json) -> Result<Described, OperationError>;

    /// The powers that this operation uses, from its input alone. What cannot be read has been refused by
    /// [`Handler::describe`].
    fn powers(&self, input: &Json) -> BTreeSet<Power> {
        let _ = input;
        BTreeSet::new()
    }

    /// Looks whether it has been done, and by whom. Never writes.
    ///
    /// # Errors
    /// The world could not be read.
    async fn observe(&self, input: &Json, attempt: &Attempt) -> Result<Observed, OperationError>;

    /// Does it. References to outputs have been replaced by their values.
    ///
    /// # Errors
    /// As [`OperationError`] says; what is not certain is [`OperationError::Unclear`].
    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError>;
}

/// Looks at one thing in the world, for a plan's preconditions.
#[async_trait]
pub trait Probe: Send + Sync {
    /// The kind of thing it looks at, such as `github.repository`.
    fn kind(&self) -> &'static str;

    /// What is there now. The same world gives the same value.
    ///
    /// # Errors
    /// The world could not be read.
    async fn look(&self, input: &Json) -> Result<Json, OperationError>;
}
