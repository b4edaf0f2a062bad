//! `!Answer`: what a person says to a question of the security team. Pressed as a button under the question, and
//! rarely typed.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Audience, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::{OperationError, Refusal};
use hubcommander_sdk::operation::{Applied, Attempt, Described, Handler, Observed, Operation};
use hubcommander_sdk::people::PersonId;
use hubcommander_sdk::permit::WritePermit;
use hubcommander_sdk::plan::{Plan, Risk, Title};
use hubcommander_sdk::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{is_same, unread, unwritten};
use crate::notices::{ANSWER, Desk, Outcome, Way, Who, answered, answered_headline, consequence};
use crate::store::Shelf;

/// The command.
pub struct Answer {
    spec: CommandSpec,
    desk: Desk,
}

impl Answer {
    /// The command over these questions.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let about = "Answers a question that the security team has asked you";
        let spec = CommandSpec::new("Answer", "Your devices", about)
            .arg(ArgSpec::positional("question", ArgKind::Text, "its id"))
            .arg(ArgSpec::positional("answer", ArgKind::Text, "the answer's key"))
            .example("!Answer ntc-5f0c1d9a77b24e6c8d13 yes")
            .audience(Audience::Direct)
            // It is kept for good, but nothing is lost by it: a slip is mended by a word to the security team. A
            // second click would only keep people from answering.
            .changes(Risk::Reversible);
        Self { spec, desk }
    }
}

/// What the operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    person: PersonId,
    notice: String,
    action: String,
    label: String,
}

#[async_trait]
impl Command for Answer {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let (id, key) = (
            request.args.text("question").unwrap_or_default(),
            request.args.text("answer").unwrap_or_default(),
        );
        let person = &request.person.id;
        let found = self.desk.item_of(id).await.map_err(unread)?;
        // Whose question it is, is nobody else's business: to others there is none.
        let item = found.filter(|item| is_same(&item.person, person)).ok_or_else(|| {
            Refusal::new(
                "I know of no such question to you.",
                "Those to you stand in our direct messages, each with its buttons. Old ones are forgotten.",
            )
        })?;
        if item.answer.is_some() {
            return Ok(Prepared::Reply(answered(&item)));
        }
        let action = item.action(key).ok_or_else(|| {
            Refusal::new("The question has no such answer.", "Press one of the buttons under it.")
        })?;
        let title = Title {
            todo: Text::new().plain("Answer: ").plain(&action.label),
            doing: Text::new().plain(&item.question).plain(" Keeping your answer"),
            done: answered_headline(&item, &action.label),
        };
        let given = Given {
            person: person.clone(),
            notice: item.id.clone(),
            action: action.key.clone(),
            label: action.label.clone(),
        };
        let mut plan = Plan::new(title)
            .step("answer", Operation::of(ANSWER, &given), &[])
            .lock(format!("notice:{}", item.id.to_lowercase()));
        plan.summary = Some(consequence(action.grave).into());
        Ok(Prepared::Plan(plan))
    }
}

/// Keeps answers.
pub struct Answers {
    desk: Desk,
    shelf: Shelf,
}

impl Answers {
    /// The handler over these questions and what this store holds.
    #[must_use]
    pub fn new(desk: Desk, shelf: Shelf) -> Self {
        Self { desk, shelf }
    }
}

fn read(input: &Json) -> Result<Given, OperationError> {
    Given::deserialize(input).map_err(|error| {
        OperationError::permanent("This step of the plan cannot be read.", format!("notices: {error}"))
    })
}

fn applied() -> Applied {
    Applied { output: json!({}), inverse: None, note: None }
}

#[async_trait]
impl Handler for Answers {
    fn kind(&self) -> &'static str {
        ANSWER
    }

    fn describe(&self, input: &Json) -> Result<Described, OperationError> {
        let given = read(input)?;
        let what = Text::new().plain("the answer is kept: ").plain(given.label);
        Ok(Described { what, risk: Risk::Reversible, irreversible: None })
    }

    async fn observe(&self, input: &Json, _: &Attempt) -> Result<Observed, OperationError> {
        let given = read(input)?;
        let item = self.desk.item_of(&given.notice).await.map_err(unwritten)?;
        let answer = item.filter(|item| is_same(&item.person, &given.person)).and_then(|item| item.answer);
        Ok(match answer {
            None => Observed::Absent,
            // Whichever way it was given: it is the same answer of the same person.
            Some(answer) if answer.action == given.action => Observed::Ours(applied()),
            Some(_) => {
                Observed::SomeoneElses("It has been answered already, and the first answer stands.".into())
            }
        })
    }

    async fn apply(&self, input: &Json, permit: &WritePermit) -> Result<Applied, OperationError> {
        let given = read(input)?;
        let store = self.shelf.get().map_err(unwritten)?;
        let asked = store.invocation(permit.invocation()).await.map_err(unwritten)?;
        // The answer takes the place of the question if its own button was pressed.
        let shown = asked.is_some_and(|asked| asked.origin.replaces.is_some());
        let (who, answer) = (Who::Person(&given.person), self.desk.given(&given.action, Way::Slack));
        let kept = self.desk.answer(who, &given.notice, &answer, Some(permit.invocation()), shown).await;
        match kept.map_err(unwritten)? {
            Outcome::Kept(_) => Ok(applied()),
            Outcome::Before(item)
                if item.answer.as_ref().is_some_and(|known| known.action == given.action) =>
            {
                Ok(applied())
            }
            Outcome::Before(_) => Err(OperationError::permanent(
                "It has been answered already, and the first answer stands.",
                "answered before",
            )),
            Outcome::Unknown => {
                Err(OperationError::permanent("There is no such question any more.", "no such notice"))
            }
        }
    }
}
