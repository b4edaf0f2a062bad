//! Okta Verify: the phone asks, and its owner approves or denies.
//!
//! Okta shows nothing of the plan on the phone, which is weaker than Duo: what is approved stands in Slack, and
//! the number to choose ties the phone to it.

mod client;
mod settings;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::auth::{Begun, Challenge, Proof, StepUp, Unproven};
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::time::{Instant as Moment, sleep, timeout_at};

use crate::WrongAccount;
use crate::again::patiently;
use client::{Client, Trouble};
pub use settings::{Settings, SetupError};

/// What policies call it.
const NAME: &str = "okta";
/// For how many pauses a push is asked about in any case, if the plan is still valid: a crash may have eaten the
/// time.
const LAST_LOOK: u32 = 3;

/// Proves who somebody is by Okta Verify.
#[derive(Debug)]
pub struct Okta {
    client: Client,
    begin_within: Duration,
    deadline: Duration,
    pause: Duration,
    clock: SharedClock,
}

/// What a push goes by. Whoever holds it can ask what became of the push, and nothing else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    user: String,
    factor: String,
    transaction: String,
    /// For whom, in which invocation and for which plan it was shown: it counts for nothing else.
    email: String,
    invocation: String,
    digest: String,
    /// Until when it is waited for.
    until: Instant,
}

impl Okta {
    /// Sets it up. Asks Okta nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(settings)?,
            begin_within: settings.begin_within,
            deadline: settings.deadline,
            pause: settings.pause,
            clock,
        })
    }

    /// Tries the token. Gives the login of the account that it belongs to.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn try_account(&self) -> Result<String, WrongAccount> {
        let me = self.client.whoami().await.map_err(|trouble| {
            let cure = match trouble.status() {
                Some(401) => "Make a new token at Okta, under Security, API, Tokens.",
                Some(403) => "Give the token's account a role that may read users and verify their factors.",
                _ => {
                    "See that `url` is your Okta organisation, that this machine can reach it, and whether it needs a \
                     proxy (`HTTPS_PROXY`)."
                }
            };
            WrongAccount { what: format!("{trouble}."), cure }
        })?;
        Ok(me.profile.login.unwrap_or(me.id))
    }

    /// Their id at Okta. Found by e-mail, and looked at once more: a short login could find somebody else.
    async fn user(&self, email: &str, until: Moment) -> Result<String, Unproven> {
        let found = patiently(until, self.pause, Trouble::may_pass, || self.client.user(email)).await;
        let user = found.map_err(|trouble| match trouble.status() {
            Some(404) => words::nobody(),
            _ => words::trouble(&trouble),
        })?;
        let is =
            |known: &Option<String>| known.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email));
        if !(is(&user.profile.login) || is(&user.profile.email)) || !client::is_id(&user.id) {
            return Err(words::another());
        }
        if user.status != "ACTIVE" {
            return Err(words::not_active(&user.status));
        }
        Ok(user.id)
    }

    async fn begin(&self, challenge: &Challenge, until: Moment) -> Result<Begun, Unproven> {
        let email = address(&challenge.person)?;
        let wrong = |trouble: Trouble| words::trouble(&trouble);
        let user = self.user(email, until).await?;
        let factor = patiently(until, self.pause, Trouble::may_pass, || self.client.push_factor(&user)).await;
        let factor = factor.map_err(wrong)?.ok_or_else(words::no_device)?;
        // A push whose answer is lost may be on the phone already, so it is not sent twice.
        let pushed = patiently(until, self.pause, Trouble::was_not_done, || self.client.push(&user, &factor))
            .await
            .map_err(wrong)?;
        let Some(transaction) = pushed.transaction().filter(|_| pushed.result == "WAITING") else {
            return Err(words::ended(&pushed.result));
        };
        let transaction = transaction.to_owned();
        let mut number = pushed.number();
        if number.is_none() {
            // Okta may tell it only to who asks how it stands. Without it the push counts all the same.
            let asked = self.client.status(&user, &factor, &transaction).await;
            number = asked.ok().and_then(|now| now.number());
        }
        let ticket = Ticket {
            user,
            factor,
            transaction,
            email: email.to_owned(),
            invocation: challenge.invocation.clone(),
            digest: challenge.digest.0.clone(),
            until: self.clock.now() + self.deadline,
        };
        Ok(Begun {
            ticket: serde_json::to_value(&ticket).unwrap_or_default(),
            tell: words::look_at_your_phone(&challenge.title, number.as_deref()),
            open: None,
        })
    }

    async fn watch(&self, ticket: &Ticket, until: Moment) -> Result<(), Unproven> {
        let mut last = words::silent();
        let watching = async {
            loop {
                let ask = || self.client.status(&ticket.user, &ticket.factor, &ticket.transaction);
                let now = patiently(until, self.pause, Trouble::may_pass, ask)
                    .await
                    .map_err(|trouble| words::trouble(&trouble))?;
                match now.result.as_str() {
                    "SUCCESS" => return Ok(()),
                    "WAITING" => last = words::no_answer(),
                    other => return Err(words::ended(other)),
                }
                sleep(self.pause).await;
            }
        };
        match timeout_at(until, watching).await {
            Ok(ended) => ended,
            Err(_) => Err(last),
        }
    }
}

/// The e-mail address, if it can be one.
fn address(person: &Person) -> Result<&str, Unproven> {
    let email = person.email.as_deref().unwrap_or_default();
    crate::email::domain(email).map(|_| email).ok_or_else(words::no_email)
}

#[async_trait]
impl StepUp for Okta {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self) -> Text {
        "your approval in Okta Verify".into()
    }

    fn knows(&self, person: &Person) -> bool {
        address(person).is_ok()
    }

    async fn begin(&self, challenge: &Challenge) -> Result<Begun, Unproven> {
        let until = Moment::now() + self.begin_within;
        let beginning = self.begin(challenge, until);
        timeout_at(until, beginning).await.unwrap_or_else(|_| Err(words::silent()))
    }

    async fn outcome(&self, challenge: &Challenge, ticket: &Json) -> Result<Proof, Unproven> {
        let email = address(&challenge.person)?;
        let ticket = Ticket::deserialize(ticket).map_err(|_| words::other_plan())?;
        let same = ticket.email == email
            && ticket.invocation == challenge.invocation
            && ticket.digest == challenge.digest.0;
        if !same {
            return Err(words::other_plan());
        }
        let now = self.clock.now();
        let left = |at: Instant| (at - now).to_std().unwrap_or_default();
        let wait = left(ticket.until).max(self.pause * LAST_LOOK).min(left(challenge.expires));
        if wait.is_zero() {
            return Err(words::no_answer());
        }
        self.watch(&ticket, Moment::now() + wait).await?;
        // It was approved, but not in time.
        if self.clock.now() >= challenge.expires {
            return Err(words::no_answer());
        }
        Ok(Proof { by: NAME.to_owned(), factor: "push".to_owned(), reference: ticket.transaction })
    }
}
