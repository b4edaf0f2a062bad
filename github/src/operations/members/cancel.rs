//! `github.cancel_org_invitation`: an invitation to an organisation is taken back, and can be sent again.

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::place::Place;
use super::{InviteMember, Offer};
use crate::operations::input::input;
use crate::operations::{Access, described, operation};
use crate::path::Path;
use crate::writer::refused;

const KIND: &str = "github.cancel_org_invitation";

/// Takes an invitation to an organisation back. Gives `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOrgInvitation {
    /// GitHub's number for it.
    pub id: u64,
    /// What it offers, for words and for the way back.
    pub offer: Offer,
}

impl CancelOrgInvitation {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    fn applied(&self, done: bool) -> Applied {
        Applied {
            output: json!({ "id": self.id }),
            inverse: done.then(|| InviteMember { offer: self.offer.clone() }.operation()),
            note: (!done).then(|| "already gone".into()),
        }
    }
}

pub(crate) struct Does(pub(crate) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let cancel: CancelOrgInvitation = input(json)?;
        let (who, org) = (cancel.offer.who.name(), &cancel.offer.org);
        Ok(described(format!("{who} is not invited to {org} any more"), Risk::Reversible))
    }

    async fn observe(&self, json: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let cancel: CancelOrgInvitation = input(json)?;
        let offer = &cancel.offer;
        let open = self.0.reader.scan(offer.org.as_str())?.invitations().await?;
        if open.iter().any(|one| one.id == cancel.id) {
            return Ok(Observed::Absent);
        }
        Ok(match self.0.stands(offer).await?.place {
            Place::Member { .. } => Observed::Different(offer.accepted().into()),
            Place::Invited(_) => {
                let words = format!("Another invitation to {} waits for {}.", offer.org, offer.who.name());
                Observed::Different(words.into())
            }
            Place::NoAccount | Place::Stranger => Observed::Ours(cancel.applied(true)),
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let cancel: CancelOrgInvitation = input(json)?;
        let offer = &cancel.offer;
        let writer = self.0.account.writer(permit)?;
        let answer = writer.delete(&offer.org, Path::org(&offer.org).invitation(cancel.id)).await?;
        match answer.status.as_u16() {
            204 => Ok(cancel.applied(true)),
            404 => match self.0.stands(offer).await?.place {
                Place::Member { .. } => Err(offer.too_late(cancel.id)),
                Place::Invited(found) if found.id == cancel.id => {
                    Err(refused(&answer, &format!("the invitation of {} to {}", offer.who.name(), offer.org)))
                }
                _ => Ok(cancel.applied(false)),
            },
            _ => Err(refused(&answer, &format!("the invitation of {} to {}", offer.who.name(), offer.org))),
        }
    }
}
