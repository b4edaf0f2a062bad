//! `github.edit_repository`: a repository's description, home page, visibility, or whether it is archived.
//! It acts by the id, so that a rename can never make it act on another repository.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::{Later, Target, input};
use super::{Access, described, operation, repository_output, risk_of};
use crate::names::FullName;
use crate::path::Path;
use crate::reader::{Repository, Visibility};
use crate::words::quoted;

const KIND: &str = "github.edit_repository";

/// Changes a repository. Gives the same as [`super::CreateRepository`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditRepository {
    /// Which it is, whatever it is called by then.
    id: Later<u64>,
    /// What people saw it called. If it is called otherwise by then, nothing is changed.
    full_name: Later<FullName>,
    /// What is to be.
    changes: Changes,
    /// What was when the plan was made, for the way back after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Changes>,
}

/// Some of what can be changed. What is left out stays as it is; empty words take them away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Who can see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Whether it is read-only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
}

impl Changes {
    /// What stands in `repository` now where these changes would put something else.
    fn before(&self, repository: &Repository) -> Self {
        let words = |now: &Option<String>| now.clone().unwrap_or_default();
        Self {
            description: self.description.as_ref().map(|_| words(&repository.description)),
            homepage: self.homepage.as_ref().map(|_| words(&repository.homepage)),
            visibility: self.visibility.map(|_| repository.visibility),
            archived: self.archived.map(|_| repository.archived),
        }
    }

    fn words(&self) -> String {
        let mut parts = Vec::new();
        match self.description.as_deref() {
            None => {}
            Some("") => parts.push("no description".to_owned()),
            Some(description) => parts.push(format!("description {}", quoted(description))),
        }
        match self.homepage.as_deref() {
            None => {}
            Some("") => parts.push("no homepage".to_owned()),
            Some(homepage) => parts.push(format!("homepage {homepage}")),
        }
        if let Some(visibility) = self.visibility {
            parts.push(visibility.as_str().to_owned());
        }
        match self.archived {
            None => {}
            Some(true) => parts.push("archived, read-only for everyone".to_owned()),
            Some(false) => parts.push("no longer archived".to_owned()),
        }
        parts.join(", ")
    }
}

impl EditRepository {
    /// Changes one that was read; what it was like then is kept for the way back.
    ///
    /// # Errors
    /// GitHub calls it by a name that we would not take.
    pub fn of(repository: &Repository, changes: Changes) -> Result<Self, crate::names::BadName> {
        let before = Some(changes.before(repository));
        Ok(Self { before, ..Self::existing(repository.id, FullName::parse(&repository.full_name)?, changes) })
    }

    /// Changes one of which the id and the name are known.
    #[must_use]
    pub fn existing(id: u64, full_name: FullName, changes: Changes) -> Self {
        Self { id: Later::Known(id), full_name: Later::Known(full_name), changes, before: None }
    }

    /// Changes one that an earlier step of the same plan makes.
    #[must_use]
    pub fn on_new(step: &str, changes: Changes) -> Self {
        Self {
            id: Later::given_by(step, "id"),
            full_name: Later::given_by(step, "full_name"),
            changes,
            before: None,
        }
    }

    fn target(&self) -> Result<(u64, FullName), OperationError> {
        Ok((self.id.known()?, self.full_name.known()?))
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, now: &Repository, before: Option<Changes>, note: Option<&str>) -> Applied {
        let back =
            before.map(|before| Self { changes: before, before: Some(self.changes.clone()), ..self.clone() });
        Applied {
            output: repository_output(now),
            inverse: back.map(|back| back.operation()),
            note: note.map(Into::into),
        }
    }
}

/// How many can see it, the fewest first.
fn width(visibility: Visibility) -> u8 {
    match visibility {
        Visibility::Private => 0,
        Visibility::Internal => 1,
        Visibility::Public => 2,
    }
}

/// Whether those who see it become fewer.
fn narrows(before: Option<Visibility>, new: Visibility) -> bool {
    before.is_some_and(|before| width(new) < width(before))
}

/// What GitHub loses when fewer can see a repository does not come back when more can again.
fn risk(before: Option<Visibility>, new: Visibility) -> Risk {
    if narrows(before, new) { Risk::Irreversible } else { risk_of(new) }
}

/// What another visibility brings that cannot be taken back
/// (<https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/managing-repository-settings/setting-repository-visibility>).
fn for_good(before: Option<Visibility>, new: Visibility) -> Option<Text> {
    let words = match new {
        Visibility::Public if before == Some(Visibility::Public) => return None,
        _ if narrows(before, new) && before == Some(Visibility::Public) => {
            "What has been seen cannot be unseen, forks stay public, and its stars and watchers are lost"
        }
        _ if narrows(before, new) => {
            "What has been seen cannot be unseen, and its stars and watchers are lost"
        }
        Visibility::Public => {
            "Everyone can read and copy its code with all of its history, its issues, pull requests and logs of \
             Actions. What has been seen cannot be unseen, and its stars and watchers are lost"
        }
        Visibility::Internal => {
            "All members of the enterprise can read its code with all of its history, its issues and pull \
             requests. What has been seen cannot be unseen, and its stars and watchers are lost"
        }
        Visibility::Private => return None,
    };
    Some(format!("{words}.").into())
}

pub(super) struct Does(pub(super) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let edit: EditRepository = input(json)?;
        let words = edit.changes.words();
        let before = edit.before.as_ref().and_then(|before| before.visibility);
        Ok(match edit.changes.visibility {
            None => described(words, Risk::Reversible),
            Some(new) => {
                Described { irreversible: for_good(before, new), ..described(words, risk(before, new)) }
            }
        })
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |edit: &EditRepository| edit.changes.visibility == Some(Visibility::Public);
        input(json).ok().filter(uses).map(|_| Power::MakePublic).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let edit: EditRepository = input(json)?;
        let (id, name) = edit.target()?;
        let Some(now) = self.0.reader.by_id(&name.owner, id).await? else {
            return Ok(Observed::Different(format!("{name} is not there any more.").into()));
        };
        let is = edit.changes.before(&now);
        Ok(if is == edit.changes {
            Observed::Ours(edit.applied(&now, edit.before.clone(), None))
        } else if edit.before.as_ref().is_none_or(|before| *before == is) {
            Observed::Absent
        } else {
            Observed::Different(format!("{name} has been changed by someone else.").into())
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let edit: EditRepository = input(json)?;
        let writer = self.0.account.writer(permit)?;
        let (id, name) = edit.target()?;
        let target = Target { id: Some(id), full_name: name.clone() };
        let now = self.0.still_there(&target).await?;
        let before = edit.changes.before(&now);
        if before == edit.changes {
            return Ok(edit.applied(&now, None, Some("already so")));
        }
        let answer = writer.patch(&name.owner, Path::repository_id(id), json!(edit.changes)).await?;
        match (answer.status.as_u16(), answer.json::<Repository>()) {
            (200, Ok(after)) => Ok(edit.applied(&after, Some(before), None)),
            _ => Err(self.0.refused(&answer, &name).await),
        }
    }
}
