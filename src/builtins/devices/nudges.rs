//! `!Nudges`: whether one wants to be nudged.

use async_trait::async_trait;
use chrono::TimeDelta;
use hubcommander_sdk::clock::SharedClock;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::message::{Button, Message, Style};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::read;
use crate::builtins::{unread, unwritten};
use crate::nudges::{Memory, Wish};

const KIND: &str = "devices.nudges";

/// For how long "later" is.
const LATER: TimeDelta = TimeDelta::days(30);

/// The command.
pub struct Nudges {
    spec: CommandSpec,
    memory: Memory,
    clock: SharedClock,
    is_enabled: bool,
}

impl Nudges {
    /// The command over what is kept of nudges; they may not be enabled at all.
    #[must_use]
    pub fn new(memory: Memory, clock: SharedClock, is_enabled: bool) -> Self {
        let about = "Switches the weekly word about your devices on or off, for you";
        let states = ArgKind::Choice(["on", "off", "later", "status"].map(str::to_owned).to_vec());
        let spec = CommandSpec::new("Nudges", "Your devices", about)
            .arg(
                ArgSpec::positional("state", states, "on, off, or off for 30 days; left out: how it stands")
                    .optional(),
            )
            .example("!Nudges later")
            .example("!Nudges off")
            .audience(Audience::Direct)
            .changes(Risk::Reversible);
        Self { spec, memory, clock, is_enabled }
    }

    fn status(&self, wish: Option<Wish>) -> Message {
        let press = |label: &str, state: &str| Button::Press {
            label: label.to_owned(),
            action: "ask".to_owned(),
            value: format!("Nudges {state}"),
            style: Style::Plain,
        };
        match wish {
            _ if !self.is_enabled => {
                Message::new("Nobody is nudged here: it is not switched on.")
            }
            None => Message::new("You are nudged once a week at most.")
                .line("By direct message, in your working hours, and only while something on your devices is critical or newly broken.")
                .button(press("Not this month", "later"))
                .button(press("Do not nudge me", "off")),
            Some(Wish::Off) => Message::new("You are not nudged.").button(press("Nudge me", "on")),
            Some(Wish::Until(at)) => {
                Message::new(Text::from("You are not nudged until ").time(at).plain(".")).button(press("Nudge me", "on"))
            }
        }
    }
}

/// What the operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    user: String,
    /// What they wish; none to be nudged like everyone.
    to: Option<Wish>,
    /// What was before.
    before: Option<Wish>,
}

#[async_trait]
impl Command for Nudges {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (user, now) = (request.person.id.user.clone(), self.clock.now());
        let before = self.memory.wish(&user).await.map_err(unread)?.filter(|wish| wish.holds(now));
        let to = match request.args.text("state") {
            Some("on") => None,
            Some("off") => Some(Wish::Off),
            Some("later") => Some(Wish::Until(now + LATER)),
            _ => return Ok(Prepared::Reply(self.status(before))),
        };
        if !self.is_enabled || to == before {
            return Ok(Prepared::Reply(self.status(before)));
        }
        let title = match to {
            None => title("Nudge you again", "Noting to nudge you again", "You are nudged again"),
            Some(Wish::Off) => {
                title("Nudge you no more", "Noting to nudge you no more", "You are nudged no more")
            }
            Some(Wish::Until(at)) => {
                let of = |words: &str| Text::from(words).plain(" until ").time(at);
                Title {
                    todo: of("Do not nudge you"),
                    doing: of("Noting not to nudge you"),
                    done: of("You are not nudged"),
                }
            }
        };
        let lock = format!("nudges:{}", user.to_lowercase());
        let set = Operation::of(KIND, &Set { user, to, before });
        Ok(Prepared::Plan(Plan::new(title).step("set", set, &[]).lock(lock)))
    }
}

fn title(todo: &str, doing: &str, done: &str) -> Title {
    Title { todo: Text::from(todo), doing: Text::from(doing), done: Text::from(done) }
}

/// Notes what people wish.
pub struct Wishes {
    memory: Memory,
}

impl Wishes {
    /// The handler over what is kept of nudges.
    #[must_use]
    pub fn new(memory: Memory) -> Self {
        Self { memory }
    }
}

fn applied(set: &Set) -> Applied {
    let back = Set { user: set.user.clone(), to: set.before, before: set.to };
    Applied { output: json!({}), inverse: Some(Operation::of(KIND, &back)), note: None }
}

#[async_trait]
impl Handler for Wishes {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let what = match read::<Set>(input)?.to {
            None => Text::from("the weekly word about your devices comes again"),
            Some(Wish::Off) => Text::from("the weekly word about your devices stops"),
            Some(Wish::Until(at)) => Text::from("the weekly word about your devices waits until ").time(at),
        };
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let set: Set = read(input)?;
        let stands = self.memory.wish(&set.user).await.map_err(unwritten)?;
        Ok(if stands == set.to { Observed::Ours(applied(&set)) } else { Observed::Absent })
    }

    async fn apply(&self, input: &Json, _: &WritePermit) -> Result<Applied, OperationError> {
        let set: Set = read(input)?;
        self.memory.set_wish(&set.user, set.to).await.map_err(unwritten)?;
        Ok(applied(&set))
    }
}
