//! Says that some are held because they are many. People cannot ask it; `!Farewells` tells them.

use async_trait::async_trait;
use hubcommander_sdk::command::{Command, CommandSpec, Prepared, Request};
use hubcommander_sdk::error::Refusal;

use super::{DUE, HELD};
use crate::farewell::Farewells;

pub(super) struct Held {
    spec: CommandSpec,
    farewells: Farewells,
}

impl Held {
    pub fn new(farewells: Farewells) -> Self {
        let spec = CommandSpec::new(HELD, DUE, "Says that many leave at once, and are held")
            .example("!FarewellsHeld")
            .only_when_due();
        Self { spec, farewells }
    }
}

#[async_trait]
impl Command for Held {
    fn spec(&self) -> &CommandSpec {
        &self.spec
    }

    async fn prepare(&self, _: &Request) -> Result<Prepared, Refusal> {
        Ok(Prepared::Reply(self.farewells.held_said().await?))
    }
}
