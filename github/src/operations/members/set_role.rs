//! `github.set_membership`: a member of an organisation becomes an owner, or an owner a member.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::OrgRole;
use crate::names::{Login, Owner};
use crate::operations::input::input;
use crate::operations::refs::UserRef;
use crate::operations::{Access, operation};
use crate::path::Path;
use crate::reader::Membership;
use crate::writer::refused;

const KIND: &str = "github.set_membership";

/// Sets what a member of an organisation is. Who is no member is not invited by it. Gives `login`, `org`, `role`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetMembership {
    /// The organisation.
    pub org: Owner,
    /// Who.
    pub user: UserRef,
    /// What they were when the plan was made. For the way back after a crash.
    pub from: OrgRole,
    /// What they shall be.
    pub to: OrgRole,
}

impl SetMembership {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, from: OrgRole, back: bool, note: Option<&str>) -> Applied {
        let inverse = back.then(|| Self { from: self.to, to: from, ..self.clone() }.operation());
        Applied {
            output: json!({ "login": self.user.login, "org": self.org, "role": self.to }),
            inverse,
            note: note.map(Into::into),
        }
    }

    fn no_member(&self) -> String {
        format!("{} is no member of {}.", self.user.login, self.org)
    }
}

pub(crate) struct Does(pub(crate) Access);

impl Does {
    /// Their login today and their role; `None` for who is no member, or only invited.
    async fn now(&self, set: &SetMembership) -> Result<Option<(Login, OrgRole)>, OperationError> {
        let Some(login) = self.0.reader.login_of(&set.org, &set.user).await? else { return Ok(None) };
        let place = self.0.reader.place(&set.org, &login).await?;
        let active = place.filter(|place: &Membership| !place.pending);
        Ok(active.map(|place| (login, OrgRole::of(place))))
    }
}

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let set: SetMembership = input(json)?;
        let (login, org) = (&set.user.login, &set.org);
        Ok(match set.to {
            OrgRole::Member => Described {
                what: format!("{login} is a member of {org} (before: owner)").into(),
                risk: Risk::Reversible,
                irreversible: None,
            },
            OrgRole::Owner => Described {
                what: format!("{login} is an owner of {org}").into(),
                risk: Risk::Exposing,
                irreversible: Some(
                    format!("Owners see and change everything in {org}, and can remove other owners.").into(),
                ),
            },
        })
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        let uses = |set: &SetMembership| set.to == OrgRole::Owner;
        input(json).ok().filter(uses).map(|_| Power::GrantOwner).into_iter().collect()
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: SetMembership = input(json)?;
        Ok(match self.now(&set).await? {
            None => Observed::Different(set.no_member().into()),
            Some((_, role)) if role == set.to => {
                Observed::Ours(set.applied(set.from, set.from != set.to, None))
            }
            Some(_) => Observed::Absent,
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set: SetMembership = input(json)?;
        let writer = self.0.account.writer(permit)?;
        self.0.not_ourselves(&set.user).await?;
        // GitHub would invite a stranger by this.
        let Some((login, role)) = self.now(&set).await? else {
            let log = format!("account {} is no member of {}", set.user.id, set.org);
            return Err(OperationError::blocked(set.no_member(), log));
        };
        if role == set.to {
            return Ok(set.applied(role, false, Some("already so")));
        }
        if set.to == OrgRole::Member {
            self.0.not_the_last_owner(&set.org, &set.user, None).await?;
        }
        let path = Path::membership(&set.org, &login);
        let answer = writer.put(&set.org, path, json!({ "role": set.to.word() })).await?;
        match answer.status.as_u16() {
            200 => Ok(set.applied(role, true, None)),
            _ => Err(refused(&answer, &format!("what {login} is in {}", set.org))),
        }
    }
}
