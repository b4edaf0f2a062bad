//! `github.remove_outside_collaborator`: somebody from outside loses what they were given in an organisation, and what
//! they were offered where the operation names it.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{AddOutsideCollaborator, OnRepository, listed};
use crate::names::{Login, Owner};
use crate::operations::input::input;
use crate::operations::refs::UserRef;
use crate::operations::set_collaborator::Taken;
use crate::operations::{Access, operation};
use crate::path::Path;
use crate::reader::{Membership, Standing};
use crate::writer::refused;

const KIND: &str = "github.remove_outside_collaborator";

/// Takes somebody from outside off all of an organisation's repositories. Gives `login`, `org`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveOutsideCollaborator {
    /// The organisation.
    pub org: Owner,
    /// Who.
    pub user: UserRef,
    /// What they had when the plan was made, or were offered: invitations to these repositories are cancelled too.
    /// For the way back; it is not looked for again, since that would mean looking at every repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<OnRepository>,
    /// Whether it was agreed on beforehand, as the rule for those who leave the company, or is asked for now.
    #[serde(default)]
    pub taken: Taken,
}

impl RemoveOutsideCollaborator {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, done: bool) -> Applied {
        let back = AddOutsideCollaborator {
            org: self.org.clone(),
            user: self.user.clone(),
            access: self.access.clone(),
        };
        Applied {
            output: json!({ "login": self.user.login, "org": self.org }),
            inverse: (done && !self.access.is_empty()).then(|| back.operation()),
            note: (!done).then(|| "already so".into()),
        }
    }
}

pub(crate) struct Does(pub(crate) Access);

impl Does {
    /// Repositories that they are invited to, with the invitations.
    async fn offers(
        &self,
        remove: &RemoveOutsideCollaborator,
        login: &Login,
    ) -> Result<Vec<(u64, u64)>, OperationError> {
        let mut offers = Vec::new();
        for one in &remove.access {
            // What is gone offers nothing.
            if self.0.reader.name_of(&one.repo).await?.is_none() {
                continue;
            }
            let standing = self.0.reader.stands(&remove.org, one.repo.id, remove.user.id, login).await?;
            if let Standing::Invited { id, .. } = standing {
                offers.push((one.repo.id, id));
            }
        }
        Ok(offers)
    }
}

fn is_member(place: Option<Membership>) -> bool {
    place.is_some_and(|place| !place.pending)
}

fn a_member(remove: &RemoveOutsideCollaborator, login: &Login) -> String {
    format!("{login} is a member of {}, and not somebody from outside.", remove.org)
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let remove: RemoveOutsideCollaborator = input(json)?;
        let (login, org) = (&remove.user.login, &remove.org);
        let names: Vec<String> =
            remove.access.iter().map(|one| one.repo.full_name.name.to_string()).collect();
        let names = if names.is_empty() { String::new() } else { format!(" ({})", listed(&names)) };
        Ok(Described {
            what: format!("{login} no longer has access to repositories of {org}{names}").into(),
            risk: if remove.taken == Taken::AsAgreed { Risk::Reversible } else { Risk::Irreversible },
            irreversible: Some(
                "GitHub deletes their forks of them and unassigns them from issues, for good. To come back they must \
                 accept new invitations."
                    .into(),
            ),
        })
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let remove: RemoveOutsideCollaborator = input(json)?;
        let Some(login) = self.0.reader.login_of(&remove.org, &remove.user).await? else {
            return Ok(Observed::Ours(remove.applied(true)));
        };
        if is_member(self.0.reader.place(&remove.org, &login).await?) {
            return Ok(Observed::Different(a_member(&remove, &login).into()));
        }
        let left = self.0.reader.is_outside(&remove.org, remove.user.id).await?
            || !self.offers(&remove, &login).await?.is_empty();
        Ok(if left { Observed::Absent } else { Observed::Ours(remove.applied(true)) })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let remove: RemoveOutsideCollaborator = input(json)?;
        let org = &remove.org;
        let writer = self.0.account.writer(permit)?;
        self.0.not_ourselves(&remove.user).await?;
        let Some(login) = self.0.reader.login_of(org, &remove.user).await? else {
            return Ok(remove.applied(false));
        };
        let log = || format!("account {} in {org}: a member", remove.user.id);
        if is_member(self.0.reader.place(org, &login).await?) {
            return Err(OperationError::permanent(a_member(&remove, &login), log()));
        }
        let subject = format!("the access of {login} to {org}");
        // First what they could still accept, so that nothing comes back meanwhile.
        let offers = self.offers(&remove, &login).await?;
        for (repository, id) in &offers {
            let answer = writer.delete(org, Path::repository_id(*repository).invitation(*id)).await?;
            if !matches!(answer.status.as_u16(), 204 | 404) {
                return Err(refused(&answer, &subject));
            }
        }
        if !self.0.reader.is_outside(org, remove.user.id).await? {
            return Ok(remove.applied(!offers.is_empty()));
        }
        let answer = writer.delete(org, Path::outsider(org, &login)).await?;
        match answer.status.as_u16() {
            204 | 404 => Ok(remove.applied(true)),
            // They became a member a moment ago.
            422 => Err(OperationError::permanent(a_member(&remove, &login), log())),
            _ => Err(refused(&answer, &subject)),
        }
    }
}
