//! What it takes before a plan is run, and how a person proves, beside their session in Slack, that it is they
//! who want exactly this plan.

use std::collections::BTreeSet;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::clock::Instant;
use crate::people::{Person, PersonId};
use crate::plan::Digest;
use crate::text::Text;

/// One thing that a plan takes before it is run. What is asked for by several policies adds up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// The person who asked has seen the plan and says: run it.
    Confirm,
    /// The person who asked says why.
    Reason,
    /// The devices of the person who asked are healthy. Unknown is a no, unless a step-up may stand in.
    HealthyDevice {
        /// The step-up that counts instead where nobody can tell, if the policy names one.
        or_step_up: Option<String>,
    },
    /// The person who asked proves that it is they.
    StepUp {
        /// How: the name of a plugin such as `duo`, or [`ANY`].
        by: String,
    },
    /// Other people agree.
    Approvals {
        /// How many.
        count: u32,
        /// Who may: `slack:security` for a user group by its handle, `S0…` by its id, or `U0…` for one person.
        approvers: BTreeSet<String>,
        /// How each of them proves that it is they, if the policy asks for it.
        step_up: Option<String>,
    },
}

/// The step-up that stands for whichever is set up and the person has.
pub const ANY: &str = "any";

/// In which role somebody proves who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// They asked for it.
    Asks,
    /// They agree to what somebody else asked for.
    Approves,
}

/// What is proven: by whom, and what exactly they say yes to. All words come from the plan that would be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The invocation, such as `inv-7Q4K2`.
    pub invocation: String,
    /// Who proves it. Their e-mail is what Slack says now.
    pub person: Person,
    /// In which role.
    pub role: Role,
    /// Who asked.
    pub asked_by: PersonId,
    /// What to call them. For showing only.
    pub asked_by_name: String,
    /// The plan.
    pub digest: Digest,
    /// What was typed, such as `!DeleteRepo acme widgets`.
    pub line: String,
    /// The plan's title, such as "Delete acme/widgets".
    pub title: Text,
    /// What its steps do.
    pub steps: Vec<Text>,
    /// Until when an answer counts.
    pub expires: Instant,
}

/// A step-up that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// What it goes by. Written down, so that whoever comes after a crash asks what became of it. Holds no secret
    /// that could stand in for the person.
    pub ticket: Json,
    /// What the person is told, and only they: "Look at your phone", "Type 482913 there".
    pub tell: Text,
    /// A page to open for it: what the button says, and the address.
    pub open: Option<(String, String)>,
}

/// That it is they.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// By which plugin.
    pub by: String,
    /// By which means, for the audit: `push`, `passcode`, `security key`.
    pub factor: String,
    /// What it goes by at the other side, for the audit. No secret.
    pub reference: String,
}

/// Why it was not proven. Whatever cannot be checked is a no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{log}")]
pub struct Unproven {
    /// One sentence on what is wrong.
    pub what: Text,
    /// One sentence on what to do.
    pub todo: Text,
    /// For the log. Holds no secret.
    pub log: String,
    /// Whether somebody said that it was not they who asked: the security channel hears of it.
    pub fraud: bool,
    /// Whether the person may try again: nobody said no, they were only not reached, or not in time.
    pub again: bool,
    /// A page that helps, such as where to enrol: what the button says, and the address. It may be a key to the
    /// person's account, so they alone may see it, and no log.
    pub open: Option<Box<(String, String)>>,
}

impl Unproven {
    /// A plain no.
    #[must_use]
    pub fn new(what: impl Into<Text>, todo: impl Into<Text>, log: impl Into<String>) -> Self {
        let (what, todo, log) = (what.into(), todo.into(), log.into());
        Self { what, todo, log, fraud: false, again: false, open: None }
    }

    /// A no that the person may try to turn into a yes.
    #[must_use]
    pub fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// A no that the security channel hears of.
    #[must_use]
    pub fn fraud(self) -> Self {
        Self { fraud: true, ..self }
    }

    /// A no with a page that helps, for the person alone.
    #[must_use]
    pub fn open(self, label: impl Into<String>, url: impl Into<String>) -> Self {
        Self { open: Some(Box::new((label.into(), url.into()))), ..self }
    }
}

/// A way to prove who one is.
#[async_trait]
pub trait StepUp: Send + Sync {
    /// The name that policies use, such as `duo`.
    fn name(&self) -> &'static str;

    /// What it takes, as in "It takes *your approval in Duo*."
    fn takes(&self) -> Text;

    /// Whether this person could use it at all, as far as that is known without asking the other side.
    fn knows(&self, person: &Person) -> bool;

    /// What a code is called that may be typed instead, such as "Passcode from Duo Mobile"; none if there is none.
    fn code(&self) -> Option<&'static str> {
        None
    }

    /// Begins: asks the other side, which asks the person.
    ///
    /// # Errors
    /// The person cannot be asked. That is a no.
    async fn begin(&self, challenge: &Challenge) -> Result<Begun, Unproven>;

    /// Waits for what comes of it, no longer than its own deadline. May be called again for the same ticket, by
    /// another process.
    ///
    /// # Errors
    /// It is not proven, or nobody can tell.
    async fn outcome(&self, challenge: &Challenge, ticket: &Json) -> Result<Proof, Unproven>;

    /// Checks a code that was typed.
    ///
    /// # Errors
    /// It is not right, or nobody can tell.
    async fn check(&self, challenge: &Challenge, code: &SecretString) -> Result<Proof, Unproven> {
        let _ = (challenge, code);
        Err(Unproven::new("There is no code for this.", "Use the other way.", "takes no code"))
    }
}

/// Whether somebody's devices are healthy: every one that was seen within 14 days has nothing that must be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All of them are.
    Healthy,
    /// One is not, as this says.
    Unhealthy(Text),
    /// Nobody can tell, as this says: it names the source that did not answer.
    Unknown(Text),
}

/// Knows people's devices.
#[async_trait]
pub trait DeviceHealth: Send + Sync {
    /// How this person's devices stand now.
    async fn health(&self, person: &Person) -> Health;
}
