//! `!Farewells`: who is held and who still has time; lets them go, or forgets them.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Button, Message, Part, State, Style};
use hubcommander_sdk::operation::Operation;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;

use super::GROUP;
use crate::farewell::leaver::{self, Leaver, Stand};
use crate::farewell::{Farewells, steps, unread};

/// How many one answer lists.
const MOST: usize = 90;

/// The command.
pub(super) struct List {
    spec: CommandSpec,
    farewells: Farewells,
}

impl List {
    pub fn new(farewells: Farewells) -> Self {
        let what = ArgKind::Choice(["list", "release", "drop"].map(str::to_owned).to_vec());
        let about = "Lists who leaves and is held or still has time; lets them go, or forgets them";
        let spec = CommandSpec::new("Farewells", GROUP, about)
            .arg(
                ArgSpec::positional("what", what, "list, release those who are held, or drop them")
                    .optional(),
            )
            .arg(ArgSpec::positional("id", ArgKind::Text, "only this one").optional())
            .example("!Farewells")
            .example("!Farewells release")
            .example("!Farewells drop frw-1f3a90bc27")
            .changes(Risk::Reversible);
        Self { spec, farewells }
    }

    /// Those who are held, and those who still have time with when that ends.
    async fn waiting(&self) -> Result<Vec<(Leaver, Option<hubcommander_sdk::clock::Instant>)>, Refusal> {
        let store = self.farewells.store().map_err(unread)?;
        let mut waiting = Vec::new();
        for leaver in leaver::all(&**store).await.map_err(unread)? {
            match leaver.stand {
                Stand::Held => waiting.push((leaver, None)),
                Stand::Open | Stand::Released => {
                    if let Some(due) = store.due_under(&leaver.due()).await.map_err(unread)? {
                        waiting.push((leaver, Some(due.at)));
                    }
                }
                Stand::Dropped => {}
            }
        }
        waiting.sort_by(|one, other| (one.1, &one.0.key).cmp(&(other.1, &other.0.key)));
        Ok(waiting)
    }
}

fn row((leaver, at): &(Leaver, Option<hubcommander_sdk::clock::Instant>)) -> Vec<Text> {
    let until = match at {
        Some(at) => Text::new().time(*at),
        None => "held".into(),
    };
    let by: Vec<&str> = leaver.by.iter().map(String::as_str).collect();
    let name = if leaver.name.is_empty() { leaver.shown() } else { leaver.name.as_str().into() };
    vec![name, until, Text::new().time(leaver.at), by.join(", ").into(), Text::new().code(&leaver.key)]
}

/// A button that stands for a line.
pub(super) fn press(label: &str, line: String) -> Button {
    Button::Press { label: label.to_owned(), action: "ask".to_owned(), value: line, style: Style::Plain }
}

/// Those who leave, as a table under words.
fn listed(waiting: &[(Leaver, Option<hubcommander_sdk::clock::Instant>)]) -> Message {
    let held = waiting.iter().filter(|(_, at)| at.is_none()).count();
    let headline = match (waiting.len(), held) {
        (0, _) => return Message::new("Nobody is held, and nobody's farewell is due."),
        (1, 1) => "One farewell is held.".to_owned(),
        (all, held) if all == held => format!("{held} farewells are held."),
        (1, _) => "One farewell is due.".to_owned(),
        (all, 0) => format!("{all} farewells are due."),
        (all, held) => format!("{held} farewells are held, and {} are due.", all - held),
    };
    let header = ["Who", "When", "Left", "Says", "Id"].map(str::to_owned).to_vec();
    let rows = waiting.iter().take(MOST).map(row).collect();
    let mut message = Message::new(headline).part(Part::Table { header, rows });
    if waiting.len() > MOST {
        message = message.line(format!("And {} more.", waiting.len() - MOST));
    }
    if held > 0 {
        message = message
            .state(State::NeedsYou)
            .line("They left within a day, and are more than may go without anybody looking. Nothing of it is done.")
            .button(press("Let them go", "Farewells release".to_owned()))
            .button(press("Forget them", "Farewells drop".to_owned()));
    }
    message
}

impl Farewells {
    /// All who are held, said aloud; nothing if nobody is.
    pub(super) async fn held_said(&self) -> Result<Message, Refusal> {
        let store = self.store().map_err(unread)?;
        let all = leaver::all(&**store).await.map_err(unread)?;
        let held: Vec<_> = all
            .into_iter()
            .filter(|leaver| leaver.stand == Stand::Held)
            .map(|leaver| (leaver, None))
            .collect();
        Ok(if held.is_empty() { Message::default() } else { listed(&held) })
    }
}

fn plan(leavers: &[Leaver], release: bool, operation: Operation) -> Plan {
    let whom = match leavers {
        [one] => one.shown(),
        all => Text::from(format!("{} people", all.len())),
    };
    let title = if release {
        Title {
            todo: Text::from("Let go ").then(whom.clone()),
            doing: Text::from("Letting go ").then(whom.clone()),
            done: whom.plain(if leavers.len() == 1 { " is let go" } else { " are let go" }),
        }
    } else {
        Title {
            todo: Text::from("Drop the farewell of ").then(whom.clone()),
            doing: Text::from("Dropping the farewell of ").then(whom.clone()),
            done: Text::from("The farewell of ").then(whom).plain(" is dropped"),
        }
    };
    Plan::new(title).step(if release { "release" } else { "drop" }, operation, &[]).lock("bot:farewells")
}

#[async_trait]
impl Command for List {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let waiting = self.waiting().await?;
        let what = request.args.text("what").unwrap_or("list");
        if what == "list" {
            return Ok(Prepared::Reply(listed(&waiting)));
        }
        let release = what == "release";
        let id = request.args.text("id").map(|id| id.trim().to_lowercase());
        // Without an id those who are held; who still has time is named.
        let chosen: Vec<Leaver> = waiting
            .into_iter()
            .filter(|(leaver, at)| match &id {
                Some(id) => leaver.key == *id && (at.is_none() || !release),
                None => at.is_none(),
            })
            .map(|(leaver, _)| leaver)
            .collect();
        if chosen.is_empty() {
            let what = match &id {
                Some(id) if release => Text::new().code(id).plain(" is not held."),
                Some(id) => Text::new().code(id).plain(" is neither held nor due."),
                None => "Nobody is held.".into(),
            };
            return Err(Refusal::new(what, Text::new().code("!Farewells").plain(" lists who is.")));
        }
        let email = request.person.email.iter().map(|email| email.trim().to_lowercase()).collect::<Vec<_>>();
        if chosen.iter().any(|leaver| leaver.is(Some(&request.person.id.user), &email)) {
            let todo = "Somebody else decides about them, with all others or by their ids.";
            return Err(Refusal::new("You are one of those who leave.", todo));
        }
        let operation = if release { steps::release(&chosen) } else { steps::drop(&chosen) };
        Ok(Prepared::Plan(plan(&chosen, release, operation)))
    }
}
