//! The word before a farewell that has time: what will be done, and a button that drops it.

use async_trait::async_trait;
use hubcommander_sdk::command::{ArgKind, ArgSpec, Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;
use hubcommander_sdk::message::{Message, State};
use hubcommander_sdk::text::Text;

use super::farewell::Instead;
use super::farewells::press;
use super::{DUE, SOON};
use crate::farewell::plan::in_words;
use crate::farewell::{Farewells, unread};
use crate::registry::Operations;

pub(super) struct Soon {
    spec: CommandSpec,
    farewells: Farewells,
    operations: Operations,
}

impl Soon {
    pub fn new(farewells: Farewells, operations: Operations) -> Self {
        let spec = CommandSpec::new(SOON, DUE, "Says that somebody leaves, and what will be done")
            .arg(ArgSpec::option("left", ArgKind::Text, "who, by the id that !Farewells lists"))
            .example("!FarewellSoon --left frw-1f3a90bc27")
            .only_when_due();
        Self { spec, farewells, operations }
    }
}

#[async_trait]
impl Command for Soon {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, request: &Request) -> Result<Prepared, Refusal> {
        let key = request.args.text("left").unwrap_or_default();
        let leaver = match self.farewells.due_one(key).await? {
            Ok(leaver) => leaver,
            // It is said when it is due.
            Err(Instead::Nothing | Instead::Says(_)) => return Ok(Prepared::Reply(Message::default())),
        };
        let store = self.farewells.store().map_err(unread)?;
        let Some(due) = store.due_under(&leaver.due()).await.map_err(unread)? else {
            return Ok(Prepared::Reply(Message::default()));
        };
        let who = self.farewells.who_left(&leaver).await?;
        let drawn = self.farewells.draw(&who).await?;
        let headline = match &who.account {
            Some(account) => who.shown.clone().plain(" (").code(&account.login).plain(") leaves"),
            None => who.shown.clone().plain(" leaves"),
        };
        let mut message = Message::new(headline.plain(". They are let go ").time(due.at).plain("."));
        message = message.state(State::NeedsYou);
        for what in in_words(&self.operations, &drawn.plan) {
            message = message.item(what);
        }
        if drawn.plan.steps.is_empty() {
            message = message.line("By now they have nothing that I could take.");
        }
        let message = drawn.left.into_iter().fold(message, Message::line);
        let message = message
            .button(press("Cancel", format!("Farewells drop {}", leaver.key)))
            .footnote(Text::new().plain(leaver.key));
        Ok(Prepared::Reply(message))
    }
}
