//! Adding a passkey: a command that plans it, and the operation that hands the link to the person alone. What it
//! takes first, the policies say.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::command::{Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::{PermitCheck, WritePermit};
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::keep::{self, Purpose, Unkept};
use super::{GOOD_FOR, Passkeys};

/// The kind of operation.
pub const ENROL: &str = "passkey.enrol";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    person: PersonId,
    called: String,
}

/// Tells something to one person where nobody else reads it.
#[async_trait]
pub trait Whisper: Send + Sync {
    /// Says these words for this invocation, with a button that opens the page. The address is a secret.
    ///
    /// # Errors
    /// It was not said. The words are for the log and hold no address.
    async fn whisper(
        &self,
        invocation: &str,
        person: &PersonId,
        words: Text,
        open: (String, String),
    ) -> Result<(), String>;
}

/// `!EnrollPasskey`.
pub struct EnrolPasskey {
    spec: CommandSpec,
}

impl Default for EnrolPasskey {
    fn default() -> Self {
        let about = "Adds a passkey, with which you prove that it is you";
        let spec = CommandSpec::new("EnrollPasskey", "You", about)
            .alias("EnrolPasskey")
            .example("!EnrollPasskey")
            .audience(Audience::Internal)
            .changes(Risk::Reversible);
        Self { spec }
    }
}

#[async_trait]
impl Command for EnrolPasskey {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let person = &request.person;
        let title =
            |before: &str, after: &str| Text::new().plain(before).person(&person.id.user).plain(after);
        let input = Input { person: person.id.clone(), called: person.name.clone() };
        let plan = Plan::new(Title {
            todo: title("Add a passkey for ", ""),
            doing: title("Sending the link to add a passkey to ", ""),
            done: title("The link to add a passkey is with ", ""),
        });
        let plan = plan.step("link", Operation::of(ENROL, &input), &[]);
        Ok(Prepared::Plan(plan.lock(format!("passkey:{}", person.id.user))))
    }
}

/// Hands the link to add a passkey to the person alone. There is no other way to one.
pub struct EnrolmentLink {
    passkeys: Arc<Passkeys>,
    whisper: Arc<dyn Whisper>,
    permits: PermitCheck,
}

impl EnrolmentLink {
    /// The operation over these passkeys.
    #[must_use]
    pub fn new(passkeys: Arc<Passkeys>, whisper: Arc<dyn Whisper>, permits: PermitCheck) -> Self {
        Self { passkeys, whisper, permits }
    }

    fn done() -> Applied {
        Applied { output: json!({}), inverse: None, note: None }
    }
}

fn read(input: &Json) -> Result<Input, OperationError> {
    Input::deserialize(input)
        .map_err(|error| OperationError::permanent("This is no passkey to add.", format!("{ENROL}: {error}")))
}

pub(super) fn unkept(error: &Unkept) -> OperationError {
    OperationError::Temporary {
        what: "Passkeys cannot be looked up just now.".into(),
        retry_after: None,
        log: error.to_string(),
    }
}

#[async_trait]
impl Handler for EnrolmentLink {
    fn kind(&self) -> &'static str {
        ENROL
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let input = read(input)?;
        let what = Text::new().person(&input.person.user).plain(format!(
            " gets a link, in a direct message and good for {} minutes, to add a passkey",
            GOOD_FOR.num_minutes()
        ));
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    fn powers(&self, _: &Json) -> BTreeSet<Power> {
        [Power::Enrol].into()
    }

    async fn observe(&self, input: &Json, attempt: &Attempt) -> Result<Observed, OperationError> {
        let input = read(input)?;
        let links = keep::links(&*self.passkeys.keep).await.map_err(|error| unkept(&error))?;
        let ours = links.values().any(|link| {
            matches!(link.purpose, Purpose::Enrol { told: true })
                && link.invocation == attempt.invocation
                && link.person == input.person
        });
        Ok(if ours { Observed::Ours(Self::done()) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        if !self.permits.is_genuine(permit) {
            let log = format!("the permit for {} was not made by this engine", permit.invocation());
            return Err(OperationError::permanent("This was not approved, so it was not done.", log));
        }
        let input = read(input)?;
        let passkeys = &self.passkeys;
        let expires = passkeys.clock.now() + GOOD_FOR;
        let purpose = Purpose::Enrol { told: false };
        let (id, url) = passkeys
            .hand_out(purpose, permit.invocation(), &input.person, &input.called, expires)
            .await
            .map_err(|error| unkept(&error))?;
        let words = Text::new().plain(format!(
            "Here you add your passkey. The link is for you alone, works once, and is good for {} minutes.",
            GOOD_FOR.num_minutes()
        ));
        let told = self
            .whisper
            .whisper(permit.invocation(), &input.person, words, ("Add a passkey".to_owned(), url))
            .await;
        // One that was not told is void: the next try makes another.
        passkeys.told(&id, told.is_ok()).await.map_err(|error| unkept(&error))?;
        told.map_err(|log| OperationError::Temporary {
            what: "The link could not be sent to you.".into(),
            retry_after: None,
            log,
        })?;
        Ok(Self::done())
    }
}
