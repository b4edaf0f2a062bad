//! `!Cancel`: withdraws a plan that waits for people, as its button does.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Digest, Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{invocation, is_same};
use crate::invocation::{Invocation, State};
use crate::pipeline::engine::{Action, Engine, Press};
use crate::pipeline::intake::withdrawal;
use crate::store::{Click, Shelf, StoreError};

const KIND: &str = "invocation.cancel";

/// How often, and how long apart, it is looked whether it has come to its end.
const LOOKS: u32 = 100;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The command.
pub struct Cancel {
    spec: CommandSpec,
    shelf: Shelf,
}

impl Cancel {
    /// The command over what this store holds.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        let spec =
            CommandSpec::new("Cancel", "What was done", "Withdraws something that waits to be confirmed")
                .arg(ArgSpec::positional("id", ArgKind::Text, "the id in its small print"))
                .example("!Cancel inv-1RT4Q02M9X")
                .changes(Risk::Reversible);
        Self { spec, shelf }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    id: String,
    digest: Digest,
    shown: Text,
}

#[async_trait]
impl Command for Cancel {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let known = invocation(&self.shelf, request.args.text("id").unwrap_or_default()).await?;
        if !is_same(&known.origin.person, &request.person.id) {
            return Err(Refusal::new(
                Text::new()
                    .code(&known.id)
                    .plain(" was asked by ")
                    .person(&known.origin.person.user)
                    .plain("."),
                "Only they can cancel it.",
            ));
        }
        let shown = known.plan.as_ref().map(|plan| plan.title.todo.clone()).unwrap_or_default();
        let (State::Waiting, Some(digest)) = (known.state, &known.digest) else {
            let todo = match known.state {
                State::Done | State::Partial => {
                    Text::new().plain("Take it back with ").code(format!("!Undo {}", known.id)).plain(".")
                }
                State::Running | State::Planned | State::Received => {
                    Text::from("It is being done; undo it when it has ended.")
                }
                _ => "It changed nothing.".into(),
            };
            return Err(Refusal::new(Text::new().code(&known.id).plain(" waits for nobody."), todo));
        };
        let title = Title {
            todo: Text::from("Cancel: ").then(shown.clone()),
            doing: Text::from("Cancelling: ").then(shown.clone()),
            done: Text::from("Cancelled: ").then(shown.clone()),
        };
        let withdraw = Withdraw { id: known.id.clone(), digest: digest.clone(), shown };
        let plan = Plan::new(title).step("cancel", Operation::of(KIND, &withdraw), &[]);
        Ok(Prepared::Plan(Plan { summary: Some("Nothing of it was done.".into()), ..plan }))
    }
}

/// Presses the button on behalf of the person who asked.
pub struct Cancels {
    shelf: Shelf,
    clock: SharedClock,
    engine: Arc<OnceLock<Weak<Engine>>>,
}

impl Cancels {
    /// The handler; the engine is put in once it is there.
    #[must_use]
    pub fn new(shelf: Shelf, clock: SharedClock, engine: Arc<OnceLock<Weak<Engine>>>) -> Self {
        Self { shelf, clock, engine }
    }

    async fn known(&self, id: &str) -> Result<Invocation, OperationError> {
        let trouble = |error: StoreError| OperationError::Temporary {
            what: "The bot could not look at what waits.".into(),
            retry_after: Some(Duration::from_secs(1)),
            log: error.to_string(),
        };
        let found = self.shelf.get().map_err(trouble)?.invocation(id).await.map_err(trouble)?;
        found.ok_or_else(|| OperationError::permanent("Nothing is known of it any more.", format!("no {id}")))
    }

    fn applied(id: &str) -> Applied {
        Applied { output: json!({ "id": id }), inverse: None, note: None }
    }
}

fn read(input: &Json) -> Result<Withdraw, OperationError> {
    Withdraw::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("cancel: {error}"))
    })
}

#[async_trait]
impl Handler for Cancels {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let withdraw = read(input)?;
        Ok(Described {
            what: Text::from("withdraw: ").then(withdraw.shown),
            risk: Risk::Reversible,
            irreversible: None,
        })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let withdraw = read(input)?;
        Ok(match self.known(&withdraw.id).await?.state {
            State::Cancelled => Observed::Ours(Self::applied(&withdraw.id)),
            State::Waiting => Observed::Absent,
            _ => Observed::Different("It waits for nobody any more.".into()),
        })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let withdraw = read(input)?;
        let known = self.known(&withdraw.id).await?;
        let not_now = |log: &str| OperationError::Temporary {
            what: "It could not be cancelled now.".into(),
            retry_after: Some(Duration::from_secs(1)),
            log: log.to_owned(),
        };
        let Some(engine) = self.engine.get().and_then(Weak::upgrade) else {
            return Err(not_now("there is no engine"));
        };
        if known.state == State::Waiting {
            // Written down like any press, so that a restart finds it.
            let (by, key) =
                (known.origin.person.clone(), format!("cancel:{}:{}", permit.invocation(), known.id));
            let value = format!("{} {}", known.id, withdraw.digest.0);
            let body = withdrawal(&by, &known.origin.channel, &value);
            let click = Click { key: key.clone(), body, at: self.clock.now() };
            engine.store.receive_click(click).await.map_err(|error| not_now(&error.to_string()))?;
            let digest = Some(withdraw.digest.0.clone());
            let press = Press::plain(key, Action::Cancel, by, digest, self.clock.now());
            engine.press(&known.id, press).await;
        }
        for _ in 0..LOOKS {
            match self.known(&withdraw.id).await?.state {
                State::Cancelled => return Ok(Self::applied(&withdraw.id)),
                State::Waiting => tokio::time::sleep(LOOK_EVERY).await,
                _ => {
                    let what = "It waits for nobody any more.";
                    return Err(OperationError::permanent(what, "it came to another end"));
                }
            }
        }
        Err(not_now("it did not come to its end in time"))
    }
}
