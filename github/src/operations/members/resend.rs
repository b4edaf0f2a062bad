//! `github.resend_org_invitation`: an invitation is cancelled and sent again, as GitHub has no other way to do it.
//!
//! Whatever happens between the two halves, doing it again goes on from there: an invitation that is still the old
//! one is cancelled, none at all is sent, and one that was sent since is left.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::error::OperationError;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Offer;
use super::place::{Place, no_account, otherwise, without};
use crate::operations::input::input;
use crate::operations::{Access, described, operation};
use crate::path::Path;
use crate::writer::refused;

const KIND: &str = "github.resend_org_invitation";

/// Sends an invitation again, be it that it waits or that it came to nothing. Gives `id`, `who`, `org`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResendOrgInvitation {
    /// GitHub's number for the former one.
    pub id: u64,
    /// What it offers.
    pub offer: Offer,
}

impl ResendOrgInvitation {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        operation(KIND, self)
    }

    /// Nothing takes it back: they were invited before, and are so now.
    fn applied(&self, id: u64, note: Option<&str>) -> Applied {
        Applied { output: self.offer.sent(Some(id)), inverse: None, note: note.map(Into::into) }
    }
}

/// The new invitation was refused, and the former one is gone: that must be said, too.
fn between(error: OperationError) -> OperationError {
    let said =
        |what: Text| Text::from("The former invitation is cancelled, and no new one was sent. ").then(what);
    match error {
        OperationError::Permanent { what, log } => OperationError::Permanent { what: said(what), log },
        OperationError::Blocked { what, log } => OperationError::Blocked { what: said(what), log },
        OperationError::Temporary { what, retry_after, log } => {
            OperationError::Temporary { what: said(what), retry_after, log }
        }
        OperationError::Limited { what, wait, log } => {
            OperationError::Limited { what: said(what), wait, log }
        }
        unclear @ OperationError::Unclear { .. } => unclear,
    }
}

pub(crate) struct Does(pub(crate) Access);

#[async_trait]
impl Handler for Does {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, json: &Json) -> Result<Described, OperationError> {
        let resend: ResendOrgInvitation = input(json)?;
        Ok(described(resend.offer.words("is invited again"), Risk::Reversible))
    }

    fn powers(&self, json: &Json) -> BTreeSet<Power> {
        input::<ResendOrgInvitation>(json).ok().and_then(|resend| resend.offer.power()).into_iter().collect()
    }

    async fn observe(&self, json: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let resend: ResendOrgInvitation = input(json)?;
        let offer = &resend.offer;
        let stands = self.0.stands(offer).await?;
        Ok(match stands.place {
            Place::NoAccount => {
                Observed::Different(format!("There is no account {} any more.", offer.who.name()).into())
            }
            Place::Member { .. } => Observed::Different(offer.accepted().into()),
            Place::Stranger => Observed::Absent,
            Place::Invited(found) if found.id == resend.id => Observed::Absent,
            Place::Invited(found) => {
                let ours = (resend.applied(found.id, None), "again already");
                self.0.observed(offer, stands.login.as_ref(), &found, attempt, ours).await?
            }
        })
    }

    async fn apply(&self, json: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let resend: ResendOrgInvitation = input(json)?;
        let offer = &resend.offer;
        let writer = self.0.account.writer(permit)?;
        let mut stands = self.0.stands(offer).await?;
        if let Place::Invited(found) = &stands.place
            && found.id == resend.id
        {
            let answer = writer.delete(&offer.org, Path::org(&offer.org).invitation(resend.id)).await?;
            match answer.status.as_u16() {
                204 => stands.place = Place::Stranger,
                // They answered, or somebody was quicker.
                404 => stands = self.0.stands(offer).await?,
                _ => {
                    let what = format!("the invitation of {} to {}", offer.who.name(), offer.org);
                    return Err(refused(&answer, &what));
                }
            }
        }
        let login = stands.login.as_ref();
        match stands.place {
            Place::NoAccount => Err(no_account(offer)),
            Place::Member { .. } => Err(offer.too_late(resend.id)),
            Place::Stranger => {
                let (id, gone) = self.0.send(&writer, offer).await.map_err(between)?;
                self.0.maintain(&writer, offer, login).await?;
                Ok(resend.applied(id, without(&gone).as_deref()))
            }
            // GitHub still lists what it says is gone.
            Place::Invited(found) if found.id == resend.id => Err(OperationError::Temporary {
                what: format!("GitHub has not settled the former invitation of {} yet.", offer.who.name())
                    .into(),
                retry_after: Some(Duration::from_secs(2)),
                log: format!("invitation {} to {}: gone and listed", resend.id, offer.org),
            }),
            Place::Invited(found) if self.0.offers(&found, offer).await? => {
                let changed = self.0.maintain(&writer, offer, login).await?;
                Ok(resend.applied(found.id, (!changed).then_some("already sent again")))
            }
            Place::Invited(found) => Err(otherwise(offer, &found)),
        }
    }
}
