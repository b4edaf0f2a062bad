//! `bot.offer_links`: people whose accounts are known and not linked are asked to link them. For each a line is booked
//! that the bot asks itself in a direct message with them, all in one transaction, so that nobody is asked twice.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::offers::{DAYS_BETWEEN, OFFER, OfferLinks, Offered, Offers, UNLINKED_PROBE};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Probe};
use hubcommander_sdk::people::Conversation;
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::Risk;
use hubcommander_sdk::text::{Text, thousands};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::Book;

use crate::invocation::Origin;
use crate::slack::web::{SlackError, Web};
use crate::store::{Booking, Due, Shelf, StoreError};

/// The line that is due: a command that only the bot asks itself.
pub const LINE: &str = "OfferLink";

/// When people were asked, each under their id in Slack.
const MADE: &str = "members:offered:";

/// Logins that are named before it is counted: whoever agrees reads whom.
const NAMED: usize = 100;

/// When somebody was asked, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    at: Instant,
    by: String,
}

/// Asks people to link their accounts, and knows whom it has asked.
#[derive(Clone)]
pub struct OffersLinks {
    shelf: Shelf,
    web: Arc<OnceLock<Web>>,
    clock: SharedClock,
}

fn read(input: &Json) -> Result<OfferLinks, OperationError> {
    OfferLinks::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("offers: {error}"))
    })
}

fn not_now(log: String) -> OperationError {
    OperationError::Temporary {
        what: "The bot could not write it down.".into(),
        retry_after: Some(Duration::from_secs(1)),
        log,
    }
}

fn unkept(error: StoreError) -> OperationError {
    not_now(error.to_string())
}

impl OffersLinks {
    /// Over this store. `web` opens the direct conversations, once it is there.
    #[must_use]
    pub fn new(shelf: Shelf, web: Arc<OnceLock<Web>>, clock: SharedClock) -> Self {
        Self { shelf, web, clock }
    }

    async fn all(&self) -> Result<BTreeMap<String, Made>, StoreError> {
        let all = self.shelf.get()?.remembered_under(MADE, u32::MAX).await?;
        let read = |(user, value): (String, Json)| match serde_json::from_value(value) {
            Ok(made) => Ok((user, made)),
            Err(error) => Err(StoreError::Unreadable { id: user, reason: error.to_string() }),
        };
        all.into_iter().map(read).collect()
    }

    /// The line that asks this person; none if Slack has no conversation with them.
    async fn line(&self, org: &str, one: &Offered, now: Instant) -> Result<Option<Due>, OperationError> {
        let web = self.web.get().ok_or_else(|| not_now("Slack is not there yet".to_owned()))?;
        let user = &one.person.user;
        let channel = match web.direct(user).await {
            Ok(channel) => channel,
            Err(SlackError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(not_now(error.to_string())),
        };
        let key = format!("members:offer:{user}");
        let line = format!("{LINE} {org} {}", one.login);
        let origin = Origin::by_itself(one.person.clone(), (channel, Conversation::Direct), &key, line);
        Ok(Some(Due { key, at: now, origin }))
    }
}

fn words(offer: &OfferLinks) -> Text {
    let named: Vec<&str> = offer.people.iter().take(NAMED).map(|one| one.login.as_str()).collect();
    let more = match offer.people.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", thousands(more)),
    };
    format!("each gets a direct message: {}{more}", named.join(", ")).into()
}

fn applied(asked: usize, of: usize) -> Applied {
    let note = (asked < of).then(|| {
        let left = thousands(of - asked);
        format!("{left} not: asked within the last {DAYS_BETWEEN} days, or not to be reached").into()
    });
    Applied { output: json!({ "offered": asked }), inverse: None, note }
}

#[async_trait]
impl Handler for OffersLinks {
    fn kind(&self) -> &'static str {
        OFFER
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        Ok(Described { what: words(&read(input)?), risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let offer = read(input)?;
        let made = self.all().await.map_err(unkept)?;
        let by_this =
            |one: &&Offered| made.get(&one.person.user).is_some_and(|made| made.by == attempt.invocation);
        // They are written down all at once.
        let asked = offer.people.iter().filter(by_this).count();
        Ok(if asked > 0 { Observed::Ours(applied(asked, offer.people.len())) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let offer = read(input)?;
        let (made, now) = (self.all().await.map_err(unkept)?, self.clock.now());
        let (mut booking, mut asked) = (Booking::default(), 0);
        for one in &offer.people {
            let before = made.get(&one.person.user);
            if before.is_some_and(|made| made.by == permit.invocation()) {
                asked += 1;
                continue;
            }
            if before.is_some_and(|made| now < made.at + TimeDelta::days(DAYS_BETWEEN)) {
                continue;
            }
            let Some(due) = self.line(&offer.org, one, now).await? else { continue };
            asked += 1;
            booking.due.push(due);
            let made = Made { at: now, by: permit.invocation().to_owned() };
            booking.kept.push((format!("{MADE}{}", one.person.user), Some(json!(made))));
        }
        self.shelf.get().map_err(unkept)?.book(&booking).await.map_err(unkept)?;
        Ok(applied(asked, offer.people.len()))
    }
}

#[async_trait]
impl Offers for OffersLinks {
    async fn made(&self) -> Result<BTreeMap<String, Instant>, Refusal> {
        let all = self.all().await.map_err(|error| {
            Refusal::new("Whom I have asked already could not be looked up.", "Try again in a minute.")
                .logged(error.to_string())
        })?;
        Ok(all.into_iter().map(|(user, made)| (user, made.at)).collect())
    }
}

/// Looks which of some accounts are linked by now, for plans that are about those that are not.
pub struct Unlinked(pub Book);

#[derive(Deserialize)]
struct Asked {
    accounts: Vec<u64>,
}

#[async_trait]
impl Probe for Unlinked {
    fn kind(&self) -> &'static str {
        UNLINKED_PROBE
    }

    async fn look(&self, input: &Json) -> Result<Json, OperationError> {
        let asked = Asked::deserialize(input)
            .map_err(|error| OperationError::permanent("This plan cannot be read.", error.to_string()))?;
        let mut linked = Vec::new();
        for account in asked.accounts {
            if self.0.whose_is(account).await.map_err(unkept)?.is_some() {
                linked.push(account);
            }
        }
        Ok(json!(linked))
    }
}
