//! `!Lockdown`: holds everything but reading, until it is lifted.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation, Power};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{unread, unwritten};
use crate::pipeline::engine::Engine;
use crate::pipeline::lockdown::{KEY, KIND, Locked};
use crate::slack::socket::AlarmKind;
use crate::store::Shelf;

/// The command.
pub struct Lockdown {
    spec: CommandSpec,
    shelf: Shelf,
    clock: SharedClock,
}

impl Lockdown {
    /// The command over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf, clock: SharedClock) -> Self {
        let states = ArgKind::Choice(["on", "off", "status"].map(str::to_owned).to_vec());
        let about = "Holds everything but reading, for when something is wrong";
        let spec = CommandSpec::new("Lockdown", "Security", about)
            .arg(ArgSpec::positional("state", states, "on, off, or how it stands"))
            .arg(ArgSpec::option("reason", ArgKind::Text, "why, for those who meet it"))
            .example("!Lockdown on --reason \"a stolen laptop\"")
            .example("!Lockdown off")
            .changes(Risk::Reversible);
        Self { spec, shelf, clock }
    }
}

/// What the operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    /// Who locks, when and why; none to lift it.
    to: Option<Locked>,
    /// What was before.
    before: Option<Locked>,
}

#[async_trait]
impl Command for Lockdown {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let stored = self.shelf.get().map_err(unread)?.remembered(KEY).await.map_err(unread)?;
        let before: Option<Locked> = stored.and_then(|value| serde_json::from_value(value).ok());
        let since = |locked: &Locked| {
            let text = Text::new().plain("since ").time(locked.at).plain(", by ").person(&locked.by.user);
            match &locked.reason {
                Some(reason) => text.plain(": ").plain(reason),
                None => text.plain("."),
            }
        };
        let message = match (request.args.text("state"), &before) {
            (Some("on"), None) => None,
            (Some("off"), Some(_)) => None,
            (_, Some(locked)) => Some(
                Message::new("Everything but reading is held.").state(State::NeedsYou).line(since(locked)),
            ),
            (_, None) => Some(Message::new("Nothing is held.")),
        };
        if let Some(message) = message {
            return Ok(Prepared::Reply(message));
        }
        let reason = request.args.text("reason").map(str::to_owned);
        let to =
            before.is_none().then(|| Locked { by: request.person.id.clone(), at: self.clock.now(), reason });
        let words = |on: &str, off: &str| Text::from(if to.is_some() { on } else { off });
        let title = Title {
            todo: words("Hold everything but reading", "Lift the lockdown"),
            doing: words("Holding everything but reading", "Lifting the lockdown"),
            done: words("Everything but reading is held", "The lockdown is over"),
        };
        let summary = words(
            "Plans that wait are held, those that run stop before their next step. Lift it with !Lockdown off.",
            "What waited goes on.",
        );
        let set = Set { to, before };
        let plan = Plan::new(title).step("set", Operation::of(KIND, &set), &[]).lock("bot:lockdown");
        Ok(Prepared::Plan(Plan { summary: Some(summary), ..plan }))
    }
}

/// Begins and lifts it.
pub struct Locks {
    shelf: Shelf,
    engine: Arc<OnceLock<Weak<Engine>>>,
}

impl Locks {
    /// The handler; the engine is put in once it is there.
    #[must_use]
    pub fn new(shelf: Shelf, engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        Self { shelf, engine }
    }

    async fn now(&self) -> Result<Option<Locked>, OperationError> {
        let stored = self.shelf.get().map_err(unwritten)?.remembered(KEY).await.map_err(unwritten)?;
        Ok(stored.and_then(|value| serde_json::from_value(value).ok()))
    }
}

fn read(input: &Json) -> Result<Set, OperationError> {
    Set::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("lockdown: {error}"))
    })
}

fn applied(set: &Set) -> Applied {
    let back = Set { to: set.before.clone(), before: set.to.clone() };
    Applied {
        output: json!({ "locked": set.to.is_some() }),
        inverse: Some(Operation::of(KIND, &back)),
        note: None,
    }
}

#[async_trait]
impl Handler for Locks {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let what = match read(input)?.to {
            Some(Locked { reason: Some(reason), .. }) => {
                Text::new().plain("nothing is changed until it is lifted: ").plain(reason)
            }
            Some(_) => "nothing is changed until it is lifted".into(),
            None => "commands change things again".into(),
        };
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    /// To lock is quick; to lift it, by whatever command, is a power.
    fn powers(&self, input: &Json) -> BTreeSet<Power> {
        read(input).ok().filter(|set| set.to.is_none()).map(|_| Power::Unlock).into_iter().collect()
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set = read(input)?;
        let now = self.now().await?;
        Ok(if now == set.to { Observed::Ours(applied(&set)) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let set = read(input)?;
        let store = self.shelf.get().map_err(unwritten)?;
        let value = set.to.as_ref().map(|locked| json!(locked));
        store.remember(KEY, value).await.map_err(unwritten)?;
        if let Some(engine) = self.engine.get().and_then(Weak::upgrade) {
            engine.lockdown.set(set.to.clone());
            let who = set.to.as_ref().or(set.before.as_ref()).map(|locked| locked.by.user.clone());
            let (kind, what) = match &set.to {
                Some(Locked { reason: Some(reason), .. }) => {
                    ("locked", format!("holds everything but reading: {reason}"))
                }
                Some(_) => ("locked", "holds everything but reading".to_owned()),
                None => ("lifted", "began the lockdown that has just been lifted".to_owned()),
            };
            let log = format!("{}: lockdown {kind}", permit.invocation());
            let alarm = AlarmKind::Unusual { kind, person: who.unwrap_or_default(), what, log };
            engine.alarm.raise(alarm).await;
        }
        Ok(applied(&set))
    }
}
