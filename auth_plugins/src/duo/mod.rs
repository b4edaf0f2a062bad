//! Duo: the phone shows the command, and its owner approves or denies (<https://duo.com/docs/authapi>).
//!
//! One account for each e-mail domain. Only a push that was approved, or a passcode that was right, is a yes:
//! whoever Duo lets through without asking has proven nothing.

mod client;
mod settings;
mod shown;
mod sign;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::auth::{Begun, Challenge, Proof, StepUp, Unproven};
use hubcommander_sdk::clock::{Instant, SharedClock};
use hubcommander_sdk::people::Person;
use hubcommander_sdk::text::Text;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::time::{Instant as Moment, sleep, timeout_at};

use crate::WrongAccount;
use crate::again::patiently;
use crate::email::domain as email_domain;
use client::{Client, Preauth, Trouble};
pub use settings::{Account, DEADLINE, Settings, SetupError};

/// Duo's number for a parameter that it does not take; also said when there was no news of a push for long.
const BAD_PARAMETER: u32 = 40002;

/// Proves who somebody is by Duo.
#[derive(Debug)]
pub struct Duo {
    accounts: BTreeMap<String, Client>,
    begin_within: Duration,
    pause: Duration,
    clock: SharedClock,
}

/// What a push goes by. Whoever holds it can ask what became of the push, and nothing else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    domain: String,
    txid: String,
    /// For whom, in which invocation and for which plan it was shown: it counts for nothing else.
    username: String,
    invocation: String,
    digest: String,
    /// Until when it is waited for.
    until: Instant,
}

impl Duo {
    /// Sets it up. Asks Duo nothing yet.
    ///
    /// # Errors
    /// The settings cannot be used; the error says what to do.
    pub fn new(settings: &Settings, clock: SharedClock) -> Result<Self, SetupError> {
        let mut accounts = BTreeMap::new();
        for (domain, account) in &settings.accounts {
            let client = Client::new(account, &settings.proxies, settings.patience, clock.clone())
                .map_err(|why| SetupError::Address { domain: domain.clone(), why })?;
            if accounts.insert(domain.to_lowercase(), client).is_some() {
                return Err(SetupError::Twice(domain.clone()));
            }
        }
        Ok(Self { accounts, begin_within: settings.begin_within, pause: settings.pause, clock })
    }

    /// Tries the account of a domain: whether Duo is there, and takes our keys and our clock.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub async fn try_account(&self, domain: &str) -> Result<(), WrongAccount> {
        let wrong = |what: String, cure| WrongAccount { what, cure };
        let Some(client) = self.accounts.get(&domain.to_lowercase()) else {
            return Err(wrong(format!("There is no account for {domain}."), "Add a section for it."));
        };
        let at_duo = client.ping().await.map_err(|trouble| {
            let cure = "See that `api_url` is the API hostname of the application at Duo, that this machine can \
                        reach it, and whether it needs a proxy (`HTTPS_PROXY`).";
            wrong(format!("{trouble}."), cure)
        })?;
        let off = self.clock.now().timestamp() - at_duo.time;
        if off.abs() > 60 {
            let what = format!("This machine's clock is {} s off from Duo's.", off.abs());
            return Err(wrong(what, "Let the machine set its clock by the network (NTP)."));
        }
        client.check().await.map(|_| ()).map_err(|trouble| {
            let cure = match trouble.code() {
                Some(40103) => "Copy `secret_key` again from the application at Duo.",
                Some(40101 | 40102) => "Copy `integration_key` again from the application at Duo.",
                Some(40104 | 40105) => "Let the machine set its clock by the network (NTP).",
                _ if trouble.status() == Some(403) => "Use an application of the kind Auth API at Duo.",
                _ => "See status.duo.com, and try again.",
            };
            wrong(format!("{trouble}."), cure)
        })
    }

    /// The account of this person, its domain, and the person's name there.
    fn account(&self, person: &Person) -> Result<(String, &Client, String), Unproven> {
        let email = person.email.as_deref().unwrap_or_default();
        let domain = email_domain(email).ok_or_else(words::no_email)?;
        let client = self.accounts.get(&domain).ok_or_else(|| words::unknown_domain(&domain))?;
        Ok((domain, client, email.to_owned()))
    }

    /// What this person may do at Duo. Whoever is not asked proves nothing.
    async fn preauth(&self, client: &Client, username: &str, until: Moment) -> Result<Preauth, Unproven> {
        // Asking changes nothing, so it may be asked twice.
        let again = Trouble::may_pass;
        let preauth = patiently(until, self.pause, again, || client.preauth(username))
            .await
            .map_err(|trouble| words::trouble(&trouble))?;
        match preauth.result.as_str() {
            "auth" => Ok(preauth),
            "allow" => Err(words::bypass()),
            "enroll" => Err(words::enrol(preauth.enroll_portal_url.as_deref())),
            "deny" => Err(words::refused_beforehand()),
            other => Err(words::ended(other, "")),
        }
    }

    /// Asks how a push stands until it is over.
    async fn watch(&self, client: &Client, txid: &str, until: Moment) -> Result<(), Unproven> {
        let mut last = words::silent();
        let watching = async {
            loop {
                let again = |trouble: &Trouble| trouble.may_pass() || trouble.code() == Some(BAD_PARAMETER);
                let now = patiently(until, self.pause, again, || client.status(txid))
                    .await
                    .map_err(|trouble| words::trouble(&trouble))?;
                match (now.result.as_str(), now.status.as_str()) {
                    ("allow", "allow") => return Ok(()),
                    // Nothing comes after these, even where the result is said to be open.
                    ("waiting", "timeout" | "fraud" | "locked_out") => {}
                    ("waiting", status) => {
                        let failed = status == "push_failed";
                        last = if failed { words::ended("waiting", status) } else { words::no_answer() };
                        sleep(self.pause).await;
                        continue;
                    }
                    _ => {}
                }
                return Err(words::ended(&now.result, &now.status));
            }
        };
        match timeout_at(until, watching).await {
            Ok(ended) => ended,
            Err(_) => Err(last),
        }
    }

    async fn begin(&self, challenge: &Challenge, until: Moment) -> Result<Begun, Unproven> {
        let (domain, client, username) = self.account(&challenge.person)?;
        let preauth = self.preauth(client, &username, until).await?;
        if !preauth.takes_push() {
            return Err(words::no_device());
        }
        let verified = preauth.verified();
        let (kind, info) = (shown::kind(challenge), shown::info(challenge));
        let transaction = verified.as_ref().map(|(txid, _)| *txid);
        // A push whose answer is lost may be on the phone already, so it is not sent twice.
        let pushed = patiently(until, self.pause, Trouble::was_not_done, || {
            client.push(&username, &kind, &info, transaction)
        })
        .await
        .map_err(|trouble| words::trouble(&trouble))?;
        let ticket = Ticket {
            domain,
            txid: pushed.txid,
            username,
            invocation: challenge.invocation.clone(),
            digest: challenge.digest.0.clone(),
            until: self.clock.now() + client.deadline,
        };
        let code = verified.as_ref().map(|(_, code)| code.as_str());
        Ok(Begun {
            ticket: serde_json::to_value(&ticket).unwrap_or_default(),
            tell: words::look_at_your_phone(code),
            open: None,
        })
    }

    async fn check(
        &self,
        challenge: &Challenge,
        code: &SecretString,
        until: Moment,
    ) -> Result<Proof, Unproven> {
        let (domain, client, username) = self.account(&challenge.person)?;
        let typed: String = code.expose_secret().chars().filter(|c| !c.is_whitespace()).collect();
        // Digits from Duo Mobile or a token, or the letters of a YubiKey.
        if !(6..=64).contains(&typed.len()) || !typed.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(words::no_passcode());
        }
        self.preauth(client, &username, until).await?;
        let typed = SecretString::from(typed);
        let now = patiently(until, self.pause, Trouble::was_not_done, || client.passcode(&username, &typed))
            .await
            .map_err(|trouble| words::trouble(&trouble))?;
        match (now.result.as_str(), now.status.as_str()) {
            ("allow", "allow") => Ok(Proof {
                by: NAME.to_owned(),
                factor: "passcode".to_owned(),
                reference: format!("{username} at {domain}"),
            }),
            ("deny", "deny") => Err(words::wrong_passcode(&now.status)),
            (result, status) => Err(words::ended(result, status)),
        }
    }
}

/// What policies call it.
const NAME: &str = "duo";

/// For how many pauses a push is asked about in any case, if the plan is still valid: a crash may have eaten the
/// time.
const LAST_LOOK: u32 = 5;

#[async_trait]
impl StepUp for Duo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self) -> Text {
        "your approval in Duo".into()
    }

    fn knows(&self, person: &Person) -> bool {
        self.account(person).is_ok()
    }

    fn code(&self) -> Option<&'static str> {
        Some("Passcode from Duo Mobile")
    }

    async fn begin(&self, challenge: &Challenge) -> Result<Begun, Unproven> {
        let until = Moment::now() + self.begin_within;
        let beginning = self.begin(challenge, until);
        timeout_at(until, beginning).await.unwrap_or_else(|_| Err(words::silent()))
    }

    async fn outcome(&self, challenge: &Challenge, ticket: &Json) -> Result<Proof, Unproven> {
        let (domain, client, username) = self.account(&challenge.person)?;
        let ticket = Ticket::deserialize(ticket).map_err(|_| words::other_plan())?;
        let same = ticket.domain == domain
            && ticket.username == username
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
        self.watch(client, &ticket.txid, Moment::now() + wait).await?;
        // It was approved, but not in time.
        if self.clock.now() >= challenge.expires {
            return Err(words::no_answer());
        }
        Ok(Proof { by: NAME.to_owned(), factor: "push".to_owned(), reference: ticket.txid })
    }

    async fn check(&self, challenge: &Challenge, code: &SecretString) -> Result<Proof, Unproven> {
        let until = Moment::now() + self.begin_within;
        let checking = self.check(challenge, code, until);
        timeout_at(until, checking).await.unwrap_or_else(|_| Err(words::silent()))
    }
}
