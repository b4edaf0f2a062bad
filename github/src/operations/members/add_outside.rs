//! `github.add_outside_collaborator`: somebody from outside is given back what they had on several repositories of an
//! organisation. They are invited to each, and must accept.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{OnRepository, RemoveOutsideCollaborator, listed};
use crate::names::{Login, Owner};
use crate::operations::input::input;
use crate::operations::refs::UserRef;
use crate::operations::set_collaborator::{self, SetCollaborator, Taken};
use crate::operations::{Access, operation};
use crate::reader::Standing;
use crate::words::on;

const KIND: &str = "github.add_outside_collaborator";

/// Gives somebody from outside access to repositories. Gives `login`, `org`, `repositories`: to how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddOutsideCollaborator {
    /// The organisation.
    pub org: Owner,
    /// Who.
    pub user: UserRef,
    /// Where, and what.
    pub access: Vec<OnRepository>,
}

impl AddOutsideCollaborator {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    /// `given`: where they were given something by this.
    fn applied(&self, given: Vec<OnRepository>, note: Option<String>) -> Applied {
        let output = json!({ "login": self.user.login, "org": self.org, "repositories": given.len() });
        let back = RemoveOutsideCollaborator {
            org: self.org.clone(),
            user: self.user.clone(),
            access: given,
            // By then they may have accepted, and pushed to a fork.
            taken: Taken::Access,
        };
        let inverse = (!back.access.is_empty()).then(|| back.operation());
        Applied { output, inverse, note: note.map(Into::into) }
    }
}

/// What became of one repository.
enum Now {
    /// Nothing was given there yet.
    Lacking,
    /// They have that, or are invited to it.
    There,
    /// It is gone, or they have something else there.
    Otherwise,
}

pub(crate) struct Does(pub(crate) Access);

impl Does {
    async fn now(
        &self,
        add: &AddOutsideCollaborator,
        one: &OnRepository,
        login: &Login,
    ) -> Result<Now, OperationError> {
        if self.0.reader.name_of(&one.repo).await?.is_none() {
            return Ok(Now::Otherwise);
        }
        Ok(match self.0.reader.stands(&add.org, one.repo.id, add.user.id, login).await? {
            Standing::Nothing => Now::Lacking,
            Standing::Has(level) if level == one.permission => Now::There,
            // An invitation tells only what a role of the organisation's own is built upon.
            Standing::Invited { .. } => Now::There,
            Standing::Has(_) | Standing::Untold(_) => Now::Otherwise,
        })
    }

    /// By the operation that gives access to one repository.
    async fn give(
        &self,
        add: &AddOutsideCollaborator,
        one: &OnRepository,
        permit: &WritePermit,
    ) -> Result<(), OperationError> {
        let set = SetCollaborator {
            user: add.user.clone(),
            repo: one.repo.clone(),
            from: None,
            to: Some(one.permission.clone()),
            role: None,
            taken: Taken::AsAgreed,
        };
        let does = set_collaborator::Does(self.0.clone());
        does.apply(&set.operation().input, permit).await.map(|_| ())
    }
}

fn no_account(add: &AddOutsideCollaborator) -> String {
    format!("There is no account {} at GitHub any more.", add.user.login)
}

fn not_there(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("not on {}", listed(names)))
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let add: AddOutsideCollaborator = input(json)?;
        let login = &add.user.login;
        let places: Vec<String> =
            add.access.iter().map(|one| format!("{} {}", on(&one.permission), one.repo.full_name)).collect();
        let admin = add.access.iter().any(|one| one.permission == "admin");
        Ok(Described {
            what: format!("{login} {}, once they accept", listed(&places)).into(),
            risk: if admin { Risk::Exposing } else { Risk::Reversible },
            irreversible: None,
        })
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let add = input::<AddOutsideCollaborator>(json).ok();
        let uses = add.is_some_and(|add| add.access.iter().any(|one| one.permission == "admin"));
        uses.then_some(Power::GrantAdmin).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let add: AddOutsideCollaborator = input(json)?;
        let Some(login) = self.0.reader.login_of(&add.org, &add.user).await? else {
            return Ok(Observed::Different(no_account(&add).into()));
        };
        let (mut given, mut otherwise) = (Vec::new(), Vec::new());
        for one in &add.access {
            match self.now(&add, one, &login).await? {
                Now::Lacking => return Ok(Observed::Absent),
                Now::There => given.push(one.clone()),
                Now::Otherwise => otherwise.push(one.repo.full_name.to_string()),
            }
        }
        if given.is_empty() {
            let words = format!("{login} has other access by now, or what they had access to is gone.");
            return Ok(Observed::Different(words.into()));
        }
        Ok(Observed::Ours(add.applied(given, not_there(&otherwise))))
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let add: AddOutsideCollaborator = input(json)?;
        // Who may not write learns that before anything is read.
        self.0.account.writer(permit)?;
        self.0.not_ourselves(&add.user).await?;
        let Some(login) = self.0.reader.login_of(&add.org, &add.user).await? else {
            return Err(OperationError::permanent(
                no_account(&add),
                format!("account {}: absent", add.user.id),
            ));
        };
        let (mut given, mut left, mut there) = (Vec::new(), Vec::new(), Vec::new());
        let mut first = None;
        for one in &add.access {
            match self.now(&add, one, &login).await? {
                Now::There => there.push(one.clone()),
                Now::Otherwise => left.push(one.repo.full_name.to_string()),
                Now::Lacking => match self.give(&add, one, permit).await {
                    Ok(()) => given.push(one.clone()),
                    // An archived repository, say, does not keep them from the others.
                    Err(error @ (OperationError::Permanent { .. } | OperationError::Blocked { .. })) => {
                        left.push(one.repo.full_name.to_string());
                        first.get_or_insert(error);
                    }
                    Err(error) => return Err(error),
                },
            }
        }
        match first {
            Some(error) if given.is_empty() && there.is_empty() => Err(error),
            _ if given.is_empty() && left.is_empty() => Ok(add.applied(given, Some("already so".to_owned()))),
            _ => {
                // What was given by a try before this one is taken back with the rest.
                if !given.is_empty() {
                    given.extend(there);
                }
                Ok(add.applied(given, not_there(&left)))
            }
        }
    }
}
