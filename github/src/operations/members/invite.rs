//! `github.invite_member`: somebody is invited to an organisation, by their account or their address.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::place::{Place, no_account, otherwise, without};
use super::{CancelOrgInvitation, InviteAs, Offer};
use crate::operations::input::input;
use crate::operations::{Access, operation};

const KIND: &str = "github.invite_member";

/// Invites somebody. Gives `id`, `who`, `org`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteMember {
    /// What is offered, and to whom.
    pub offer: Offer,
}

impl InviteMember {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, id: Option<u64>, back: bool, note: Option<&str>) -> Applied {
        let inverse = id.filter(|_| back);
        let inverse = inverse.map(|id| CancelOrgInvitation { id, offer: self.offer.clone() }.operation());
        Applied { output: self.offer.sent(id), inverse, note: note.map(Into::into) }
    }

    /// Whether who is in it already is what was offered.
    fn is_that(&self, owner: bool) -> bool {
        match self.offer.role {
            InviteAs::Admin => owner,
            InviteAs::DirectMember | InviteAs::BillingManager | InviteAs::Reinstate => true,
        }
    }

    fn no_owner(&self) -> String {
        let (who, org) = (self.offer.who.name(), &self.offer.org);
        format!("{who} is a member of {org} already, and no owner. Change their role instead.")
    }
}

pub(crate) struct Does(pub(crate) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let InviteMember { offer } = input(json)?;
        let org = &offer.org;
        // An organisation shows its members more than it shows others.
        Ok(Described {
            what: offer.words("is invited").into(),
            risk: Risk::Exposing,
            irreversible: Some(
                format!(
                    "Once they accept, they see what members of {org} see, and stay until they are removed."
                )
                .into(),
            ),
        })
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        input::<InviteMember>(json).ok().and_then(|invite| invite.offer.power()).into_iter().collect()
    }

    async fn observe(&self, json: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let invite: InviteMember = input(json)?;
        let offer = &invite.offer;
        let stands = self.0.stands(offer).await?;
        Ok(match stands.place {
            Place::NoAccount => {
                Observed::Different(format!("There is no account {} any more.", offer.who.name()).into())
            }
            Place::Stranger => Observed::Absent,
            Place::Member { owner } if invite.is_that(owner) => {
                Observed::Ours(invite.applied(None, false, Some("a member by now")))
            }
            Place::Member { .. } => Observed::Different(invite.no_owner().into()),
            Place::Invited(found) => {
                let ours = (invite.applied(Some(found.id), true, None), "already");
                self.0.observed(offer, stands.login.as_ref(), &found, attempt, ours).await?
            }
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let invite: InviteMember = input(json)?;
        let offer = &invite.offer;
        let writer = self.0.account.writer(permit)?;
        let stands = self.0.stands(offer).await?;
        let login = stands.login.as_ref();
        match stands.place {
            Place::NoAccount => Err(no_account(offer)),
            Place::Member { owner } if invite.is_that(owner) => {
                Ok(invite.applied(None, false, Some("already a member")))
            }
            Place::Member { .. } => {
                Err(OperationError::blocked(invite.no_owner(), format!("{:?}: a member", offer.who)))
            }
            Place::Invited(found) if self.0.offers(&found, offer).await? => {
                let changed = self.0.maintain(&writer, offer, login).await?;
                Ok(invite.applied(Some(found.id), changed, (!changed).then_some("already invited")))
            }
            Place::Invited(found) => Err(otherwise(offer, &found)),
            Place::Stranger => {
                let (id, gone) = self.0.send(&writer, offer).await?;
                self.0.maintain(&writer, offer, login).await?;
                Ok(invite.applied(Some(id), true, without(&gone).as_deref()))
            }
        }
    }
}
