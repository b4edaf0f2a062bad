//! `!AcceptEmail`: whoever proves themselves by an e-mail that changed in Slack is refused until somebody who may
//! says that the new one is theirs.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::message::Message;
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{unread, unwritten};
use crate::pipeline::engine::{Engine, email_key};
use crate::slack::people::Freshness;
use crate::store::Shelf;

const KIND: &str = "bot.accept_email";

/// The command.
pub struct AcceptEmail {
    spec: CommandSpec,
    shelf: Shelf,
    engine: Arc<OnceLock<Weak<Engine>>>,
}

impl AcceptEmail {
    /// The command over what this store holds; the engine is put in once it is there.
    #[must_use]
    pub fn new(shelf: Shelf, engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        let about = "Accepts a person's new e-mail, by which they prove who they are";
        let spec = CommandSpec::new("AcceptEmail", "Security", about)
            .arg(ArgSpec::positional("person", ArgKind::Text, "whose e-mail has changed, by mention"))
            .example("!AcceptEmail @ana")
            .changes(Risk::Reversible);
        Self { spec, shelf, engine }
    }
}

/// What the operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    person: PersonId,
    /// What it is now; none to forget what it was.
    to: Option<String>,
    before: Option<String>,
}

#[async_trait]
impl Command for AcceptEmail {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let typed = request.args.text("person").unwrap_or_default();
        let user = typed.trim_start_matches('@');
        if !user.starts_with(['U', 'W'])
            || !user.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            return Err(Refusal::new(
                Text::new().code(typed).plain(" is not a person."),
                "Mention the person with an @, and choose them from Slack's list.",
            ));
        }
        let unknown = |log: String| {
            Refusal::new("Slack did not tell me who that is.", "Try again in a minute.").logged(log)
        };
        let engine = self.engine.get().and_then(Weak::upgrade);
        let engine = engine.ok_or_else(|| unknown("there is no engine".to_owned()))?;
        let person = engine.people.get(user, Freshness::Fresh).await;
        let person = person.map_err(|error| unknown(error.to_string()))?;
        let stored = self.shelf.get().map_err(unread)?.remembered(&email_key(&person.id)).await;
        let before = stored.map_err(unread)?.and_then(|value| value.as_str().map(str::to_owned));
        let to = person.email.as_deref().map(str::to_lowercase);
        if before == to || before.is_none() {
            let text =
                Text::new().plain("The e-mail of ").person(&person.id.user).plain(" is accepted already.");
            return Ok(Prepared::Reply(Message::new(text)));
        }
        let of = |words: &str, after: &str| Text::from(words).person(&person.id.user).plain(after);
        let title = Title {
            todo: of("Accept the new e-mail of ", ""),
            doing: of("Accepting the new e-mail of ", ""),
            done: of("The new e-mail of ", " is accepted"),
        };
        let accept = Accept { person: person.id.clone(), to, before };
        let lock = format!("person:{}", person.id.user.to_lowercase());
        Ok(Prepared::Plan(Plan::new(title).step("accept", Operation::of(KIND, &accept), &[]).lock(lock)))
    }
}

/// Accepts e-mails.
pub struct Accepts {
    shelf: Shelf,
}

impl Accepts {
    /// The handler over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self { shelf }
    }
}

fn read(input: &Json) -> Result<Accept, OperationError> {
    Accept::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("accept: {error}"))
    })
}

fn applied(accept: &Accept) -> Applied {
    let Accept { person, to, before } = accept.clone();
    let back = Accept { person, to: before, before: to };
    Applied { output: json!({ "email": accept.to }), inverse: Some(Operation::of(KIND, &back)), note: None }
}

#[async_trait]
impl Handler for Accepts {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let accept = read(input)?;
        let or_none = |email: Option<String>| email.unwrap_or_else(|| "no e-mail".to_owned());
        let what =
            Text::new().plain(or_none(accept.to)).plain(", and no longer ").plain(or_none(accept.before));
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    fn powers(&self, _: &Json) -> BTreeSet<Power> {
        BTreeSet::from([Power::Enrol])
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let accept = read(input)?;
        let now = self.shelf.get().map_err(unwritten)?.remembered(&email_key(&accept.person)).await;
        let now = now.map_err(unwritten)?.and_then(|value| value.as_str().map(str::to_owned));
        Ok(if now == accept.to { Observed::Ours(applied(&accept)) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let accept = read(input)?;
        let value = accept.to.as_ref().map(|email| json!(email));
        let written = self.shelf.get().map_err(unwritten)?.remember(&email_key(&accept.person), value).await;
        written.map_err(unwritten)?;
        Ok(applied(&accept))
    }
}
