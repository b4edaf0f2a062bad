//! Offers to link: a kind word to somebody whose account is known and not linked yet. What the company's lists say of an
//! account is a reason to ask its owner, and never a link.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::error::Refusal;
use crate::operation::Operation;
use crate::people::PersonId;
use crate::plan::Precondition;

/// The kind of the operation that offers people to link their accounts.
pub const OFFER: &str = "bot.offer_links";

/// The kind of the probe that looks which of some accounts are linked by now.
pub const UNLINKED_PROBE: &str = "store.unlinked";

/// How many days lie between two offers to one person, at least.
pub const DAYS_BETWEEN: i64 = 14;

/// Somebody who is offered to link an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offered {
    /// Who.
    pub person: PersonId,
    /// GitHub's number for the account.
    pub github_id: u64,
    /// Its login then.
    pub login: String,
}

/// Offers people to link their accounts, each by a direct message. Gives `offered`: how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferLinks {
    /// The organisation whose members they are.
    pub org: String,
    /// To whom.
    pub people: Vec<Offered>,
}

impl OfferLinks {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::of(OFFER, self)
    }
}

/// Knows who was offered to link.
#[async_trait]
pub trait Offers: Send + Sync {
    /// When people, by their ids in Slack, were offered to link an account the last time.
    ///
    /// # Errors
    /// It could not be looked up.
    async fn made(&self) -> Result<BTreeMap<String, Instant>, Refusal>;
}

/// That none of these accounts is linked to anybody.
#[must_use]
pub fn unlinked(accounts: &[u64]) -> Precondition {
    Precondition {
        probe: UNLINKED_PROBE.to_owned(),
        input: serde_json::json!({ "accounts": accounts }),
        seen: serde_json::json!([]),
        changed: "Somebody has linked one of these accounts meanwhile".into(),
    }
}
