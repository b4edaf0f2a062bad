//! Looking at one's passkeys, and taking one away. What that takes, the policies say: it is the same power as adding
//! one.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::message::{Message, Part};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::{PermitCheck, WritePermit};
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::enrol::unkept;
use super::keep::{self, Unkept};
use super::{Passkeys, lock, name};

/// The kind of operation.
pub const REMOVE: &str = "passkey.remove";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    person: PersonId,
    passkey: String,
}

/// What could not be looked up.
fn unread(error: Unkept) -> Refusal {
    Refusal::new("Passkeys cannot be looked up just now.", "Try again in a minute.").logged(error.to_string())
}

/// Whose passkeys are meant: those of whoever is named, else of whoever asks.
fn whose(passkeys: &Passkeys, request: &Request) -> PersonId {
    let Some(user) = request.args.text("of") else { return request.person.id.clone() };
    let known = lock(&passkeys.people).iter().find(|known| known.user == user).cloned();
    known.unwrap_or_else(|| PersonId { team: request.person.id.team.clone(), user: user.to_owned() })
}

/// `!Passkeys`.
pub struct ListPasskeys {
    spec: CommandSpec,
    passkeys: Arc<Passkeys>,
}

impl ListPasskeys {
    /// The command over these.
    #[must_use]
    pub fn new(passkeys: Arc<Passkeys>) -> Self {
        let spec =
            CommandSpec::new("Passkeys", "You", "Lists the passkeys with which you prove that it is you")
                .arg(ArgSpec::option("of", ArgKind::Person, "somebody else's, after one was lost"))
                .example("!Passkeys")
                .audience(Audience::Person);
        Self { spec, passkeys }
    }
}

#[async_trait]
impl Command for ListPasskeys {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let person = whose(&self.passkeys, request);
        let keep = &*self.passkeys.keep;
        let known = keep::passkeys(keep, &person).await.map_err(unread)?;
        let about = keep::about(keep, &person).await.map_err(unread)?;
        let own = person == request.person.id;
        let whom = if own { "You have".into() } else { Text::new().person(&person.user).plain(" has") };
        if known.is_empty() {
            let message = Message::new(whom.plain(" no passkey here."));
            return Ok(Prepared::Reply(if own {
                message.line(Text::new().code("!EnrollPasskey").plain(" adds one."))
            } else {
                message
            }));
        }
        let count = format!(" {} passkey{} here.", known.len(), if known.len() == 1 { "" } else { "s" });
        let rows = known.iter().map(|passkey| {
            let name = name(passkey);
            let about = about.get(&name);
            let time = |at: Option<_>, without: &str| match at {
                Some(at) => Text::new().time(at),
                None => without.into(),
            };
            let added = time(about.and_then(|about| about.added), "not on record");
            let used = time(about.and_then(|about| about.used), "never");
            vec![Text::new().code(name), added, used]
        });
        let header = ["Passkey", "Added", "Last used"].map(str::to_owned).to_vec();
        let table = Part::Table { header, rows: rows.collect() };
        let todo = Text::new()
            .plain("One that was lost is taken away with ")
            .code("!RemovePasskey")
            .plain(" and its name.");
        Ok(Prepared::Reply(Message::new(whom.plain(count)).part(table).line(todo)))
    }
}

/// `!RemovePasskey`.
pub struct RemovePasskey {
    spec: CommandSpec,
    passkeys: Arc<Passkeys>,
}

impl RemovePasskey {
    /// The command over these.
    #[must_use]
    pub fn new(passkeys: Arc<Passkeys>) -> Self {
        let spec =
            CommandSpec::new("RemovePasskey", "You", "Takes a passkey away, after it was lost or stolen")
                .arg(ArgSpec::positional("passkey", ArgKind::Text, "its name, as !Passkeys lists it"))
                .arg(ArgSpec::option("of", ArgKind::Person, "whose it is, if it is not yours"))
                .example("!RemovePasskey pk-3f9a0b1c2d4e")
                .audience(Audience::Internal)
                .changes(Risk::Irreversible);
        Self { spec, passkeys }
    }
}

#[async_trait]
impl Command for RemovePasskey {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let person = whose(&self.passkeys, request);
        let passkey = request.args.text("passkey").unwrap_or_default().trim().to_lowercase();
        let known = keep::passkeys(&*self.passkeys.keep, &person).await.map_err(unread)?;
        if !known.iter().any(|known| name(known) == passkey) {
            return Err(Refusal::new(
                Text::new().person(&person.user).plain(" has no passkey ").code(passkey).plain(" here."),
                Text::new()
                    .code("!Passkeys")
                    .plain(" lists them; ")
                    .code("--of")
                    .plain(" names somebody else."),
            ));
        }
        let title = |before: &str, after: &str| Text::new().plain(before).person(&person.user).plain(after);
        let plan = Plan::new(Title {
            todo: title("Take away a passkey of ", ""),
            doing: title("Taking away a passkey of ", ""),
            done: title("A passkey of ", " is taken away"),
        });
        let lock = format!("passkey:{}", person.user);
        let input = Input { person, passkey };
        Ok(Prepared::Plan(plan.step("remove", Operation::of(REMOVE, &input), &[]).lock(lock)))
    }
}

/// Takes a passkey away.
pub struct Removal {
    passkeys: Arc<Passkeys>,
    permits: PermitCheck,
}

impl Removal {
    /// The operation over these passkeys.
    #[must_use]
    pub fn new(passkeys: Arc<Passkeys>, permits: PermitCheck) -> Self {
        Self { passkeys, permits }
    }

    fn done() -> Applied {
        Applied { output: json!({}), inverse: None, note: None }
    }
}

fn read(input: &Json) -> Result<Input, OperationError> {
    Input::deserialize(input)
        .map_err(|error| OperationError::permanent("This is no passkey.", format!("{REMOVE}: {error}")))
}

#[async_trait]
impl Handler for Removal {
    fn kind(&self) -> &'static str {
        REMOVE
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let Input { person, passkey } = read(input)?;
        let what = Text::new()
            .plain("the passkey ")
            .code(passkey)
            .plain(" of ")
            .person(&person.user)
            .plain(" proves nothing any more");
        let irreversible = Some("It can only be added anew.".into());
        Ok(Described { what, risk: Risk::Irreversible, irreversible })
    }

    fn powers(&self, _: &Json) -> BTreeSet<Power> {
        [Power::Enrol].into()
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let Input { person, passkey } = read(input)?;
        let known = keep::passkeys(&*self.passkeys.keep, &person).await.map_err(|error| unkept(&error))?;
        let there = known.iter().any(|known| name(known) == passkey);
        Ok(if there { Observed::Absent } else { Observed::Ours(Self::done()) })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        if !self.permits.is_genuine(permit) {
            let log = format!("the permit for {} was not made by this engine", permit.invocation());
            return Err(OperationError::permanent("This was not approved, so it was not done.", log));
        }
        let Input { person, passkey } = read(input)?;
        self.passkeys.forget(&person, &passkey).await.map_err(|error| unkept(&error))?;
        Ok(Self::done())
    }
}
